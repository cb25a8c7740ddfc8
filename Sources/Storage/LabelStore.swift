internal import Migrations
internal import Profiles
internal import Vocabulary

// Labels: joined to their prediction wherever its model has stored it, or kept until it comes.

extension RecordTables {
    func store(labels writes: [LabelWrite], moving moves: KafkaMoves? = nil) async throws -> [LabelReceipt] {
        let now = clock()
        return try await database.run { connection in
            try connection.transaction(beginning: Self.begin) {
                try connection.move(moves, at: now)
                // The models first: a version that is registered meanwhile waits for us, and its records then see our labels.
                for model in Set(writes.map(\.model)).sorted() { try connection.query(Queries["lock_model"], [.text(model)]) }
                let models = try writes.map { try streams(of: $0.model, on: connection) }
                // All streams of all models, in one order: two requests never wait for each other in a circle.
                for stream in Set(models.flatMap(\.streams).map(\.id)).sorted() {
                    try connection.query(Queries["lock_stream"], [.int(stream)])
                }
                return try zip(writes, models).map { try store($0, $1, at: now, on: connection) }
            }
        }
    }

    func streams(of model: String, on connection: Connection) throws -> ModelStreams {
        let found = try connection.query(Queries["find_model"], [.text(model)])
        guard found.count > 0, let modelID = found.int(0, 0), let home = found.int(0, 1) else {
            throw StoreError(.failed, "the model is not registered")
        }
        let rows = try connection.query(Queries["model_streams"], [.int(modelID)])
        return ModelStreams(
            home: home,
            streams: (0..<rows.count).compactMap { row in
                guard let id = rows.int(row, 0), let version = rows.int(row, 1) else { return nil }
                return (id, version)
            })
    }

    private func store(
        _ write: LabelWrite, _ model: ModelStreams, at now: Timestamp, on connection: Connection
    ) throws -> LabelReceipt {
        let home = model.home
        let receiptBook = ReceiptBook(stream: home, kind: "labels", key: write.key)
        if let done = try receiptBook.find(records: write.batch.count, on: connection) {
            return LabelReceipt(accepted: done.accepted, joined: 0, corrected: 0, resent: done.accepted, waiting: 0)
        }
        guard let batchID = try connection.query(Queries["next_batch_id"]).int(0, 0) else { throw StoreError(.failed, "no batch number") }

        var receipt = LabelReceipt()
        receipt.accepted = Int64(write.batch.count)
        let events = write.batch.ids.indices
            .map { i in
                // Orders events of equal time: by batch, then by their place in it.
                let sequence = batchID &* 1_000_000 &+ Int64(i)
                return LabelEvent(
                    id: RecordID(write.batch.ids[i]), time: write.batch.timestamps[i], sequence: sequence, label: write.batch.labels[i])
            }
        var deltas = ProfileDeltas()
        var unclaimed = Set(write.batch.ids.map { RecordID($0) })
        var touched: [Int64: Int64] = [:]
        var targetsByStream = try model.streams.map { try targets(ids: write.batch.ids, stream: $0.id, on: connection) }
        keepLastRecord(&targetsByStream)
        for ((stream, version), targets) in zip(model.streams, targetsByStream) where !targets.isEmpty {
            unclaimed.subtract(targets.keys)
            touched[stream] = version
            let reference = try references.reference(of: version, on: connection)
            try join(
                events.filter { targets[$0.id] != nil }, to: targets, stream: stream, batchID: batchID, reference, deltas: &deltas,
                receipt: &receipt, at: now, on: connection)
        }
        let waiting = events.filter { unclaimed.contains($0.id) }
        receipt.waiting = Int64(waiting.count)
        try insert(waiting, into: home, at: now, on: connection)
        try deltas.store(batchID: batchID, versions: touched, at: now, on: connection)
        try receiptBook.keep((receipt.accepted, receipt.resent), batchID: batchID, at: now, on: connection)
        return receipt
    }

    /// Joins the labels that came before these new predictions: those that wait, and those that another version's prediction with
    /// the same id has already got.
    func joinEarlierLabels(
        to batch: PredictionBatch, segments: [SegmentBits]?, version: RegisteredVersion, batchID: Int64, deltas: inout ProfileDeltas,
        _ reference: ReferenceProfile, at now: Timestamp, on connection: Connection
    ) throws {
        let model = try streams(of: version.key.model, on: connection)
        // Mostly there are none, which is cheaper to ask than to ask for every id.
        let others = model.streams.map(\.id).filter { $0 != version.streamID }
        let mayWait = try connection.query(Queries["has_waiting"], [.int(model.home)]).count > 0
        if !mayWait && others.isEmpty { return }
        var events = mayWait ? try labels(connection.query(Queries["waiting_labels"], [.int(model.home), .texts(batch.ids)])) : []
        let isWaiting = !events.isEmpty
        // An id that was used again within the batch: the last record with it is meant.
        let place = Dictionary(
            batch.ids.enumerated().map { (RecordID($1), $0) }, uniquingKeysWith: { batch.timestamps[$1] > batch.timestamps[$0] ? $1 : $0 })
        for stream in others {
            let joined = try connection.query(Queries["joined_labels"], [.int(stream), .texts(batch.ids)])
            events += labels(joined) { id, predicted in
                guard let i = place[id] else { return false }
                return RecordStore.isOneRecord(predicted, batch.timestamps[i])
            }
        }
        if events.isEmpty { return }
        // Several versions may have the same event.
        events.sort { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
        var seen: Set<Int64> = []
        events.removeAll { !seen.insert($0.sequence).inserted }
        var targets: [RecordID: LabelTarget] = [:]
        for event in events {
            guard let i = place[event.id] else { continue }
            targets[event.id] = LabelTarget(
                time: batch.timestamps[i], score: batch.scores[i], prediction: batch.predictions[i], group: batch.groups.map { $0[i] },
                isFailed: batch.errors[i] != nil, segments: segments?[i] ?? .none)
        }
        var receipt = LabelReceipt()
        try join(
            events, to: targets, stream: version.streamID, batchID: batchID, reference, deltas: &deltas, receipt: &receipt, at: now,
            on: connection)
        if isWaiting { try connection.query(Queries["take_waiting"], [.int(model.home), .texts(targets.keys.sorted().map(\.text))]) }
    }

    private func labels(_ rows: Rows, where isWanted: (RecordID, Timestamp) -> Bool = { _, _ in true }) -> [LabelEvent] {
        (0..<rows.count).compactMap { row in
            guard let id = rows.text(row, 0).map(RecordID.init), let time = rows.time(row, 1), let sequence = rows.int(row, 2),
                let label = rows.double(row, 3),
                let predicted = rows.time(row, 4), isWanted(id, predicted)
            else { return nil }
            return LabelEvent(id: id, time: time, sequence: sequence, label: label)
        }
    }

    /// Of an id that was used again, only the versions that have predicted the last record get its label.
    private func keepLastRecord(_ targets: inout [[RecordID: LabelTarget]]) {
        var last: [RecordID: Timestamp] = [:]
        for (id, target) in targets.joined() { last[id] = max(last[id] ?? target.time, target.time) }
        for i in targets.indices {
            targets[i] = targets[i].filter { id, target in last[id].map { RecordStore.isOneRecord($0, target.time) } ?? true }
        }
    }

    /// The stored predictions with these ids.
    private func targets(ids: [String], stream: Int64, on connection: Connection) throws -> [RecordID: LabelTarget] {
        let rows = try connection.query(Queries["predictions_by_id"], [.int(stream), .texts(ids)], binary: true)
        if rows.count == 0 { return [:] }
        var codes = levels.known(stream)
        var targets: [RecordID: LabelTarget] = [:]
        for row in 0..<rows.count {
            guard let id = rows.text(row, 0).map(RecordID.init), let time = rows.time(row, 1), let packed = rows.bytes(row, 4) else {
                continue
            }
            let group = try (0..<packed.count / 4).map { i -> String? in
                let code = Int32(truncatingIfNeeded: packed.bigEndian(4, i))
                if code == LevelDictionary.missing { return nil }
                if code == LevelDictionary.beyond {
                    let levels = rows.text(row, 6).flatMap { try? JSON.parse($0) }
                    return levels?[String(-1 - i)]?.stringValue ?? Stratum.overflowLevel
                }
                if codes?.byCode[-1 - i]?[code] == nil { codes = try LevelDictionary.load(stream, on: connection) }
                return codes?.byCode[-1 - i]?[code] ?? Stratum.overflowLevel
            }
            // Of several predictions with one id (farther apart than the duplicate horizon) the last one gets the label.
            if let known = targets[id], known.time > time { continue }
            targets[id] = LabelTarget(
                time: time, score: rows.double(row, 2) ?? .nan, prediction: rows.double(row, 3) ?? .nan, group: group,
                isFailed: rows.bool(row, 5), segments: SegmentBits(stored: rows.int(row, 7)))
        }
        return targets
    }

    private func join(
        _ events: [LabelEvent], to targets: [RecordID: LabelTarget], stream: Int64, batchID: Int64, _ reference: ReferenceProfile,
        deltas: inout ProfileDeltas, receipt: inout LabelReceipt, at now: Timestamp, on connection: Connection
    ) throws {
        let wanted = targets.sorted { $0.key < $1.key }
        var effective: [RecordID: LabelEvent] = [:]
        var known: Set<LabelEvent.Content> = []
        let stored = try connection.query(
            Queries["labels_of_predictions"], [.int(stream), .texts(wanted.map(\.key.text)), .times(wanted.map(\.value.time))])
        for event in labels(stored) {  // in their order: the last one counts
            effective[event.id] = event
            known.insert(event.content)
        }
        var kept: [(event: LabelEvent, target: LabelTarget)] = []
        // Predictions that had no label before: what they have after is what detectors follow, once.
        var first: Set<RecordID> = []
        for event in events.enumerated().sorted(by: { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }).map(\.element) {
            guard let target = targets[event.id] else { continue }
            let current = effective[event.id]
            guard known.insert(event.content).inserted else {
                receipt.resent += 1
                continue  // the very same event: nothing new to keep
            }
            kept.append((event, target))
            if let current, event.time < current.time || event.label == current.label {
                receipt.resent += 1
                if event.time >= current.time { effective[event.id] = event }
                continue
            }
            if !target.isFailed {
                func fold(_ label: Double, times: Int64) {
                    deltas.fold(
                        target.labelled(label), segments: target.segments, at: target.time, stream: stream, reference, times: times)
                }
                if let current { fold(current.label, times: -1) }
                fold(event.label, times: 1)
            }
            if current == nil { receipt.joined += 1 } else { receipt.corrected += 1 }
            if current == nil, !target.isFailed { first.insert(event.id) }
            effective[event.id] = event
        }
        if kept.isEmpty { return }
        let joined = kept.map { first.contains($0.event.id) && effective[$0.event.id]?.sequence == $0.event.sequence ? batchID : nil }
        try connection.query(
            Queries["insert_labels"],
            [
                .int(stream), .texts(kept.map(\.event.id.text)), .times(kept.map(\.event.time)),
                .ints(kept.map(\.event.sequence)), .doubles(kept.map(\.event.label)),
                .times(kept.map(\.target.time)), .time(now), .ints(joined),
            ])
    }

    private func insert(_ waiting: [LabelEvent], into home: Int64, at now: Timestamp, on connection: Connection) throws {
        if waiting.isEmpty { return }
        var known = Set(
            try labels(connection.query(Queries["waiting_labels"], [.int(home), .texts(waiting.map(\.id.text))])).map(\.content))
        let waiting = waiting.filter { known.insert($0.content).inserted }
        if waiting.isEmpty { return }
        try connection.query(
            Queries["insert_waiting"],
            [
                .int(home), .texts(waiting.map(\.id.text)), .times(waiting.map(\.time)),
                .ints(waiting.map(\.sequence)), .doubles(waiting.map(\.label)), .time(now),
            ])
    }
}

/// The lanes of all versions of a model, and where its early labels wait.
struct ModelStreams {
    var home: Int64
    var streams: [(id: Int64, version: Int64)]
}

/// A record's id, the same if its bytes are, as in the database: Swift takes é for e with an accent.
private struct RecordID: Hashable, Comparable {
    let text: String
    init(_ text: String) { self.text = text }
    static func == (a: RecordID, b: RecordID) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
    static func < (a: RecordID, b: RecordID) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

private struct LabelEvent {
    /// What makes two events one and the same.
    struct Content: Hashable {
        var id: RecordID
        var time: Timestamp
        var label: Double
    }
    var content: Content { Content(id: id, time: time, label: label) }

    var id: RecordID
    var time: Timestamp
    var sequence: Int64
    var label: Double
}

/// What of a stored prediction its label needs.
private struct LabelTarget {
    var time: Timestamp
    var score: Double
    var prediction: Double
    var group: [String?]
    var isFailed: Bool
    /// A bit for each segment that it belongs to.
    var segments: SegmentBits

    func labelled(_ label: Double) -> LabelledPrediction {
        LabelledPrediction(label: label, score: score, prediction: prediction, group: group)
    }
}
