import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("A sample of raw rows")
struct RowSampleTests {
    private func window(_ seconds: Int64, from start: Timestamp = Loans.start) -> Window {
        Window(kind: .hour, start: start, end: start.adding(seconds: seconds))
    }

    @Test("is the rows whose ids have the smallest hash, in any order of arrival, and those of a smaller sample are among them")
    func byHash() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(9)
            let batch = Loans.batch(600, &random, seconds: 3600)
            try await bench.collector().store(batch, of: version, key: nil)
            let store = RowSampleStore(database: bench.database)
            let all = [RowSampleStore.Counted(window: window(3600), rows: 600)]
            let found = try await store.rows(of: version, in: all, withLabels: false, limit: 100)
            let failed = Set((0..<batch.count).filter { batch.errors[$0] != nil })
            let expected = (0..<batch.count).filter { !failed.contains($0) }.map { batch.ids[$0] }
                .sorted { Digest.sha256(Array($0.utf8)).lexicographicallyPrecedes(Digest.sha256(Array($1.utf8))) }
            #expect(found.ids == Array(expected.prefix(100)))
            let fewer = try await store.rows(of: version, in: all, withLabels: false, limit: 30)
            #expect(fewer.ids == Array(expected.prefix(30)))
            // The features are those of the record.
            let place = try #require((0..<batch.count).first { batch.ids[$0] == found.ids[0] })
            guard case .numeric(let ages) = batch.features[0], case .numbers(let read) = found.features[0] else {
                Issue.record("age is a number")
                return
            }
            #expect(read[0].bitPattern == ages[place].bitPattern)
            let hasLabels = found.labels.contains { !$0.isNaN }
            #expect(!hasLabels)

            // Only of its stretch.
            let half = try await store.rows(
                of: version, in: [.init(window: window(1800), rows: 300)], withLabels: false, limit: 600)
            let inHalf = (0..<batch.count).filter { batch.timestamps[$0] < Loans.start.adding(seconds: 1800) && !failed.contains($0) }
            let ids = Set(inHalf.map { batch.ids[$0] })
            #expect(Set(half.ids) == ids && half.count > 100)
        }
    }

    @Test("of labelled rows has the newest label of each") func labelled() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(10)
            let batch = Loans.batch(200, &random, seconds: 3600)
            try await bench.collector().store(batch, of: version, key: nil)
            let ids = (0..<batch.count).filter { batch.errors[$0] == nil }.map { batch.ids[$0] }
            func label(_ ids: [String], _ value: Double, at seconds: Int64) async throws {
                let labels = Loans.labels(ids, value, at: Loans.start.adding(seconds: seconds))
                try await bench.collector().store(labels, of: version, key: nil)
            }
            try await label(Array(ids.prefix(50)), 0, at: 4000)
            try await label(Array(ids.prefix(20)), 1, at: 5000)
            let store = RowSampleStore(database: bench.database)
            let found = try await store.rows(
                of: version, in: [.init(window: window(3600), rows: 200)], withLabels: true, limit: 1000)
            let (known, corrected) = (Set(ids.prefix(50)), Set(ids.prefix(20)))
            #expect(Set(found.ids) == known)
            for (id, label) in zip(found.ids, found.labels) {
                let isCorrected = corrected.contains(id)
                #expect(label == (isCorrected ? 1 : 0), "\(id)")
            }
        }
    }

    @Test("looks at stretches of a window with more rows than are looked at, spread evenly over it") func stretches() {
        let hour = window(3600)
        #expect(RowSampleStore.stretches(of: [.init(window: hour, rows: RowSampleStore.scanMax)]).count == 1)
        let cut = RowSampleStore.stretches(of: [.init(window: hour, rows: 10 * RowSampleStore.scanMax)])
        #expect(cut.count == 24)
        #expect(cut[0].lower == hour.start && cut[23].upper < hour.end)
        #expect(cut.allSatisfy { $0.upper.microseconds - $0.lower.microseconds == 15_000_000 })
        #expect(cut[1].lower == hour.start.adding(seconds: 150))
        // A stretch is never empty, however many rows there are.
        #expect(RowSampleStore.stretches(of: [.init(window: hour, rows: .max)]).allSatisfy { $0.upper > $0.lower })
    }

    @Test("windows are calm in whose newest evaluation the monitor judged and found nothing") func calm() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let results = bench.results
            func save(_ hour: Int64, _ verdicts: [Verdict?], monitor: Monitor = .predictionDrift, at seconds: Int64 = 0) async throws {
                let start = Loans.start.adding(seconds: 3600 * hour)
                let findings = verdicts.enumerated().map { place, verdict in
                    Finding(
                        monitor: monitor, subject: "", statistic: "s\(place)", value: 1, referenceCount: 1, currentCount: 1,
                        verdict: verdict)
                }
                try await results.save(
                    Evaluation(
                        version: version.key, window: window(3600, from: start), evaluatedAt: Bench.now.adding(seconds: seconds),
                        rows: hour, labelled: 0, findings: findings), of: version)
            }
            try await save(1, [.ok, .negligible])
            try await save(2, [.ok, .drifted])
            try await save(3, [.drifted])
            try await save(3, [.ok], at: 60)
            try await save(4, [.ok])
            try await save(4, [.drifted], at: 60)
            try await save(5, [.insufficient, nil])
            try await save(6, [.ok], monitor: .performance)
            try await save(7, [.ok, .insufficient])
            try await save(8, [.ok])
            let store = RowSampleStore(database: bench.database)
            let end = Loans.start.adding(seconds: 3600 * 8)
            let found = try await store.calmWindows(.hour, of: version, monitor: .predictionDrift, endedBy: end, limit: 4)
            #expect(found.map(\.rows) == [7, 3, 1])
            #expect(found.first?.window == window(3600, from: Loans.start.adding(seconds: 3600 * 7)))
            #expect(try await store.calmWindows(.day, of: version, monitor: .predictionDrift, endedBy: end, limit: 4).isEmpty)
            #expect(try await store.calmWindows(.hour, of: version, monitor: .predictionDrift, endedBy: end, limit: 1).map(\.rows) == [7])
        }
    }
}
