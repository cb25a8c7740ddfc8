import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Levels have codes, and beyond the limit they stay text")
struct LevelDictionaryTests {
    /// Fills an attribute's dictionary up to `room` free codes.
    private func fill(_ attribute: Int, _ version: RegisteredVersion, leaving room: Int, on bench: Bench) async throws {
        try await bench.run(
            """
            insert into evenkeel.level (stream_id, attribute, code, value)
            select \(version.streamID), \(attribute), n, 'level ' || n from generate_series(0, \(LevelDictionary.levelsMax - room - 1)) n
            """)
    }

    private func rows(city: [String?], sex: [String?]) -> PredictionBatch {
        var random = Seeded(1)
        var batch = Loans.batch(city.count, &random)
        batch.features[2] = .categorical(LevelColumn(city))
        batch.groups[0] = LevelColumn(sex)
        return batch
    }

    @Test("a level keeps its code, and every stream and attribute counts from 0")
    func codes() async throws {
        try await withBench { bench in
            let streams = [try await bench.register(), try await bench.register(ModelVersion(model: "credit", version: "2"))]
            for (number, cities) in [["b", "a", "b"], ["c", "a"], ["a", nil]].enumerated() {
                for version in streams {
                    var batch = rows(city: cities, sex: cities)
                    batch.ids = TextColumn(batch.ids.map { "\(number) \($0)" })
                    try await bench.collector().store(batch, of: version, key: "\(number)")
                }
            }
            for version in streams {
                for attribute in [2, -1] {
                    let levels = try await bench.column(
                        "select value from evenkeel.level where stream_id = $1 and attribute = $2 order by code",
                        [.int(version.streamID), .int(Int64(attribute))])
                    #expect(levels == ["b", "a", "c"])
                }
            }
        }
    }

    @Test("two spellings of one text by Unicode are one level")
    func canonical() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            for (number, city) in ["Ko\u{308}ln", "K\u{f6}ln"].enumerated() {
                var batch = rows(city: [city], sex: [nil])
                batch.ids = ["\(number)"]
                try await collector.store(batch, of: version, key: "\(number)")
            }
            #expect(try await bench.column("select value from evenkeel.level where attribute = 2") == ["K\u{f6}ln"])
        }
    }

    @Test("values beyond the dictionary's limit are kept as text with their rows, and counted")
    func beyond() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await fill(2, version, leaving: 1, on: bench)
            let batch = rows(city: ["level 3", "last", "beyond", "further", nil, "beyond"], sex: ["f", "m", "f", "m", nil, "f"])
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "k")
            let cities = try await bench.rows("select city from evenkeel.\"credit 1\" order by record_id")
            #expect(cities == [["level 3"], ["last"], ["beyond"], ["further"], [nil], ["beyond"]])
            #expect(try await bench.int("select count(*) from evenkeel.level where attribute = 2") == Int64(LevelDictionary.levelsMax))
            let texts = try await bench.rows(
                "select record_id, extra ->> 'levels' from evenkeel.prediction where extra is not null order by 1", columns: 2)
            #expect(texts == [["r2", "{\"2\": \"beyond\"}"], ["r3", "{\"2\": \"further\"}"], ["r5", "{\"2\": \"beyond\"}"]])
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "the sums know every level")
        }
    }

    @Test("a label of a group beyond the limit counts in that group", arguments: [false, true])
    func groupBeyond(isLabelFirst: Bool) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await fill(-1, version, leaving: 0, on: bench)
            let batch = rows(city: ["Oslo", "Oslo"], sex: ["new", "newer"])
            let labels = Loans.labels(batch.ids, 1, at: Bench.now)
            let collector = bench.collector()
            if isLabelFirst { try await collector.store(labels, of: version, key: "l") }
            try await collector.store(batch, of: version, key: "p")
            if !isLabelFirst { try await collector.store(labels, of: version, key: "l") }
            #expect(try await bench.column("select sex from evenkeel.\"credit 1\" order by record_id") == ["new", "newer"])
            let expected = Loans.profile([batch], labels: batch.ids.indices.map { Loans.labelled(batch, $0, 1) })
            expectSame(try await bench.profile(of: version), expected, "labels in their groups")
        }
    }
}
