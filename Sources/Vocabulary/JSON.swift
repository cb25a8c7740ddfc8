/// A JSON value whose objects keep the order of their keys, so that what we print is stable.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    public static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
        .object(JSONObject(members.map { ($0.key, $0.value) }))
    }

    public subscript(_ key: String) -> JSON? {
        if case .object(let object) = self { object[key] } else { nil }
    }
    public var stringValue: String? { if case .string(let s) = self { s } else { nil } }
    public var arrayValue: [JSON]? { if case .array(let a) = self { a } else { nil } }
    public var objectValue: JSONObject? { if case .object(let o) = self { o } else { nil } }
    public var boolValue: Bool? { if case .bool(let b) = self { b } else { nil } }
    public var doubleValue: Double? {
        switch self {
        case .integer(let i): Double(i)
        case .number(let d): d
        case .string("Infinity"): .infinity
        case .string("-Infinity"): -.infinity
        default: nil
        }
    }
    public var intValue: Int64? {
        switch self {
        case .integer(let i): i
        case .number(let d): Int64(exactly: d)
        default: nil
        }
    }

    /// What this value is, in the words of an error message: `expected a number, got a string`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Members in the order in which they were written. Of a repeated key the last value counts.
public struct JSONObject: Sendable, Equatable {
    public private(set) var members: [(key: String, value: JSON)]

    public init(_ members: [(String, JSON)] = []) {
        self.members = members.map { (key: $0.0, value: $0.1) }
    }

    public subscript(_ key: String) -> JSON? {
        get { members.last { $0.key == key }?.value }
        set {
            guard let newValue else { members.removeAll { $0.key == key }; return }
            if let at = members.lastIndex(where: { $0.key == key }) {
                members[at].value = newValue
            } else {
                members.append((key, newValue))
            }
        }
    }

    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.members.count == b.members.count && zip(a.members, b.members).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(nilLiteral: ()) { self = .null }
    public init(_ value: Int) { self = .integer(Int64(value)) }
    public init(_ value: Double?) { self = value.map(JSON.number) ?? .null }
    public init(_ value: String?) { self = value.map(JSON.string) ?? .null }
}

extension JSON {
    /// Compact text. Infinite numbers are the strings `"Infinity"` and `"-Infinity"`, NaN is null (CONTRACTS.md).
    public var text: String {
        var out = ""
        write(to: &out, indent: nil, depth: 0)
        return out
    }

    public var prettyText: String {
        var out = ""
        write(to: &out, indent: 2, depth: 0)
        return out
    }

    private func write(to out: inout String, indent: Int?, depth: Int) {
        switch self {
        case .null: out += "null"
        case .bool(let b): out += b ? "true" : "false"
        case .integer(let i): out += String(i)
        case .number(let d):
            if d.isNaN {
                out += "null"
            } else if d.isInfinite {
                out += d > 0 ? "\"Infinity\"" : "\"-Infinity\""
            } else if d == d.rounded(), abs(d) < 1e15 {
                out += String(Int64(d))
            } else {
                out += "\(d)"
            }
        case .string(let s): JSON.quote(s, to: &out)
        case .array(let items):
            writeList(to: &out, "[", "]", items.count, indent, depth) { i, out in
                items[i].write(to: &out, indent: indent, depth: depth + 1)
            }
        case .object(let object):
            writeList(to: &out, "{", "}", object.members.count, indent, depth) { i, out in
                JSON.quote(object.members[i].key, to: &out)
                out += indent == nil ? ":" : ": "
                object.members[i].value.write(to: &out, indent: indent, depth: depth + 1)
            }
        }
    }

    private func writeList(
        to out: inout String, _ open: String, _ close: String, _ count: Int, _ indent: Int?, _ depth: Int,
        item: (Int, inout String) -> Void
    ) {
        out += open
        for i in 0..<count {
            if i > 0 { out += "," }
            if let indent { out += "\n" + String(repeating: " ", count: indent * (depth + 1)) }
            item(i, &out)
        }
        if let indent, count > 0 { out += "\n" + String(repeating: " ", count: indent * depth) }
        out += close
    }

    private static func quote(_ s: String, to out: inout String) {
        out += "\""
        defer { out += "\"" }
        // Most texts stand as they are.
        if !s.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            out += s
            return
        }
        for scalar in s.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
    }
}
