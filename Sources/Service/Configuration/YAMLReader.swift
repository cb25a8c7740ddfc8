internal import Foundation
internal import Reporting
internal import Vocabulary
internal import Yams

/// YAML as our JSON values, so that one kind of value is checked everywhere.
enum YAMLText {
    /// - Throws: ``ConfigurationError`` with line and column.
    static func parse(_ text: String, file: String) throws -> JSON {
        do {
            guard let value = try Yams.load(yaml: text, resolver) else { return .object(JSONObject()) }
            return try convert(value)
        } catch let error as YamlError {
            throw ConfigurationError(["\(file): \(String(describing: error).split(separator: "\n").joined(separator: " "))"])
        }
    }

    /// As YAML 1.2 has it: `yes` and `no` are words, which labels may be, and a time is the text that somebody wrote.
    private static let resolver =
        (try? Resolver.default.removing(.timestamp).removing(.bool).appending(.bool, "^(?:true|True|TRUE|false|False|FALSE)$")) ?? .default

    private static func convert(_ value: Any) throws -> JSON {
        switch value {
        case let object as [AnyHashable: Any]:
            var members: [(String, JSON)] = []
            for (key, member) in object { members.append(("\(key.base)", try convert(member))) }
            return .object(JSONObject(members.sorted { $0.0 < $1.0 }))
        case let array as [Any]: return .array(try array.map(convert))
        case let bool as Bool: return .bool(bool)
        case let int as Int: return .integer(Int64(int))
        case let double as Double: return .number(double)
        case let string as String: return .string(string)
        case is NSNull: return .null
        default: return .string("\(value)")
        }
    }
}

/// Reads a mapping and collects every problem instead of stopping at the first.
final class SettingsReader {
    private(set) var problems: [String] = []

    /// The members of a mapping; a key that is not known is a problem, with the nearest known one.
    func members(_ json: JSON?, at path: String, known: [String]) -> [String: JSON] {
        guard let json, json != .null else { return [:] }
        guard case .object(let object) = json else {
            problems.append("\(path.isEmpty ? "" : path + ": ")expected a mapping, got \(json.kind)")
            return [:]
        }
        for member in object.members where !known.contains(member.key) {
            problems.append("\(join(path, member.key)): unknown key\(Self.hint(member.key, known))")
        }
        return Dictionary(object.members.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// What a word that is none of the known ones may have meant: the nearest of them, or all.
    static func hint(_ word: String, _ known: [String]) -> String {
        let near = known.map { ($0, distance($0, word)) }.min { $0.1 < $1.1 }
        if let near, near.1 <= min(3, word.count / 2) { return ", did you mean \(near.0)?" }
        return ", expected one of \(known.joined(separator: ", "))"
    }

    func problem(_ path: String, _ text: String) { problems.append("\(path): \(text)") }

    func text(_ json: JSON?, at path: String) -> String? {
        guard let json, json != .null else { return nil }
        switch json {
        case .string(let s): return s
        case .integer, .number, .bool: return json.text
        default:
            problem(path, "expected text, got \(json.kind)")
            return nil
        }
    }

    func number(_ json: JSON?, at path: String, in range: ClosedRange<Double>) -> Double? {
        guard let json, json != .null else { return nil }
        guard let value = json.doubleValue else {
            problem(path, "expected a number, got \(json.kind)")
            return nil
        }
        guard range.contains(value) else {
            problem(path, "\(shortNumber(value)), expected \(shortNumber(range.lowerBound)) to \(shortNumber(range.upperBound))")
            return nil
        }
        return value
    }

    func integer(_ json: JSON?, at path: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = number(json, at: path, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        guard let whole = Int(exactly: value) else {
            problem(path, "\(value), expected a whole number")
            return nil
        }
        return whole
    }

    func flag(_ json: JSON?, at path: String) -> Bool? {
        guard let json, json != .null else { return nil }
        guard let value = json.boolValue else {
            problem(path, "expected true or false, got \(json.kind)")
            return nil
        }
        return value
    }

    func list(_ json: JSON?, at path: String) -> [JSON]? {
        guard let json, json != .null else { return nil }
        guard let items = json.arrayValue else {
            problem(path, "expected a list, got \(json.kind)")
            return nil
        }
        return items
    }

    func texts(_ json: JSON?, at path: String) -> [String]? {
        list(json, at: path)?.enumerated().compactMap { text($1, at: "\(path)[\($0)]") }
    }

    func choice<T: RawRepresentable & CaseIterable>(_ json: JSON?, at path: String, of known: [T] = Array(T.allCases)) -> T?
    where T.RawValue == String {
        guard let word = text(json, at: path) else { return nil }
        guard let value = known.first(where: { $0.rawValue == word }) else {
            problem(path, "\"\(word)\"\(Self.hint(word, known.map(\.rawValue)))")
            return nil
        }
        return value
    }

    func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a), b = Array(b)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
