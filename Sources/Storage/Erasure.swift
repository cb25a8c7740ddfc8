internal import Migrations
public import Vocabulary

/// Rows that an erasure removed.
public struct ErasureReceipt: Sendable, Equatable {
    public var predictions: Int64 = 0
    public var labels: Int64 = 0
    /// Labels that waited for a prediction.
    public var waiting: Int64 = 0
    /// Requests or responses of an inference service that waited for their other half.
    public var halves: Int64 = 0
    public init() {}

    public var json: JSON {
        .object([
            "predictions": .integer(predictions), "labels": .integer(labels), "waiting_labels": .integer(waiting),
            "halves": .integer(halves),
        ])
    }
}

extension RecordStore {
    /// Ids of one erasure.
    public static let erasureIDsMax = 1000

    /// Removes every row of these records from all versions of a model, in one transaction under the locks of its streams: what is on its
    /// way is stored before, and removed, or comes after, and is a new record.
    ///
    /// The sums in profiles are counts of many records without ids. They stay.
    ///
    /// - Returns: what was removed; nil when there is no such model. The audit log has the counts, and the ids as SHA-256.
    public func erase(model: String, ids: [String], actor: String, at now: Timestamp) async throws -> ErasureReceipt? {
        try await tables.database.transaction { connection in
            try connection.run("set local enable_seqscan = off")
            try connection.query(Queries["lock_model"], [.text(model)])
            let found = try connection.query(Queries["find_model"], [.text(model)])
            guard found.count > 0, let modelID = found.int(0, 0), let home = found.int(0, 1) else { return nil }
            let rows = try connection.query(Queries["model_streams"], [.int(modelID)])
            let streams = Set((0..<rows.count).compactMap { rows.int($0, 0) } + [home]).sorted()
            for stream in streams { try connection.query(Queries["lock_stream"], [.int(stream)]) }
            var receipt = ErasureReceipt()
            for stream in streams {
                let records: [Parameter] = [.int(stream), .texts(ids)]
                receipt.predictions += Int64(try connection.query(Queries["erase_predictions"], records).affected)
                receipt.labels += Int64(try connection.query(Queries["erase_labels"], records).affected)
                receipt.waiting += Int64(try connection.query(Queries["erase_waiting"], records).affected)
            }
            // The rows of an event of several are called by its id and their number.
            let events = Set(ids + ids.compactMap { id in id.wholeMatch(of: /(.+)\/[0-9]+/).map { String($0.1) } }).sorted()
            let halves = try connection.query(Queries["erase_halves"], [.int(home), .texts(events)])
            receipt.halves = halves.int(0, 0) ?? 0
            if receipt.halves > 0 {
                try connection.query(
                    Queries["add_to_half_total"], [.int(home), .int(-receipt.halves), .int(-(halves.int(0, 1) ?? 0))])
            }
            guard case .object(var detail) = receipt.json else { return receipt }
            detail["ids_sha256"] = .array(ids.map { .string(Digest.hex(Digest.sha256(Array($0.utf8)))) })
            try connection.audit("erase", model, actor: actor, at: now, detail: .object(detail))
            return receipt
        }
    }
}
