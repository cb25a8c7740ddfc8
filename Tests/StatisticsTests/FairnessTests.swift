import Glibc
import Statistics
import TestSupport
import Testing

private func table(_ groups: [(String, ConfusionCells)]) throws -> FairnessTable {
    var codes: [Int32] = []
    var decisions: [UInt8] = []
    var labels: [UInt8] = []
    for (code, (_, c)) in groups.enumerated() {
        for (count, decision, label) in [(c.tp, 1, 1), (c.fp, 1, 0), (c.fn, 0, 1), (c.tn, 0, 0)] {
            for _ in 0..<Int(count) {
                codes.append(Int32(code))
                decisions.append(UInt8(decision))
                labels.append(UInt8(label))
            }
        }
    }
    return try FairnessTable(groups: groups.map(\.0), codes: codes, decisions: decisions, labels: labels)
}

private let a = ConfusionCells(tp: 60, fp: 40, fn: 30, tn: 70)
private let b = ConfusionCells(tp: 45, fp: 20, fn: 55, tn: 80)

@Suite("The count table of an audit")
struct FairnessTableTests {
    @Test("cells are counted once, by group, decision and label; a negative code is skipped")
    func counting() throws {
        let found = try table([("a", a), ("b", b)])
        #expect(found.cells(0) == a)
        #expect(found.cells(1) == b)
        #expect(found.overall.total == 400)
        #expect(found.effectiveRows(0) == 200)
        let skipped = try FairnessTable(groups: ["a"], codes: [0, -1], decisions: [1, 1], labels: [0, 1])
        #expect(skipped.overall == ConfusionCells(fp: 1))
    }

    @Test("an attribute folded from the intersection is the attribute counted by itself")
    func folding() throws {
        let fine = try table([("x*1", a), ("x*2", b), ("y*1", b)])
        let coarse = fine.folded(into: ["x", "y"], [0, 0, 1])
        #expect(coarse.cells(0) == ConfusionCells(tp: 105, fp: 60, fn: 85, tn: 150))
        #expect(coarse.cells(1) == b)
        #expect(coarse.rowCount(0) == 400)
    }

    @Test("weights add up beside the rows, and cost effective rows")
    func weights() throws {
        let found = try FairnessTable(groups: ["a"], codes: [0, 0, 0], decisions: [1, 1, 0], labels: [1, 0, 0], weights: [1, 2, 3])
        #expect(found.cells(0) == ConfusionCells(tp: 1, fp: 2, tn: 3))
        #expect(found.rowCount(0) == 3)
        #expect(isNear(found.effectiveRows(0), 36.0 / 14))
        #expect(isNear(found.effectiveCells(0).total, 36.0 / 14))
    }

    @Test("what is no row is refused")
    func refused() {
        #expect(throws: StatisticsError.self) { try FairnessTable(groups: ["a"], codes: [0], decisions: [], labels: [1]) }
        #expect(throws: StatisticsError.self) { try FairnessTable(groups: ["a"], codes: [1], decisions: [0], labels: [1]) }
        #expect(throws: StatisticsError.self) { try FairnessTable(groups: ["a"], codes: [0], decisions: [2], labels: [1]) }
        #expect(throws: StatisticsError.self) {
            try FairnessTable(groups: ["a"], codes: [0], decisions: [0], labels: [1], weights: [-1])
        }
        #expect(throws: StatisticsError.self) {
            try FairnessTable(groups: ["a"], codes: [0], decisions: [0], labels: [1], weights: [1e300])
        }
    }
}

@Suite("Rates and disparities")
struct FairnessMetricTests {
    @Test("every rate by hand")
    func rates() {
        let expected: [GroupRate: Double] = [
            .baseRate: 0.45, .selectionRate: 0.5, .tpr: 60.0 / 90, .fpr: 40.0 / 110, .fnr: 30.0 / 90, .tnr: 70.0 / 110, .ppv: 0.6,
            .npv: 0.7, .falseOmission: 0.3, .fdr: 0.4, .accuracy: 0.65, .treatmentRatio: 0.75,
            .averageOdds: (60.0 / 90 + 40.0 / 110) / 2,
        ]
        for rate in GroupRate.allCases { #expect(isNear(rate.value(a) ?? .nan, expected[rate] ?? .nan), "\(rate)") }
        #expect(GroupRate.tpr.value(ConfusionCells(fp: 2, tn: 3)) == nil)
        #expect(GroupRate.averageOdds.value(ConfusionCells(fp: 2, tn: 3)) == nil)
        #expect(GroupRate.treatmentRatio.interval(a) == nil)
    }

    @Test("differences are max − min, ratios min / max, equalized odds the worse of both")
    func metrics() throws {
        let groups = [a, b]
        let overall = ConfusionCells(tp: 105, fp: 60, fn: 85, tn: 150)
        func value(_ name: String) throws -> FairnessMetric.Value {
            let metric = try #require(FairnessMetric.all.first { $0.name == name })
            return try #require(metric.value(metric.rates.map { RateSpread($0, groups: groups, overall: overall) }))
        }
        let (tpr, fpr) = (60.0 / 90 - 0.45, 40.0 / 110 - 0.2)
        #expect(isNear(try value("demographic_parity_difference").value, 0.5 - 0.325))
        #expect(isNear(try value("demographic_parity_ratio").value, 0.65))
        #expect(isNear(try value("equalized_odds_difference").value, tpr))
        #expect(isNear(try value("equalized_odds_difference_mean").value, (tpr + fpr) / 2))
        #expect(isNear(try value("equalized_odds_ratio").value, 0.2 / (40.0 / 110)))
        #expect(isNear(try value("average_odds_difference").value, (tpr + fpr) / 2))
        #expect(isNear(try value("demographic_parity_difference_to_overall").value, 0.5 - 165.0 / 400))
        #expect(isNear(try value("demographic_parity_ratio_to_overall").value, 0.325 / (165.0 / 400)))
        #expect(try value("demographic_parity_difference").lowest == 1)
        #expect(try value("fnr_difference").highest == 1)
    }

    @Test("a group without the rate is left out; one group alone has no disparity, except by Fairlearn's rule")
    func undefined() throws {
        let none = ConfusionCells(fp: 1, tn: 3)
        let spread = RateSpread(.tpr, groups: [a, none], overall: a)
        #expect(spread.groupsUsed == 1)
        #expect(spread.difference == nil && spread.ratio == nil)
        let filled = RateSpread(.tpr, groups: [a, none], overall: a, zeroForUndefined: true)
        #expect(filled.difference == 60.0 / 90)
        #expect(filled.ratio == 0)
        #expect(RateSpread(.tpr, groups: [a], overall: a, zeroForUndefined: true).difference == 0)
        let nobody = ConfusionCells(fn: 3, tn: 4)
        #expect(RateSpread(.selectionRate, groups: [nobody, nobody], overall: nobody).ratio == nil)
        #expect(RateSpread(.selectionRate, groups: [nobody, nobody], overall: nobody).difference == 0)
    }
}

@Suite("Entropy indices of benefit")
struct EntropyIndicesTests {
    @Test("Theil and generalized entropy of one false positive in four rows, by hand")
    func values() {
        let cells = ConfusionCells(tp: 1, fp: 1, tn: 2)  // benefits 1, 2, 1, 1: mean 1.25
        let x = [0.8, 1.6, 0.8, 0.8]
        #expect(isNear(EntropyIndices.generalizedEntropy(cells, alpha: 1) ?? .nan, x.reduce(0) { $0 + $1 * log($1) } / 4))
        #expect(isNear(EntropyIndices.generalizedEntropy(cells, alpha: 2) ?? .nan, x.reduce(0) { $0 + $1 * $1 - 1 } / 8))
        #expect(isNear(EntropyIndices.generalizedEntropy(cells, alpha: 0) ?? .nan, -x.reduce(0) { $0 + log($1) } / 4))
        #expect(isNear(EntropyIndices.generalizedEntropy(cells, alpha: 0.5) ?? .nan, x.reduce(0) { $0 + $1.squareRoot() - 1 } / -1))
    }

    @Test("no inequality is 0, a missed row makes alpha 0 infinite, only misses leave nothing to compare")
    func edges() {
        #expect(EntropyIndices.generalizedEntropy(ConfusionCells(tp: 2, tn: 3), alpha: 0)?.sign == .plus)
        #expect(EntropyIndices.generalizedEntropy(ConfusionCells(tp: 2, tn: 3), alpha: 1) == 0)
        #expect(EntropyIndices.generalizedEntropy(ConfusionCells(tp: 2, fn: 3), alpha: 0) == .infinity)
        #expect(EntropyIndices.generalizedEntropy(ConfusionCells(fn: 3), alpha: 1) == nil)
        #expect(EntropyIndices.betweenGroups([ConfusionCells(), a], alpha: 2) == 0)
    }

    @Test("the between-group part is at most the whole", arguments: [0.5, 1, 2])
    func decomposition(alpha: Double) throws {
        let all = ConfusionCells(tp: 105, fp: 60, fn: 85, tn: 150)
        let between = try #require(EntropyIndices.betweenGroups([a, b], alpha: alpha))
        #expect(between >= 0)
        #expect(between <= (EntropyIndices.generalizedEntropy(all, alpha: alpha) ?? 0))
    }
}

@Suite("Other tools' metrics")
struct ToolMetricsTests {
    private func value(_ metrics: [ReferenceMetric], _ name: String, reference: ConfusionCells, others: ConfusionCells) -> Double? {
        metrics.first { $0.name == name }?.value(ReferencePair(reference: reference, others: others))
    }

    @Test("AIF360 is unprivileged less privileged, SageMaker Clarify mostly the reverse")
    func signs() {
        #expect(isNear(value(Aif360Metrics.all, "statistical_parity_difference", reference: a, others: b) ?? 0, -0.175))
        #expect(isNear(value(ClarifyMetrics.posttraining, "DPPL", reference: a, others: b) ?? 0, 0.175))
        #expect(isNear(value(Aif360Metrics.all, "disparate_impact", reference: a, others: b) ?? 0, 0.65))
        #expect(isNear(value(ClarifyMetrics.posttraining, "DI", reference: a, others: b) ?? 0, 0.65))
        #expect(isNear(value(ClarifyMetrics.pretraining, "CI", reference: a, others: b) ?? 1, 0))
        #expect(isNear(value(ClarifyMetrics.pretraining, "DPL", reference: a, others: b) ?? 0, -0.05))
        #expect(isNear(value(ClarifyMetrics.posttraining, "TE", reference: a, others: b) ?? 0, 55.0 / 20 - 0.75))
    }

    @Test("what is undefined follows each tool")
    func undefined() {
        let none = ConfusionCells(tn: 4)
        #expect(value(Aif360Metrics.all, "equal_opportunity_difference", reference: a, others: none) == nil)
        #expect(isNear(value(Aif360Metrics.all, "false_discovery_rate_difference", reference: a, others: none) ?? 0, -0.4))
        #expect(value(Aif360Metrics.all, "disparate_impact", reference: none, others: a) == .infinity)
        #expect(value(Aif360Metrics.all, "disparate_impact", reference: none, others: none) == nil)
        #expect(value(ClarifyMetrics.posttraining, "DI", reference: none, others: none) == 0)
        #expect(isNear(value(ClarifyMetrics.posttraining, "RD", reference: a, others: none) ?? 0, 60.0 / 90))
        #expect(value(ClarifyMetrics.posttraining, "DPPL", reference: a, others: ConfusionCells()) == nil)
    }

    @Test("Aequitas' statistical parity counts heads, its impact parity rates")
    func aequitas() throws {
        let found = AequitasMetrics([a, b, ConfusionCells(tn: 5)])
        #expect(isNear(found.disparity(.ppr, of: 1, to: 0) ?? 0, 0.65))
        #expect(found.values[.precision]?[2] == .some(nil))
        #expect(found.disparity(.tpr, of: 2, to: 0) == nil)
        #expect(found.disparity(.pprev, of: 0, to: 2) == .infinity)
        let parities = Dictionary(uniqueKeysWithValues: found.parities(of: 1, to: 0, tau: 0.6).map { ($0.name, $0.holds) })
        #expect(parities["impact"] == .some(true))
        #expect(parities["fpr"] == .some(false))
        #expect(parities["equalized_odds"] == .some(false))
        let holes = Dictionary(uniqueKeysWithValues: found.parities(of: 2, to: 0, tau: 0.8).map { ($0.name, $0.holds) })
        #expect(holes["supervised_fairness"] == .some(nil))
    }

    @Test("a stratum can explain a disparity away")
    func conditional() throws {
        // Both departments accept the group as often as others, but it applies where few are accepted.
        var strict = DemographicDisparity.Counts()
        var lax = DemographicDisparity.Counts()
        strict.accepted = 10; strict.acceptedInGroup = 8; strict.rejected = 90; strict.rejectedInGroup = 72
        lax.accepted = 90; lax.acceptedInGroup = 18; lax.rejected = 10; lax.rejectedInGroup = 2
        #expect(isNear(DemographicDisparity.conditional([strict, lax]) ?? 1, 0, absolute: 1e-15))
        #expect(isNear(DemographicDisparity.pValue([strict, lax]) ?? 0, 1))
        var whole = DemographicDisparity.Counts()
        whole.accepted = 100; whole.acceptedInGroup = 26; whole.rejected = 100; whole.rejectedInGroup = 74
        #expect(isNear(DemographicDisparity.conditional([whole]) ?? 0, 0.48))
        #expect((DemographicDisparity.pValue([whole]) ?? 1) < 1e-10)
        #expect(DemographicDisparity.conditional([DemographicDisparity.Counts()]) == nil)
    }
}
