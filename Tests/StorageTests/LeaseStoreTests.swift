import Testing
import Vocabulary

@testable import Storage

@Suite("One service leads")
struct LeaseStoreTests {
    private func store(_ bench: Bench) -> LeaseStore { LeaseStore(database: bench.database) }
    /// As if nobody had renewed it for long.
    private func expire(_ bench: Bench) async throws {
        try await bench.run("update evenkeel.lease set expires_at = taken_at - interval '1 s'")
    }

    @Test("the first who asks has it, and renews it in the same term; nobody else gets it")
    func taken() async throws {
        try await withBench { bench in
            let lease = try #require(try await store(bench).take("evaluate", holder: "a", seconds: 60))
            #expect(lease == Lease(name: "evaluate", holder: "a", term: 1))
            #expect(try await store(bench).take("evaluate", holder: "b", seconds: 60) == nil)
            #expect(try await store(bench).take("evaluate", holder: "a", seconds: 60) == lease)
            #expect(try await store(bench).take("another", holder: "b", seconds: 60)?.term == 1)
        }
    }

    @Test("when it ran out another one takes it, in a new term; the one before must wait in turn")
    func expired() async throws {
        try await withBench { bench in
            _ = try await store(bench).take("evaluate", holder: "a", seconds: 60)
            try await expire(bench)
            #expect(try await store(bench).take("evaluate", holder: "b", seconds: 60)?.term == 2)
            #expect(try await store(bench).take("evaluate", holder: "a", seconds: 60) == nil)
        }
    }

    @Test("given back, it is free at once; what somebody else holds cannot be given back")
    func givenBack() async throws {
        try await withBench { bench in
            let lease = try #require(try await store(bench).take("evaluate", holder: "a", seconds: 60))
            try await store(bench).giveBack(Lease(name: "evaluate", holder: "b", term: 1))
            #expect(try await store(bench).take("evaluate", holder: "b", seconds: 60) == nil)
            try await store(bench).giveBack(lease)
            #expect(try await store(bench).take("evaluate", holder: "b", seconds: 60)?.term == 2)
        }
    }

    @Test("of many who ask at once one gets it")
    func together() async throws {
        try await withBench(connections: 8) { bench in
            for round in 1...10 {
                let leases = try await withThrowingTaskGroup(of: Lease?.self) { group in
                    for n in 0..<8 { group.addTask { try await store(bench).take("evaluate", holder: "\(round) \(n)", seconds: 60) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(leases.compactMap { $0?.term } == [Int64(round)])
                try await expire(bench)
            }
        }
    }

    @Test("what was begun under a lease that passed on changes no alert")
    func fenced() async throws {
        try await withBench { bench in
            let old = try #require(try await store(bench).take("evaluate", holder: "a", seconds: 60))
            let key = ModelVersion(model: "credit", version: "1")
            let alert = Alert(
                version: key, monitor: .fairness, policy: "p", severity: .info, state: .firing, memory: AlertMemory(), summary: "",
                detail: .null, startedAt: Bench.now, firedAt: Bench.now)
            func fire(under lease: Lease) async throws -> Int {
                let alerts = AlertStore(database: bench.database, fence: { lease })
                return try await alerts.update(
                    key, at: Bench.now, decide: { open, _ in open.isEmpty ? [AlertChange(alert: alert, isAnnounced: true)] : [] },
                    render: { _ in [] }
                ).count
            }
            try await expire(bench)
            let new = try #require(try await store(bench).take("evaluate", holder: "b", seconds: 60))
            let error = try #require(await #expect(throws: StoreError.self) { try await fire(under: old) })
            #expect(error.isRetryable && error.description.contains("another service leads"))
            #expect(try await bench.alerts.alerts().isEmpty)
            #expect(try await fire(under: new) == 1)
        }
    }
}
