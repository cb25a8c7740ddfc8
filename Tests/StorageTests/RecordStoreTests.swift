import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Predictions are stored once, with nothing lost")
struct RecordStoreTests {
    /// The batch as the table holds it, in the order of the ids' numbers.
    private func stored(_ version: RegisteredVersion, on bench: Bench) async throws -> PredictionBatch {
        try await bench.database.run { connection in
            let levels = try LevelDictionary.load(version.streamID, on: connection)
            let rows = try connection.query(
                """
                select record_id, ts, features, score, prediction, groups, error, variant, latency from evenkeel.prediction
                where stream_id = $1 order by substr(record_id, 2)::int
                """, [.int(version.streamID)])
            var batch = PredictionBatch(schema: version.schema)
            var columns = version.schema.features.map { _ in [Double]() }
            var latency: [Double] = []
            for row in 0..<rows.count {
                batch.ids.append(rows.text(row, 0) ?? "")
                batch.timestamps.append(rows.time(row, 1) ?? Timestamp(seconds: 0))
                let packed = rows.bytes(row, 2) ?? []
                for i in columns.indices {
                    columns[i].append(Double(bitPattern: packed[i * 8..<i * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }))
                }
                batch.scores.append(rows.double(row, 3) ?? .nan)
                batch.predictions.append(rows.double(row, 4) ?? .nan)
                let codes = rows.bytes(row, 5) ?? []
                for i in batch.groups.indices {
                    let code = Int32(bitPattern: codes[i * 4..<i * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) })
                    batch.groups[i].append(levels.byCode[-1 - i]?[code])
                }
                batch.errors.append(rows.text(row, 6))
                batch.variants.append(rows.text(row, 7))
                latency.append(rows.double(row, 8) ?? .nan)
            }
            batch.features = columns.enumerated().map { i, values in
                if version.schema.features[i].kind == .numeric { return .numeric(values) }
                return .categorical(LevelColumn(values.map { $0.isNaN ? nil : levels.byCode[i]?[Int32($0)] }))
            }
            batch.measures = [PredictionBatch.latencyMeasure: latency]
            return batch
        }
    }

    /// Equal bit for bit, NaN included.
    private func bits(_ batch: PredictionBatch) -> [[UInt64]] {
        let numbers = batch.features.compactMap { column -> [Double]? in
            if case .numeric(let values) = column { values } else { nil }
        }
        let all = numbers + [batch.scores, batch.predictions] + batch.measures.sorted { $0.key < $1.key }.map(\.value)
        return all.map { $0.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern } }
    }
    private func texts(_ batch: PredictionBatch) -> [[String?]] {
        let columns = batch.features.compactMap { column -> LevelColumn? in
            if case .categorical(let levels) = column { levels } else { nil }
        }
        let levels = (columns + batch.groups).map { column in (0..<column.count).map { column[$0] } }
        return [Array(batch.ids), batch.errors, batch.variants] + levels
            + (columns + batch.groups).map { column in (0..<column.count).map { column[$0] } }
    }

    @Test("rows come back as they were sent", arguments: Loans.seeds)
    func lossless(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let batch = Loans.batch(400, &random, isWild: true)
            let receipt = try await bench.collector().store(batch, of: version, key: "k")
            #expect(receipt == PredictionReceipt(accepted: 400, duplicates: 0, stored: Array(0..<400)), "seed \(seed)")
            let found = try await stored(version, on: bench)
            #expect(found.timestamps == batch.timestamps && texts(found) == texts(batch) && bits(found) == bits(batch), "seed \(seed)")
        }
    }

    @Test("hard numbers come back bit for bit in every place")
    func hardNumbers() async throws {
        try await withBench { bench in
            var random = Seeded(7)
            let version = try await bench.register()
            let numbers = Loans.hardNumbers
            var batch = Loans.batch(numbers.count, &random)
            batch.features[0] = .numeric(numbers)
            batch.features[1] = .numeric(numbers.reversed())
            batch.scores = numbers
            batch.predictions = numbers.reversed()
            // JSON knows neither NaN, which means none, nor −0.
            batch.measures = [PredictionBatch.latencyMeasure: numbers.map { $0 == 0 ? 0 : $0 }]
            try await bench.collector().store(batch, of: version, key: "k")
            #expect(bits(try await stored(version, on: bench)) == bits(batch))
        }
    }

    @Test("ids and texts may hold quotes, backslashes, line breaks and any script")
    func nastyTexts() async throws {
        try await withBench { bench in
            var random = Seeded(7)
            let version = try await bench.register()
            let nasty = [
                "\"", "\\", "{}", "{\"a\",NULL}", "NULL", "null", "\n\t", "it's", "日本🙂", " ", "\\x41", "a,b",
                String(repeating: "ü", count: 250),
            ]
            var batch = Loans.batch(nasty.count, &random)
            batch.ids = TextColumn(nasty)
            batch.errors = nasty
            batch.variants = nasty
            batch.features[2] = .categorical(LevelColumn(nasty))
            batch.groups = [LevelColumn(nasty), LevelColumn(nasty.reversed())]
            let collector = bench.collector()
            #expect(try await collector.store(batch, of: version, key: nasty.joined()).duplicates == 0)
            #expect(try await collector.store(batch, of: version, key: "again").duplicates == Int64(nasty.count))
            let rows = try await bench.rows("select record_id, error, variant, city, sex, region from evenkeel.\"credit 1\"", columns: 6)
            #expect(Set(rows) == Set(nasty.enumerated().map { [$1, $1, $1, $1, $1, nasty.reversed()[$0]] }))
            let receipt = try await collector.store(Loans.labels(nasty, 1, at: Bench.now), of: version, key: "k")
            #expect(receipt.joined == Int64(nasty.count))
        }
    }

    @Test("a repeated key stores nothing and says what the first one did")
    func repeated() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            var batch = Loans.batch(10, &random)
            batch = batch.rows(at: [0, 1, 2, 2, 3])
            let first = try await bench.collector().store(batch, of: version, key: "k")
            #expect(first == PredictionReceipt(accepted: 5, duplicates: 1, stored: [0, 1, 2, 4]))
            let profile = try await bench.profile(of: version)
            let marks = try await bench.profiles.dirtyWindows(endedBy: Timestamp(seconds: 4_000_000_000), limit: 100)
            let again = try await bench.collector().store(batch, of: version, key: "k")
            #expect(again == PredictionReceipt(accepted: 5, duplicates: 1, stored: []))
            // The key with another request would lose records.
            await #expect(throws: BatchKeyConflict("k")) {
                try await bench.collector().store(Loans.batch(5, &random, prefix: "other"), of: version, key: "k", body: "other")
            }
            expectSame(try await bench.profile(of: version), profile, "the profile is as it was")
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 4)
            #expect(try await bench.int("select count(*) from evenkeel.batch") == 1)
            #expect(try await bench.profiles.dirtyWindows(endedBy: Timestamp(seconds: 4_000_000_000), limit: 100) == marks)
        }
    }

    @Test("records of a request that were refused the first time are taken the second time")
    func takenLater() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(5, &random)
            try await bench.collector().store(batch.rows(at: [0, 1, 3]), of: version, key: "k")
            let again = try await bench.collector().store(batch, of: version, key: "k")
            #expect(again == PredictionReceipt(accepted: 5, duplicates: 3, stored: [2, 4]))
            #expect(try await bench.collector().store(batch, of: version, key: "k").stored.isEmpty)
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "each once")
        }
    }

    @Test("without a key the ids alone tell records apart")
    func keyless() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(5, &random)
            for stored in [[0, 1, 2, 3, 4], []] {
                #expect(try await bench.collector().store(batch, of: version, key: nil).stored == stored)
            }
            #expect(try await bench.int("select count(*) from evenkeel.batch") == 0)
        }
    }

    @Test("a key belongs to its version, and to predictions or labels")
    func keysApart() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let batch = Loans.batch(3, &random)
            let collector = bench.collector()
            for name in ["1", "2"] {
                let version = try await bench.register(ModelVersion(model: "credit", version: name))
                let receipt = try await collector.store(batch, of: version, key: "k")
                #expect(receipt == PredictionReceipt(accepted: 3, duplicates: 0, stored: [0, 1, 2]))
            }
            let labels = try await collector.store(labels: [
                LabelWrite(model: "credit", batch: Loans.labels(batch.ids, 1, at: Bench.now), key: BatchKey("k", fingerprint: ""))
            ])
            #expect(labels[0].accepted == 3 && labels[0].resent == 0)
        }
    }

    @Test("an id that comes again is counted once: within a batch, across batches and across collectors", arguments: Loans.seeds)
    func duplicates(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let all = Loans.batch(300, &random, isWild: true)
            var sent = 0
            var duplicates: Int64 = 0
            for number in 0..<6 {
                let rows = (0..<80).map { _ in Int.random(in: 0..<300, using: &random) }
                sent += rows.count
                duplicates += try await bench.collector().store(all.rows(at: rows), of: version, key: "k\(number)").duplicates
            }
            let distinct = try await bench.int("select count(distinct record_id) from evenkeel.prediction") ?? 0
            #expect(Int64(sent) - duplicates == distinct, "seed \(seed)")
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == distinct, "seed \(seed)")
            let ids = Set(try await bench.column("select record_id from evenkeel.prediction"))
            let once = all.rows(at: all.ids.indices.filter { ids.contains(all.ids[$0]) })
            expectSame(try await bench.profile(of: version), Loans.profile([once]), "seed \(seed)")
        }
    }

    @Test("an id is the same within a week of event time, in both directions, and another one beyond")
    func horizon() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let one = Loans.batch(1, &random)
            var seen: [Int64] = []
            for (number, days) in [0, 6, -6, 14, -14].enumerated() {
                var again = one
                again.timestamps = [one.timestamps[0].adding(seconds: Int64(days) * 86_400)]
                seen.append(try await bench.collector().store(again, of: version, key: "k\(number)").duplicates)
            }
            #expect(seen == [0, 1, 1, 0, 0])
            // Within one batch it is the same, and between the batch's first and last record nothing else is meant.
            var batch = Loans.batch(4, &random, prefix: "b")
            batch.ids = ["b", "b", "b", "c"]
            batch.timestamps = [0, 3, 20, 40].map { one.timestamps[0].adding(seconds: $0 * 86_400) }
            #expect(try await bench.collector().store(batch, of: version, key: "b").stored == [0, 2, 3])
            var middle = Loans.batch(2, &random, prefix: "m")
            middle.ids = ["b", "x"]
            middle.timestamps = [10, 40].map { one.timestamps[0].adding(seconds: $0 * 86_400) }
            #expect(try await bench.collector().store(middle, of: version, key: "m").stored == [0, 1])
        }
    }

    @Test("the sums of any minutes are those of the rows in them, counted at once", arguments: Loans.seeds)
    func sums(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let collector = bench.collector(at: Loans.start)
            var batches: [PredictionBatch] = []
            for number in 0..<5 {
                var batch = Loans.batch(Int.random(in: 1...200, using: &random), &random, prefix: "\(number)-", isWild: number % 2 == 0)
                batch.timestamps[0] = Loans.start.adding(seconds: 3600)  // on the edge of a minute and an hour
                batches.append(batch)
                try await collector.store(batch, of: version, key: "k\(number)")
            }
            expectSame(try await bench.profile(of: version), Loans.profile(batches), "seed \(seed)")
            for _ in 0..<10 {
                let minutes = [0, 180].map { Int64(Int.random(in: 0...$0, using: &random)) }
                let (from, to) = (Loans.start.adding(seconds: minutes.min()! * 60), Loans.start.adding(seconds: minutes.max()! * 60))
                let found = try await bench.profiles.profile(of: version, from: from, to: to)
                expectSame(found, Loans.profile(batches, from: from, to: to), "seed \(seed), \(from) to \(to)")
            }
            let span = try #require(try await bench.profiles.span(of: version))
            let times = batches.flatMap(\.timestamps)
            #expect(span.first == times.min()?.floored(toSeconds: 60) && span.last == times.max()?.floored(toSeconds: 60), "seed \(seed)")
        }
    }

    @Test("an empty batch leaves a receipt and nothing else")
    func empty() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let receipt = try await bench.collector().store(PredictionBatch(schema: Loans.schema), of: version, key: "k")
            #expect(receipt == PredictionReceipt(accepted: 0, duplicates: 0, stored: []))
            #expect(try await bench.int("select count(*) from evenkeel.batch") == 1)
            #expect(try await bench.profile(of: version).isEmpty)
            #expect(try await bench.profiles.span(of: version) == nil)
            #expect(try await bench.collector().store(predictions: []).isEmpty)
        }
    }

    @Test("a record older or newer than every partition gets one, a week wide")
    func partitions() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let times = [
                "1990-01-01T00:00:00Z", "2026-03-04T23:59:59.999999Z", "2026-03-05T00:00:00Z", "2026-03-11T23:59:59Z",
                "2026-03-12T00:00:00Z", "2099-12-31T12:00:00Z",
            ]
            var batch = Loans.batch(times.count, &random)
            batch.timestamps = times.compactMap(Timestamp.init(rfc3339:))
            let collector = bench.collector()
            // The same collector meets the edges one after the other, another one all of them at once.
            for i in times.indices { try await collector.store(batch.rows(at: [i]), of: version, key: "\(i)") }
            #expect(try await bench.collector().store(batch, of: version, key: "all").duplicates == Int64(times.count))
            let partitions = try await bench.column(
                "select relname from evenkeel.prediction p join pg_class c on c.oid = p.tableoid order by ts")
            let days = ["19891228", "20260226", "20260305", "20260305", "20260312", "20991231"]
            #expect(partitions == days.map { "prediction_" + $0 })
        }
    }

    @Test("receipts stand in the order of the request, whatever the order of the streams")
    func receiptOrder() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            var writes: [PredictionWrite] = []
            for name in ["1", "2", "3"] {
                let version = try await bench.register(ModelVersion(model: "credit", version: name))
                writes.append(
                    PredictionWrite(version: version, batch: Loans.batch(Int(name)!, &random), key: BatchKey("k", fingerprint: "")))
            }
            let receipts = try await bench.collector().store(predictions: [writes[2], writes[0], writes[1]])
            #expect(receipts.map(\.accepted) == [3, 1, 2])
        }
    }

    @Test("two writes of one request may share a stream, new levels and ids")
    func sharedStream() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(50, &random, isWild: true)
            let receipts = try await bench.collector().store(predictions: [
                PredictionWrite(version: version, batch: batch.rows(at: Array(0..<30)), key: BatchKey("a", fingerprint: "")),
                PredictionWrite(version: version, batch: batch.rows(at: Array(20..<50)), key: BatchKey("b", fingerprint: "")),
            ])
            #expect(receipts.map(\.duplicates) == [0, 10])
            #expect(receipts.map(\.stored) == [Array(0..<30), Array(10..<30)])
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "both writes")
        }
    }
}
