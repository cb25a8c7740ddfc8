import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("The halves of an inference find each other, whenever they come")
struct HalfStoreTests {
    /// The request of an event with this many rows, all kinds of values in them.
    private func request(_ id: String, rows: Int = 1, of version: RegisteredVersion, seed: UInt64 = 7) -> HalfWrite {
        var random = Seeded(seed)
        var batch = Loans.batch(rows, &random, isWild: true)
        batch.ids = []
        for id in HalfWrite.recordIDs(id, rows: rows) { batch.ids.append(id) }
        batch.timestamps = [Timestamp](repeating: Loans.start, count: rows)
        batch.scores = [Double](repeating: .nan, count: rows)
        batch.predictions = batch.scores
        batch.errors = [String?](repeating: nil, count: rows)
        batch.measures = [:]
        return HalfWrite(model: version.key.model, eventID: id, time: Loans.start, isTimed: true, half: .request(version, batch))
    }
    private func response(_ id: String, rows: Int = 1, of version: RegisteredVersion, error: String? = nil) -> HalfWrite {
        let response = ResponseHalf(
            scores: (0..<rows).map { 1 / Double($0 + 3) }, predictions: (0..<rows).map { $0 % 2 == 0 ? 1 : .nan }, error: error)
        return HalfWrite(
            model: version.key.model, eventID: id, time: Timestamp(microseconds: Loans.start.microseconds + 40_000), isTimed: true,
            half: .response(response))
    }
    private func text(_ receipts: [HalfReceipt]) -> [String] {
        receipts.map {
            switch $0 {
            case .joined(_, let receipt): "joined \(receipt.accepted) \(receipt.duplicates)"
            case .mismatched(let mismatch): "\(mismatch)"
            default: "\($0)"
            }
        }
    }
    private func halves(_ bench: Bench, _ limits: HalfLimits = HalfLimits()) -> HalfStore { bench.collector().halves(limits: limits) }

    /// Nothing waits, and the totals say so.
    private func expectNoneWaits(_ bench: Bench) async throws {
        #expect(try await bench.int("select count(*) from evenkeel.half") == 0)
        #expect(try await bench.int("select coalesce(sum(halves + bytes), 0) from evenkeel.half_total") == 0)
    }

    @Test("either half may come first, and another collector may have taken it", arguments: [1, 5], [true, false])
    func orders(rows: Int, requestFirst: Bool) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let (request, response) = (request("e", rows: rows, of: version), response("e", rows: rows, of: version))
            #expect(text(try await halves(bench).store(halves: [requestFirst ? request : response])) == ["waiting"])
            #expect(try await bench.profile(of: version).isEmpty)
            #expect(text(try await halves(bench).store(halves: [requestFirst ? response : request])) == ["joined \(rows) 0"])
            let joined = try request.joined(with: response).batch
            #expect(joined.measures[PredictionBatch.latencyMeasure] == [Double](repeating: 0.04, count: rows))
            expectSame(try await bench.profile(of: version), Loans.profile([joined]), "as a batch of its own")
            let ids = try await bench.column("select record_id from evenkeel.prediction order by record_id")
            #expect(ids == HalfWrite.recordIDs("e", rows: rows))
            try await expectNoneWaits(bench)
        }
    }

    @Test(
        "an event that is delivered again is known, before and after it was joined", arguments: ["qqrrq", "rrqqr", "qrqrr", "qqqr", "rqr"])
    func repeats(order: String) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var receipts: [String] = []
            for side in order {
                let half = side == "q" ? request("e", rows: 2, of: version) : response("e", rows: 2, of: version)
                receipts += text(try await halves(bench).store(halves: [half]))
            }
            #expect(receipts.first == "waiting")
            #expect(receipts.filter { $0 == "joined 2 0" }.count == 1)
            #expect(receipts.filter { $0 == "repeated" }.count == order.count - 2)
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 2)
            try await expectNoneWaits(bench)
        }
    }

    @Test("halves that come at once on many connections are joined exactly once")
    func atOnce() async throws {
        try await withBench(connections: 4) { bench in
            let version = try await bench.register()
            let (one, other) = (halves(bench), halves(bench))
            let joined = try await withThrowingTaskGroup(of: Int.self) { group in
                for i in 0..<40 {
                    // Each event four times: both halves at both collectors.
                    for store in [one, other] {
                        for half in [request("e\(i)", of: version), response("e\(i)", of: version)] {
                            group.addTask { text(try await store.store(halves: [half])).filter { $0 == "joined 1 0" }.count }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(joined == 40)
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 40)
            #expect(try await bench.profile(of: version).rows == 40)
            try await expectNoneWaits(bench)
        }
    }

    @Test("what waits keeps every value of its features and groups")
    func lossless() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let request = request("e", rows: 300, of: version, seed: 11)
            _ = try await halves(bench).store(halves: [request])
            let receipts = try await halves(bench).store(halves: [response("e", rows: 300, of: version)])
            guard case .joined(let write, _) = receipts[0], case .request(_, let sent) = request.half else {
                Issue.record("\(text(receipts))")
                return
            }
            for (a, b) in zip(write.batch.features, sent.features) {
                switch (a, b) {
                case (.numeric(let a), .numeric(let b)): #expect(a.map(\.bitPattern) == b.map(\.bitPattern))
                case (.categorical(let a), .categorical(let b)): #expect((0..<300).allSatisfy { a[$0] == b[$0] })
                default: Issue.record("another kind of column")
                }
            }
            for (a, b) in zip(write.batch.groups, sent.groups) { #expect((0..<300).allSatisfy { a[$0] == b[$0] }) }
            #expect(write.batch.variants == sent.variants && write.batch.timestamps == sent.timestamps)
        }
    }

    @Test("a response of other rows is refused, and the request goes on waiting for its own")
    func mismatch() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            _ = try await halves(bench).store(halves: [request("e", rows: 3, of: version)])
            #expect(
                text(try await halves(bench).store(halves: [response("e", rows: 2, of: version)]))
                    == ["the response has 2 rows, its request 3: expected as many"])
            #expect(text(try await halves(bench).store(halves: [response("e", rows: 3, of: version)])) == ["joined 3 0"])
        }
    }

    @Test("a response that failed marks all rows of its request", arguments: [true, false])
    func failed(requestFirst: Bool) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let halves = [request("e", rows: 2, of: version), response("e", rows: 0, of: version, error: "status 503")]
            for half in requestFirst ? halves : halves.reversed() { _ = try await self.halves(bench).store(halves: [half]) }
            #expect(try await bench.column("select error from evenkeel.prediction") == ["status 503", "status 503"])
            #expect(try await bench.profile(of: version).errors == 2)
        }
    }

    @Test("when too many wait, a new one is refused, and one that finds its other half is not", arguments: [true, false])
    func full(byBytes: Bool) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var limits = HalfLimits()
            if byBytes { limits.bytesMax = 2 * (2 + 9 + 16 + 8) } else { limits.halvesMax = 2 }
            // A response of one row takes 2 bytes of id, 9 of head, 16 of numbers and 8 of no error.
            let store = halves(bench, limits)
            let first = try await store.store(halves: ["e1", "e2", "e3"].map { response($0, of: version) })
            #expect(text(first) == ["waiting", "waiting", "full"])
            #expect(text(try await store.store(halves: [response("e3", of: version)])) == ["full"])
            #expect(text(try await store.store(halves: [request("e2", of: version)])) == ["joined 1 0"])
            #expect(text(try await store.store(halves: [response("e3", of: version)])) == ["waiting"])
        }
    }

    @Test("what has waited long enough is given up and counted by kind, the rest waits on")
    func expiry() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let store = halves(bench)
            _ = try await store.store(halves: [request("a", of: version), request("b", of: version), response("c", of: version)])
            #expect(try await store.expire(before: Bench.now) == (0, 0))
            try await bench.run("update evenkeel.half set received_at = received_at + interval '1 hour' where event_id = 'b'")
            let expired = try await store.expire(before: Bench.now.adding(seconds: 1))
            #expect(expired == (1, 1))
            #expect(try await bench.column("select event_id from evenkeel.half") == ["b"])
            #expect(try await bench.int("select halves from evenkeel.half_total") == 1)
            #expect(
                text(try await store.store(halves: [response("a", of: version), response("b", of: version)])) == ["waiting", "joined 1 0"])
        }
    }

    @Test("a prediction belongs to the version that its request was read for, whoever is champion when the response comes")
    func champion() async throws {
        try await withBench { bench in
            let old = try await bench.register()
            let new = try await bench.register(ModelVersion(model: Loans.key.model, version: "2"))
            _ = try await halves(bench).store(halves: [request("e", of: old)])
            try await bench.registry.setStage(.champion, of: new, actor: "test", at: Bench.now)
            #expect(text(try await halves(bench).store(halves: [response("e", of: new)])) == ["joined 1 0"])
            #expect(try await bench.profile(of: old).rows == 1)
            #expect(try await bench.profile(of: new).isEmpty)
            // Known again under whichever version it is sent.
            #expect(text(try await halves(bench).store(halves: [request("e", of: new)])) == ["repeated"])
        }
    }

    @Test("halves of several models, and both halves of an event, go in one call")
    func together() async throws {
        try await withBench { bench in
            let credit = try await bench.register()
            let other = try await bench.register(ModelVersion(model: "other", version: "1"))
            _ = try await halves(bench).store(halves: [response("e", of: other), request("e", of: credit)])
            let receipts = try await halves(bench).store(halves: [
                request("e", of: other), response("e", of: credit), request("f", of: other), response("f", of: other),
                request("f", of: other),
            ])
            #expect(text(receipts) == ["joined 1 0", "joined 1 0", "waiting", "joined 1 0", "repeated"])
            #expect(try await bench.profile(of: credit).rows == 1)
            #expect(try await bench.profile(of: other).rows == 2)
            try await expectNoneWaits(bench)
        }
    }

    @Test("a label that came before the halves is joined to their prediction")
    func label() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.collector().store(Loans.labels(["e"], 1, at: Bench.now), of: version, key: nil)
            _ = try await halves(bench).store(halves: [request("e", of: version)])
            _ = try await halves(bench).store(halves: [response("e", of: version)])
            #expect(try await bench.profile(of: version).labelled == 1)
        }
    }

    @Test("when the prediction cannot be stored, its half still waits")
    func rolledBack() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            _ = try await halves(bench).store(halves: [request("e", of: version)])
            try await bench.run("alter table evenkeel.profile rename to away")
            await #expect(throws: StoreError.self) { try await halves(bench).store(halves: [response("e", of: version)]) }
            try await bench.run("alter table evenkeel.away rename to profile")
            #expect(text(try await halves(bench).store(halves: [response("e", of: version)])) == ["joined 1 0"])
            #expect(try await bench.profile(of: version).rows == 1)
        }
    }

    @Test("stored bytes that are cut short are damage, not a trap")
    func damaged() async throws {
        let version = RegisteredVersion(
            key: Loans.key, versionID: 1, streamID: 1, stage: .champion, schema: Loans.schema, referenceRows: 1, registeredAt: Bench.now)
        let bytes = HalfCoding.encode(request("e", rows: 3, of: version).half)
        for count in 0..<bytes.count {
            #expect(throws: StoreError.self) {
                try HalfCoding.request(Array(bytes.prefix(count)), of: version, eventID: "e", time: Loans.start)
            }
        }
        #expect(throws: StoreError.self) { try HalfCoding.response(bytes) }
    }
}
