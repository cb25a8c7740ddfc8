import Testing
import Vocabulary

@testable import Storage

@Suite("Alerts are kept from the first sign to the end")
struct AlertStoreTests {
    private let now = Bench.now

    private func alert(
        _ state: AlertState = .firing, of key: ModelVersion = Loans.key, monitor: Monitor = .featureDrift, policy: String = "default"
    ) -> Alert {
        Alert(
            version: key, monitor: monitor, policy: policy, severity: .warning, state: state,
            memory: AlertMemory(seen: [.init(windowEnd: Loans.start, isFinding: true), .init(windowEnd: now, isFinding: false)]),
            summary: "age of \"credit\" drifted: it's 0.3", detail: .array([.object(["psi": .number(0.3)]), .null, "日本"]),
            startedAt: Timestamp(microseconds: now.microseconds - 7), firedAt: state == .pending ? nil : now)
    }

    /// Stores changes; the messages are those of the announced ones.
    @discardableResult
    private func change(_ changes: [AlertChange], of key: ModelVersion = Loans.key, on bench: Bench) async throws -> [Alert] {
        try await bench.alerts.update(
            key, at: now, decide: { _, _ in changes },
            render: {
                $0.map {
                    OutgoingMessage(destination: "pager", messageID: "m\($0.id ?? 0) \($0.state)", type: "alert.firing", body: $0.summary)
                }
            })
    }
    /// What a scheduler is shown.
    private func shown(_ key: ModelVersion = Loans.key, at time: Timestamp = Bench.now, on bench: Bench) async throws -> (
        newest: [Alert], silences: [Silence]
    ) {
        let seen = Locked<([Alert], [Silence])>(([], []))
        _ = try await bench.alerts.update(
            key, at: time,
            decide: { newest, silences in
                seen.set((newest, silences))
                return []
            }, render: { _ in [] })
        return (seen.value.0, seen.value.1)
    }

    @Test("an alert comes back as it was stored, to the scheduler of its version")
    func roundTrip() async throws {
        try await withBench { bench in
            let stored = try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench)
            var expected = alert()
            expected.id = try #require(stored.first?.id)
            #expect(stored == [expected])
            #expect(try await shown(on: bench).newest == [expected])
            #expect(try await bench.alerts.alerts() == [expected])
            #expect(try await shown(ModelVersion(model: "credit", version: "2"), on: bench).newest.isEmpty)
        }
    }

    @Test("what changes is stored: severity, state, memory, words and times")
    func update() async throws {
        try await withBench { bench in
            var changed = try #require(try await change([AlertChange(alert: alert(.pending), isAnnounced: true)], on: bench).first)
            changed.state = .firing
            changed.severity = .critical
            changed.memory.seen.removeFirst()
            changed.summary = "worse"
            changed.detail = .object(["ks": .number(0.5)])
            changed.firedAt = now.adding(seconds: 3600)
            #expect(try await change([AlertChange(alert: changed)], on: bench).isEmpty, "nobody was told")
            #expect(try await shown(on: bench).newest == [changed])
            #expect(try await bench.int("select count(*) from evenkeel.delivery") == 1)
        }
    }

    @Test("a resolved alert is remembered until a new one comes")
    func resolved() async throws {
        try await withBench { bench in
            var ended = try #require(try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench).first)
            ended.state = .resolved
            ended.resolvedAt = now.adding(seconds: 60)
            try await change([AlertChange(alert: ended, isAnnounced: true)], on: bench)
            #expect(try await shown(on: bench).newest == [ended], "so that a scheduler knows what it has judged")
            #expect(try await bench.alerts.alerts() == [ended])
            let next = try #require(try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench).first)
            #expect(next.id != ended.id)
            #expect(try await shown(on: bench).newest == [next])
            #expect(try await bench.alerts.alerts().map(\.id) == [next.id, ended.id], "newest first")
            #expect(try await bench.alerts.alerts(limit: 1).map(\.id) == [next.id])
        }
    }

    @Test("a pending alert that came to nothing leaves no trace, and one that is pending is not listed")
    func dropped() async throws {
        try await withBench { bench in
            try await change([AlertChange(alert: alert(.pending))], on: bench)
            #expect(try await bench.alerts.alerts().isEmpty)
            let pending = try #require(try await shown(on: bench).newest.first)
            try await change(
                [AlertChange(alert: pending, isDropped: true), AlertChange(alert: alert(.pending), isDropped: true)], on: bench)
            #expect(try await bench.int("select count(*) from evenkeel.alert") == 0)
            #expect(try await bench.int("select count(*) from evenkeel.delivery") == 0)
        }
    }

    @Test("a firing alert is not dropped")
    func notDropped() async throws {
        try await withBench { bench in
            let firing = try #require(try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench).first)
            try await change([AlertChange(alert: firing, isDropped: true)], on: bench)
            #expect(try await bench.alerts.alerts() == [firing])
        }
    }

    @Test("what has open alerts is named, with who was told")
    func open() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            #expect(try await bench.alerts.open().isEmpty)
            _ = try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench)
            let open = try #require(try await bench.alerts.open().first)
            #expect(
                open.version == version.key && open.policy == alert().policy && open.monitor == alert().monitor && open.told == ["pager"])
            var resolved = try #require(try await shown(on: bench).newest.first)
            resolved.state = .resolved
            resolved.resolvedAt = now
            _ = try await change([AlertChange(alert: resolved)], on: bench)
            #expect(try await bench.alerts.open().isEmpty)
        }
    }

    @Test("one thing has one open alert: a second is a conflict, and nothing of its request is stored")
    func unique() async throws {
        try await withBench { bench in
            try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench)
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await change(
                        [
                            AlertChange(alert: alert(monitor: .fairness), isAnnounced: true),
                            AlertChange(alert: alert(.pending), isAnnounced: true),
                        ],
                        on: bench)
                })
            #expect(error.code == .conflict)
            #expect(try await bench.int("select count(*) from evenkeel.alert") == 1)
            #expect(try await bench.int("select count(*) from evenkeel.delivery") == 1)
            let second = ModelVersion(model: "credit", version: "2")
            try await change([AlertChange(alert: alert(monitor: .fairness)), AlertChange(alert: alert(policy: "other"))], on: bench)
            try await change([AlertChange(alert: alert(of: second))], of: second, on: bench)
            #expect(try await bench.int("select count(*) from evenkeel.alert") == 4)
        }
    }

    @Test("of eight schedulers that see the same drift one opens the alert and tells once")
    func schedulers() async throws {
        try await withBench(connections: 8) { bench in
            let announced = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await bench.alerts.update(
                            Loans.key, at: now,
                            decide: { newest, _ in newest.isEmpty ? [AlertChange(alert: alert(), isAnnounced: true)] : [] },
                            render: {
                                [OutgoingMessage(destination: "pager", messageID: "m\($0[0].id ?? 0)", type: "alert.firing", body: "")]
                            }
                        ).count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(announced == 1)
            #expect(try await bench.int("select count(*) from evenkeel.alert") == 1)
            #expect(try await bench.int("select count(*) from evenkeel.delivery") == 1)
        }
    }

    @Test("a firing alert can be acknowledged; another, a pending or an unknown one cannot")
    func acknowledge() async throws {
        try await withBench { bench in
            let firing = try #require(try await change([AlertChange(alert: alert(), isAnnounced: true)], on: bench).first)
            let pending = try #require(
                try await change([AlertChange(alert: alert(.pending, monitor: .fairness), isAnnounced: true)], on: bench).first)
            let (firingID, pendingID) = (try #require(firing.id), try #require(pending.id))
            let later = now.adding(seconds: 30)
            #expect(try await bench.alerts.acknowledge(firingID, by: "o'neill", at: later))
            #expect(try await !bench.alerts.acknowledge(pendingID, by: "me", at: later))
            #expect(try await !bench.alerts.acknowledge(999, by: "me", at: later))
            let listed = try #require(try await bench.alerts.alerts().first)
            #expect(try await bench.text("select actor from evenkeel.audit_log where action = 'acknowledge'") == "o'neill")
            let counts = try await bench.alerts.firing()
            #expect(counts.map(\.count) == [1] && counts[0].model == "credit" && counts[0].severity == firing.severity)
            #expect(listed.acknowledgedAt == later && listed.acknowledgedBy == "o'neill")
            // A later evaluation leaves the acknowledgement alone.
            try await change([AlertChange(alert: firing)], on: bench)
            #expect(try await bench.alerts.alerts().first?.acknowledgedBy == "o'neill")
            var ended = firing
            ended.state = .resolved
            try await change([AlertChange(alert: ended)], on: bench)
            #expect(try await !bench.alerts.acknowledge(firingID, by: "me", at: later))
        }
    }

    @Test("silences are handed to the schedulers until their time")
    func silences() async throws {
        try await withBench { bench in
            var made = [
                Silence(model: "credit", monitor: nil, until: now.adding(seconds: 60), reason: "it's known"),
                Silence(model: "credit", monitor: .fairness, until: now.adding(seconds: 120), reason: ""),
                Silence(model: "other", monitor: nil, until: now.adding(seconds: 60), reason: "x"),
            ]
            try await bench.register()
            try await bench.register(ModelVersion(model: "other", version: "1"))
            for i in made.indices { made[i].id = try await bench.alerts.silence(made[i], actor: "ada", at: now) }
            let unknown = Silence(model: "unknown", monitor: nil, until: now.adding(seconds: 60), reason: "")
            #expect(try await bench.alerts.silence(unknown, actor: "ada", at: now) == nil)
            let audited = try await bench.rows(
                "select actor, subject from evenkeel.audit_log where action = 'silence' order by entry_id", columns: 2)
            #expect(audited == [["ada", "credit"], ["ada", "credit"], ["ada", "other"]])
            #expect(Set(made.map(\.id)).count == 3)
            #expect(try await shown(at: now, on: bench).silences == made)
            #expect(try await shown(at: now.adding(seconds: 60), on: bench).silences == [made[1]])
            #expect(try await shown(at: now.adding(seconds: 120), on: bench).silences.isEmpty)
        }
    }
}
