import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What is older than retention says is deleted, and nothing else")
struct RetentionTests {
    private static let day: Int64 = 86_400
    private static let forever: RetentionSettings = {
        var settings = RetentionSettings()
        for path in [
            \RetentionSettings.rawDays, \.waitingLabelDays, \.receiptDays, \.hourProfileDays, \.profileDays, \.resultDays, \.alertDays,
        ] { settings[keyPath: path] = nil }
        return settings
    }()

    private func settings(_ path: WritableKeyPath<RetentionSettings, Int64?>, _ days: Int64) -> RetentionSettings {
        var settings = Self.forever
        settings[keyPath: path] = days
        return settings
    }

    /// Deletes by one limit of ten days, on the day on which the things of `Bench.now` are ten days old, and a second before.
    private func deletes(
        _ path: WritableKeyPath<RetentionSettings, Int64?>, _ expected: [String: Int], on bench: Bench,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let versions = try await bench.registry.versions()
        let due = Bench.now.adding(seconds: 10 * Self.day + 1)
        let store = bench.collector()
        let early = try await store.keep(settings(path, 10), versions: versions, at: due.adding(seconds: -2))
        #expect(early.deleted.isEmpty, sourceLocation: sourceLocation)
        #expect(try await store.keep(Self.forever, versions: versions, at: due).deleted.isEmpty, sourceLocation: sourceLocation)
        let report = try await store.keep(settings(path, 10), versions: versions, at: due)
        #expect(report.deleted == expected, sourceLocation: sourceLocation)
        #expect(try await store.keep(settings(path, 10), versions: versions, at: due).deleted.isEmpty, sourceLocation: sourceLocation)
        for table in expected.keys {
            #expect(try await bench.int("select count(*) from evenkeel.\(table)") == 0, "\(table)", sourceLocation: sourceLocation)
        }
    }

    @Test("labels that wait in vain")
    func waiting() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.collector().store(Loans.labels(["a", "b", "c"], 1, at: Bench.now), of: version, key: nil)
            try await deletes(\.waitingLabelDays, ["label_waiting": 3], on: bench)
        }
    }

    @Test("receipts of requests")
    func receipts() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            let batch = Loans.batch(5, &random)
            try await bench.collector().store(batch, of: version, key: "k")
            try await deletes(\.receiptDays, ["batch": 1], on: bench)
            // The request is then known by its records' ids alone.
            #expect(try await bench.collector().store(batch, of: version, key: "k").duplicates == 5)
        }
    }

    @Test("evaluations with their findings")
    func results() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let window = try #require(Window(kind: .hour, holding: Loans.start))
            let findings = ["age", "income"].map {
                Finding(monitor: .featureDrift, subject: $0, statistic: "psi", value: 0.1, referenceCount: 1, currentCount: 1)
            }
            try await bench.results.save(
                Evaluation(version: Loans.key, window: window, evaluatedAt: Bench.now, rows: 1, labelled: 0, findings: findings),
                of: version)
            try await deletes(\.resultDays, ["evaluation": 1, "result": 2], on: bench)
        }
    }

    @Test("alerts that ended, with what was sent of them, and silences that are over; what is open stays")
    func alerts() async throws {
        try await withBench { bench in
            try await bench.register()
            try await bench.run(
                """
                insert into evenkeel.alert (model, version, monitor, policy, severity, state, memory, summary, detail, started_at, resolved_at)
                values ('credit', '1', 'fairness', 'p', 'info', 'resolved', '{}', '', '{}', '\(Bench.now)', '\(Bench.now)'),
                       ('credit', '1', 'fairness', 'p', 'info', 'firing', '{}', '', '{}', '\(Bench.now)', null),
                       ('credit', '1', 'performance', 'p', 'info', 'resolved', '{}', '', '{}', '\(Bench.now)', '\(Bench.now)');
                insert into evenkeel.delivery (alert_id, destination, message_id, type, body, state, next_attempt_at, created_at)
                values (1, 'd', 'a', 't', '', 'sent', '\(Bench.now)', '\(Bench.now)'), (1, 'd', 'b', 't', '', 'dead', '\(Bench.now)', '\(Bench.now)'),
                       (3, 'd', 'c', 't', '', 'waiting', '\(Bench.now)', '\(Bench.now)');
                insert into evenkeel.silence (model, until, reason, created_at)
                values ('credit', '\(Bench.now)', '', '\(Bench.now)'), ('credit', '2099-01-01', '', '\(Bench.now)')
                """)
            let report = try await bench.collector().keep(
                settings(\.alertDays, 10), versions: [], at: Bench.now.adding(seconds: 10 * Self.day + 1))
            #expect(report.deleted == ["alert": 1, "delivery": 2, "silence": 1])
            #expect(try await bench.column("select state from evenkeel.alert order by alert_id") == ["firing", "resolved"])
            #expect(try await bench.column("select state from evenkeel.delivery") == ["waiting"])
        }
    }

    @Test("profiles of days; the answer to a window there says so, and later windows are answered")
    func profiles() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            let batch = Loans.batch(200, &random, seconds: 3 * Self.day)
            try await bench.collector().store(batch, of: version, key: nil)
            try await bench.run("update evenkeel.profile set stored_at = bucket")
            let start = Loans.start.floored(toSeconds: Self.day)
            let end = start.adding(seconds: 4 * Self.day)
            let store = bench.collector()
            // Ten days after the end of the second day.
            _ = try await store.keep(settings(\.profileDays, 10), versions: [version], at: start.adding(seconds: 12 * Self.day))
            let left = start.adding(seconds: 2 * Self.day)
            expectSame(
                try await bench.profiles.profile(of: version, from: left, to: end), Loans.profile([batch], from: left, to: end),
                "what is left")
            let error = try #require(
                await #expect(throws: StoreError.self) { try await bench.profiles.profile(of: version, from: start, to: end) })
            #expect(error.description.hasSuffix("starts before \(left): profiles before that were deleted (retention.profile_days)"))
            #expect(try await bench.int("select count(*) from evenkeel.dirty_window where window_start < $1", [.time(left)]) == 0)
            #expect(try await bench.int("select count(*) from evenkeel.dirty_window where window_start >= $1", [.time(left)]) ?? 0 > 0)
        }
    }

    @Test("profiles of old times that came lately are kept")
    func recent() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            let batch = Loans.batch(50, &random)
            try await bench.collector().store(batch, of: version, key: nil)
            // They were stored at the database's own present, long after the times of the loans.
            let present = try #require(try await bench.text("select now()")).dropLast(10)
            let soon = try #require(Timestamp(rfc3339: String(present.prefix(10)))).adding(seconds: 5 * Self.day)
            #expect(try await bench.collector().keep(settings(\.profileDays, 10), versions: [version], at: soon).deleted.isEmpty)
            let later = soon.adding(seconds: 10 * Self.day)
            #expect(
                try await bench.collector().keep(settings(\.profileDays, 10), versions: [version], at: later).deleted["profile"] ?? 0 > 0)
        }
    }

    @Test("more rows than one step deletes")
    func steps() async throws {
        try await withBench { bench in
            try await bench.register()
            try await bench.run(
                """
                insert into evenkeel.batch select 1, 'k' || i, '', i, '\(Bench.now)', 0, 0 from generate_series(1, 12345) i
                """)
            try await deletes(\.receiptDays, ["batch": 12_345], on: bench)
        }
    }
}
