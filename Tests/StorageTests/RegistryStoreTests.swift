import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Models and versions are registered, found and staged", .timeLimit(.minutes(30)))
struct RegistryStoreTests {
    private func key(_ version: String, of model: String = "credit") -> ModelVersion { ModelVersion(model: model, version: version) }

    @Test("what was registered is found as it was")
    func roundTrip() async throws {
        try await withBench { bench in
            let schema = FeatureSchema(
                features: [
                    Feature(name: "naïve \"quoted\" \\ \n日本 🙂", kind: .numeric), Feature(name: "it's; -- drop", kind: .categorical),
                    Feature(name: "a", kind: .categorical),
                ],
                sensitive: ["sex", "it's"], task: .regression, positiveLabel: "\"yes\"", threshold: 0.1 + 0.2, currency: "EUR")
            var batch = PredictionBatch(schema: schema)
            batch.features = [.numeric([]), .categorical(LevelColumn()), .categorical(LevelColumn())]
            let time = Timestamp(microseconds: Bench.now.microseconds + 123_457)
            let key = key("1'\"; 日本", of: "a \"b\" c")
            let made = try await bench.registry.register(
                key, schema: schema, reference: Loans.reference(of: batch, schema: schema), rows: 12_345_678_901, actor: "me", at: time)
            #expect(made.key == key && made.schema == schema && made.referenceRows == 12_345_678_901 && made.registeredAt == time)
            #expect(try await bench.registry.version(key) == made)
            #expect(try await bench.registry.versions() == [made])
        }
    }

    @Test("the reference comes back bit for bit")
    func reference() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let reference = try await bench.profiles.reference(of: version)
            #expect(reference.grid == Loans.grid && reference.grid.fingerprint == Loans.grid.fingerprint)
            expectSame(reference.profile, Loans.reference.profile, "the reference")
        }
    }

    @Test("a version without its reference is damage, not a crash")
    func damagedReference() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.run("update evenkeel.reference_profile set profile = set_byte(profile, 20, get_byte(profile, 20) # 1)")
            let error = try #require(await #expect(throws: StoreError.self) { try await bench.profiles.reference(of: version) })
            #expect(error.code == .damaged && !error.isRetryable)
            try await bench.run("delete from evenkeel.reference_profile")
            let gone = try #require(await #expect(throws: StoreError.self) { try await bench.profiles.reference(of: version) })
            #expect(gone.code == .damaged)
        }
    }

    @Test("nothing is found where nothing was registered")
    func unknown() async throws {
        try await withBench { bench in
            #expect(try await bench.registry.version(Loans.key) == nil)
            #expect(try await bench.registry.versions().isEmpty)
            try await bench.register()
            #expect(try await bench.registry.version(key("2")) == nil)
        }
    }

    @Test("versions are listed by model, then in the order of registration")
    func order() async throws {
        try await withBench { bench in
            for (i, key) in [key("9", of: "b"), key("10", of: "a"), key("9", of: "a"), key("1", of: "b")].enumerated() {
                try await bench.register(key, at: Bench.now.adding(seconds: Int64(i)))
            }
            let listed = try await bench.registry.versions()
            #expect(listed.map(\.key) == [key("10", of: "a"), key("9", of: "a"), key("9", of: "b"), key("1", of: "b")])
            #expect(Set(listed.map(\.streamID)).count == 4 && Set(listed.map(\.versionID)).count == 4)
        }
    }

    @Test("all versions of a model read a label the same way")
    func oneOutcome() async throws {
        try await withBench { bench in
            try await bench.register(key("1"))
            var schema = Loans.schema
            schema.positiveLabel = "approved"
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await bench.registry.register(
                        key("2"), schema: schema, reference: Loans.reference, rows: 1, actor: "me", at: Bench.now)
                })
            #expect(error.code == .conflict && error.description.contains("register it as another model"))
            #expect(try await bench.registry.versions().count == 1)
        }
    }

    @Test("a version is frozen: registering it again is a conflict and changes nothing")
    func conflict() async throws {
        try await withBench { bench in
            let first = try await bench.register()
            let error = try #require(await #expect(throws: StoreError.self) { try await bench.register(at: Bench.now.adding(seconds: 9)) })
            #expect(error.code == .conflict && error.description.contains("credit 1") && error.description.contains("register a new one"))
            #expect(try await bench.registry.versions() == [first])
            #expect(try await bench.int("select count(*) from evenkeel.audit_log") == 1)
        }
    }

    @Test("of registrations at the same time each gets its own stream, and of equal ones one wins")
    func together() async throws {
        try await withBench(connections: 6) { bench in
            let outcomes = await withTaskGroup(of: Result<RegisteredVersion, any Error>.self) { group in
                for i in 0..<6 {
                    group.addTask {
                        do { return .success(try await bench.register(key("\(i / 2)"))) } catch { return .failure(error) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let made = outcomes.compactMap { try? $0.get() }
            #expect(Set(made.map(\.key.version)) == ["0", "1", "2"] && made.count == 3)
            #expect(Set(made.map(\.streamID)).count == 3)
            #expect(made.count { $0.stage == .champion } == 1)
            for case .failure(let error) in outcomes { #expect((error as? StoreError)?.code == .conflict) }
        }
    }

    @Test("a model's first version is its champion, later ones are candidates")
    func stages() async throws {
        try await withBench { bench in
            var made: [VersionStage] = []
            for key in [key("1"), key("2"), key("3"), key("1", of: "other")] { made.append(try await bench.register(key).stage) }
            #expect(made == [.champion, .candidate, .candidate, .champion])
        }
    }

    @Test("promoting a candidate makes the champion a candidate, of this model only")
    func promote() async throws {
        try await withBench { bench in
            try await bench.register(key("1"))
            let second = try await bench.register(key("2"))
            try await bench.register(key("1", of: "other"))
            try await bench.registry.setStage(.champion, of: second, actor: "me", at: Bench.now)
            #expect(try await bench.registry.version(key("1"))?.stage == .candidate)
            #expect(try await bench.registry.version(key("2"))?.stage == .champion)
            #expect(try await bench.registry.version(key("1", of: "other"))?.stage == .champion)
        }
    }

    @Test("of two promotions at the same time one champion is left")
    func promoteTogether() async throws {
        try await withBench { bench in
            let first = try await bench.register(key("1"))
            let others = [try await bench.register(key("2")), try await bench.register(key("3"))]
            // Both are held up where they demote the first champion, then let go.
            let holder = Database(url: bench.url, connections: 1)
            try await holder.run { connection in
                try connection.run("begin; select 1 from evenkeel.model_version where version_id = \(first.versionID) for update")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for version in others {
                    group.addTask { try await bench.registry.setStage(.champion, of: version, actor: "me", at: Bench.now) }
                }
                try await bench.until(
                    "select count(*) = 2 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
                try await holder.run { try $0.run("commit") }
                try await group.waitForAll()
            }
            #expect(try await bench.registry.versions().count { $0.stage == .champion } == 1)
        }
    }

    @Test("a retired version says since when, and may come back")
    func retire() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let retiredAt = { try await bench.text("select retired_at from evenkeel.model_version") }
            try await bench.registry.setStage(.retired, of: version, actor: "me", at: Bench.now)
            #expect(try await bench.registry.version(Loans.key)?.stage == .retired)
            #expect(try await retiredAt() == "2026-03-10 12:00:00+00")
            try await bench.registry.setStage(.champion, of: version, actor: "me", at: Bench.now)
            #expect(try await bench.registry.version(Loans.key)?.stage == .champion)
            #expect(try await retiredAt() == nil)
        }
    }

    @Test("who did what to which version, and when, is in the audit log")
    func audit() async throws {
        try await withBench { bench in
            try await bench.register(key("1"))
            let second = try await bench.register(key("2"), at: Bench.now.adding(seconds: 1))
            try await bench.registry.setStage(.champion, of: second, actor: "o'neill", at: Bench.now.adding(seconds: 2))
            try await bench.registry.setStage(.retired, of: second, actor: "me", at: Bench.now.adding(seconds: 3))
            let entries = try await bench.rows(
                "select at, actor, action, subject, detail::text from evenkeel.audit_log order by entry_id", columns: 5)
            #expect(
                entries == [
                    ["2026-03-10 12:00:00+00", "test", "register", "credit 1", "{\"reference_rows\": 300}"],
                    ["2026-03-10 12:00:01+00", "test", "register", "credit 2", "{\"reference_rows\": 300}"],
                    ["2026-03-10 12:00:02+00", "o'neill", "promote", "credit 2", "{\"stage\": \"champion\"}"],
                    ["2026-03-10 12:00:03+00", "me", "retire", "credit 2", "{\"stage\": \"retired\"}"],
                ])
        }
    }

    @Test("the features are listed in the order in which they are packed")
    func features() async throws {
        try await withBench { bench in
            try await bench.register()
            let features = try await bench.rows("select position, name, kind from evenkeel.feature order by position", columns: 3)
            #expect(features == [["0", "age", "numeric"], ["1", "income", "numeric"], ["2", "city", "categorical"]])
        }
    }
}
