internal import Migrations
internal import Profiles
internal import Vocabulary

/// Stored rows read back as what was sent, page by page in the order of their key.
struct StoredRecords {
    let version: RegisteredVersion
    private let codes: LevelDictionary.Codes
    private var last: (id: String, time: Timestamp) = ("", .earliest)

    static let pageRows = 2000

    struct Page {
        var batch: PredictionBatch
        /// The label that holds now; NaN where there is none.
        var labels: [Double]
        /// The segments that the record belongs to.
        var segments: [SegmentBits]
    }

    init(of version: RegisteredVersion, on connection: Connection) throws {
        self.version = version
        codes = try LevelDictionary.load(version.streamID, on: connection)
    }

    /// - Returns: nil after the last page.
    /// - Throws: ``StoreError`` `.damaged` for a row that cannot be one of this version.
    mutating func next(on connection: Connection) throws -> Page? {
        let rows = try connection.query(
            Queries["records_page"], [.int(version.streamID), .text(last.id), .time(last.time), .int(Int64(Self.pageRows))],
            binary: true)
        if rows.count == 0 { return nil }
        var batch = PredictionBatch(schema: version.schema)
        var labels: [Double] = []
        var segments: [SegmentBits] = []
        let (offsets, width) = (version.schema.offsets, version.schema.width)
        var features = version.schema.features.map { _ in [Double]() }
        var extras: [JSON?] = []
        for row in 0..<rows.count {
            guard let id = rows.text(row, 0), let time = rows.time(row, 1), let packed = rows.bytes(row, 2),
                let groups = rows.bytes(row, 5), packed.count == 8 * width, groups.count == 4 * batch.groups.count
            else { throw StoreError(.damaged, "a stored row of \(version.key) cannot be read") }
            batch.ids.append(id)
            batch.timestamps.append(time)
            last = (id, time)
            let extra = try rows.text(row, 9).map { try JSON.parse($0) }
            extras.append(extra)
            for i in features.indices {
                for place in offsets[i]..<offsets[i] + version.schema.features[i].dimension {
                    features[i].append(Double(bitPattern: packed.bigEndian(8, place)))
                }
            }
            for i in batch.groups.indices {
                let code = Int32(truncatingIfNeeded: groups.bigEndian(4, i))
                batch.groups[i].append(level(-1 - i, code, extra))
            }
            batch.scores.append(rows.double(row, 3) ?? .nan)
            batch.predictions.append(rows.double(row, 4) ?? .nan)
            batch.errors.append(rows.text(row, 6))
            batch.variants.append(nil)
            labels.append(rows.double(row, 10) ?? .nan)
            segments.append(SegmentBits(stored: rows.int(row, 11)))
        }
        batch.features = features.enumerated().map { i, values in
            let feature = version.schema.features[i]
            if feature.kind == .numeric { return .numeric(values) }
            if feature.kind == .vector { return .vector(VectorColumn(dimension: feature.dimension, values: values)) }
            return .categorical(LevelColumn(zip(values, extras).map { $0.isNaN ? nil : level(i, Int32($0), $1) }))
        }
        batch.measures = measures(rows, extras)
        return Page(batch: batch, labels: labels, segments: segments)
    }

    private func level(_ attribute: Int, _ code: Int32, _ extra: JSON?) -> String? {
        if code == LevelDictionary.missing { return nil }
        if code == LevelDictionary.beyond { return extra?["levels"]?[String(attribute)]?.stringValue }
        return codes.byCode[attribute]?[code]
    }

    private func measures(_ rows: Rows, _ extras: [JSON?]) -> [String: [Double]] {
        var out: [String: [Double]] = [:]
        func put(_ name: String, _ row: Int, _ value: Double) {
            out[name, default: [Double](repeating: .nan, count: rows.count)][row] = value
        }
        for (row, extra) in extras.enumerated() {
            if let latency = rows.double(row, 7) { put(PredictionBatch.latencyMeasure, row, latency) }
            if let cost = rows.double(row, 8) { put(PredictionBatch.costMeasure, row, cost) }
            guard case .object(let members)? = extra?["measures"] else { continue }
            for (name, value) in members.members { if let number = value.doubleValue { put(name, row, number) } }
        }
        return out
    }
}

extension [UInt8] {
    /// The number at `place` of a row of packed cells, as ``PredictionRows`` writes them.
    func bigEndian(_ width: Int, _ place: Int) -> UInt64 {
        self[width * place..<width * place + width].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension SegmentBits {
    /// A record without a number belongs to none.
    init(stored: Int64?) { self.init(rawValue: stored.map(Int32.init(truncatingIfNeeded:)) ?? 0) }
}
