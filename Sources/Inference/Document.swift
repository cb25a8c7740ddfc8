/// A document of nested values, from JSON or UBJSON. Lists of numbers are kept as numbers: a model is mostly these.
enum Document: Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case numbers([Double])
    case list([Document])
    case object([String: Document])

    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .text: "text"
        case .numbers: "a list of numbers"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

/// A value of a document and where it is: what readers ask, so that each error says the place.
struct Part {
    let file: String
    let path: String
    let value: Document

    init(file: String, path: String = "", _ value: Document) {
        self.file = file
        self.path = path
        self.value = value
    }

    func malformed(_ message: String) -> InferenceError { InferenceError(.malformed, file: file, place: path, message) }
    func unsupported(_ message: String) -> InferenceError { InferenceError(.unsupported, file: file, place: path, message) }

    private func expected(_ what: String) -> InferenceError { malformed("found \(value.kind), expected \(what)") }

    func optional(_ key: String) throws(InferenceError) -> Part? {
        guard case .object(let members) = value else { throw expected("an object with \"\(key)\"") }
        guard let member = members[key] else { return nil }
        if case .null = member { return nil }
        return Part(file: file, path: path.isEmpty ? key : "\(path).\(key)", member)
    }

    func part(_ key: String) throws(InferenceError) -> Part {
        guard let found = try optional(key) else { throw malformed("\"\(key)\" is missing, expected it in a model of this kind") }
        return found
    }

    func parts() throws(InferenceError) -> [Part] {
        switch value {
        case .list(let items): items.enumerated().map { Part(file: file, path: "\(path)[\($0.offset)]", $0.element) }
        case .numbers(let numbers): numbers.enumerated().map { Part(file: file, path: "\(path)[\($0.offset)]", .number($0.element)) }
        default: throw expected("a list")
        }
    }

    func numbers() throws(InferenceError) -> [Double] {
        switch value {
        case .numbers(let numbers): numbers
        case .list(let items):
            // Old models have booleans as directions.
            try items.map { (item) throws(InferenceError) in
                switch item {
                case .number(let number): number
                case .bool(let isTrue): isTrue ? 1 : 0
                default: throw expected("a list of numbers")
                }
            }
        default: throw expected("a list of numbers")
        }
    }

    /// Whole numbers that fit into 32 bits.
    func integers() throws(InferenceError) -> [Int32] {
        var out: [Int32] = []
        let all = try numbers()
        out.reserveCapacity(all.count)
        for number in all {
            guard let whole = Int32(exactly: number) else { throw malformed("\(number) at \(out.count), expected a whole number") }
            out.append(whole)
        }
        return out
    }

    /// A number, or a text that holds one: XGBoost writes parameters as text.
    func number() throws(InferenceError) -> Double {
        switch value {
        case .number(let number): return number
        case .bool(let isTrue): return isTrue ? 1 : 0
        case .text(let text):
            guard let number = Double(text) else { throw malformed("\"\(text.prefix(40))\", expected a number") }
            return number
        default: throw expected("a number")
        }
    }

    func integer(in range: ClosedRange<Int>) throws(InferenceError) -> Int {
        let number = try number()
        guard let whole = Int(exactly: number), range.contains(whole) else {
            throw malformed("\(number), expected a whole number in \(range.lowerBound)…\(range.upperBound)")
        }
        return whole
    }

    func text() throws(InferenceError) -> String {
        guard case .text(let text) = value else { throw expected("text") }
        return text
    }

    func texts() throws(InferenceError) -> [String] {
        var out: [String] = []
        for part in try parts() { out.append(try part.text()) }
        return out
    }
}
