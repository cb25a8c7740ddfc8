import TestSupport
import Testing
import Vocabulary

/// One case of `../shared/golden/*.json`: what a reference library answered, and how near an answer of ours must come.
///
/// The README beside those files says what the fields mean; each case names its library and version.
struct GoldenCase {
    let id: String
    let inputs: JSON
    let expected: JSON
    private let tolerance: JSON

    /// The cases of a family whose ids are `prefix` and a number.
    static func family(_ name: String, _ prefix: String) throws -> [GoldenCase] {
        let file = try JSON.parse(SharedFiles.bytes("golden/\(name).json")[...])
        return try #require(file.arrayValue).compactMap { entry in
            let id = try #require(entry["id"]?.stringValue)
            guard let dash = id.lastIndex(of: "-"), id[..<dash] == prefix else { return nil }
            return GoldenCase(
                id: id, inputs: try #require(entry["inputs"]), expected: try #require(entry["expected"]),
                tolerance: try #require(entry["tolerance"]))
        }
    }

    /// Whether the reference refuses these inputs.
    var isRefused: Bool { expected["error"] != nil }

    func input(_ name: String) throws -> JSON { try #require(inputs[name], "\(id) has no input \(name)") }
    func inputNumber(_ name: String) throws -> Double { try #require(input(name).doubleValue, "\(id): \(name) is no number") }
    func inputCount(_ name: String) throws -> Int64 { try #require(input(name).intValue, "\(id): \(name) is no count") }
    func name() -> String { inputs["name"]?.stringValue ?? inputs["pair"]?.stringValue ?? "" }

    /// The expected number; nil for NaN, which is how a reference writes "undefined".
    func number(_ field: String, in part: JSON? = nil) throws -> Double? {
        let value = try #require((part ?? expected)[field], "\(id) expects no \(field)")
        if value == "NaN" { return nil }
        let number: Double = try #require(value.doubleValue, "\(id): \(field) is \(value.kind)")
        return number
    }

    /// Compares one number; nil stands for undefined on both sides.
    func expect(_ actual: Double?, _ field: String, in part: JSON? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
        expect(actual, equals: try number(field, in: part), field, sourceLocation: sourceLocation)
    }

    /// Compares one number with the tolerance of `field`.
    func expect(_ actual: Double?, equals wanted: Double?, _ field: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let relative = (tolerance[field] ?? tolerance["default"])?["rel"]?.doubleValue ?? 0
        let absolute = (tolerance[field] ?? tolerance["default"])?["abs"]?.doubleValue ?? 0
        var near = actual == nil && wanted == nil
        if let actual, let wanted { near = isNear(actual, wanted, relative: relative, absolute: absolute) }
        #expect(near, "\(id) \(name()), \(field): \(shown(actual)), expected \(shown(wanted))", sourceLocation: sourceLocation)
    }

    private func shown(_ number: Double?) -> String { number.map { "\($0)" } ?? "undefined" }
}
