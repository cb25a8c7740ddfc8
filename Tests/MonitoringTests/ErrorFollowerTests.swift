import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Monitoring

@Suite("Errors of labelled predictions, followed by detectors")
struct ErrorFollowerTests {
    private static let binary = FeatureSchema(features: [], threshold: 0.4)
    private static let start = Timestamp(rfc3339: "2026-03-02T06:00:00Z")!
    private static let now = Timestamp(rfc3339: "2026-03-05T06:00:00Z")!

    /// A record a second that is wrong with a chance of `rates(place)`; every fiftieth label has lost its prediction.
    private static func rows(_ count: Int, seed: UInt64, rates: (Int) -> Double) -> [LabelledRow?] {
        var random = Seeded(seed)
        return (0..<count).map { place in
            let label = random.uniform() < 0.3 ? 1.0 : 0
            let isWrong = random.uniform() < rates(place)
            if place % 50 == 49 { return nil }
            return LabelledRow(
                time: start.adding(seconds: Int64(place)), score: isWrong == (label == 1) ? 0.1 : 0.7, prediction: .nan, label: label)
        }
    }

    private static func changes(_ rows: [LabelledRow?], _ settings: [DetectorSetting]) -> [ErrorChange] {
        var follower = ErrorFollower(settings, schema: binary)
        return rows.flatMap { follower.follow($0, at: now) }
    }

    private static let every = [
        DetectorSetting(.adwin), DetectorSetting(.ddm, ["warm_start": "100"]), DetectorSetting(.eddm), DetectorSetting(.hddmA),
        DetectorSetting(.hddmW), DetectorSetting(.pageHinkley, ["threshold": "20"]), DetectorSetting(.kswin, ["alpha": "0.0001"]),
        DetectorSetting(.cusum, ["threshold": "15"]),
    ]

    @Test("a jump of the error rate is told with its place, its likeliest beginning, and the means on both sides of that")
    func jump() throws {
        let changes = Self.changes(Self.rows(6000, seed: 1) { $0 < 4000 ? 0.1 : 0.4 }, [DetectorSetting(.adwin)])
        let change = try #require(changes.first)
        #expect(changes.count == 1)
        // Of the labels before the 4000th every fiftieth was not followed.
        #expect((3920..<4200).contains(Int(change.followed)))
        #expect(change.time >= Self.start.adding(seconds: 4000) && change.time < Self.start.adding(seconds: 4300))
        // Blocks of 64 to 128 labels, and the search for the best place, are what it may be off by.
        let began = try #require(change.beganAt).seconds(since: Self.start)
        #expect(abs(began - 4000) < 200, "\(began)")
        let (before, after) = (try #require(change.before), try #require(change.after))
        #expect(isNear(before, 0.1, absolute: 0.03) && isNear(after, 0.4, absolute: 0.15), "\(before), \(after)")
        #expect(change.beforeCount + change.afterCount == change.followed)
        #expect(change.detectedAt == Self.now && change.detector == "adwin")
    }

    /// Goal: neither the portions nor a restart between any two labels change what is seen. Method: random portions, each by a follower made
    /// from the bytes that the one before left.
    @Test("the same rows give the same changes in whatever portions, each with a restart before it", arguments: [1, 2, 3, 4] as [UInt64])
    func portions(seed: UInt64) throws {
        let rows = Self.rows(5000, seed: seed) { [0.05, 0.3, 0.1, 0.6, 0.02][$0 / 1000] }
        let expected = Self.changes(rows, Self.every)
        #expect(Set(expected.map(\.detector)).count >= 6, "seed \(seed): \(Set(expected.map(\.detector)))")
        var random = Seeded(seed + 100)
        var run = ErrorRun()
        var seen: [ErrorChange] = []
        var place = 0
        while place < rows.count {
            let end = min(rows.count, place + Int.random(in: 1...400, using: &random))
            var follower = ErrorFollower(Self.every, schema: Self.binary, run: run)
            for row in rows[place..<end] { seen += follower.follow(row, at: Self.now) }
            run = follower.run
            place = end
        }
        #expect(seen == expected, "seed \(seed)")
        #expect(run.followed == 4900 && run.skipped == 100)
    }

    @Test("a detector that is new or has other parameters begins anew; the others go on")
    func settings() {
        let rows = Self.rows(6000, seed: 5) { $0 < 3000 ? 0.1 : 0.5 }
        let whole = Self.changes(rows, [DetectorSetting(.adwin)])
        var first = ErrorFollower([DetectorSetting(.adwin), DetectorSetting(.hddmA)], schema: Self.binary)
        for row in rows[..<3000] { _ = first.follow(row, at: Self.now) }
        var second = ErrorFollower(
            [
                DetectorSetting(.hddmA, ["drift_confidence": "1e-7"]),
                DetectorSetting(.ddm, ["warm_start": "100", "drift_threshold": "7"]), DetectorSetting(.adwin),
            ],
            schema: Self.binary, run: first.run)
        let seen = rows[3000...].flatMap { second.follow($0, at: Self.now) }
        #expect(seen.filter { $0.detector == "adwin" } == whole && !whole.isEmpty)
        // They saw only the worse part, in which nothing changed.
        #expect(seen.allSatisfy { $0.detector == "adwin" })
    }

    @Test("a state that cannot be read begins anew and says so; what was counted stays")
    func damaged() {
        var follower = ErrorFollower([DetectorSetting(.adwin)], schema: Self.binary)
        for row in Self.rows(500, seed: 6, rates: { _ in 0.2 }) { _ = follower.follow(row, at: Self.now) }
        var run = follower.run
        #expect(run.state.map(ErrorFollower.canRead) == true)
        for i in 0..<(run.state?.count ?? 0) {
            var bad = run.state ?? []
            bad[i] ^= 0x10
            #expect(!ErrorFollower.canRead(bad), "byte \(i)")
        }
        run.state = Array("EKERR something else".utf8)
        #expect(!ErrorFollower.canRead(run.state ?? []))
        var anew = ErrorFollower([DetectorSetting(.adwin)], schema: Self.binary, run: run)
        _ = anew.follow(LabelledRow(time: Self.start, score: 0.5, prediction: .nan, label: 1), at: Self.now)
        #expect(anew.run.followed == run.followed + 1 && anew.run.skipped == run.skipped)
    }

    @Test("the state of all detectors with the largest memories that are allowed stays below 400 kB")
    func bounded() throws {
        let largest = [
            DetectorSetting(.adwin, ["max_buckets": "100", "delta": "1e-9"]),
            DetectorSetting(.kswin, ["window_size": "5000", "stat_size": "30"]),
        ]
        var follower = ErrorFollower(Self.every.filter { !["adwin", "kswin"].contains($0.name) } + largest, schema: Self.binary)
        for row in Self.rows(100_000, seed: 7, rates: { _ in 0.1 }) { _ = follower.follow(row, at: Self.now) }
        let bytes = try #require(follower.run.state?.count)
        #expect(bytes < 400_000, "\(bytes)")
        #expect(throws: (any Error).self) { try DetectorSetting(.kswin, ["window_size": "5001"]).detector() }
        #expect(throws: (any Error).self) { try DetectorSetting(.adwin, ["max_buckets": "101"]).detector() }
    }

    private static func row(score: Double = .nan, prediction: Double = .nan, label: Double) -> LabelledRow {
        LabelledRow(time: start, score: score, prediction: prediction, label: label)
    }

    @Test("the error is that of the decision, of the class, or of the value")
    func errors() {
        let binary = Self.binary
        #expect(ErrorFollower.error(of: Self.row(score: 0.4, label: 1), binary) == 0)
        #expect(ErrorFollower.error(of: Self.row(score: 0.39, label: 1), binary) == 1)
        #expect(ErrorFollower.error(of: Self.row(score: 0.39, label: 0), binary) == 0)
        #expect(ErrorFollower.error(of: Self.row(score: 0.39, prediction: 1, label: 1), binary) == 0, "the record's own decision")
        #expect(ErrorFollower.error(of: Self.row(label: 1), binary) == nil)
        var animals = FeatureSchema(features: [], task: .multiclass)
        animals.classes = ["cat", "dog"]
        #expect(ErrorFollower.error(of: Self.row(score: 0.9, prediction: 1, label: 1), animals) == 0)
        #expect(ErrorFollower.error(of: Self.row(score: 0.9, prediction: 0, label: 1), animals) == 1)
        #expect(ErrorFollower.error(of: Self.row(score: 0.9, label: 1), animals) == nil)
        #expect(ErrorFollower.error(of: Self.row(prediction: 0, label: 2), animals) == nil)
        let price = FeatureSchema(features: [], task: .regression)
        #expect(ErrorFollower.error(of: Self.row(score: 9, prediction: 12, label: 10), price) == 2)
        #expect(ErrorFollower.error(of: Self.row(score: 9, label: 10), price) == 1)
        #expect(ErrorFollower.error(of: Self.row(score: .infinity, label: 10), price) == nil)
        #expect(ErrorFollower.error(of: Self.row(score: 1e200, label: 10), price) == nil)
    }

    @Test("a regression is followed by those that take any numbers")
    func regression() {
        var random = Seeded(8)
        let rows = (0..<3000).map { place in
            LabelledRow(
                time: Self.start.adding(seconds: Int64(place)), score: 100 + (place < 2000 ? 5 : 20) * random.gaussian(), prediction: .nan,
                label: 100)
        }
        var follower = ErrorFollower(
            [DetectorSetting(.ddm), DetectorSetting(.adwin)], schema: FeatureSchema(features: [], task: .regression))
        let seen = rows.flatMap { follower.follow($0, at: Self.now) }
        #expect(!seen.isEmpty && seen.allSatisfy { $0.detector == "adwin" && $0.followed > 2000 })
        #expect(DetectorSetting.names(for: .regression) == ["adwin", "page-hinkley", "kswin", "cusum"])
    }

    // MARK: The window that holds a change

    private func change(_ number: Int64) -> ErrorChange {
        var change = ErrorChange(detector: "adwin", time: MonitoringBench.window.start, followed: 900, detectedAt: Self.now)
        change.number = number
        change.beganAt = Timestamp(rfc3339: "1970-01-01T00:50:00Z")
        (change.before, change.beforeCount, change.after, change.afterCount) = (0.1, 800, 0.25, 100)
        return change
    }

    @Test("the window that holds a change is drifted and says from where to where; others are ok, or have no labels")
    func findings() throws {
        var random = Seeded(3)
        var bench = MonitoringBench(random.scored(400))
        bench.settings.detectors = [DetectorSetting(.adwin), DetectorSetting(.ddm)]
        func evaluate(_ rows: Rows, _ changes: [ErrorChange]?) -> Evaluation {
            WindowEvaluator(settings: bench.settings).evaluate(
                bench.version, MonitoringBench.window, reference: bench.reference,
                current: rows.profile(bench.version.schema, bench.reference.grid), changes: changes, at: MonitoringBench.now)
        }
        let rows = random.scored(200)
        let drifted = evaluate(rows, [change(1), change(2)])
        #expect(drifted.verdict(of: .conceptDrift) == .drifted)
        let finding = try #require(drifted.finding("error_changes", of: "adwin", by: .conceptDrift))
        #expect(finding.value == 2 && finding.referenceCount == 800 && finding.currentCount == 200 && finding.pValue == nil)
        #expect(
            finding.why
                == "the mean error was 0.1 over 800 labels, and is 0.25 over the 100 from 1970-01-01T00:50:00Z on; 2 changes in the window")
        #expect(drifted.finding("error_changes", of: "ddm")?.verdict == .ok)
        #expect(evaluate(rows, []).verdict(of: .conceptDrift) == .ok)
        #expect(evaluate(Rows(scores: rows.scores), []).verdict(of: .conceptDrift) == .noData)
        #expect(evaluate(rows, nil).findings(of: .conceptDrift).isEmpty, "nothing follows")
    }
}
