internal import Tables
internal import Vocabulary

/// The body of a captured request or response: CSV rows, or JSON values (one, or one a line).
///
/// > Source: Amazon SageMaker Developer Guide, "Capture data from real-time endpoint": `observedContentType`, `data` and `encoding` of
/// > `endpointInput` and `endpointOutput`.
enum CapturePayload {
    case csv([[String]])
    case json([JSON])

    /// - Returns: nil when the capture left it out, as `CaptureOptions` may say.
    static func read(_ capture: JSONObject, _ name: String) throws(RecordError) -> CapturePayload? {
        guard let member = capture[name], member != .null else { return nil }
        guard case .object(let payload) = member else { throw RecordError("\(name): expected an object, got \(member.kind)") }
        guard let data = payload["data"], data != .null else { return nil }
        guard case .string(let text) = data else { return .json([data]) }
        let type = (payload["observedContentType"]?.stringValue ?? "").lowercased()
        let encoding = (payload["encoding"]?.stringValue ?? "").uppercased()
        var bytes = Array(text.utf8)
        switch encoding {
        case "CSV": return try csv(bytes, name)
        case "JSON": return try json(bytes, name)
        case "BASE64":
            guard let decoded = Digest.fromBase64(text) else { throw RecordError("\(name).data: no base64, expected it as encoding says") }
            bytes = decoded
        default:
            let shown = encoding.isEmpty ? "missing" : String(encoding.prefix(40))
            throw RecordError("\(name).encoding: \(shown), expected CSV, JSON or BASE64")
        }
        // Endpoints whose content types were not declared are captured as BASE64, whatever they hold.
        let first = bytes.first { $0 > 32 }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        return type.contains("csv") || !(type.contains("json") || looksLikeJSON) ? try csv(bytes, name) : try json(bytes, name)
    }

    private static func csv(_ bytes: [UInt8], _ name: String) throws(RecordError) -> CapturePayload {
        do throws(TableError) { return .csv(try csvRows(bytes, file: name)) } catch {
            throw RecordError("\(name).data: row \(error.line), field \(error.column): \(error.message)")
        }
    }

    private static func json(_ bytes: [UInt8], _ name: String) throws(RecordError) -> CapturePayload {
        do throws(JSONError) { return .json([try JSON.parse(bytes[...])]) } catch let whole {
            // JSON lines: a value a line.
            let lines = bytes.split(separator: 10).filter { line in line.contains { $0 > 32 } }
            var values: [JSON] = []
            if lines.count > 1 { for line in lines { if let value = try? JSON.parse(line) { values.append(value) } } }
            guard lines.count > 1, values.count == lines.count else { throw RecordError("\(name).data: not JSON: \(whole)") }
            return .json(values)
        }
    }

    // MARK: Requests

    /// One row of a request.
    enum Row {
        case named([(name: String, value: JSON)])
        case positional([JSON])
    }

    /// What the model was asked about, row by row.
    func inputs(missing: Set<String>) -> [Row] {
        switch self {
        case .csv(let rows):
            return rows.map { fields in .positional(fields.map { $0.isEmpty || missing.contains($0) ? .null : .string($0) }) }
        case .json(let values): return values.flatMap { Self.rows(of: $0) }
        }
    }

    /// The names under which containers of models expect their rows.
    private static let containers = ["instances", "inputs", "features", "data"]

    private static func rows(of value: JSON) -> [Row] {
        switch value {
        case .array(let items):
            return items.contains { $0.arrayValue != nil || $0.objectValue != nil } ? items.map(row) : [.positional(items)]
        case .object(let object):
            guard let name = containers.first(where: { object[$0]?.arrayValue != nil || object[$0]?.objectValue != nil }),
                let inner = object[name]
            else { return [.named(named(object))] }
            return rows(of: inner)
        default: return [.positional([value])]
        }
    }

    /// One of several rows: an instance with its features in an array or an object is that array or object.
    private static func row(_ item: JSON) -> Row {
        switch item {
        case .array(let values): return .positional(values)
        case .object(let object):
            if let values = object["features"]?.arrayValue { return .positional(values) }
            return .named(named(object["features"]?.objectValue ?? object))
        default: return .positional([item])
        }
    }

    private static func named(_ object: JSONObject) -> [(name: String, value: JSON)] {
        object.members.map { (name: $0.key, value: $0.value) }
    }

    // MARK: Responses

    typealias Output = (name: String, value: JSON)

    /// The numbers and words that the model answered for each of `count` rows (nil: as many as there seem to be), with their names:
    /// members of objects by their name, fields and items by their place, from 0.
    ///
    /// - Throws: ``RecordError`` when there are more or fewer rows.
    func outputs(rows count: Int?) throws(RecordError) -> [[Output]] {
        var rows: [[Output]]
        switch self {
        case .csv(let fields):
            rows = fields.map { row in row.enumerated().map { (String($0), .string($1)) } }
            // Several answers in one line.
            if let count, count > 1, rows.count == 1, rows[0].count == count { rows = rows[0].map { [("0", $0.value)] } }
        case .json(let values) where values.count == 1: rows = Self.outputs(of: values[0], rows: count)
        case .json(let values): rows = values.map { Self.flat($0, "") }
        }
        if let count, rows.count != count { throw RecordError("endpointOutput: \(rows.count) rows, expected \(count) as in endpointInput") }
        return rows
    }

    private static func outputs(of value: JSON, rows count: Int?) -> [[Output]] {
        switch value {
        case .array(let items):
            let isRows = count.map { $0 == items.count } ?? items.contains { $0.arrayValue != nil || $0.objectValue != nil }
            return isRows ? items.map { flat($0, "") } : [flat(value, "")]
        case .object(let object):
            let count = count ?? object.members.compactMap { $0.value.arrayValue?.count }.first ?? 1
            var rows = [[Output]](repeating: [], count: count)
            for (name, value) in object.members {
                if let items = value.arrayValue, items.count == count {
                    for (i, item) in items.enumerated() { rows[i] += flat(item, item.objectValue == nil ? name : "") }
                } else if count == 1 {
                    rows[0] += flat(value, name)
                }
            }
            return rows
        default: return [flat(value, "")]
        }
    }

    /// The scalars of a value by their path.
    private static func flat(_ value: JSON, _ path: String) -> [Output] {
        func below(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
        switch value {
        case .array(let items): return items.enumerated().flatMap { flat($1, below(String($0))) }
        case .object(let object): return object.members.flatMap { flat($0.value, below($0.key)) }
        default: return [(path.isEmpty ? "0" : path, value)]
        }
    }
}
