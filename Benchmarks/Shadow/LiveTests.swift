import Foundation
import Shadowing

/// The same promise where each model serves rows of its own.
enum LiveTests {
    /// One arm as it fills: the whole, and each group.
    private struct Arm {
        var whole = ArmSums()
        var groups = [ArmSums(), ArmSums()]

        mutating func add(rows count: Int, noise: Double, _ random: inout ShadowBenchmarks.Generator) {
            for row in 0..<count {
                let logit = 1.2 * random.gaussian() - 0.5
                let isPositive = random.uniform() < 1 / (1 + exp(-logit))
                let score = 1 / (1 + exp(-(logit + noise * random.gaussian())))
                Self.add(isPositive, score, to: &whole)
                Self.add(isPositive, score, to: &groups[row % 3 == 0 ? 1 : 0])
            }
        }

        private static func add(_ isPositive: Bool, _ score: Double, to sums: inout ArmSums) {
            let label = isPositive ? 1.0 : 0
            sums.rows += 1
            sums.labelled += 1
            sums.outcomes[.init(label: isPositive ? 1 : 0, decision: score >= 0.5 ? 1 : 0), default: 0] += 1
            // The finer cells of both ends are left out: few scores are there.
            sums.addCell(isPositive ? 1 : 0, 32 + min(255, Int(score * 256)), 1)
            sums.losses[0].add(-log(isPositive ? score : 1 - score))
            sums.losses[1].add((score - label) * (score - label))
            sums.addBin(min(14, Int(score * 15)), .init(rows: 1, scores: score, positives: label))
        }
    }

    private static func run(_ seed: UInt64, rows: Int, share: Double) -> ShadowBenchmarks.Outcome {
        var random = ShadowBenchmarks.Generator(state: seed &* 7919)
        var (champion, candidate) = (Arm(), Arm())
        var out = ShadowBenchmarks.Outcome()
        let each = ShadowBenchmarks.lookEvery
        let own = Int((Double(each) * share).rounded())
        for look in 1...rows / each {
            champion.add(rows: each - own, noise: 0.6, &random)
            candidate.add(rows: own, noise: 0.6, &random)
            let parts = ["F", "M"].enumerated().map { place, name in
                UnpairedComparison.Part(attribute: "sex", name: name, arms: (champion.groups[place], candidate.groups[place]))
            }
            let comparison = UnpairedComparison(.binary, (champion.whole, candidate.whole), shares: (1 - share, share), parts: parts)
            for (sequence, difference) in zip(comparison.sequential, comparison.differences) {
                if sequence.isDecided, out.decidedAt[sequence.metric] == nil { out.decidedAt[sequence.metric] = look * each }
                if let i = difference.interval, i.lower > 0 || i.upper < 0, out.fixedAt[sequence.metric] == nil {
                    out.fixedAt[sequence.metric] = look * each
                }
            }
            let verdict = comparison.verdict
            if out.verdicts[verdict] == nil { out.verdicts[verdict] = look * each }
            for guardrail in comparison.decision.guardrails where guardrail.state == .broken { out.broken.insert(guardrail.name) }
        }
        return out
    }

    static func simulate(_ runs: Int, rows: Int, share: Double) async -> [ShadowBenchmarks.Outcome] {
        await withTaskGroup(of: ShadowBenchmarks.Outcome.self) { group in
            for seed in 1...runs { group.addTask { run(UInt64(seed), rows: rows, share: share) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
