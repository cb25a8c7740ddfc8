internal import Migrations
public import Vocabulary

/// Requests and responses of inferences that come one by one: joined to a prediction, or kept until the other one comes.
///
/// Everything is done in one transaction under the locks of all the model's streams, as for labels: of two halves that come at once on two
/// connections the later one finds the earlier one, and a prediction is stored in the transaction that takes its half out of the table.
public struct HalfStore: HalfSink, Sendable {
    private let tables: RecordTables
    private let group: GroupCommit<[HalfWrite], [HalfReceipt]>

    init(tables: RecordTables, limits: HalfLimits) {
        self.tables = tables
        group = GroupCommit(
            weightMax: RecordStore.groupRecordsMax, isWorthSplitting: { !(($0 as? StoreError)?.isRetryable ?? false) },
            run: { try await tables.store(halves: $0, limits: limits) })
    }

    public func store(halves writes: [HalfWrite]) async throws -> [HalfReceipt] {
        guard let model = writes.map(\.model).min() else { return [] }
        return try await group.submit(writes, lane: Int64(model.hashValue), weight: writes.count)
    }

    /// Gives up the halves that came before `time`.
    ///
    /// - Returns: how many were requests without a response, and responses without a request.
    public func expire(before time: Timestamp) async throws -> (requests: Int64, responses: Int64) {
        try await tables.expireHalves(before: time)
    }
}

extension RecordTables {
    private static let copyHalves = """
        copy evenkeel.half (stream_id, event_id, version, ts, is_timed, data, received_at) from stdin (format binary)
        """

    func store(halves requests: [[HalfWrite]], limits: HalfLimits) async throws -> [[HalfReceipt]] {
        let now = clock()
        let writes = requests.flatMap { $0 }
        // A prediction is stored at its request's time, whichever half comes last.
        let times = writes.filter(\.isRequest).map(\.time)
        let receipts = try await storing(at: times, now) { codes, connection in
            var receipts = [HalfReceipt](repeating: .repeated, count: writes.count)
            let places = Dictionary(grouping: writes.indices) { writes[$0].model }
            let models = try places.keys.sorted().map { (name: $0, streams: try streams(of: $0, on: connection)) }
            // All streams of all models, in one order: two requests never wait for each other in a circle.
            for stream in Set(models.flatMap { $0.streams.streams.map(\.id) }).sorted() {
                try connection.query(Queries["lock_stream"], [.int(stream)])
            }
            var joined: [Part] = []
            for (name, model) in models {
                let all = places[name] ?? []
                var pairing = try pairing(for: all.map { writes[$0] }, model, limits, on: connection)
                for place in all {
                    switch pairing.add(writes[place]) {
                    case .join(let write): joined.append(Part(place: place, write: write))
                    case .wait: receipts[place] = .waiting
                    case .repeated: receipts[place] = .repeated
                    case .full: receipts[place] = .full
                    case .mismatched(let mismatch): receipts[place] = .mismatched(mismatch)
                    }
                }
                try write(pairing, home: model.home, at: now, on: connection)
            }
            let byStream = Dictionary(grouping: joined, by: \.write.version.streamID).sorted { $0.key < $1.key }
            for (stream, parts) in byStream {
                let written = Dictionary(parts.map { ($0.place, $0.write) }, uniquingKeysWith: { first, _ in first })
                try store(parts, stream: stream, at: now, codes: &codes, on: connection) { place, receipt in
                    if let write = written[place] { receipts[place] = .joined(write, receipt) }
                }
            }
            return receipts
        }
        return receipts.split(like: requests)
    }

    private func pairing(for writes: [HalfWrite], _ model: ModelStreams, _ limits: HalfLimits, on connection: Connection) throws -> Pairing
    {
        let found = try connection.query(Queries["waiting_halves"], [.int(model.home), .texts(writes.map(\.eventID))])
        let stored = try (0..<found.count).map { try half(found, $0, model: writes[0].model, on: connection) }
        let total = try connection.query(Queries["half_total"], [.int(model.home)])
        return Pairing(
            stored: stored, done: try done(writes, model, on: connection),
            total: Pairing.Total(
                halves: total.count > 0 ? total.int(0, 0) ?? 0 : 0, bytes: total.count > 0 ? total.int(0, 1) ?? 0 : 0), limits: limits)
    }

    private func half(_ rows: Rows, _ row: Int, model: String, on connection: Connection) throws -> HalfWrite {
        guard let eventID = rows.text(row, 0), let time = rows.time(row, 2), let data = rows.bytes(row, 4) else {
            throw StoreError(.damaged, "a waiting half of a prediction cannot be read")
        }
        let half: HalfWrite.Half
        if let version = rows.text(row, 1) {
            let registered = try RegistryStore.version(connection.query(Queries["find_version"], [.text(model), .text(version)]), 0)
            half = .request(registered, try HalfCoding.request(data, of: registered, eventID: eventID, time: time))
        } else {
            half = .response(try HalfCoding.response(data))
        }
        return HalfWrite(model: model, eventID: eventID, time: time, isTimed: rows.bool(row, 3), half: half)
    }

    /// The events whose prediction is stored: of these a half that comes again has no other one to wait for.
    private func done(_ writes: [HalfWrite], _ model: ModelStreams, on connection: Connection) throws -> Set<String> {
        guard let first = writes.map(\.time).min(), let last = writes.map(\.time).max() else { return [] }
        // The first row's id, whether it is one of several or not.
        let ids = Dictionary(
            writes.flatMap { write in [1, 2].map { (HalfWrite.recordIDs(write.eventID, rows: $0)[0], write) } },
            uniquingKeysWith: { first, _ in first })
        let horizon = RecordStore.duplicateHorizonSeconds
        var done: Set<String> = []
        for stream in model.streams.map(\.id) {
            let rows = try connection.query(
                Queries["existing_records"],
                [.int(stream), .texts(ids.keys.sorted()), .time(first.adding(seconds: -horizon)), .time(last.adding(seconds: horizon))])
            for row in 0..<rows.count {
                guard let id = rows.text(row, 0), let time = rows.time(row, 1), let write = ids[id] else { continue }
                if RecordStore.isOneRecord(time, write.time) { done.insert(write.eventID) }
            }
        }
        return done
    }

    private func write(_ pairing: Pairing, home: Int64, at now: Timestamp, on connection: Connection) throws {
        if !pairing.taken.isEmpty { try connection.query(Queries["take_halves"], [.int(home), .texts(pairing.taken)]) }
        if !pairing.kept.isEmpty {
            var copy = CopyEncoder(fieldCount: 7)
            for write in pairing.kept {
                copy.startRow()
                copy.int8(home)
                copy.textOrNull(write.eventID)
                if case .request(let version, _) = write.half { copy.textOrNull(version.key.version) } else { copy.null() }
                copy.timestamptz(write.time)
                copy.bool(write.isTimed)
                copy.field(HalfCoding.encode(write.half)[...])
                copy.timestamptz(now)
            }
            try connection.copy(Self.copyHalves, copy.finished())
        }
        try add(pairing.change, home: home, on: connection)
    }

    private func add(_ change: Pairing.Total, home: Int64, on connection: Connection) throws {
        if change == Pairing.Total() { return }
        try connection.query(Queries["add_to_half_total"], [.int(home), .int(change.halves), .int(change.bytes)])
    }

    func expireHalves(before time: Timestamp) async throws -> (requests: Int64, responses: Int64) {
        let homes = try await database.run { connection in
            let rows = try connection.query(Queries["half_streams"])
            return (0..<rows.count).compactMap { rows.int($0, 0) }
        }
        var expired: (requests: Int64, responses: Int64) = (0, 0)
        // A transaction for each, so that no stream waits for another one's lock.
        for home in homes {
            let (requests, responses) = try await database.transaction { (connection) throws -> (Int64, Int64) in
                try connection.query(Queries["lock_stream"], [.int(home)])
                let gone = try connection.query(Queries["expire_halves"], [.int(home), .time(time)])
                guard let requests = gone.int(0, 0), let responses = gone.int(0, 1), let bytes = gone.int(0, 2) else { return (0, 0) }
                try add(Pairing.Total(halves: -(requests + responses), bytes: -bytes), home: home, on: connection)
                return (requests, responses)
            }
            expired.requests += requests
            expired.responses += responses
        }
        return expired
    }
}
