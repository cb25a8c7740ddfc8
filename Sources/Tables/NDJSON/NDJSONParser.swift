internal import Vocabulary

/// Reads one line of NDJSON into the values of an object, nested ones under the path of their keys.
struct NDJSONParser {
    struct Failure: Error {
        /// The byte of the line, from 1.
        var column: Int
        var message: String
    }

    enum Value {
        case null
        case bool(Bool)
        /// Where the number's text stands.
        case number(Range<Int>)
        /// Where a text without escapes stands.
        case text(Range<Int>)
        case unescaped([UInt8])
    }

    /// Nesting deeper than this is refused: the parser recurses, and no record of a model is that deep.
    static let depthMax = 64

    private let bytes: [UInt8]
    private var start = 0
    private var end = 0
    private var at = 0
    /// What was found: the path's number and the value.
    private(set) var found: [(path: Int, value: Value)] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Goes to a line, given without its end.
    mutating func begin(_ range: Range<Int>) {
        start = range.lowerBound
        end = range.upperBound
        at = start
        found.removeAll(keepingCapacity: true)
    }

    /// Whether there is nothing but white space.
    mutating func isBlank() -> Bool {
        skipSpace()
        return at == end
    }

    mutating func line(_ paths: inout NDJSONPaths) throws(Failure) {
        skipSpace()
        guard peek == UInt8(ascii: "{") else { throw failure("\(shown), expected an object in braces") }
        try object(&paths, NDJSONPaths.root, 0)
        skipSpace()
        if at < end { throw failure("\(shown) after the object, expected the end of the line") }
    }

    private func failure(_ message: String, at place: Int? = nil) -> Failure {
        Failure(column: (place ?? at) - start + 1, message: message)
    }

    private var peek: UInt8? { at < end ? bytes[at] : nil }

    private var shown: String {
        guard let byte = peek else { return "the end of the line" }
        return byte > 32 && byte < 127 ? "'\(Character(Unicode.Scalar(byte)))'" : "the byte 0x" + String(byte, radix: 16)
    }

    private mutating func skipSpace() {
        while at < end, bytes[at] == 32 || bytes[at] == 9 || bytes[at] == 13 { at += 1 }
    }

    private mutating func value(_ paths: inout NDJSONPaths, _ path: Int, _ depth: Int) throws(Failure) {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): try object(&paths, path, depth + 1)
        case UInt8(ascii: "["): try array(&paths, path, depth + 1)
        case UInt8(ascii: "\""): found.append((path, try string()))
        case UInt8(ascii: "t"): try word("true"); found.append((path, .bool(true)))
        case UInt8(ascii: "f"): try word("false"); found.append((path, .bool(false)))
        case UInt8(ascii: "n"): try word("null"); found.append((path, .null))
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): found.append((path, .number(try number())))
        default: throw failure("\(shown), expected a value")
        }
    }

    private mutating func word(_ text: StaticString) throws(Failure) {
        let word = "\(text)"
        guard bytes[at..<end].starts(with: word.utf8) else { throw failure("\(shown), expected \(word)") }
        at += word.utf8.count
    }

    private mutating func object(_ paths: inout NDJSONPaths, _ path: Int, _ depth: Int) throws(Failure) {
        guard depth < NDJSONParser.depthMax else { throw failure("nested deeper than \(NDJSONParser.depthMax) levels, expected fewer") }
        at += 1
        skipSpace()
        if peek == UInt8(ascii: "}") { at += 1; return }
        var previous: Int?
        while true {
            skipSpace()
            let place = at
            guard peek == UInt8(ascii: "\"") else { throw failure("\(shown), expected a key in quotes") }
            let child: Int?
            switch try string() {
            case .text(let range): child = paths.child(of: path, bytes, range, after: previous)
            case .unescaped(let key): child = paths.child(of: path, key, key.indices, after: previous)
            default: child = nil
            }
            guard let child else {
                throw failure("more than \(NDJSONPaths.countMax) different keys in the file, expected fewer", at: place)
            }
            // Here and not where columns are made: an empty object or array makes none.
            guard paths.isText(child) else { throw failure("invalid UTF-8 or a zero byte in a key, expected text", at: place) }
            previous = child
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw failure("\(shown), expected ':' after the key") }
            at += 1
            try value(&paths, child, depth)
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"): at += 1; return
            default: throw failure("\(shown), expected ',' or '}'")
            }
        }
    }

    /// The items of an array stand under their numbers, from 0.
    private mutating func array(_ paths: inout NDJSONPaths, _ path: Int, _ depth: Int) throws(Failure) {
        guard depth < NDJSONParser.depthMax else { throw failure("nested deeper than \(NDJSONParser.depthMax) levels, expected fewer") }
        at += 1
        skipSpace()
        if peek == UInt8(ascii: "]") { at += 1; return }
        var index = 0
        var previous: Int?
        while true {
            let key = Array(String(index).utf8)
            guard let child = paths.child(of: path, key, key.indices, after: previous) else {
                throw failure("more than \(NDJSONPaths.countMax) different keys in the file, expected fewer")
            }
            previous = child
            try value(&paths, child, depth)
            index += 1
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"): at += 1; return
            default: throw failure("\(shown), expected ',' or ']'")
            }
        }
    }

    private mutating func digits() throws(Failure) {
        let first = at
        while at < end, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
        if at == first { throw failure("\(shown), expected a digit") }
    }

    private mutating func number() throws(Failure) -> Range<Int> {
        let first = at
        if peek == UInt8(ascii: "-") { at += 1 }
        let whole = at
        try digits()
        if bytes[whole] == 48, at - whole > 1 { throw failure("a number that starts with 0, expected none before other digits", at: whole) }
        if peek == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        return first..<at
    }

    private mutating func string() throws(Failure) -> Value {
        let open = at
        at += 1
        let first = at
        while at < end, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 32 { at += 1 }
        if peek == UInt8(ascii: "\"") {
            at += 1
            return .text(first..<at - 1)
        }
        var out = Array(bytes[first..<at])
        while let c = peek {
            switch c {
            case UInt8(ascii: "\""):
                at += 1
                return .unescaped(out)
            case UInt8(ascii: "\\"): try escape(&out)
            case 0..<32: throw failure("a control character in a text, expected an escape")
            default:
                out.append(c)
                at += 1
            }
        }
        throw failure("the text that starts here has no end, expected another quote", at: open)
    }

    private mutating func escape(_ out: inout [UInt8]) throws(Failure) {
        let place = at
        do throws(JSONEscape.Fault) { try JSONEscape.read(bytes[..<end], at: &at, into: &out) } catch {
            switch error {
            case .unfinished: throw failure("an escape without an end, expected a character after it", at: place)
            case .unknown: throw failure("an unknown escape, expected one of JSON's", at: place)
            case .half: throw failure("half of a surrogate pair, expected both", at: place)
            case .zero: throw failure("a zero character, expected text", at: place)
            case .notHexadecimal: throw failure("\(shown), expected four hexadecimal digits")
            }
        }
    }
}

/// The keys of a file's objects, as a tree: a nested key's path is the keys from the outside in.
struct NDJSONPaths {
    static let root = 0
    /// A file with more different keys than this is not a table.
    static let countMax = 16_384

    private struct Node {
        var key: [UInt8]
        var parent: Int
        let isText: Bool
        var places: [[UInt8]: Int] = [:]

        init(key: [UInt8], parent: Int) {
            self.key = key
            self.parent = parent
            isText = !key.contains(0) && String(validating: key, as: UTF8.self) != nil
        }
    }
    private var nodes = [Node(key: [], parent: -1)]
    /// The path that followed a path the last time: objects of a file mostly have their keys in the same order.
    private var following = [0]

    var count: Int { nodes.count }

    func isText(_ path: Int) -> Bool { nodes[path].isText }

    /// The path of a key below another; nil when there are too many. `previous` is the path before it in the same object.
    mutating func child(of parent: Int, _ bytes: [UInt8], _ range: Range<Int>, after previous: Int?) -> Int? {
        let guess = following[previous ?? parent]
        if guess > 0, nodes[guess].parent == parent, nodes[guess].key.elementsEqual(bytes[range]) { return guess }
        let key = Array(bytes[range])
        let path: Int
        if let known = nodes[parent].places[key] {
            path = known
        } else {
            guard nodes.count <= NDJSONPaths.countMax else { return nil }
            path = nodes.count
            nodes.append(Node(key: key, parent: parent))
            following.append(0)
            nodes[parent].places[key] = path
        }
        following[previous ?? parent] = path
        return path
    }

    /// The keys from the outside in, joined by dots.
    func name(_ path: Int) -> String {
        var keys: [[UInt8]] = []
        var path = path
        while path > 0 {
            keys.append(nodes[path].key)
            path = nodes[path].parent
        }
        return keys.reversed().map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }
}
