import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Segments have sums of their own, and no row is missed or counted twice") struct SegmentSumsTests {
    private static func numbers(from lower: Double, below upper: Double) -> Segment.Test {
        var bounds = Segment.Bounds()
        (bounds.lower, bounds.upper, bounds.isUpperOpen) = (lower, upper, true)
        return .numbers(bounds)
    }
    private static let segments = [
        Segment(name: "of working age", conditions: [.init(column: "age", test: numbers(from: 25, below: 60))]),
        Segment(
            name: "women of Oslo",
            conditions: [.init(column: "sex", test: .levels(["f"])), .init(column: "city", test: .levels(["Oslo", nil]))]),
    ]
    private static var schema: FeatureSchema {
        var schema = Loans.schema
        schema.segments = segments
        return schema
    }
    private static let reference: ReferenceProfile = {
        var random = Seeded(7)
        let batch = Loans.batch(400, &random)
        let whole = Loans.reference(of: batch, schema: schema)
        let parts = segments.indices.map { place in
            var profile = Profile(grid: whole.grid)
            profile.fold(batch, grid: whole.grid, rows: rows(place, of: batch))
            return SegmentReference(segment: segments[place], profile: profile, variations: [:])
        }
        return ReferenceProfile(grid: whole.grid, profile: whole.profile, segments: parts)
    }()
    private static func rows(_ place: Int, of batch: PredictionBatch) -> [Int] {
        batch.ids.indices.filter { i in
            guard case .numeric(let ages) = batch.features[0], case .categorical(let cities) = batch.features[2] else { return false }
            return place == 0 ? ages[i] >= 25 && ages[i] < 60 : batch.groups[0][i] == "f" && (cities[i] ?? "Oslo") == "Oslo"
        }
    }

    private func register(_ bench: Bench, raw: RawRows = .all) async throws -> RegisteredVersion {
        var schema = Self.schema
        schema.raw = raw
        let made = try await bench.registry.register(
            Loans.key, schema: schema, reference: Self.reference, rows: 400, actor: "test", at: Bench.now)
        let read = try #require(try await bench.registry.version(Loans.key))
        #expect(read == made && read.parts.map(\.segment?.name) == Self.segments.map(\.name))
        return read
    }

    @Test("the sums are those of the rows that belong to it, with the labels before, after and corrected", arguments: [UInt64(1), 2])
    func sums(seed: UInt64) async throws {
        try await withBench { bench in
            let version = try await register(bench)
            let store = bench.collector()
            var random = Seeded(seed)
            let batch = Loans.batch(2000, &random, isWild: true)
            try await store.store(Loans.labels(["r5", "r6", "r7", "r8"], 1, at: Bench.now), of: version, key: nil)
            try await store.store(batch, of: version, key: nil)
            // Another process, which learned of the version from elsewhere: what it writes does not depend on what it was told.
            var told = version
            told.segmentStreams = []
            let more = Loans.batch(500, &random, prefix: "s")
            try await bench.collector().store(more, of: told, key: nil)
            try await store.store(Loans.labels(batch.ids.prefix(900), 1, at: Bench.now), of: version, key: nil)
            try await store.store(Loans.labels(batch.ids.prefix(40), 0, at: Bench.now.adding(seconds: 60)), of: version, key: nil)
            var all = batch
            all.append(more)
            for (place, part) in version.parts.enumerated() {
                let rows = Self.rows(place, of: all)
                var expected = Profile(grid: Self.reference.grid)
                expected.fold(all, grid: Self.reference.grid, rows: rows)
                let labels = rows.map { $0 < 40 ? 0.0 : $0 < 900 ? 1 : .nan }
                expected.foldLabels(labels, of: all.rows(at: rows), grid: Self.reference.grid)
                #expect(expected.rows > 100 && expected.labelled > 30)
                expectSame(try await bench.profile(of: part), expected, "\(part.segment?.name ?? "")")
                expectSame(
                    try await bench.profiles.reference(of: part).profile, Self.reference.segments[place].profile, "the reference")
            }
            guard case .equal(rows: 2500, _) = try await bench.profiles.check(version) else {
                Issue.record("\(try await bench.profiles.check(version))"); return
            }
            for part in version.all {
                while try await bench.profiles.compact(part, before: Bench.now) == 100 {}
                _ = try await bench.profiles.compactHours(part, before: Bench.now, storedBefore: Timestamp(seconds: 4_000_000_000))
            }
            guard case .equal = try await bench.profiles.check(version) else {
                Issue.record("\(try await bench.profiles.check(version))"); return
            }
        }
    }

    @Test("labels find the segments of a record of which no features are kept") func withoutRows() async throws {
        try await withBench { bench in
            let version = try await register(bench, raw: .none)
            let store = bench.collector()
            var random = Seeded(11)
            let batch = Loans.batch(300, &random)
            try await store.store(batch, of: version, key: nil)
            try await store.store(Loans.labels(batch.ids.indices.map { "r\($0)" }, 1, at: Bench.now), of: version, key: nil)
            for (place, part) in version.parts.enumerated() {
                #expect(try await bench.profile(of: part).labelled == Int64(Self.rows(place, of: batch).count))
            }
        }
    }

    @Test("a row that is counted in the wrong segment is found by the check, and sums that are not its rows'") func check() async throws {
        try await withBench { bench in
            let version = try await register(bench)
            var random = Seeded(3)
            try await bench.collector().store(Loans.batch(100, &random), of: version, key: nil)
            try await bench.run("delete from evenkeel.profile where stream_id = \(version.parts[1].streamID)")
            guard case .different(let lines) = try await bench.profiles.check(version) else {
                Issue.record("expected a difference"); return
            }
            #expect(lines.first?.hasPrefix("segment women of Oslo: rows: 0, expected ") == true, "\(lines)")
            try await bench.run("update evenkeel.prediction set segments = segments # 1 where record_id = 'r3'")
            #expect(
                try await bench.profiles.check(version)
                    == .different(["segments: rows that do not belong where they are counted"]))
        }
    }

    @Test("retention deletes old sums of segments too, and windows before are refused") func retention() async throws {
        try await withBench { bench in
            let version = try await register(bench)
            var random = Seeded(4)
            let store = bench.collector()
            try await store.store(Loans.batch(200, &random), of: version, key: nil)
            var settings = RetentionSettings()
            settings.profileDays = 1
            try await bench.run("update evenkeel.profile set stored_at = '2026-03-02'")
            _ = try await store.keep(settings, versions: [version], at: Bench.now)
            for part in version.all {
                #expect(try await bench.int("select count(*) from evenkeel.profile where stream_id = $1", [.int(part.streamID)]) == 0)
                await #expect(throws: StoreError.self) {
                    try await bench.profiles.profile(of: part, from: Loans.start, to: Loans.start.adding(seconds: 3600))
                }
            }
        }
    }
}
