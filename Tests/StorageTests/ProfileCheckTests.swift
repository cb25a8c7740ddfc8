import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("A check folds the rows anew and compares the sums")
struct ProfileCheckTests {
    /// Rows of every kind, some labelled, some labels corrected.
    private func fill(_ version: RegisteredVersion, _ bench: Bench, seed: UInt64, count: Int = 3000) async throws {
        var random = Seeded(seed)
        var batch = Loans.batch(count, &random, isWild: true)
        batch.measures[PredictionBatch.costMeasure] = (0..<count).map { $0 % 3 == 0 ? .nan : Double($0) / 7 }
        batch.measures["tokens"] = (0..<count).map { $0 % 2 == 0 ? .nan : Double($0) }
        let store = bench.collector()
        try await store.store(Loans.labels(["r5", "r6"], 1, at: Bench.now), of: version, key: nil)
        try await store.store(batch, of: version, key: nil)
        let some = batch.ids.prefix(count / 2)
        try await store.store(Loans.labels(some, 1, at: Bench.now), of: version, key: nil)
        try await store.store(Loans.labels(some.prefix(50), 0, at: Bench.now.adding(seconds: 60)), of: version, key: nil)
    }

    @Test("rows and labels of every kind are equal to their sums, before and after compaction", arguments: [UInt64(1), 2])
    func equal(seed: UInt64) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            #expect(try await bench.profiles.check(version) == .equal(rows: 0, labelled: 0))
            try await fill(version, bench, seed: seed)
            let labelled = try await bench.profile(of: version).labelled
            #expect(labelled > 1000)
            #expect(try await bench.profiles.check(version) == .equal(rows: 3000, labelled: labelled))
            _ = try await bench.profiles.compact(version, before: Bench.now)
            #expect(try await bench.profiles.check(version) == .equal(rows: 3000, labelled: labelled))
        }
    }

    @Test("a row that is gone, changed or doubled is named with its column")
    func different() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await fill(version, bench, seed: 3)
            try await bench.run("update evenkeel.prediction set latency = latency * 2 where record_id = 'r1' and latency is not null")
            try await bench.run("update evenkeel.prediction set latency = 1 where record_id = 'r1' and latency is null")
            #expect(try await bench.profiles.check(version).names == ["measure latency_seconds"])
            try await bench.run("delete from evenkeel.prediction where record_id = 'r100'")
            guard case .different(let lines) = try await bench.profiles.check(version) else {
                Issue.record("expected a difference"); return
            }
            #expect(lines.first == "rows: 3000, expected 2999")
        }
    }

    @Test("rows that were removed on purpose cannot be compared, and that is said")
    func incomparable() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await fill(version, bench, seed: 4, count: 100)
            _ = try await bench.collector().erase(model: version.key.model, ids: ["r1"], actor: "a", at: Bench.now)
            #expect(try await bench.profiles.check(version) == .incomparable("records were erased"))
        }
    }

    @Test("the database's facts become checks that say what is wrong and what to do")
    func facts() async throws {
        var facts = HealthFacts(
            serverVersion: "15.1", serverTime: Bench.now, deadDeliveries: 0, waitingDeliveries: 2, oldestMark: nil, weeksAhead: 2)
        #expect(facts.checks(now: Bench.now).allSatisfy { $0.state == .well })
        facts.serverTime = Bench.now.adding(seconds: -60)
        facts.deadDeliveries = 3
        facts.oldestMark = Bench.now.adding(seconds: -7200)
        facts.weeksAhead = 0
        let checks = facts.checks(now: Bench.now)
        #expect(checks.filter { $0.state == .wrong }.map(\.name) == ["clock", "evaluation", "deliveries"])
        #expect(checks[1].detail == "the database's is 60 s behind ours, expected at most 5")
        let server = try await withBench { bench in try await bench.collector().facts() }
        #expect(server.serverVersion.hasPrefix("1") && server.checks(now: server.serverTime).allSatisfy { $0.state != .wrong })
    }
}

extension ProfileCheck {
    /// What differs, without the figures.
    fileprivate var names: [String] {
        guard case .different(let lines) = self else { return [] }
        return lines.map { String($0.prefix { $0 != ":" }) }
    }
}
