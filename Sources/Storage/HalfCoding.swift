internal import Vocabulary

/// The rows of a half as stored bytes: a version byte, then numbers of eight bytes, most significant first, and texts with their length
/// in front. Ids and times are not among them: they follow from the event.
enum HalfCoding {
    private static let version: UInt8 = 1

    static func encode(_ half: HalfWrite.Half) -> [UInt8] {
        var out = Writer()
        out.bytes = [version]
        switch half {
        case .request(_, let batch):
            out.word(UInt64(batch.count))
            for column in batch.features {
                switch column {
                case .numeric(let values): out.doubles(values)
                case .categorical(let levels): out.levels(levels)
                }
            }
            for column in batch.groups { out.levels(column) }
            out.texts(batch.variants)
        case .response(let response):
            out.word(UInt64(response.scores.count))
            out.doubles(response.scores)
            out.doubles(response.predictions)
            out.texts([response.error])
        }
        return out.bytes
    }

    static func request(_ bytes: [UInt8], of version: RegisteredVersion, eventID: String, time: Timestamp) throws -> PredictionBatch {
        var reader = try Reader(bytes)
        let rows = try reader.count()
        var batch = PredictionBatch(schema: version.schema)
        for id in HalfWrite.recordIDs(eventID, rows: rows) { batch.ids.append(id) }
        batch.timestamps = [Timestamp](repeating: time, count: rows)
        for (i, feature) in version.schema.features.enumerated() {
            switch feature.kind {
            case .numeric: batch.features[i] = .numeric(try reader.doubles(rows))
            case .categorical: batch.features[i] = .categorical(LevelColumn(try reader.texts(rows)))
            }
        }
        for i in batch.groups.indices { batch.groups[i] = LevelColumn(try reader.texts(rows)) }
        batch.variants = try reader.texts(rows)
        batch.scores = [Double](repeating: .nan, count: rows)
        batch.predictions = batch.scores
        batch.errors = [String?](repeating: nil, count: rows)
        try reader.finish()
        return batch
    }

    static func response(_ bytes: [UInt8]) throws -> ResponseHalf {
        var reader = try Reader(bytes)
        let rows = try reader.count()
        let response = ResponseHalf(
            scores: try reader.doubles(rows), predictions: try reader.doubles(rows), error: try reader.texts(1)[0])
        try reader.finish()
        return response
    }

    private struct Writer {
        var bytes: [UInt8] = []
        mutating func word(_ value: UInt64) {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
        }
        mutating func doubles(_ values: [Double]) { for value in values { word(value.bitPattern) } }
        mutating func levels(_ column: LevelColumn) { texts((0..<column.count).map { column[$0] }) }
        /// All ones stand for none.
        mutating func texts(_ values: [String?]) {
            for value in values {
                word(value.map { UInt64($0.utf8.count) } ?? .max)
                if let value { bytes.append(contentsOf: value.utf8) }
            }
        }
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var at = 1
        private static let damaged = StoreError(.damaged, "a waiting half of a prediction cannot be read")

        init(_ bytes: [UInt8]) throws(StoreError) {
            guard bytes.first == HalfCoding.version else { throw Self.damaged }
            self.bytes = bytes
        }
        mutating func word() throws(StoreError) -> UInt64 {
            guard at + 8 <= bytes.count else { throw Self.damaged }
            defer { at += 8 }
            return bytes[at..<at + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        /// A number of rows; each takes at least eight bytes.
        mutating func count() throws(StoreError) -> Int {
            let value = try word()
            guard value <= UInt64(bytes.count / 8) else { throw Self.damaged }
            return Int(value)
        }
        mutating func doubles(_ count: Int) throws(StoreError) -> [Double] {
            var out: [Double] = []
            for _ in 0..<count { out.append(Double(bitPattern: try word())) }
            return out
        }
        mutating func texts(_ count: Int) throws(StoreError) -> [String?] {
            var out: [String?] = []
            for _ in 0..<count {
                let length = try word()
                if length == .max { out.append(nil); continue }
                guard length <= UInt64(bytes.count - at), let text = String(validating: bytes[at..<at + Int(length)], as: UTF8.self)
                else { throw Self.damaged }
                out.append(text)
                at += Int(length)
            }
            return out
        }
        func finish() throws(StoreError) { guard at == bytes.count else { throw Self.damaged } }
    }
}
