import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Labels find their predictions, whenever they come")
struct LabelStoreTests {
    private let later = Bench.now
    /// Four predictions whose rows are r0 … r3.
    private func four() -> PredictionBatch {
        var random = Seeded(4)
        return Loans.batch(4, &random)
    }
    private func expected(_ batch: PredictionBatch, _ labels: [Int: Double]) -> Profile {
        Loans.profile([batch], labels: labels.map { Loans.labelled(batch, $0.key, $0.value) })
    }

    @Test("a label that comes after its prediction is joined to it")
    func joined() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            try await bench.collector().store(batch, of: version, key: "p")
            let receipt = try await bench.collector().store(Loans.labels(["r1", "r3"], 1, at: later), of: version, key: "l")
            #expect(receipt == LabelReceipt(accepted: 2, joined: 2, corrected: 0, resent: 0, waiting: 0))
            expectSame(try await bench.profile(of: version), expected(batch, [1: 1, 3: 1]), "two labels")
            let rows = try await bench.rows(
                "select record_id, label, ts, received_at from evenkeel.label where prediction_ts is not null order by record_id",
                columns: 3)
            #expect(rows == [["r1", "1", "2026-03-10 12:00:00+00"], ["r3", "1", "2026-03-10 12:00:00+00"]])
        }
    }

    @Test("ids are the same if their bytes are, whatever Unicode says", arguments: [true, false])
    func bytes(isEarly: Bool) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var batch = four()
            batch.ids = ["caf\u{e9}", "cafe\u{301}", "x", "y"]
            let collector = bench.collector()
            if !isEarly { try await collector.store(batch, of: version, key: "p") }
            var labels = Loans.labels(["caf\u{e9}", "cafe\u{301}"], 1, at: later)
            labels.labels[1] = 0
            let receipt = try await collector.store(labels, of: version, key: "l")
            #expect(receipt.accepted == 2 && receipt.joined == (isEarly ? 0 : 2) && receipt.corrected == 0)
            if isEarly { try await collector.store(batch, of: version, key: "p") }
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1, 1: 0]), "one each")
            #expect(try await bench.int("select count(*) from evenkeel.label_waiting") == 0)
        }
    }

    @Test("a waiting label goes to the last record with its id, also within one batch")
    func usedAgain() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var batch = four()
            batch.ids = ["again", "x", "again", "y"]
            batch.timestamps[2] = batch.timestamps[0].adding(seconds: 20 * 86_400)
            let collector = bench.collector()
            _ = try await collector.store(Loans.labels(["again"], 1, at: later), of: version, key: "l")
            try await collector.store(batch, of: version, key: "p")
            expectSame(try await bench.profile(of: version), expected(batch, [2: 1]), "the later one")
        }
    }

    @Test("a label counts in the minute of its prediction, not in its own")
    func minute() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "p")
            try await bench.profiles.clear(bench.profiles.dirtyWindows(endedBy: later, limit: 100))
            try await bench.collector(at: Loans.start).store(Loans.labels(["r2"], 1, at: later), of: version, key: "l")
            let minute = batch.timestamps[2].floored(toSeconds: 60)
            let profile = try await bench.profiles.profile(of: version, from: minute, to: minute.adding(seconds: 60))
            #expect(profile.labelled == 1)
            let dirty = try await bench.profiles.dirtyWindows(endedBy: later, limit: 100)
            #expect(Set(dirty.map(\.window)) == Set(WindowKind.scheduled.compactMap { Window(kind: $0, holding: minute) }))
        }
    }

    @Test("a label that comes before its prediction waits, and is joined when it arrives")
    func early() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            let receipt = try await collector.store(Loans.labels(["r1", "unheard of"], 1, at: later), of: version, key: "l")
            #expect(receipt == LabelReceipt(accepted: 2, joined: 0, corrected: 0, resent: 0, waiting: 2))
            #expect(try await bench.profile(of: version).isEmpty)
            try await collector.store(batch, of: version, key: "p")
            expectSame(try await bench.profile(of: version), expected(batch, [1: 1]), "joined on arrival")
            #expect(try await bench.column("select record_id from evenkeel.label_waiting") == ["unheard of"])
        }
    }

    @Test("of several labels that wait for a prediction the last one counts")
    func earlyCorrection() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            for (number, (label, seconds)) in [(0.0, Int64(5)), (1.0, 9), (0.0, 7)].enumerated() {
                let labels = Loans.labels(["r0"], label, at: later.adding(seconds: seconds))
                try await collector.store(labels, of: version, key: "l\(number)")
            }
            try await collector.store(batch, of: version, key: "p")
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1]), "the one of second 9")
            #expect(try await bench.int("select count(*) from evenkeel.label_waiting") == 0)
            #expect(try await bench.int("select count(*) from evenkeel.label") == 3, "every event is kept")
        }
    }

    @Test("a corrected label takes back what the first one added")
    func corrected() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "p")
            try await collector.store(Loans.labels(["r0", "r1"], 0, at: later), of: version, key: "l1")
            let receipt = try await collector.store(Loans.labels(["r1"], 1, at: later.adding(seconds: 1)), of: version, key: "l2")
            #expect(receipt == LabelReceipt(accepted: 1, joined: 0, corrected: 1, resent: 0, waiting: 0))
            expectSame(try await bench.profile(of: version), expected(batch, [0: 0, 1: 1]), "r1 corrected")
        }
    }

    @Test("of two labels of the same time the one that came last counts")
    func sameTime() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "p")
            var labels = Loans.labels(["r0", "r0"], 0, at: later)
            labels.labels[1] = 1
            let receipt = try await collector.store(labels, of: version, key: "l")
            #expect(receipt == LabelReceipt(accepted: 2, joined: 1, corrected: 1, resent: 0, waiting: 0))
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1]), "the second")
        }
    }

    @Test("a label that is sent again changes nothing")
    func resent() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "p")
            let labels = Loans.labels(["r0", "r1"], 1, at: later)
            try await collector.store(labels, of: version, key: "l1")
            let again = try await collector.store(labels, of: version, key: "l2")
            #expect(again == LabelReceipt(accepted: 2, joined: 0, corrected: 0, resent: 2, waiting: 0))
            let newer = try await collector.store(Loans.labels(["r0"], 1, at: later.adding(seconds: 9)), of: version, key: "l3")
            #expect(newer.resent == 1 && newer.corrected == 0)
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1, 1: 1]), "still one each")
        }
    }

    @Test("the same request of labels is answered from its receipt")
    func repeated() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "p")
            try await collector.store(Loans.labels(["r0"], 1, at: later), of: version, key: "l")
            let again = try await collector.store(Loans.labels(["r0"], 1, at: later), of: version, key: "l")
            #expect(again == LabelReceipt(accepted: 1, joined: 0, corrected: 0, resent: 1, waiting: 0))
            await #expect(throws: BatchKeyConflict("l")) {
                try await collector.store(Loans.labels(["r0", "r1"], 0, at: later), of: version, key: "l", body: "other")
            }
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1]), "the first request alone")
        }
    }

    @Test("an older event that comes after a newer one has no effect")
    func older() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let batch = four()
            let collector = bench.collector()
            try await collector.store(batch, of: version, key: "p")
            try await collector.store(Loans.labels(["r0"], 1, at: later), of: version, key: "l1")
            let receipt = try await collector.store(Loans.labels(["r0"], 0, at: later.adding(seconds: -60)), of: version, key: "l2")
            #expect(receipt == LabelReceipt(accepted: 1, joined: 0, corrected: 0, resent: 1, waiting: 0))
            expectSame(try await bench.profile(of: version), expected(batch, [0: 1]), "the newer event")
        }
    }

    @Test("the label of a failed prediction is kept and not counted")
    func failed() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var batch = four()
            batch.errors[2] = "timed out"
            let collector = bench.collector()
            try await collector.store(Loans.labels(["r2"], 0, at: later), of: version, key: "l1")
            try await collector.store(batch, of: version, key: "p")
            try await collector.store(Loans.labels(["r2"], 1, at: later.adding(seconds: 1)), of: version, key: "l2")
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "no label")
            #expect(try await bench.int("select count(*) from evenkeel.label") == 2)
        }
    }

    @Test(
        "a label reaches every version that predicted its record, before it or after it",
        arguments: [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0]])
    func versions(order: [Int]) async throws {
        try await withBench { bench in
            let champion = try await bench.register()
            let candidate = try await bench.register(ModelVersion(model: "credit", version: "2"))
            let batch = four()
            for step in order {
                switch step {
                case 0: try await bench.collector().store(Loans.labels(["r1"], 1, at: later), of: champion, key: "l")
                case 1: try await bench.collector().store(batch, of: champion, key: "p")
                default: try await bench.collector().store(batch, of: candidate, key: "p")
                }
            }
            for version in [champion, candidate] {
                expectSame(try await bench.profile(of: version), expected(batch, [1: 1]), "\(version.key) after \(order)")
            }
            #expect(try await bench.int("select count(*) from evenkeel.label_waiting") == 0)
        }
    }

    @Test("a third version gets the labels that two others have, corrections of one time and all")
    func thirdVersion() async throws {
        try await withBench { bench in
            var versions: [RegisteredVersion] = []
            for name in ["1", "2", "3"] { versions.append(try await bench.register(ModelVersion(model: "credit", version: name))) }
            let batch = four()
            for version in versions.prefix(2) { try await bench.collector().store(batch, of: version, key: "p") }
            for (number, (label, seconds)) in [(0.0, Int64(0)), (1.0, 0), (0.0, 5), (1.0, 5), (0.0, 3)].enumerated() {
                let labels = Loans.labels(["r0"], label, at: later.adding(seconds: seconds))
                try await bench.collector().store(labels, of: versions[0], key: "l\(number)")
            }
            try await bench.collector().store(batch, of: versions[2], key: "p")
            for version in versions { expectSame(try await bench.profile(of: version), expected(batch, [0: 1]), "\(version.key)") }
            try await bench.collector().store(Loans.labels(["r0"], 0, at: later.adding(seconds: 9)), of: versions[0], key: "last")
            for version in versions {
                expectSame(try await bench.profile(of: version), expected(batch, [0: 0]), "\(version.key), corrected")
            }
        }
    }

    @Test("an id that a candidate uses again does not get the label that a champion's old record has, nor the other way round")
    func reusedIDAcrossVersions() async throws {
        try await withBench { bench in
            let champion = try await bench.register()
            let candidate = try await bench.register(ModelVersion(model: "credit", version: "2"))
            let first = four()
            var second = four()
            second.timestamps = second.timestamps.map { $0.adding(seconds: 30 * 86_400) }
            try await bench.collector().store(first, of: champion, key: "p1")
            try await bench.collector().store(Loans.labels(["r0"], 0, at: Loans.start.adding(seconds: 86_400)), of: champion, key: "l1")
            try await bench.collector().store(second, of: candidate, key: "p2")
            expectSame(try await bench.profile(of: candidate), Loans.profile([second]), "the label is of the old record")
            try await bench.collector().store(
                Loans.labels(["r0"], 1, at: second.timestamps[0].adding(seconds: 60)), of: champion, key: "l2")
            expectSame(try await bench.profile(of: candidate), expected(second, [0: 1]), "the label is of the new record")
            expectSame(try await bench.profile(of: champion), expected(first, [0: 0]), "the old record keeps its own")
            // The champion comes to the new record late.
            try await bench.collector().store(second, of: champion, key: "p3")
            let labels = [Loans.labelled(first, 0, 0), Loans.labelled(second, 0, 1)]
            expectSame(try await bench.profile(of: champion), Loans.profile([first, second], labels: labels), "both records, both labels")
        }
    }

    @Test("an id that is used again after the duplicate horizon is another record with a label of its own")
    func reusedID() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            let first = four()
            var second = four().rows(at: [3, 2, 1, 0])
            second.ids = first.ids
            second.timestamps = second.timestamps.map { $0.adding(seconds: 30 * 86_400) }
            try await collector.store(first, of: version, key: "p1")
            try await collector.store(
                Loans.labels(["r0", "r1"], 0, at: first.timestamps[0].adding(seconds: 86_400)), of: version, key: "l1")
            #expect(try await collector.store(second, of: version, key: "p2").duplicates == 0)
            var labels = Loans.labels(["r0", "r1"], 0, at: second.timestamps[0].adding(seconds: 86_400))
            labels.labels[1] = 1
            try await collector.store(labels, of: version, key: "l2")
            let middle = Loans.start.adding(seconds: 15 * 86_400)
            let before = try await bench.profiles.profile(of: version, from: Loans.start, to: middle)
            expectSame(before, expected(first, [0: 0, 1: 0]), "the first records")
            let after = try await bench.profiles.profile(of: version, from: middle, to: middle.adding(seconds: 86_400 * 30))
            expectSame(after, expected(second, [0: 0, 1: 1]), "the second records")
        }
    }

    @Test("labels of a model that is not registered are refused")
    func unregistered() async throws {
        try await withBench { bench in
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await bench.collector().store(labels: [
                        LabelWrite(model: "credit", batch: Loans.labels(["a"], 1, at: later), key: BatchKey("k", fingerprint: ""))
                    ])
                })
            #expect(error.code == .failed && error.description.contains("not registered"))
        }
    }

    @Test("a regression's labels are counted and kept as they are")
    func regression() async throws {
        try await withBench { bench in
            let schema = FeatureSchema(features: [], task: .regression)
            var batch = PredictionBatch(schema: schema)
            batch.ids = TextColumn(Loans.hardNumbers.indices.map { "r\($0)" })
            batch.timestamps = batch.ids.map { _ in Loans.start }
            batch.scores = batch.ids.map { _ in .nan }
            batch.predictions = batch.ids.map { _ in 1 }
            batch.errors = batch.ids.map { _ in nil }
            batch.variants = batch.errors
            let version = try await bench.registry.register(
                Loans.key, schema: schema, reference: Loans.reference(of: batch, schema: schema), rows: 1, actor: "test", at: later)
            try await bench.collector().store(batch, of: version, key: "p")
            for (number, step) in [-1.0, 0].enumerated() {  // the second is a correction
                var labels = Loans.labels(batch.ids, 0, at: later.adding(seconds: Int64(number)))
                labels.labels = Loans.hardNumbers.map { $0.isNaN ? 7 : step < 0 ? -$0 : $0 }
                try await bench.collector().store(labels, of: version, key: "l\(number)")
            }
            #expect(try await bench.profile(of: version).labelled == Int64(batch.count))
            let kept = try await bench.column(
                "select label from evenkeel.label where ts > $1 order by substr(record_id, 2)::int", [.time(later)])
            #expect(kept.map { Double($0)?.bitPattern } == Loans.hardNumbers.map { ($0.isNaN ? 7 : $0).bitPattern })
        }
    }

    @Test("whatever comes in whatever order, the sums are those of the final labels", arguments: 1...8 as ClosedRange<UInt64>)
    func anyOrder(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let batch = Loans.batch(120, &random, seconds: 7200, isWild: true)
            // What each record's label is in the end: the last event by (time, arrival).
            var final: [Int: (time: Timestamp, label: Double)] = [:]
            var sent: [[Int]: [Double]] = [:]
            var unsent = Array(0..<120)
            unsent.shuffle(using: &random)
            for request in 0..<24 {
                let collector = bench.collector()
                if request % 4 == 0, !unsent.isEmpty {
                    let rows = Array(unsent.prefix(20))
                    unsent.removeFirst(rows.count)
                    try await collector.store(batch.rows(at: rows), of: version, key: "p\(request)")
                    continue
                }
                var labels = LabelBatch()
                for _ in 0..<20 {
                    let row = Int.random(in: 0..<100, using: &random)  // the others never get one
                    let time = later.adding(seconds: Int64.random(in: 0..<6, using: &random))
                    // No event is sent again after another one of its time: whether it is then the same event or a newer one is not asked here.
                    let event = [row, Int(time.seconds(since: later))]
                    var label = Double(Int.random(in: 0...1, using: &random))
                    if sent[event]?.contains(label) == true { label = sent[event]?.last ?? label }
                    sent[event, default: []].append(label)
                    labels.ids.append(batch.ids[row])
                    labels.labels.append(label)
                    labels.timestamps.append(time)
                }
                // In a batch, too, the place decides between events of one time.
                for i in labels.ids.indices {
                    guard let row = batch.ids.firstIndex(of: labels.ids[i]) else { continue }
                    if final[row].map({ labels.timestamps[i] >= $0.time }) ?? true { final[row] = (labels.timestamps[i], labels.labels[i]) }
                }
                try await collector.store(labels, of: version, key: "l\(request)")
            }
            #expect(unsent.isEmpty)
            let counted = final.filter { batch.errors[$0.key] == nil }
            let expected = Loans.profile([batch], labels: counted.map { Loans.labelled(batch, $0.key, $0.value.label) })
            expectSame(try await bench.profile(of: version), expected, "seed \(seed)")
            #expect(try await bench.int("select count(*) from evenkeel.label_waiting") == 0, "seed \(seed)")
        }
    }
}
