public import Vocabulary

/// What is wrong with a template, and where.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var message: String
    public var description: String { "line \(line), column \(column): \(message)" }
}

/// A body of one's own, in a part of mustache: `{{name}}` (escaped to stand inside a JSON string), `{{{name}}}` and `{{&name}}` (as it is; objects and
/// lists as JSON), dotted names, `{{.}}`, sections, inverted sections, comments. In a list `-first` and `-last` say which entry it is, for commas.
///
/// Not there: partials, other delimiters, lambdas, and the trimming of lines that hold only a tag. Each is an error, but the last.
/// > Source: mustache(5).
public struct Template: Sendable, Equatable {
    private indirect enum Node: Sendable, Equatable {
        case text(String)
        case value(Name, isRaw: Bool)
        case section(Name, [Node], isInverted: Bool)
    }
    private struct Name: Sendable, Equatable {
        /// Empty for `.`.
        var parts: [String]
        var place: Int
    }
    private let nodes: [Node]
    private let text: String

    /// Bytes of a template.
    public static let bytesMax = 65_536
    /// Sections within sections.
    public static let depthMax = 32

    public init(_ text: String) throws(TemplateError) {
        self.text = text
        let bytes = Array(text.utf8)
        if bytes.count > Self.bytesMax { throw TemplateError(line: 1, column: 1, message: "expected at most \(Self.bytesMax) bytes") }
        var at = 0
        var stack: [(name: Name, isInverted: Bool, nodes: [Node])] = []
        var nodes: [Node] = []
        func error(_ place: Int, _ message: String) -> TemplateError { Self.error(text, place, message) }
        func find(_ mark: String, from start: Int) -> Int? {
            let mark = Array(mark.utf8)
            guard bytes.count >= mark.count else { return nil }
            var i = start
            while i + mark.count <= bytes.count {
                if bytes[i] == mark[0], bytes[i..<i + mark.count].elementsEqual(mark) { return i }
                i += 1
            }
            return nil
        }
        while at < bytes.count {
            guard let open = find("{{", from: at) else {
                nodes.append(.text(String(decoding: bytes[at...], as: UTF8.self)))
                break
            }
            if open > at { nodes.append(.text(String(decoding: bytes[at..<open], as: UTF8.self))) }
            let isTriple = open + 2 < bytes.count && bytes[open + 2] == UInt8(ascii: "{")
            let mark = isTriple ? "}}}" : "}}"
            let start = open + (isTriple ? 3 : 2)
            guard let close = find(mark, from: start) else { throw error(open, "a tag that does not end, expected \(mark)") }
            at = close + mark.utf8.count
            let inner = String(decoding: bytes[start..<close], as: UTF8.self)
            let sigil: Character = isTriple ? "{" : inner.first ?? " "
            func name(_ text: some StringProtocol) throws(TemplateError) -> Name {
                let word = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
                if word == "." { return Name(parts: [], place: open) }
                let parts = word.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
                if parts.contains(where: { $0.isEmpty || $0.contains { $0.isWhitespace || "{}".contains($0) } }) {
                    throw error(open, "\"\(word)\", expected a name")
                }
                return Name(parts: parts, place: open)
            }
            switch sigil {
            case "!": continue
            case "{": nodes.append(.value(try name(inner), isRaw: true))
            case "&": nodes.append(.value(try name(inner.dropFirst()), isRaw: true))
            case "#", "^":
                if stack.count == Self.depthMax { throw error(open, "expected at most \(Self.depthMax) sections within each other") }
                stack.append((try name(inner.dropFirst()), sigil == "^", nodes))
                nodes = []
            case "/":
                let ended = try name(inner.dropFirst())
                guard let last = stack.popLast() else {
                    throw error(open, "the end of \(ended.parts.joined(separator: ".")), which did not begin")
                }
                guard last.name.parts == ended.parts else {
                    throw error(
                        open, "the end of \(ended.parts.joined(separator: ".")), expected that of \(last.name.parts.joined(separator: "."))"
                    )
                }
                nodes = last.nodes + [.section(last.name, nodes, isInverted: last.isInverted)]
            case ">", "<", "$": throw error(open, "partials are not supported")
            case "=": throw error(open, "other delimiters are not supported")
            default: nodes.append(.value(try name(inner), isRaw: false))
            }
        }
        if let last = stack.last { throw error(last.name.place, "a section that does not end: \(last.name.parts.joined(separator: "."))") }
        self.nodes = nodes
    }

    private static func error(_ text: String, _ place: Int, _ message: String) -> TemplateError {
        let before = Array(text.utf8)[..<place]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return TemplateError(line: line, column: String(decoding: before[start...], as: UTF8.self).count + 1, message: message)
    }

    public func render(_ data: JSON) -> String {
        var out = ""
        var missing: [Name] = []
        Self.write(nodes, [data], to: &out, &missing)
        return out
    }

    /// - Throws: ``TemplateError`` for the first name that none of the messages has.
    public func check(with messages: [JSON]) throws(TemplateError) {
        var found: [Name]?
        for message in messages {
            var out = ""
            var missing: [Name] = []
            Self.write(nodes, [message], to: &out, &missing)
            found = found.map { $0.filter(missing.contains) } ?? missing
        }
        guard let wrong = found?.first else { return }
        throw Self.error(
            text, wrong.place, "\(wrong.parts.joined(separator: ".")): no message has it, expected type, timestamp, or a member of data")
    }

    private static func write(_ nodes: [Node], _ stack: [JSON], to out: inout String, _ missing: inout [Name]) {
        for node in nodes {
            switch node {
            case .text(let text): out += text
            case .value(let name, let isRaw):
                guard let value = find(name, stack) else {
                    missing.append(name)
                    continue
                }
                out += isRaw ? words(value) : escaped(words(value))
            case .section(let name, let inner, let isInverted):
                let value = find(name, stack)
                if value == nil, !name.parts.contains(where: { $0.hasPrefix("-") }) { missing.append(name) }
                if isInverted {
                    if !isTrue(value) { write(inner, stack, to: &out, &missing) }
                } else if case .array(let items)? = value {
                    for (i, item) in items.enumerated() {
                        let place = JSON.object(["-first": .bool(i == 0), "-last": .bool(i == items.count - 1)])
                        write(inner, stack + [place, item], to: &out, &missing)
                    }
                } else if isTrue(value), let value {
                    write(inner, stack + [value], to: &out, &missing)
                }
            }
        }
    }

    /// The first part is looked for from the innermost section outward, the others below it.
    private static func find(_ name: Name, _ stack: [JSON]) -> JSON? {
        guard let first = name.parts.first else { return stack.last }
        guard var value = stack.reversed().lazy.compactMap({ $0[first] }).first else { return nil }
        for part in name.parts.dropFirst() {
            guard let next = value[part] else { return nil }
            value = next
        }
        return value
    }

    private static func isTrue(_ value: JSON?) -> Bool {
        switch value {
        case nil, .null?, .bool(false)?: false
        case .array(let items)?: !items.isEmpty
        case .string(let text)?: !text.isEmpty
        default: true
        }
    }

    private static func words(_ value: JSON) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        default: value.text
        }
    }

    /// As it may stand between the quotes of a JSON string.
    private static func escaped(_ text: String) -> String { String(JSON.string(text).text.dropFirst().dropLast()) }
}
