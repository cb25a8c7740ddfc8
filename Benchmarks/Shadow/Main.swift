import Foundation
import Shadowing
import Statistics

/// What the live comparison promises, simulated with its own code: how often two models that are equally good are told apart when somebody
/// looks every 100 rows, and how soon two that are not are decided against a test of a fixed number of rows.
@main enum ShadowBenchmarks {
    /// SplitMix64: the same numbers in every run.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
        mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
        mutating func gaussian() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
    }

    static let lookEvery = 100

    /// A stream of rows: a hidden logit, what both models see of it, and the label.
    struct World {
        var random: Generator
        /// Noise of the champion's logit and of the candidate's.
        let champion: Double
        let candidate: Double

        mutating func rows(_ count: Int) -> PairedPredictions {
            var (labels, a, b, codes): ([Double], [Double], [Double], [Int32]) = ([], [], [], [])
            for row in 0..<count {
                let logit = 1.2 * random.gaussian() - 0.5
                labels.append(random.uniform() < 1 / (1 + exp(-logit)) ? 1 : 0)
                a.append(1 / (1 + exp(-(logit + champion * random.gaussian()))))
                b.append(1 / (1 + exp(-(logit + candidate * random.gaussian()))))
                codes.append(Int32(row % 3 == 0 ? 1 : 0))
            }
            return PairedPredictions(
                task: .binary, labels: labels, champion: [a], candidate: [b],
                groups: [.init(attribute: "sex", names: ["F", "M"], codes: codes)])
        }
    }

    struct Outcome {
        /// The row at which 0 was excluded first, by metric; nil while it was not.
        var decidedAt: [String: Int] = [:]
        var fixedAt: [String: Int] = [:]
        var verdicts: [RolloutVerdict: Int] = [:]
        /// The guardrails that were ever broken.
        var broken: Set<String> = []
    }

    static func run(_ seed: UInt64, rows: Int, champion: Double, candidate: Double, until metric: String? = nil) -> Outcome {
        var world = World(random: Generator(state: seed &* 7919), champion: champion, candidate: candidate)
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        let blocks = (0..<lookEvery).map { $0 % 20 }
        var policy = RolloutPolicy()
        policy.waitsForGroups = true
        var out = Outcome()
        for look in 1...rows / lookEvery {
            sums.add(world.rows(lookEvery), blocks: blocks)
            let comparison = PairedComparison(sums)
            for (sequence, difference) in zip(comparison.sequential, comparison.differences) {
                if sequence.isDecided, out.decidedAt[sequence.metric] == nil { out.decidedAt[sequence.metric] = look * lookEvery }
                if let i = difference.interval, i.lower > 0 || i.upper < 0, out.fixedAt[sequence.metric] == nil {
                    out.fixedAt[sequence.metric] = look * lookEvery
                }
            }
            let decision = RolloutDecision(comparison, policy)
            if out.verdicts[decision.verdict] == nil { out.verdicts[decision.verdict] = look * lookEvery }
            for guardrail in decision.guardrails where guardrail.state == .broken { out.broken.insert(guardrail.name) }
            if let metric, out.decidedAt[metric] != nil { break }
        }
        return out
    }

    /// At once, also where the output is no terminal.
    static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    static func main() async {
        let runs = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2000 : 2000
        let rows = 5000
        if !CommandLine.arguments.contains("--only-live") {
            tell("A/A", await simulate(runs, rows: rows, champion: 0.6, candidate: 0.6, until: nil), rows: rows)
        }
        for share in [0.5, 0.2] {
            tell(
                "A/A of a live test, \(percent(Int(share * 100), 100)) to the candidate",
                await LiveTests.simulate(runs, rows: rows, share: share), rows: rows)
        }
        if CommandLine.arguments.contains(where: { ["--only-alike", "--only-live"].contains($0) }) { return }
        await differences()
    }

    private static func tell(_ what: String, _ alike: [Outcome], rows: Int) {
        let runs = alike.count
        say("\(what): \(runs) comparisons of \(rows) rows, a look every \(lookEvery)")
        for metric in ["log_loss", "brier", "accuracy", "roc_auc", "ece", "recall", "fpr", "precision", "f1"] {
            let always = alike.count { $0.decidedAt[metric] != nil }
            let fixed = alike.count { $0.fixedAt[metric] != nil }
            say(
                "  \(metric): 0 excluded ever by the sequence \(percent(always, runs)), by the interval of a fixed n \(percent(fixed, runs))"
            )
        }
        say(
            "  ever promoted \(percent(alike.count { $0.verdicts[.promote] != nil }, runs)), ever rejected \(percent(alike.count { $0.verdicts[.reject] != nil }, runs)), a guardrail ever broken \(percent(alike.count { !$0.broken.isEmpty }, runs))"
        )
        for name in ["groups", "selection_disparity", "error_disparity", "calibration"] {
            say("  \(name) ever broken \(percent(alike.count { $0.broken.contains(name) }, runs))")
        }
    }

    private static func differences() async {
        say(
            "A true difference: rows until log loss is decided, median of 200 (the fixed-n test is right once, at a number of rows chosen before)"
        )
        for candidate in [0.2, 0.4, 0.5] {
            let found = await simulate(200, rows: 40_000, champion: 0.6, candidate: candidate, until: "log_loss")
            let times = found.map { $0.decidedAt["log_loss"] ?? .max }.sorted()
            let (fixed, effect) = fixedRows(candidate)
            say(
                "  candidate's noise \(candidate) beside 0.6: log loss \(String(format: "%.4f", effect)) lower; sequence: median \(times[100]), 80 % by \(times[160]) rows; fixed n for power 80 %: \(fixed)"
            )
        }
    }

    /// Rows that a paired z test of 5 % needs to find the difference in 80 of 100 cases.
    static func fixedRows(_ candidate: Double) -> (rows: Int, effect: Double) {
        var world = World(random: Generator(state: 1), champion: 0.6, candidate: candidate)
        let rows = world.rows(200_000)
        var moments = RunningMoments()
        for i in rows.labels.indices {
            func loss(_ p: Double) -> Double { -log(rows.labels[i] == 1 ? p : 1 - p) }
            moments.add(loss(rows.candidate[0][i]) - loss(rows.champion[0][i]))
        }
        let z = Distributions.normalQuantile(0.975) + Distributions.normalQuantile(0.8)
        return (Int(z * z * (moments.variance ?? 0) / (moments.mean * moments.mean)), -moments.mean)
    }

    static func simulate(_ runs: Int, rows: Int, champion: Double, candidate: Double, until metric: String?) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for seed in 1...runs {
                group.addTask { run(UInt64(seed), rows: rows, champion: champion, candidate: candidate, until: metric) }
            }
            var out: [Outcome] = []
            for await outcome in group { out.append(outcome) }
            return out
        }
    }

    static func percent(_ count: Int, _ of: Int) -> String { String(format: "%.2f %%", 100 * Double(count) / Double(of)) }
}
