internal import Migrations
internal import Synchronization
internal import Vocabulary

/// The codes of categorical values, by stream. Codes are only added, under the stream's lock, so a known code stays true.
final class LevelDictionary: Sendable {
    /// Codes per attribute; later values are kept as text with their row.
    static let levelsMax = 100_000
    static let beyond: Int32 = -1
    static let missing = Int32.min

    struct Codes: Sendable {
        /// By attribute number: a feature's position, or −1 − i for the i-th sensitive attribute.
        var byValue: [Int: [String: Int32]] = [:]
        var byCode: [Int: [Int32: String]] = [:]

        mutating func add(_ attribute: Int, _ value: String, _ code: Int32) {
            byValue[attribute, default: [:]][value] = code
            byCode[attribute, default: [:]][code] = value
        }
    }
    private let streams = Mutex<[Int64: Codes]>([:])
    static let streamsMax = 512

    func known(_ stream: Int64) -> Codes? { streams.withLock { $0[stream] } }
    func remember(_ codes: Codes, of stream: Int64) {
        streams.withLock { all in
            if all.count >= Self.streamsMax, all[stream] == nil { all.removeAll() }
            all[stream] = codes
        }
    }

    static func load(_ stream: Int64, on connection: Connection) throws -> Codes {
        var codes = Codes()
        let rows = try connection.query(Queries["load_levels"], [.int(stream)])
        for row in 0..<rows.count {
            guard let attribute = rows.int(row, 0), let code = rows.int(row, 1), let value = rows.text(row, 2) else { continue }
            codes.add(Int(attribute), value, Int32(code))
        }
        return codes
    }

    /// The codes of a stream with every value of the batch in them. To be called under the stream's lock; what it returns may be
    /// remembered only once the transaction is committed.
    func codes(for batch: PredictionBatch, stream: Int64, on connection: Connection) throws -> Codes {
        var codes = known(stream) ?? Codes()
        var unknown = Self.unknown(in: batch, to: codes)
        if unknown.isEmpty { return codes }
        codes = try Self.load(stream, on: connection)  // another collector may have added them meanwhile
        unknown = Self.unknown(in: batch, to: codes)
        var added: [(attribute: Int, code: Int32, value: String)] = []
        for (attribute, value) in unknown {
            let next = codes.byValue[attribute]?.count ?? 0
            guard next < Self.levelsMax else { continue }
            codes.add(attribute, value, Int32(next))
            added.append((attribute, Int32(next), value))
        }
        if !added.isEmpty {
            try connection.query(
                Queries["insert_levels"],
                [
                    .int(stream), .ints(added.map { Int64($0.attribute) }), .ints(added.map { Int64($0.code) }), .texts(added.map(\.value)),
                ])
        }
        return codes
    }

    private static func unknown(in batch: PredictionBatch, to codes: Codes) -> [(Int, String)] {
        var found: [(Int, String)] = []
        func look(_ attribute: Int, _ column: LevelColumn) {
            let known = codes.byValue[attribute] ?? [:]
            if known.count >= levelsMax { return }
            for level in column.levels where known[level] == nil { found.append((attribute, level)) }
        }
        for (position, column) in batch.features.enumerated() {
            if case .categorical(let levels) = column { look(position, levels) }
        }
        for (i, column) in batch.groups.enumerated() { look(-1 - i, column) }
        return found
    }
}
