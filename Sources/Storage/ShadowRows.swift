internal import Migrations
public import Vocabulary

/// Rows of a champion's log as a candidate needs them: features by column, and what is compared with.
public struct ShadowRows: Sendable {
    public enum Column: Sendable {
        /// NaN is missing.
        case numbers([Double])
        /// nil is missing.
        case texts([String?])
    }
    public var ids: [String] = []
    /// By feature of the schema; a vector has a column of its own kind, which no candidate reads.
    public var features: [Column]
    public var scores: [Double] = []
    /// Of a model of several classes: their scores by row; empty where they were not logged.
    public var classScores: [[Double]] = []
    /// By sensitive attribute.
    public var groups: [[String?]]
    /// NaN for none.
    public var labels: [Double] = []
    /// Before this step; NaN for none.
    public var formerLabels: [Double] = []
    /// Seconds; NaN for none.
    public var latencies: [Double] = []
    /// NaN for none.
    public var costs: [Double] = []
    /// A bit for each segment of the version.
    public var segments: [SegmentBits] = []
    /// Rows that failed or were stored without features; they are in no column.
    public var skipped = 0

    public var count: Int { ids.count }
}

/// Turns stored rows into columns.
struct ShadowRowReader {
    let version: RegisteredVersion
    /// The stream's codes of categorical values and groups.
    var codes: LevelDictionary.Codes

    private static func code(_ packed: [UInt8], _ place: Int) -> Int32 { Int32(truncatingIfNeeded: packed.bigEndian(4, place)) }

    mutating func read(_ rows: Rows, on connection: Connection) throws -> ShadowRows {
        let schema = version.schema
        let offsets = schema.offsets
        var out = ShadowRows(
            features: schema.features.map { $0.kind == .categorical ? .texts([]) : .numbers([]) },
            groups: [[String?]](repeating: [], count: schema.sensitive.count))
        var numbers = [[Double]](repeating: [], count: schema.features.count)
        var texts = [[String?]](repeating: [], count: schema.features.count)
        var hasReloaded = false
        for row in 0..<rows.count {
            guard let id = rows.text(row, 0), !rows.bool(row, 4), let packed = rows.bytes(row, 1), packed.count == schema.width * 8,
                let groups = rows.bytes(row, 3), groups.count == schema.sensitive.count * 4
            else {
                out.skipped += 1
                continue
            }
            let beyond = rows.text(row, 5).flatMap { try? JSON.parse($0) }
            func level(_ attribute: Int, _ code: Int32) throws -> String? {
                if code == LevelDictionary.beyond { return beyond?[String(attribute)]?.stringValue }
                if codes.byCode[attribute]?[code] == nil, !hasReloaded {
                    codes = try LevelDictionary.load(version.streamID, on: connection)
                    hasReloaded = true
                }
                return codes.byCode[attribute]?[code]
            }
            for (place, feature) in schema.features.enumerated() where feature.kind != .vector {
                let value = Double(bitPattern: packed.bigEndian(8, offsets[place]))
                if feature.kind == .numeric {
                    numbers[place].append(value)
                } else {
                    texts[place].append(value.isNaN ? nil : try level(place, Int32(value)))
                }
            }
            for place in schema.sensitive.indices {
                let code = Self.code(groups, place)
                out.groups[place].append(code == LevelDictionary.missing ? nil : try level(-1 - place, code))
            }
            out.ids.append(id)
            out.scores.append(rows.double(row, 2) ?? .nan)
            let scores = rows.text(row, 6).flatMap { try? JSON.parse($0) }
            out.classScores.append(scores.map { scores in schema.classes.map { scores[$0]?.doubleValue ?? .nan } } ?? [])
            out.latencies.append(rows.double(row, 7) ?? .nan)
            out.labels.append(rows.double(row, 8) ?? .nan)
            out.formerLabels.append(rows.double(row, 9) ?? .nan)
            out.costs.append(rows.double(row, 10) ?? .nan)
            out.segments.append(SegmentBits(rawValue: Int32(truncatingIfNeeded: rows.int(row, 11) ?? 0)))
        }
        for (place, feature) in schema.features.enumerated() {
            out.features[place] = feature.kind == .categorical ? .texts(texts[place]) : .numbers(numbers[place])
        }
        return out
    }
}

extension ShadowStore {
    /// The newest labelled rows of a stretch of event time that were stored with their features.
    public func trainingRows(
        of version: RegisteredVersion, from: Timestamp, to: Timestamp, limit: Int
    ) async throws -> (rows: ShadowRows, times: [Timestamp]) {
        try await database.snapshot { connection in
            let found = try connection.query(
                Queries["training_rows"], [.int(version.streamID), .time(from), .time(to), .int(Int64(limit))])
            var reader = ShadowRowReader(version: version, codes: try LevelDictionary.load(version.streamID, on: connection))
            let rows = try reader.read(found, on: connection)
            guard rows.count == found.count else { throw StoreError(.damaged, "a stored row of \(version.key) cannot be read") }
            return (rows, (0..<found.count).map { found.time($0, 12) ?? .earliest })
        }
    }
}
