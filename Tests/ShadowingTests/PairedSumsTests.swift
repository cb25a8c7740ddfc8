import Statistics
import TestSupport
import Testing
import Vocabulary

@testable import Shadowing

/// Rows of two groups, two models, and labels of which some come late.
private struct Log {
    var pairs: PairedPredictions
    let blocks: [Int]

    init(_ task: PairedPredictions.Task = .binary, rows: Int, seed: UInt64, unlabelled: Double = 0.2) {
        var random = Seeded(seed)
        var labels: [Double] = []
        let width = task == .multiclass ? 3 : 1
        var (champion, candidate) = ([[Double]](repeating: [], count: width), [[Double]](repeating: [], count: width))
        for _ in 0..<rows {
            let truth = random.uniform()
            switch task {
            case .binary:
                champion[0].append(min(1, max(0, truth + 0.4 * (random.uniform() - 0.5))))
                candidate[0].append(min(1, max(0, truth + 0.3 * (random.uniform() - 0.5))))
                labels.append(random.uniform() < truth ? 1 : 0)
            case .regression:
                champion[0].append(10 * truth + random.gaussian())
                candidate[0].append(10 * truth + 0.5 * random.gaussian())
                labels.append(10 * truth)
            case .multiclass:
                for (place, share) in [truth / 2, truth / 2, 1 - truth].enumerated() {
                    champion[place].append(share)
                    candidate[place].append([0.2, 0.3, 0.5][place])
                }
                labels.append(random.uniform() < truth ? 0 : 2)
            }
            if random.uniform() < unlabelled { labels[labels.count - 1] = .nan }
        }
        let codes = (0..<rows).map { Int32($0 % 5 == 0 ? -1 : $0 % 3 == 0 ? 1 : 0) }
        pairs = PairedPredictions(
            task: task, labels: labels, champion: champion, candidate: candidate,
            groups: [.init(attribute: "sex", names: ["F", "M"], codes: codes)])
        blocks = (0..<rows).map { PairedSums.block(of: "record \($0)") }
    }

    /// Some of the rows.
    func part(_ rows: some Sequence<Int>) -> (pairs: PairedPredictions, blocks: [Int]) {
        let rows = Array(rows)
        var part = pairs
        part.labels = rows.map { pairs.labels[$0] }
        part.champion = pairs.champion.map { column in rows.map { column[$0] } }
        part.candidate = pairs.candidate.map { column in rows.map { column[$0] } }
        part.groups = pairs.groups.map { .init(attribute: $0.attribute, names: $0.names, codes: rows.map { pairs.groups[0].codes[$0] }) }
        return (part, rows.map { blocks[$0] })
    }
}

@Suite("Paired sums")
struct PairedSumsTests {
    /// What of both must be alike: values and intervals of means, of groups too.
    private func compare(_ sums: PairedSums, _ pairs: PairedPredictions, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let (ours, offline) = (PairedComparison(sums), try PairedComparison(pairs))
        #expect(ours.count == offline.count && ours.labelled == offline.labelled, sourceLocation: sourceLocation)
        #expect(isNear(ours.agreement.decisions ?? 0, offline.agreement.decisions ?? 0), sourceLocation: sourceLocation)
        #expect(
            isNear(ours.agreement.meanAbsoluteDifference, offline.agreement.meanAbsoluteDifference, relative: 1e-9),
            sourceLocation: sourceLocation)
        #expect(ours.agreement.largestDifference == offline.agreement.largestDifference, sourceLocation: sourceLocation)
        func near(_ x: Double?, _ y: Double?, relative: Double) -> Bool {
            x == nil ? y == nil : isNear(x ?? 0, y ?? .nan, relative: relative, absolute: 1e-9)
        }
        func alike(_ a: PairedDifference, _ b: PairedDifference) -> Bool {
            a.metric == b.metric && a.count == b.count && near(a.value, b.value, relative: 1e-7)
                && near(a.champion, b.champion, relative: 1e-9) && near(a.interval?.lower, b.interval?.lower, relative: 1e-6)
                && near(a.pValue, b.pValue, relative: 1e-6)
        }
        #expect(ours.differences.map(\.metric) == offline.differences.map(\.metric), sourceLocation: sourceLocation)
        for (a, b) in zip(ours.differences, offline.differences) {
            switch a.metric {
            // By the cells of scores; in blocks by the hash of the id, not by the row.
            case "roc_auc": #expect(isNear(a.value ?? 9, b.value ?? 8, absolute: 0.001), "\(a) \(b)", sourceLocation: sourceLocation)
            case "ece":
                #expect(near(a.value, b.value, relative: 1e-7) && a.count == b.count, "\(a) \(b)", sourceLocation: sourceLocation)
            default: #expect(alike(a, b), "\(a) \(b)", sourceLocation: sourceLocation)
            }
        }
        #expect(
            near(ours.agreement.populationStability, offline.agreement.populationStability, relative: 1e-9), sourceLocation: sourceLocation)
        for (a, b) in zip(ours.sequential, offline.sequential) {
            #expect(near(a.interval?.lower, b.interval?.lower, relative: 1e-6), sourceLocation: sourceLocation)
            #expect(near(a.interval?.upper, b.interval?.upper, relative: 1e-6), sourceLocation: sourceLocation)
        }
        for (a, b) in zip(ours.fairness, offline.fairness) {
            #expect(a.groups.map(\.name) == b.groups.map(\.name), sourceLocation: sourceLocation)
            for (a, b) in zip(a.groups, b.groups) {
                #expect(a.count == b.count && a.labelled == b.labelled, sourceLocation: sourceLocation)
                for (a, b) in zip(a.differences, b.differences) { #expect(alike(a, b), "\(a) \(b)", sourceLocation: sourceLocation) }
            }
            for (a, b) in zip(a.disparities, b.disparities) {
                #expect(
                    a.metric == b.metric && isNear(a.champion, b.champion, relative: 1e-9)
                        && isNear(a.candidate, b.candidate, relative: 1e-9),
                    sourceLocation: sourceLocation)
            }
        }
    }

    @Test("say the same as the rows, in whatever portions these come", arguments: PairedPredictions.Task.allCases)
    func portions(task: PairedPredictions.Task) throws {
        let log = Log(task, rows: 3000, seed: 11)
        var sums = PairedSums(task: task, attributes: ["sex"])
        for start in stride(from: 0, to: 3000, by: 700) {
            let (pairs, blocks) = log.part(start..<min(3000, start + 700))
            sums.add(pairs, blocks: blocks)
        }
        try compare(sums, log.pairs)
    }

    @Test("take labels that come late, and those that are changed, as if they had been there at once") func lateLabels() throws {
        let log = Log(rows: 2000, seed: 3, unlabelled: 0)
        var without = log
        without.pairs.labels = log.pairs.labels.enumerated().map { $0 % 3 == 0 ? .nan : $0 % 7 == 0 ? 1 - $1 : $1 }
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(without.pairs, blocks: log.blocks)
        try compare(sums, without.pairs)
        let changed = (0..<2000).filter { $0 % 3 == 0 || $0 % 7 == 0 }
        let (pairs, blocks) = log.part(changed)
        sums.relabel(pairs, from: changed.map { without.pairs.labels[$0] }, blocks: blocks)
        try compare(sums, log.pairs)
        var atOnce = PairedSums(task: .binary, attributes: ["sex"])
        atOnce.add(log.pairs, blocks: log.blocks)
        let (a, b) = (PairedComparison(sums), PairedComparison(atOnce))
        #expect(a.differences.first { $0.metric == "roc_auc" }?.value == b.differences.first { $0.metric == "roc_auc" }?.value)
        for metric in ["ece", "recall", "fpr", "precision", "f1"] {
            let (x, y) = (a.differences.first { $0.metric == metric }, b.differences.first { $0.metric == metric })
            #expect(isNear(x?.value ?? 9, y?.value ?? 8, relative: 1e-6, absolute: 1e-9), "\(metric)")
        }
    }

    @Test("know the areas under the curves to the width of their cells, with DeLong's interval") func areas() throws {
        let log = Log(rows: 4000, seed: 5)
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(log.pairs, blocks: log.blocks)
        let ours = try #require(PairedComparison(sums).differences.first { $0.metric == "roc_auc" })
        let offline = try PairedComparison(log.pairs)
        let exact = try #require(offline.differences.first { $0.metric == "roc_auc" })
        #expect(abs((ours.champion ?? 0) - (exact.champion ?? 1)) < 1e-4 && abs((ours.value ?? 0) - (exact.value ?? 1)) < 1e-4)
        #expect(isNear(ours.interval?.lower ?? 0, exact.interval?.lower ?? 1, relative: 0.02, absolute: 1e-4))
        #expect(ours.count == exact.count)
    }

    @Test("of metrics that are no means, the interval holds the difference that is there") func jackknife() throws {
        var held = 0
        for seed in 1...60 {
            let log = Log(rows: 1500, seed: UInt64(100 + seed), unlabelled: 0)
            var sums = PairedSums(task: .binary, attributes: ["sex"])
            sums.add(log.pairs, blocks: log.blocks)
            let recall = try #require(PairedComparison(sums).differences.first { $0.metric == "recall" })
            let interval = try #require(recall.interval)
            // Both models' noise is symmetric: recall differs by next to nothing but for noise; the truth by a long run.
            if interval.lower <= 0.0045, interval.upper >= 0.0045 { held += 1 }
        }
        #expect(held >= 52, "\(held) of 60")
    }

    @Test("come back from their bytes, and bytes that are no sums are refused") func bytes() throws {
        let log = Log(rows: 500, seed: 9)
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(log.pairs, blocks: log.blocks)
        let bytes = sums.bytes
        #expect(PairedSums(bytes: bytes) == sums)
        for count in stride(from: 0, to: bytes.count, by: 97) { #expect(PairedSums(bytes: Array(bytes.prefix(count))) == nil) }
        #expect(PairedSums(bytes: bytes + [0]) == nil)
        var random = Seeded(4)
        for _ in 0..<300 {
            var broken = bytes
            broken[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            // Whatever is read from damaged bytes can be looked at.
            if let read = PairedSums(bytes: broken) { _ = read.bytes }
        }
    }

    @Test("of the form before segments and costs are read, and go on without them") func formerBytes() throws {
        let log = Log(rows: 400, seed: 14)
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(log.pairs, blocks: log.blocks)
        // That form had neither the list of segments nor the three numbers of the costs, which follow the attributes.
        var former = sums.bytes
        let head = 4 + (8 + 6) + 8 + (8 + 3)
        former.removeSubrange(head..<head + 8 + 24)
        former[3] = UInt8(ascii: "1")
        var read = try #require(PairedSums(bytes: former))
        #expect(read == sums && read.segments == [])
        var pairs = log.pairs
        pairs.segments = [.init(name: "young", holds: [Bool](repeating: true, count: 400))]
        read.add(pairs, blocks: log.blocks)
        #expect(read.rows == 800 && PairedComparison(read).segments.isEmpty)
    }

    @Test("segments are compared as the rows are, and what the champion's rows cost is summed once") func segments() throws {
        let log = Log(rows: 3000, seed: 15)
        var pairs = log.pairs
        // They overlap, and the second one is empty.
        pairs.segments = [
            .init(name: "first", holds: (0..<3000).map { $0 < 1200 }), .init(name: "none", holds: (0..<3000).map { _ in false }),
            .init(name: "odd", holds: (0..<3000).map { $0 % 2 == 1 }),
        ]
        var sums = PairedSums(task: .binary, attributes: ["sex"], segments: ["first", "none", "odd"])
        var early = pairs
        early.labels = pairs.labels.map { _ in .nan }
        sums.add(early, blocks: log.blocks, costs: (0..<3000).map { $0 % 4 == 0 ? .nan : Double($0 % 4) })
        sums.relabel(pairs, from: early.labels, blocks: log.blocks)
        #expect(sums.costs.count == 2250 && sums.costs.mean == 2)
        sums = try #require(PairedSums(bytes: sums.bytes))
        let (ours, offline) = (PairedComparison(sums), try PairedComparison(pairs))
        #expect(ours.segments.map(\.name) == ["first", "none", "odd"] && ours.segments[1].differences.allSatisfy { $0.value == nil })
        for (a, b) in zip(ours.segments, offline.segments) {
            #expect(a.count == b.count && a.labelled == b.labelled)
            for (x, y) in zip(a.differences, b.differences) {
                #expect(x.metric == y.metric && x.count == y.count && isNear(x.value ?? 9, y.value ?? 9, relative: 1e-9, absolute: 1e-12))
            }
        }
        #expect(ours.segments[0].adjustedP != nil)
    }

    @Test("their scores' distribution is told: 0 for the same, more for a shift") func stability() throws {
        let log = Log(rows: 4000, seed: 8)
        func psi(_ change: (Double) -> Double) -> Double {
            var pairs = log.pairs
            pairs.candidate = [pairs.champion[0].map(change)]
            var sums = PairedSums(task: .binary, attributes: ["sex"])
            sums.add(pairs, blocks: log.blocks)
            return PairedComparison(sums).agreement.populationStability ?? -1
        }
        #expect(psi { $0 } == 0)
        #expect(psi { $0 * 0.7 } > 0.2)
    }
}

@Suite("Who may be promoted, and how fast")
struct RolloutTests {
    private static let good = RolloutDecision(verdict: .promote, reasons: ["better"], broken: [])
    private static let broken = RolloutDecision(verdict: .hold, reasons: ["better", "worse for M"], broken: ["worse for M"])
    private let steps = RolloutSteps(seconds: 60)

    @Test("a step follows when the one before was well for its time, and after the last one it is the champion") func forward() {
        #expect(steps.action(step: 0, elapsed: 59, decision: Self.good) == .stay)
        for step in 0..<4 { #expect(steps.action(step: step, elapsed: 60, decision: Self.good) == .advance(to: step + 1)) }
        #expect(steps.action(step: 4, elapsed: 60, decision: Self.good) == .finish)
        #expect(steps.action(step: 2, elapsed: 1e9, decision: RolloutDecision(verdict: .hold, reasons: [], broken: [])) == .stay)
        #expect(steps.action(step: 2, elapsed: 1e9, decision: nil) == .stay)
    }

    @Test("a broken guardrail goes a step back at once, gives that its time, and from the first step it ends") func back() {
        #expect(steps.action(step: 3, elapsed: 1, decision: Self.broken) == .back(to: 2, why: "worse for M"))
        #expect(steps.action(step: 2, elapsed: 1, decision: Self.broken, hasSteppedBack: true) == .stay)
        #expect(steps.action(step: 2, elapsed: 60, decision: Self.broken, hasSteppedBack: true) == .back(to: 1, why: "worse for M"))
        #expect(steps.action(step: 0, elapsed: 1, decision: Self.broken) == .stop(why: "worse for M"))
        #expect(steps.action(step: 3, elapsed: 1, decision: Self.good, fault: "NaN") == .back(to: 2, why: "NaN"))
        let worse = RolloutDecision(verdict: .reject, reasons: ["worse"], broken: [])
        #expect(steps.action(step: 3, elapsed: 1, decision: worse) == .stop(why: "worse"))
    }

    @Test("what is known of both by what they serve goes on while the guardrails stand, whoever is better") func served() {
        func action(_ guardrails: [Guardrail], elapsed: Double = 60) -> RolloutSteps.Action {
            var decision = RolloutDecision(
                verdict: .hold, reasons: ["not sure"], broken: guardrails.filter { $0.state == .broken }.map(\.why))
            decision.guardrails = guardrails
            return steps.action(step: 1, elapsed: elapsed, decision: decision, by: .guardrails)
        }
        let (good, open, broken) = (
            Guardrail("cost", .ok, "as dear"), Guardrail("groups", .insufficient, needsLabels: true, "no labels"),
            Guardrail("cost", .broken, "too dear")
        )
        #expect(action([good]) == .advance(to: 2) && action([good], elapsed: 59) == .stay)
        #expect(action([good, Guardrail("latency", .notCompared, "not logged")]) == .advance(to: 2))
        #expect(action([good, open]) == .stay)
        #expect(action([good, broken, open], elapsed: 1) == .back(to: 0, why: "too dear"))
    }

    @Test("a group that may be worse off is waited for, and who is not better in time is rejected") func policy() throws {
        var random = Seeded(1)
        var (labels, champion, candidate, codes): ([Double], [Double], [Double], [Int32]) = ([], [], [], [])
        for row in 0..<6000 {
            let truth = 0.1 + 0.8 * random.uniform()
            let isFew = row % 75 == 0
            labels.append(random.uniform() < truth ? 1 : 0)
            champion.append(isFew ? truth : 0.5 + (truth - 0.5) * 0.2)
            candidate.append(isFew ? 0.5 + (truth - 0.5) * 0.4 : truth)
            codes.append(isFew ? 1 : 0)
        }
        let pairs = PairedPredictions(
            task: .binary, labels: labels, champion: [champion], candidate: [candidate],
            groups: [.init(attribute: "sex", names: ["F", "M"], codes: codes)])
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(pairs, blocks: (0..<6000).map { $0 % 20 })
        let comparison = PairedComparison(sums)
        var policy = RolloutPolicy()
        policy.disparityFloor = 1
        #expect(RolloutDecision(comparison, policy, latencyRatio: nil, days: 1).verdict == .promote)
        policy.waitsForGroups = true
        let held = RolloutDecision(comparison, policy, latencyRatio: nil, days: 1)
        #expect(held.verdict == .hold && held.broken.isEmpty)
        #expect(held.reasons.last?.hasPrefix("may be worse for sex = M, not surely yet") == true, "\(held.reasons)")
        policy.daysMax = 7
        #expect(RolloutDecision(comparison, policy, latencyRatio: nil, days: 8).verdict == .reject)
    }
}
