public import Vocabulary

/// Every function of `evenkeel stat`, and how a list of calls is answered.
public enum StatFunctions {
    /// By family; names are unique.
    public static let all: [StatFunction] =
        StatFunction.drift + StatFunction.tables + StatFunction.samples + StatFunction.proportions + StatFunction.scores
        + StatFunction.distributions + StatFunction.sequential + StatFunction.planning

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The answers to a JSON text, as of ``answer(_:name:)``. A call of a list that is no JSON by itself, such as one with a number beyond
    /// all doubles, spoils no other either.
    ///
    /// - Throws: ``AnalysisError`` with the place when the text is no list of values.
    public static func answer(text: [UInt8], name: String? = nil) throws(AnalysisError) -> JSON {
        var calls: JSON?
        var items: [ArraySlice<UInt8>] = []
        do throws(JSONError) { calls = try JSON.parse(text[...]) } catch {
            guard let found = StatBatch(text)?.items else {
                throw AnalysisError("standard input:\(error.line):\(error.column): \(error.message), expected a JSON list")
            }
            items = found
        }
        if let calls { return try answer(calls, name: name) }
        if let name, byName[name] == nil { throw unknown(name) }
        return .array(
            items.map { item in
                do throws(JSONError) { return answer(try JSON.parse(item), name) } catch {
                    return .object(["error": .string("the call is no JSON (\(error.description)), expected an object")])
                }
            })
    }

    /// One answer a call, in order. A call that cannot be answered gives `{"error": "what, expected what"}` and spoils no other.
    ///
    /// - Parameter name: with a name the calls are arguments alone; else each is `{"name": "...", "args": {...}}`.
    /// - Throws: ``AnalysisError`` when `calls` is no list, or when there is no function `name`.
    public static func answer(_ calls: JSON, name: String? = nil) throws(AnalysisError) -> JSON {
        if let name, byName[name] == nil { throw unknown(name) }
        guard let items = calls.arrayValue ?? calls.objectValue.map({ [.object($0)] }) else {
            throw AnalysisError("standard input holds \(calls.kind), expected a list of \(name == nil ? "calls" : "arguments")")
        }
        return .array(items.map { answer($0, name) })
    }

    private static func answer(_ item: JSON, _ name: String?) -> JSON {
        do {
            let (function, args) = try resolve(item, name)
            return try function.call(args)
        } catch { return .object(["error": .string("\(error)")]) }
    }

    private static func resolve(_ item: JSON, _ name: String?) throws(AnalysisError) -> (StatFunction, JSON) {
        if let name, let function = byName[name] { return (function, item) }
        guard let called = item["name"]?.stringValue else {
            throw AnalysisError("a call without a name, expected {\"name\": \"...\", \"args\": {...}}")
        }
        guard let function = byName[called] else { throw unknown(called) }
        return (function, item["args"] ?? .object(JSONObject()))
    }

    private static func unknown(_ name: String) -> AnalysisError {
        .unsupported("there is no function \"\(name)\", expected one of those that evenkeel stat --list prints")
    }

    /// What `evenkeel stat --list` prints.
    public static func list() -> Report {
        let json: [JSON] = all.map { function in
            let arguments: [JSON] = function.arguments.map { argument in
                .object([
                    "name": .string(argument.name), "meaning": .string(argument.meaning), "required": .bool(argument.preset == nil),
                    "default": JSON(argument.preset),
                ])
            }
            return .object(["name": .string(function.name), "summary": .string(function.summary), "arguments": .array(arguments)])
        }
        let functions = all.map { function in
            let arguments = function.arguments.map { $0.preset == nil ? $0.name : "[\($0.name)]" }
            return [function.name, arguments.joined(separator: " "), function.summary]
        }
        let arguments = all.flatMap { function in
            function.arguments.map { [function.name, $0.name, $0.preset ?? "", $0.meaning] }
        }
        return Report(
            title: "Functions", json: .array(json),
            blocks: [
                .table(Report.Table(["name", "arguments", "what it does"], functions)), .heading("Arguments"),
                .table(Report.Table(["function", "argument", "default", "what it is"], arguments)),
            ])
    }
}
