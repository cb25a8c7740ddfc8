internal import Profiles
internal import Vocabulary

/// The rows of a half as stored bytes. Ids and times are not among them: they follow from the event.
enum HalfCoding {
    private static let magic = "EKH"
    private static let version: UInt8 = 3

    static func encode(_ half: HalfWrite.Half) -> [UInt8] {
        var out = ByteWriter()
        switch half {
        case .request(_, let batch):
            out.count(batch.count)
            for column in batch.features {
                switch column {
                case .numeric(let values): out.cells(values)
                case .categorical(let levels): out.cells((0..<levels.count).map { levels[$0] })
                case .vector(let vectors): out.cells(vectors.values)
                }
            }
            for column in batch.groups { out.cells((0..<column.count).map { column[$0] }) }
            out.cells(batch.variants)
        case .response(let response):
            out.count(response.scores.count)
            out.cells(response.scores)
            out.cells(response.predictions)
            out.count(response.classScores.count)
            for scores in response.classScores {
                out.count(scores.count)
                out.cells(scores)
            }
            out.cells([response.error])
        }
        return out.sealed(magic: magic, version: version)
    }

    static func request(
        _ bytes: [UInt8], of version: RegisteredVersion, eventID: String, time: Timestamp
    ) throws(StoreError) -> PredictionBatch {
        try decode(bytes) { input, rows throws(EncodingError) in
            var batch = PredictionBatch(schema: version.schema)
            for id in HalfWrite.recordIDs(eventID, rows: rows) { batch.ids.append(id) }
            batch.timestamps = [Timestamp](repeating: time, count: rows)
            for (i, feature) in version.schema.features.enumerated() {
                switch feature.kind {
                case .numeric: batch.features[i] = .numeric(try input.numbers(rows))
                case .categorical: batch.features[i] = .categorical(LevelColumn(try input.texts(rows)))
                case .vector:
                    let values = try input.numbers(rows * feature.dimension)
                    batch.features[i] = .vector(VectorColumn(dimension: feature.dimension, values: values))
                }
            }
            for i in batch.groups.indices { batch.groups[i] = LevelColumn(try input.texts(rows)) }
            batch.variants = try input.texts(rows)
            batch.scores = [Double](repeating: .nan, count: rows)
            batch.predictions = batch.scores
            batch.errors = [String?](repeating: nil, count: rows)
            return batch
        }
    }

    static func response(_ bytes: [UInt8]) throws(StoreError) -> ResponseHalf {
        try decode(bytes) { input, rows throws(EncodingError) in
            var half = ResponseHalf(scores: try input.numbers(rows), predictions: try input.numbers(rows))
            for _ in 0..<(try input.count()) { half.classScores.append(try input.numbers(try input.count())) }
            half.error = try input.texts(1)[0]
            return half
        }
    }

    private static func decode<Value>(
        _ bytes: [UInt8], _ body: (inout ByteReader, Int) throws(EncodingError) -> Value
    ) throws(StoreError) -> Value {
        do throws(EncodingError) {
            var input = try ByteReader(sealed: bytes, magic: magic, version: version)
            let rows = try input.count()
            let value = try body(&input, rows)
            try input.finish()
            return value
        } catch { throw StoreError(.damaged, "a waiting half of a prediction cannot be read: \(error)") }
    }
}

extension ByteWriter {
    fileprivate mutating func cells(_ values: [Double]) { for value in values { double(value) } }
    fileprivate mutating func cells(_ values: [String?]) {
        for value in values {
            byte(value == nil ? 0 : 1)
            if let value { string(value) }
        }
    }
}

extension ByteReader {
    fileprivate mutating func numbers(_ count: Int) throws(EncodingError) -> [Double] {
        var out: [Double] = []
        for _ in 0..<count { out.append(try double()) }
        return out
    }
    fileprivate mutating func texts(_ count: Int) throws(EncodingError) -> [String?] {
        var out: [String?] = []
        for _ in 0..<count { out.append(try byte() == 0 ? nil : try string()) }
        return out
    }
}
