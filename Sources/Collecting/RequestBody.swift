internal import Tables
public import Vocabulary

/// The records of a request: one object, an array, or NDJSON.
public struct RequestBody: Sendable {
    /// The place in the request and the record; or why a line could not be read.
    public var records: [(index: Int, record: Result<JSON, JSONError>)]

    /// - Throws: ``RequestError`` when the body is no JSON, no object or array, or has too many records. In NDJSON a bad line is
    ///   that record's own error.
    public init(_ bytes: [UInt8], isLines: Bool, limits: CollectorLimits) throws(RequestError) {
        records = []
        if isLines {
            for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
            where line.contains(where: { $0 != 32 && $0 != 13 && $0 != 9 }) {
                guard records.count < limits.recordsMax else { throw Self.tooMany(limits) }
                let index = records.count
                do throws(JSONError) { records.append((index, .success(try JSON.parse(line, line: number + 1)))) } catch {
                    records.append((index, .failure(error)))
                }
            }
            if records.isEmpty { throw RequestError(.malformed, "the body has no records, expected one JSON object a line") }
            return
        }
        let value: JSON
        do throws(JSONError) { value = try JSON.parse(bytes[...]) } catch {
            let items = try JSONItems(bytes, max: limits.recordsMax)?.parsed() ?? []
            // An array with a few odd items is worth taking; one of nothing else is no array of records.
            guard items.contains(where: { if case .success = $0 { true } else { false } }) else {
                throw RequestError(.malformed, "the body is not JSON: \(error)")
            }
            records = items.enumerated().map { ($0, $1) }
            return
        }
        switch value {
        case .object: records = [(0, .success(value))]
        case .array(let items):
            guard items.count <= limits.recordsMax else { throw Self.tooMany(limits) }
            records = items.enumerated().map { ($0, .success($1)) }
        default: throw RequestError(.malformed, "the body is \(value.kind), expected an object, an array of objects, or NDJSON")
        }
    }

    static func tooMany(_ limits: CollectorLimits) -> RequestError { tooMany(limits.recordsMax) }
    static func tooMany(_ max: Int) -> RequestError {
        RequestError(.tooLarge, "more than \(max) records, send them in several requests")
    }
}

/// What is wrong with one record.
struct RecordError: Error {
    var message: String
    init(_ message: String) { self.message = message }
}

/// Reads the members of one record, with the path in every error.
struct RecordReader {
    let object: JSONObject

    init(_ json: JSON) throws(RecordError) {
        guard case .object(let object) = json else { throw RecordError("expected an object, got \(json.kind)") }
        self.object = object
    }

    func text(_ key: String, bytesMax: Int) throws(RecordError) -> String {
        guard let value = object[key], value != .null else { throw RecordError("\(key): missing, expected a string") }
        let text: String
        switch value {
        case .string(let s): text = s
        case .integer(let i): text = String(i)
        default: throw RecordError("\(key): expected a string, got \(value.kind)")
        }
        guard !text.isEmpty, text.utf8.count <= bytesMax else {
            throw RecordError("\(key): \(text.utf8.count) bytes, expected 1 to \(bytesMax)")
        }
        return try Self.storable(text, path: key)
    }

    /// NaN where the record has none.
    func number(_ key: String, atLeast least: Double = -.infinity) throws(RecordError) -> Double {
        guard let value = object[key], value != .null else { return .nan }
        guard let number = value.doubleValue, number.isFinite else {
            throw RecordError("\(key): expected a number or null, got \(value.kind)")
        }
        guard number >= least else { throw RecordError("\(key): \(number), expected at least \(least)") }
        return number
    }

    /// RFC 3339 text or epoch milliseconds; `now` where the record has none.
    func time(_ key: String, now: Timestamp, limits: CollectorLimits) throws(RecordError) -> Timestamp {
        guard let value = object[key], value != .null else { return now }
        let time: Timestamp
        switch value {
        case .string(let text):
            guard let parsed = Timestamp(rfc3339: text) else {
                throw RecordError("\(key): expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"\(text.prefix(40))\"")
            }
            time = parsed
        case .integer, .number:
            guard let number = value.doubleValue, abs(number) < 9e12 else { throw RecordError("\(key): expected epoch milliseconds") }
            time = Timestamp(microseconds: Int64((number * 1000).rounded()))
        default: throw RecordError("\(key): expected RFC 3339 text or epoch milliseconds, got \(value.kind)")
        }
        guard time >= Timestamp(seconds: limits.earliestSeconds) else {
            throw RecordError(
                "\(key): \(time) is too early, expected milliseconds since 1970 or RFC 3339, from \(Timestamp(seconds: limits.earliestSeconds)) on"
            )
        }
        guard time <= now.adding(seconds: limits.aheadSecondsMax) else {
            throw RecordError("\(key): \(time) is more than \(limits.aheadSecondsMax / 3600) hours ahead of \(now)")
        }
        return time
    }

    /// 0 or 1 for a binary model (a text is positive when it is the positive label), any number for a regression, the place of a class;
    /// NaN if absent.
    func outcome(_ key: String, schema: FeatureSchema) throws(RecordError) -> Double {
        if schema.task == .multiclass { return try ClassAnswer.outcome(object[key], path: key, schema: schema) }
        guard let value = object[key], value != .null else { return .nan }
        switch (schema.task, value) {
        case (_, .bool(let b)): return b ? 1 : 0
        case (.binary, .string(let s)):
            if s == schema.positiveLabel { return 1 }
            guard let positive = parseNumber(schema.positiveLabel) else { return 0 }  // classes are words: any other one is negative
            guard let number = parseNumber(s), positive != 1 || number == 0 || number == 1 else {
                throw RecordError("\(key): \"\(s.prefix(40))\", expected \(positive == 1 ? "0 or 1" : "a number")")
            }
            return number == positive ? 1 : 0
        case (.binary, .integer), (.binary, .number):
            // Where the positive label is a number other than 1 (classes 1 and 2, or 0 for the positive one), it decides, as in files.
            if let positive = parseNumber(schema.positiveLabel), positive != 1 { return value.doubleValue == positive ? 1 : 0 }
            guard let number = value.doubleValue, number == 0 || number == 1 else {
                throw RecordError("\(key): \(value.text), expected 0 or 1")
            }
            return number
        case (.regression, .integer), (.regression, .number): return value.doubleValue ?? .nan
        default: throw RecordError("\(key): expected \(schema.expectedOutcome), got \(value.kind)")
        }
    }

    private static func storable(_ text: String, path: String) throws(RecordError) -> String {
        if text.utf8.contains(0) { throw RecordError("\(path): holds a NUL character, which no stored text can") }
        return text
    }

    /// The text of a level: strings as they are, numbers and booleans as JSON writes them.
    static func level(_ value: JSON, path: String, limits: CollectorLimits) throws(RecordError) -> String? {
        switch value {
        case .null: return nil
        case .string(let s):
            guard s.utf8.count <= limits.levelBytesMax else {
                throw RecordError("\(path): \(s.utf8.count) bytes, expected at most \(limits.levelBytesMax)")
            }
            return s.isEmpty ? nil : try storable(s, path: path)
        case .integer, .number, .bool: return value.text
        default: throw RecordError("\(path): expected a string or null, got \(value.kind)")
        }
    }
}
