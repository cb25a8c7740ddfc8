internal import Kernels
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

    /// - Parameter moves: what the same transaction moves; then rows that are too late undo it, since who reads a log cannot be told of them
    ///   after it went on.
    func store(predictions requests: [[PredictionWrite]], moving moves: KafkaMoves? = nil) async throws -> [[PredictionReceipt]] {
        let now = clock()
        let writes = requests.flatMap { $0 }
        // Always in the order of streams, so that two transactions never wait for each other in a circle.
        let byStream = Dictionary(grouping: writes.indices.map { Part(place: $0, write: writes[$0]) }, by: \.write.version.streamID)
            .sorted { $0.key < $1.key }
        let receipts = try await storing(at: writes.flatMap(\.batch.timestamps), now) { codes, connection in
            try connection.move(moves, at: now)
            var receipts = [PredictionReceipt](
                repeating: PredictionReceipt(accepted: 0, duplicates: 0, stored: []), count: writes.count)
            for (stream, parts) in byStream {
                try store(parts, stream: stream, at: now, codes: &codes, on: connection) { receipts[$0] = $1 }
            }
            if moves != nil, receipts.contains(where: { $0.refused > 0 }) {
                throw StoreError(.unavailable, "the raw rows of a week were dropped while records of it were on their way")
            }
            return receipts
        }
        return receipts.split(like: requests)
    }

    /// Runs a transaction that stores predictions of these times: their partitions are there, and the codes of levels that it gave out are
    /// remembered once it is committed.
    func storing<Receipts: Sendable>(
        at times: [Timestamp], _ now: Timestamp,
        _ body: @escaping @Sendable (inout [Int64: LevelDictionary.Codes], Connection) throws -> Receipts
    ) async throws -> Receipts {
        try await database.run { connection in
            func attempt() throws -> Receipts {
                try partitions.ensure(times, at: now, on: connection)
                var codes: [Int64: LevelDictionary.Codes] = [:]
                let receipts = try connection.transaction(beginning: Self.begin) { try body(&codes, connection) }
                for (stream, codes) in codes { levels.remember(codes, of: stream) }
                return receipts
            }
            do { return try attempt() } catch  where Partitions.isMissing(error) {
                // Another process, or a person, has dropped a partition since this one looked.
                partitions.forget()
                return try attempt()
            }
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
        let dropped = partitions.dropped
        let refused = all.timestamps.indices.filter { dropped.holds(all.timestamps[$0]) }
        let version = first.write.version
        let (fresh, priced) = try insertNew(rowsOf: all, but: Set(refused), stream: stream, on: connection) { rows in
            try insert(
                rows.count == all.count ? all : all.rows(at: rows), version, batchID: batchID, at: now, codes: &codes, on: connection)
        }
        var start = 0
        var next = 0
        for part in new {
            let end = start + part.write.batch.count
            var stored: [Int] = []
            var cost = 0.0
            while next < fresh.count, fresh[next] < end {
                stored.append(fresh[next] - start)
                if let priced, !priced[next].isNaN { cost += priced[next] }
                next += 1
            }
            let late = refused.isEmpty ? 0 : refused.count { start..<end ~= $0 }
            var receipt = PredictionReceipt(
                accepted: Int64(end - start - late), duplicates: Int64(end - start - late - stored.count), stored: stored)
            receipt.refused = Int64(late)
            receipt.priced = cost
            try book(stream, part.write.key).keep((receipt.accepted, receipt.duplicates), batchID: batchID, at: now, on: connection)
            answer(part.place, receipt)
            start = end
        }
    }

    /// Stores rows and what follows from them.
    ///
    /// - Returns: the costs that the version's prices gave to rows without one, as ``addCosts(to:of:on:)`` says.
    /// - Throws: ``StoreError`` `.conflict` when one of them is stored already.
    private func insert(
        _ new: PredictionBatch, _ version: RegisteredVersion, batchID: Int64, at now: Timestamp,
        codes: inout [Int64: LevelDictionary.Codes], on connection: Connection
    ) throws -> [Double]? {
        var batch = new
        let stream = version.streamID
        // Those of an attempt that was undone are not there.
        codes[stream] = nil
        // Whichever way a record came, it comes by here, once; and a price that somebody changes holds from the next transaction on.
        let priced = try addCosts(to: &batch, of: version, on: connection)
        if batch.count == 0 { return priced }
        let reference = try references.reference(of: version.versionID, on: connection)
        let bits = reference.segmentBits(of: batch, version.schema)
        let rows = PredictionRows(batch, kept: version.schema.raw, classes: version.schema.classes, segments: bits)
        let known = try levels.codes(for: rows.coded, stream: stream, on: connection)
        codes[stream] = known
        try connection.copy(rows.copy, rows.encode(stream: stream, batchID: batchID, codes: known))
        var deltas = ProfileDeltas()
        deltas.fold(batch, segments: bits, stream: stream, reference)
        try joinEarlierLabels(
            to: batch, segments: bits, version: version, batchID: batchID, deltas: &deltas, reference, at: now, on: connection)
        try deltas.store(batchID: batchID, versions: [stream: version.versionID], at: now, on: connection)
        return priced
    }

    /// Gives the rows that came without a cost the one that the version's prices make of them.
    ///
    /// - Returns: what was added to each row, NaN for nothing; nil where nothing was.
    private func addCosts(
        to batch: inout PredictionBatch, of version: RegisteredVersion, on connection: Connection
    ) throws -> [Double]? {
        guard batch.count > 0, let text = try connection.query(Queries["prices_of_version"], [.int(version.versionID)]).text(0, 0)
        else { return nil }
        guard let prices = (try? JSON.parse(text)).flatMap(PriceList.init(json:)) else {
            throw StoreError(.damaged, "the prices of \(version.key) cannot be read: give it others with evenkeel model configure")
        }
        let costs = prices.costs(of: batch)
        guard costs.contains(where: { !$0.isNaN }) else { return nil }
        let own = batch.measures[PredictionBatch.costMeasure] ?? [Double](repeating: .nan, count: batch.count)
        batch.measures[PredictionBatch.costMeasure] = zip(own, costs).map { $0.isNaN ? $1 : $0 }
        return costs
    }

    private func book(_ stream: Int64, _ key: BatchKey?) -> ReceiptBook { ReceiptBook(stream: stream, kind: "predictions", key: key) }
}

extension Array {
    /// As many for each request as it has writes.
    func split<Write>(like requests: [[Write]]) -> [[Element]] {
        var rest = self[...]
        return requests.map { request in
            defer { rest = rest.dropFirst(request.count) }
            return Array(rest.prefix(request.count))
        }
    }
}
