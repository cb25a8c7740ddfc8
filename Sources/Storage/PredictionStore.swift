internal import Migrations
internal import Profiles
internal import Vocabulary

// Predictions: those of several requests in one transaction.

extension RecordTables {
    /// A write, and its place among all of the transaction.
    struct Part {
        var place: Int
        var write: PredictionWrite
    }

    func store(predictions requests: [[PredictionWrite]]) async throws -> [[PredictionReceipt]] {
        let now = clock()
        let writes = requests.flatMap { $0 }
        // Always in the order of streams, so that two transactions never wait for each other in a circle.
        let byStream = Dictionary(grouping: writes.indices.map { Part(place: $0, write: writes[$0]) }, by: \.write.version.streamID)
            .sorted { $0.key < $1.key }
        let receipts = try await database.run { connection in
            try partitions.ensure(writes.flatMap(\.batch.timestamps), on: connection)
            var receipts = [PredictionReceipt](repeating: PredictionReceipt(accepted: 0, duplicates: 0, stored: []), count: writes.count)
            var codes: [Int64: LevelDictionary.Codes] = [:]
            try connection.transaction(beginning: Self.begin) {
                for (stream, parts) in byStream {
                    try store(parts, stream: stream, at: now, codes: &codes, on: connection) { receipts[$0] = $1 }
                }
            }
            for (stream, codes) in codes { levels.remember(codes, of: stream) }
            return receipts
        }
        var next = 0
        return requests.map { request in
            defer { next += request.count }
            return Array(receipts[next..<next + request.count])
        }
    }

    /// The parts of one stream, as one batch.
    func store(
        _ parts: [Part], stream: Int64, at now: Timestamp, codes: inout [Int64: LevelDictionary.Codes], on connection: Connection,
        answer: (Int, PredictionReceipt) -> Void
    ) throws {
        try connection.query(Queries["lock_stream"], [.int(stream)])
        var new: [Part] = []
        var fingerprints: [String: String] = [:]
        for part in parts {
            let key = part.write.key
            if let done = try book(stream, key).find(records: part.write.batch.count, on: connection) {
                answer(part.place, PredictionReceipt(accepted: done.accepted, duplicates: done.duplicates, stored: []))
                continue
            }
            // The same key twice in one transaction.
            if let key, fingerprints.updateValue(key.fingerprint, forKey: key.name).map({ $0 != key.fingerprint }) ?? false {
                throw BatchKeyConflict(key.name)
            }
            new.append(part)
        }
        guard let first = new.first else { return }
        guard let batchID = try connection.query(Queries["next_batch_id"]).int(0, 0) else { throw StoreError(.failed, "no batch number") }
        var all = first.write.batch
        for part in new.dropFirst() { all.append(part.write.batch) }
        let fresh = try freshRows(of: all, stream: stream, on: connection)
        let batch = fresh.count == all.count ? all : all.rows(at: fresh)
        if batch.count > 0 {
            let version = first.write.version
            let reference = try references.reference(of: version.versionID, on: connection)
            let known = try levels.codes(for: batch, stream: stream, on: connection)
            codes[stream] = known
            try connection.copy(PredictionRows.copy, PredictionRows.encode(batch, stream: stream, batchID: batchID, codes: known))
            var deltas = ProfileDeltas()
            deltas.fold(batch, stream: stream, grid: reference.grid)
            try joinEarlierLabels(
                to: batch, version: version, deltas: &deltas, grid: reference.grid, at: now, on: connection)
            try deltas.store(batchID: batchID, versions: [stream: version.versionID], at: now, on: connection)
        }
        var start = 0
        var next = 0
        for part in new {
            let end = start + part.write.batch.count
            var stored: [Int] = []
            while next < fresh.count, fresh[next] < end {
                stored.append(fresh[next] - start)
                next += 1
            }
            let receipt = PredictionReceipt(
                accepted: Int64(end - start), duplicates: Int64(end - start - stored.count), stored: stored)
            try book(stream, part.write.key).keep((receipt.accepted, receipt.duplicates), batchID: batchID, at: now, on: connection)
            answer(part.place, receipt)
            start = end
        }
    }

    private func book(_ stream: Int64, _ key: BatchKey?) -> ReceiptBook { ReceiptBook(stream: stream, kind: "predictions", key: key) }

    /// The rows whose id is neither stored nor earlier in the batch, within the horizon.
    private func freshRows(of batch: PredictionBatch, stream: Int64, on connection: Connection) throws -> [Int] {
        guard let first = batch.timestamps.min(), let last = batch.timestamps.max() else { return [] }
        let horizon = RecordStore.duplicateHorizonSeconds
        let rows = try connection.query(
            Queries["existing_records"],
            [.int(stream), .texts(batch.ids), .time(first.adding(seconds: -horizon)), .time(last.adding(seconds: horizon))])
        // Few ids come twice: their times are kept apart, so that the others cost no list each.
        var seen = [String: Timestamp](minimumCapacity: batch.count)
        var again: [String: [Timestamp]] = [:]
        func note(_ id: String, _ time: Timestamp) { if seen.updateValue(time, forKey: id) != nil { again[id, default: []].append(time) } }
        for row in 0..<rows.count {
            guard let id = rows.text(row, 0), let time = rows.time(row, 1) else { continue }
            if let before = seen[id] { again[id, default: []].append(before) }
            note(id, time)
        }
        return batch.ids.indices.filter { row in
            let (id, time) = (batch.ids[row], batch.timestamps[row])
            if let before = seen[id] {
                let isKnown = RecordStore.isOneRecord(before, time) || again[id]?.contains { RecordStore.isOneRecord($0, time) } == true
                if isKnown { return false }
                again[id, default: []].append(time)
            } else {
                seen[id] = time
            }
            return true
        }
    }
}
