import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Rows with these confusion counts, of one group.
private func rows(_ group: [String?], tp: Int = 0, fp: Int = 0, fn: Int = 0, tn: Int = 0, unlabelled: (selected: Int, not: Int) = (0, 0))
    -> Rows
{
    var out = Rows()
    func add(_ count: Int, _ prediction: Double, _ label: Double) {
        for _ in 0..<count {
            out.predictions.append(prediction)
            out.labels.append(label)
            out.groups.append(group)
        }
    }
    add(tp, 1, 1)
    add(fp, 1, 0)
    add(fn, 0, 1)
    add(tn, 0, 0)
    add(unlabelled.selected, 1, .nan)
    add(unlabelled.not, 0, .nan)
    return out
}

private func together(_ parts: Rows...) -> Rows {
    Rows(predictions: parts.flatMap(\.predictions), labels: parts.flatMap(\.labels), groups: parts.flatMap(\.groups))
}

/// Fairlearn's convention: differences are max − min over groups, ratios min / max; equalized odds is the worse of TPR and FPR.
@Suite("Fairness findings equal hand counts")
struct FairnessFindingsTests {
    // F: selected 40 of 100, TPR 30/50, FPR 10/50. M: selected 65 of 100, TPR 45/50, FPR 20/50.
    private let uneven = together(rows(["F"], tp: 30, fp: 10, fn: 20, tn: 40), rows(["M"], tp: 45, fp: 20, fn: 5, tn: 30))

    private func evaluate(_ rows: Rows, _ sensitive: [String] = ["sex"]) -> Evaluation {
        MonitoringBench(rows, sensitive: sensitive).evaluate(rows)
    }

    @Test("every group's rates, with Wilson's interval and the rows behind them")
    func rates() throws {
        let evaluation = evaluate(uneven)
        let expected: [(String, String, Int64, Int64)] = [
            ("F", "selection_rate", 40, 100), ("F", "tpr", 30, 50), ("F", "fpr", 10, 50), ("M", "selection_rate", 65, 100),
            ("M", "tpr", 45, 50),
            ("M", "fpr", 20, 50),
        ]
        for (group, rate, count, total) in expected {
            let finding = try #require(evaluation.finding(rate, of: "sex", group: group))
            let interval = try #require(wilsonInterval(count: count, of: total))
            #expect(finding.value == Double(count) / Double(total))
            #expect(finding.lower == interval.lower && finding.upper == interval.upper)
            #expect(finding.currentCount == total)
            #expect(finding.monitor == .fairness && finding.verdict == nil)
        }
    }

    @Test("demographic parity is over the selection rates")
    func demographicParity() throws {
        let evaluation = evaluate(uneven)
        let raw = try Disparity([("F", Rate(count: 40, total: 100)), ("M", Rate(count: 65, total: 100))])
        let difference = try #require(evaluation.finding("demographic_parity_difference", of: "sex"))
        #expect(isNear(try #require(difference.value), 0.25))
        #expect(difference.lower == raw.differenceInterval?.lower && difference.upper == raw.differenceInterval?.upper)
        #expect(difference.pValue == raw.pValue)
        #expect(difference.verdict == .unfair)
        #expect(difference.why == "lowest for F, highest for M, 0.25 apart")
        #expect(difference.currentCount == 200)
        let ratio = try #require(evaluation.finding("demographic_parity_ratio", of: "sex"))
        #expect(isNear(try #require(ratio.value), 40.0 / 65))
        #expect(ratio.verdict == .unfair)
        #expect(ratio.why == "F has 0.6154 of the rate of M")
    }

    @Test("equalized odds is the worse of the true and the false positive rates")
    func equalizedOdds() throws {
        let evaluation = evaluate(uneven)
        let difference = try #require(evaluation.finding("equalized_odds_difference", of: "sex"))
        #expect(isNear(try #require(difference.value), 0.3))  // TPR 0.9 − 0.6, FPR 0.4 − 0.2
        let ratio = try #require(evaluation.finding("equalized_odds_ratio", of: "sex"))
        #expect(isNear(try #require(ratio.value), 0.5))  // TPR 2/3, FPR 1/2
        let raw = try EqualizedOdds([
            GroupCounts(group: "F", truePositives: 30, falsePositives: 10, falseNegatives: 20, trueNegatives: 40),
            GroupCounts(group: "M", truePositives: 45, falsePositives: 20, falseNegatives: 5, trueNegatives: 30),
        ])
        #expect(difference.pValue == raw.pValue && ratio.pValue == raw.pValue)
        #expect(difference.verdict == .unfair)
        #expect(evaluation.verdict(of: .fairness) == .unfair)
    }

    @Test("selection is over all predictions, labelled or not; error rates are over the labelled ones")
    func unlabelled() {
        let evaluation = evaluate(
            together(
                rows(["F"], tp: 30, fp: 10, fn: 20, tn: 40, unlabelled: (60, 40)), rows(["M"], tp: 45, fp: 20, fn: 5, tn: 30)))
        #expect(evaluation.finding("selection_rate", of: "sex", group: "F")?.value == 0.5)
        #expect(evaluation.finding("tpr", of: "sex", group: "F")?.value == 0.6)
    }

    @Test("groups that are treated alike are fair")
    func fair() {
        let evaluation = evaluate(
            together(rows(["F"], tp: 600, fp: 300, fn: 300, tn: 600), rows(["M"], tp: 606, fp: 294, fn: 294, tn: 606)))
        for statistic in ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio"]
        {
            #expect(evaluation.finding(statistic, of: "sex")?.verdict == .fair, "\(statistic)")
        }
        #expect(evaluation.verdict(of: .fairness) == .fair)
    }

    @Test("four fifths of a low rate asks for more rows than a difference of a tenth")
    func lowRates() {
        let evaluation = evaluate(together(rows(["F"], tp: 200, fp: 100, fn: 100, tn: 200), rows(["M"], tp: 202, fp: 98, fn: 98, tn: 202)))
        #expect(evaluation.finding("equalized_odds_difference", of: "sex")?.verdict == .fair)
        #expect(evaluation.finding("equalized_odds_ratio", of: "sex")?.verdict == .insufficient)
    }

    @Test("a small but certain disparity is negligible")
    func negligible() {
        let evaluation = evaluate(
            together(rows(["F"], tp: 4800, fp: 2400, fn: 1200, tn: 3600), rows(["M"], tp: 5000, fp: 2600, fn: 1000, tn: 3400)))
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.verdict == .negligible)
        #expect(evaluation.verdict(of: .fairness) == .negligible)
    }

    /// The four-fifths rule, CONTRACTS.md: parity is tau ≤ ratio. MonitorSettings: "a ratio of rates below this is unfair".
    @Test("a ratio of exactly four fifths is not yet unfair, a lower one is")
    func fourFifths() throws {
        let atLimit = evaluate(together(rows(["F"], tp: 400, fp: 0, fn: 0, tn: 600), rows(["M"], tp: 500, fp: 0, fn: 0, tn: 500)))
        let ratio = try #require(atLimit.finding("demographic_parity_ratio", of: "sex"))
        #expect(ratio.value == 0.8)
        #expect(try #require(ratio.adjustedP) < 0.05)
        #expect(ratio.verdict == .negligible)
        let below = evaluate(together(rows(["F"], tp: 399, fp: 0, fn: 0, tn: 601), rows(["M"], tp: 500, fp: 0, fn: 0, tn: 500)))
        #expect(below.finding("demographic_parity_ratio", of: "sex")?.verdict == .unfair)
    }

    @Test("a small group keeps its numbers but takes no part in the verdict")
    func smallGroup() throws {
        let evaluation = evaluate(
            together(
                rows(["F"], tp: 200, fp: 100, fn: 100, tn: 200), rows(["M"], tp: 200, fp: 100, fn: 100, tn: 200),
                rows(["X"], tp: 0, fp: 0, fn: 15, tn: 14)))
        #expect(evaluation.finding("selection_rate", of: "sex", group: "X")?.value == 0)
        let difference = try #require(evaluation.finding("demographic_parity_difference", of: "sex"))
        #expect(difference.value == 0.5)  // X included
        #expect(difference.pValue == 1)
        #expect(difference.verdict == .fair)
        #expect(evaluation.finding("equalized_odds_difference", of: "sex")?.verdict == .fair)
        #expect(evaluation.verdict(of: .fairness) == .fair)
    }

    @Test("a group of thirty rows takes part, one of twenty-nine does not, and the limit may be set")
    func groupRowsMin() {
        func verdict(_ count: Int, least: Int64 = 30) -> Verdict? {
            let rows = together(rows(["F"], tp: 300, fp: 300), rows(["X"], fn: count))
            var bench = MonitoringBench(rows, sensitive: ["sex"])
            bench.settings.groupRowsMin = least
            return bench.evaluate(rows).finding("demographic_parity_difference", of: "sex")?.verdict
        }
        #expect(verdict(30) == .unfair)
        #expect(verdict(29) == .insufficient)
        #expect(verdict(29, least: 29) == .unfair)
    }

    @Test("fewer than two large groups are insufficient")
    func insufficient() throws {
        let evaluation = evaluate(together(rows(["F"], tp: 100, tn: 100), rows(["M"], tp: 5, tn: 5)))
        let difference = try #require(evaluation.finding("demographic_parity_difference", of: "sex"))
        #expect(difference.verdict == .insufficient && difference.value == 0)
        #expect(difference.why == "fewer than two groups have 30 rows with what the rate needs")
        #expect(evaluation.verdict(of: .fairness) == .insufficient)
    }

    @Test("a rate that no row of a group can have is undefined, not 0")
    func undefinedRate() throws {
        let evaluation = evaluate(together(rows(["F"], fp: 50, tn: 50), rows(["M"], tp: 50, fp: 50, fn: 50, tn: 50)))
        let tpr = try #require(evaluation.finding("tpr", of: "sex", group: "F"))
        #expect(tpr.value == nil && tpr.currentCount == 0)
        #expect(tpr.why == "no rows with this label in the group")
        // Of the true positive rate only one group is left.
        #expect(evaluation.finding("equalized_odds_difference", of: "sex")?.value == nil)
        #expect(evaluation.finding("equalized_odds_difference", of: "sex")?.verdict == .insufficient)
    }

    @Test("when nobody is selected the ratio is undefined and the difference is 0")
    func nobody() throws {
        let evaluation = evaluate(together(rows(["F"], fn: 250, tn: 250), rows(["M"], fn: 250, tn: 250)))
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.value == 0)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.verdict == .fair)
        let ratio = try #require(evaluation.finding("demographic_parity_ratio", of: "sex"))
        #expect(ratio.value == nil && ratio.verdict == nil)
        #expect(ratio.why == "the rate is 0 in every group, so the ratio is undefined")
    }

    @Test("a score decides where the record has no decision of its own")
    func byScore() {
        var rows = Rows(scores: [0.7, 0.69, 0.71, 0.2], labels: [1, 1, 0, 0], groups: [["F"], ["F"], ["M"], ["M"]])
        rows.predictions = [.nan, .nan, 0, .nan]
        let evaluation = MonitoringBench(rows, sensitive: ["sex"], threshold: 0.7).evaluate(rows)
        #expect(evaluation.finding("selection_rate", of: "sex", group: "F")?.value == 0.5)
        #expect(evaluation.finding("selection_rate", of: "sex", group: "M")?.value == 0)
    }

    @Test("without sensitive attributes there is no fairness to speak of")
    func noAttributes() {
        let evaluation = MonitoringBench(Rows(predictions: [1, 0], labels: [1, 0])).evaluate(Rows(predictions: [1, 0], labels: [1, 0]))
        #expect(evaluation.findings(of: .fairness).isEmpty)
    }
}

@Suite("Intersections of sensitive attributes")
struct IntersectionTests {
    private let log = together(
        rows(["F", "Black"], tp: 10, fp: 10, fn: 40, tn: 40), rows(["F", "White"], tp: 40, fp: 40, fn: 10, tn: 10),
        rows(["M", "Black"], tp: 40, fp: 40, fn: 10, tn: 10), rows(["M", "White"], tp: 10, fp: 10, fn: 40, tn: 40))

    private func evaluate(_ rows: Rows) -> Evaluation { MonitoringBench(rows, sensitive: ["sex", "race"]).evaluate(rows) }

    @Test("what is fair by each attribute may be unfair between them")
    func gerrymandered() throws {
        let evaluation = evaluate(log)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.value == 0)
        #expect(evaluation.finding("demographic_parity_difference", of: "race")?.value == 0)
        let both = try #require(evaluation.finding("demographic_parity_difference", of: "sex*race"))
        #expect(isNear(try #require(both.value), 0.6))
        #expect(both.verdict == .unfair)
        let groups = evaluation.findings.filter { $0.subject == "sex*race" && $0.statistic == "selection_rate" }.map(\.group)
        #expect(groups == ["F*Black", "F*White", "M*Black", "M*White"])
        #expect(evaluation.finding("selection_rate", of: "sex*race", group: "F*Black")?.value == 0.2)
    }

    @Test("a row whose attribute is missing is left out of that attribute and of the intersection, not of the other attribute")
    func missing() {
        let evaluation = evaluate(together(log, rows([nil, "Black"], tp: 50, fp: 50)))
        #expect(evaluation.rows == 500)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.currentCount == 400)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.value == 0)
        #expect(evaluation.finding("demographic_parity_difference", of: "race")?.currentCount == 500)
        #expect(evaluation.finding("selection_rate", of: "race", group: "Black")?.value == 200.0 / 300)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex*race")?.currentCount == 400)
        #expect(!evaluation.findings.contains { $0.group.isEmpty && $0.statistic == "selection_rate" })
    }

    @Test("groups that the reference did not have are judged like the others")
    func newGroup() {
        let bench = MonitoringBench(log, sensitive: ["sex", "race"])
        let evaluation = bench.evaluate(together(log, rows(["X", "Black"], fn: 50, tn: 50)))
        #expect(evaluation.finding("selection_rate", of: "sex", group: "X")?.value == 0)
        #expect(evaluation.finding("demographic_parity_difference", of: "sex")?.verdict == .unfair)
    }

    @Test("one attribute has no intersection")
    func single() {
        let rows = together(rows(["F"], tp: 50, tn: 50), rows(["M"], tp: 50, tn: 50))
        let evaluation = MonitoringBench(rows, sensitive: ["sex"]).evaluate(rows)
        #expect(Set(evaluation.findings(of: .fairness).map(\.subject)) == ["sex"])
    }
}
