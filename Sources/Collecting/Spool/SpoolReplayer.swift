public import Vocabulary

/// Stores what the spool holds, in its order, many writes in one transaction, and lets go of it only after the commit.
///
/// **Exactly once.** A crash between the commit and the cursor's advance replays a group that is stored already. The spool has
/// written down where the group ends before it was stored, so the same writes come again, under the same keys: a client's own, or for
/// writes without one a key made of the frames' headers, which hold each write's number and checksum. The database finds the key in the
/// transaction that stored it, and stores nothing. Where the keys do not help (the cursor could not be written on a full disk), record ids
/// and label events find themselves, as they do when a client sends a request again.
///
/// **Order.** Within a group predictions go before labels: a label may follow its prediction later than it came, never sooner.
public struct SpoolReplayer: Sendable {
    private let spool: Spool
    private let sink: any RecordSink
    private let halves: any HalfSink
    private let directory: any VersionDirectory
    private let metrics: MetricRegistry
    private let report: @Sendable (String) -> Void

    /// - Parameter sink: the database's own, not the one that spools, as are `halves`.
    public init(
        spool: Spool, sink: any RecordSink, halves: any HalfSink, directory: any VersionDirectory, metrics: MetricRegistry,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.spool = spool
        self.sink = sink
        self.halves = halves
        self.directory = directory
        self.metrics = metrics
        self.report = report
    }

    /// Between two attempts while the database is away; each waits twice as long as the one before, up to the second.
    static let pauseSeconds = 0.1
    static let pauseSecondsMax = 5.0

    /// Replays until the task is cancelled. While the database is away it tries again and again.
    ///
    /// - Parameter prepare: makes the database ready, or throws; asked until it has succeeded once.
    public func run(prepare: @escaping @Sendable () async throws -> Void) async {
        do {
            try await insistently("the database is not ready", prepare)
            try await insistently("the spool's folder again") { try await spool.takeAgain() }
            var ahead: [Decoded] = []
            for await _ in spool.arrivals {
                while !spool.isEmpty { ahead = try await replayGroup(ahead) }
            }
        } catch {}  // cancelled: what is not settled is replayed by the next process
    }

    /// Repeats `body` while it fails for now.
    ///
    /// - Throws: what does not pass by itself; `CancellationError`.
    private func insistently<Value>(_ what: String, _ body: () async throws -> Value) async throws -> Value {
        var pauseSeconds = Self.pauseSeconds
        var failures = 0
        while true {
            try Task.checkCancellation()
            do { return try await body() } catch let error as any RetryableError where error.isRetryable {
                failures += 1
                // The first failure and then ever fewer, so that a database that is away does not fill the log.
                if failures & (failures - 1) == 0 { report("\(what) (\(failures) in a row): \(error)") }
            }
            try await Task.sleep(for: .seconds(pauseSeconds))
            pauseSeconds = min(pauseSeconds * 2, Self.pauseSecondsMax)
        }
    }

    private typealias Part<Write> = (frame: SpoolFrame, write: Write)
    /// Writes that are stored as one: that of one frame, or those of one version without keys.
    private typealias Item<Write> = [Part<Write>]
    /// With how many of the frame's records were not stored.
    private typealias Refusal = (frame: SpoolFrame, reason: String, rows: Int)

    typealias Decoded = (frame: SpoolFrame, write: Result<SpooledWrite, SpoolDamage>)

    private func decoded(_ frames: [SpoolFrame]) -> [Decoded] {
        frames.map { frame in (frame, Result { () throws(SpoolDamage) in try SpooledWrite(decoding: frame.payload) }) }
    }

    /// Stores the oldest group and advances. Each of its transactions is tried until the database takes it or refuses it for good, so that
    /// what it stored is counted once.
    ///
    /// - Parameter ahead: the group as the call before has read it.
    /// - Returns: the group behind, read and decoded while this one was stored.
    @discardableResult
    func replayGroup(_ ahead: [Decoded] = []) async throws -> [Decoded] {
        let metrics = metrics
        let noteDamage: @Sendable () -> Void = { metrics.add(to: .spoolRecords, ["damaged"]) }
        let frames = try await insistently("the spool cannot be read") { try await spool.nextGroup(damaged: noteDamage) }
        let group = ahead.map(\.frame.sequence) == frames.map(\.sequence) ? ahead : decoded(frames)
        async let behind = (try? spool.groupAhead(damaged: noteDamage)).map { decoded($0) }
        var predictions: [Item<PredictionWrite>] = []
        var halves: [Part<HalfWrite>] = []
        var labels: [Item<LabelWrite>] = []
        var refusals: [Refusal] = []
        for (frame, write) in group {
            switch write {
            case .failure(let damage): refusals.append((frame, "it cannot be read: \(damage)", frame.rows))
            case .success(.labels(let write)):
                add((frame, write), to: &labels) { $0.key == nil && write.key == nil && $0.model == write.model }
            case .success(.predictions(let write)):
                if let version = try await insistently("the registry does not answer", { try await known(write) }) {
                    let part = (frame, PredictionWrite(version: version, batch: write.batch, key: write.key))
                    add(part, to: &predictions) { $0.key == nil && write.key == nil && $0.version.versionID == version.versionID }
                } else {
                    refusals.append(Self.unregistered(write, frame))
                }
            case .success(.half(let half)):
                var version: RegisteredVersion?
                if case .request(let write) = half.half {
                    version = try await insistently("the registry does not answer") { try await known(write) }
                    if version == nil { refusals.append(Self.unregistered(write, frame)) }
                }
                if let write = half.write(version) { halves.append((frame, write)) }
            }
        }
        try await store(
            predictions, key: \.key, &refusals, merge: { $0.batch.append($1.batch) }, { try await sink.store(predictions: $0) },
            late: { Int($0.refused) }, count: { metrics.count($0, $1) })
        try await store(halves, &refusals)
        try await store(
            labels, key: \.key, &refusals, merge: { $0.batch.append($1.batch) }, { try await sink.store(labels: $0) },
            late: { _ in 0 }, count: { metrics.count($0, $1) })
        for refusal in refusals {
            try await insistently("refused records cannot be kept") { try await spool.refuse(refusal.frame, because: refusal.reason) }
        }
        await spool.advance()
        let refused = refusals.reduce(0) { $0 + $1.rows }
        metrics.add(Double(refused), to: .spoolRecords, ["refused"])
        metrics.add(Double(frames.reduce(0) { $0 + $1.rows } - refused), to: .spoolRecords, ["replayed"])
        return await behind ?? []
    }

    /// Adds to the item that this write can be stored with, or makes one.
    private func add<Write>(_ part: Part<Write>, to items: inout [Item<Write>], where suits: (Write) -> Bool) {
        if let place = items.lastIndex(where: { suits($0[0].write) }) { items[place].append(part) } else { items.append([part]) }
    }

    private static func unregistered(_ write: SpooledPredictions, _ frame: SpoolFrame) -> Refusal {
        (frame, "\(write.version) is not registered as it was when the records came", frame.rows)
    }

    private func known(_ write: SpooledPredictions) async throws -> RegisteredVersion? {
        guard let version = try await directory.version(write.version), write.fits(version) else { return nil }
        return version
    }

    /// The key of writes that came without one.
    private static func ownKey(_ frames: [SpoolFrame]) -> BatchKey {
        let name = Digest.hex(Digest.sha256(frames.flatMap(\.header)))
        return BatchKey("spool \(name)", fingerprint: name)
    }

    private func store<Write: Sendable, Receipt>(
        _ items: [Item<Write>], key: WritableKeyPath<Write, BatchKey?>, _ refusals: inout [Refusal],
        merge: (inout Write, Write) -> Void, _ body: ([Write]) async throws -> [Receipt], late: (Receipt) -> Int,
        count: (Write, Receipt) -> Void
    ) async throws {
        if items.isEmpty { return }
        let writes = items.map { item in
            var write = item[0].write
            for part in item.dropFirst() { merge(&write, part.write) }
            write[keyPath: key] = write[keyPath: key] ?? Self.ownKey(item.map(\.frame))
            return write
        }
        do {
            for (i, receipt) in try await stored(writes, body).enumerated() {
                count(writes[i], receipt)
                keep(items[i].map(\.frame), late(receipt), &refusals)
            }
        } catch is CancellationError { throw CancellationError() } catch {
            // One of them is at fault, and must not hold up the others: each frame's write alone.
            for (frame, write) in items.joined() {
                var write = write
                do {
                    let receipt: Receipt
                    do {
                        write[keyPath: key] = write[keyPath: key] ?? Self.ownKey([frame])
                        receipt = try await stored([write], body)[0]
                    } catch is BatchKeyConflict {
                        // The client has used its key for another request. These records were acknowledged: they go in under their own.
                        write[keyPath: key] = Self.ownKey([frame])
                        receipt = try await stored([write], body)[0]
                    }
                    count(write, receipt)
                    keep([frame], late(receipt), &refusals)
                } catch is CancellationError { throw CancellationError() } catch { refusals.append((frame, "\(error)", frame.rows)) }
            }
        }
    }

    /// Halves need no keys: each finds its own prediction by the event's id, or itself where it waits.
    private func store(_ parts: [Part<HalfWrite>], _ refusals: inout [Refusal]) async throws {
        if parts.isEmpty { return }
        do {
            let receipts = try await insistently("the spool is not replayed") { try await halves.store(halves: parts.map(\.write)) }
            for (part, receipt) in zip(parts, receipts) {
                switch receipt {
                case .joined(let write, let stored):
                    metrics.count(write, stored)
                    keep([part.frame], Int(stored.refused), &refusals)
                case .waiting, .repeated: break
                case .mismatched(let mismatch): refusals.append((part.frame, mismatch.description, part.frame.rows))
                case .full:
                    refusals.append((part.frame, "kserve.halves_max or half_bytes_max: too many events wait", part.frame.rows))
                }
            }
        } catch is CancellationError { throw CancellationError() } catch {
            guard parts.count > 1 else { return refusals.append((parts[0].frame, "\(error)", parts[0].frame.rows)) }
            for part in parts { try await store([part], &refusals) }
        }
    }

    /// Records that were acknowledged and came too late for their week: their frames are kept whole, since one of them may hold both kinds.
    private func keep(_ frames: [SpoolFrame], _ late: Int, _ refusals: inout [Refusal]) {
        if late == 0 { return }
        for (i, frame) in frames.enumerated() {
            refusals.append(
                (
                    frame,
                    "\(late) records\(frames.count > 1 ? " of this and \(frames.count - 1) more writes" : "") came after retention had dropped"
                        + " the rows of their weeks; the others are stored", i == 0 ? late : 0
                ))
        }
    }

    private func stored<Write, Receipt>(_ writes: [Write], _ body: ([Write]) async throws -> [Receipt]) async throws -> [Receipt] {
        try await insistently("the spool is not replayed") { try await body(writes) }
    }
}

extension LabelBatch {
    fileprivate mutating func append(_ other: LabelBatch) {
        ids += other.ids
        labels += other.labels
        timestamps += other.timestamps
    }
}
