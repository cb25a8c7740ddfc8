import Statistics
import TestSupport
import Testing

// Golden numbers: fairlearn 0.15.0 for differences and ratios, SciPy 1.17.1 (chi2_contingency without correction) for p-values,
// statsmodels 0.15.0 (confint_proportions_2indep, "newcomb" and "log") for intervals.
private let groups = [
    GroupCounts(group: "a", truePositives: 60, falsePositives: 40, falseNegatives: 30, trueNegatives: 70),
    GroupCounts(group: "b", truePositives: 45, falsePositives: 20, falseNegatives: 55, trueNegatives: 80),
    GroupCounts(group: "c", truePositives: 10, falsePositives: 9, falseNegatives: 12, trueNegatives: 19),
]

@Suite("rates of a group")
struct GroupCountsTests {
    @Test("every rate is its share of the right rows")
    func rates() {
        let a = groups[0]
        #expect(a.labelled == 200)
        #expect(a.selectionRate == Rate(count: 100, total: 200))
        #expect(a.truePositiveRate == Rate(count: 60, total: 90))
        #expect(a.falsePositiveRate == Rate(count: 40, total: 110))
        #expect(a.baseRate == Rate(count: 90, total: 200))
        #expect(a.accuracy == Rate(count: 130, total: 200))
    }

    @Test("the selection rate is over all predictions, labelled or not")
    func unlabelled() {
        let group = GroupCounts(group: "a", truePositives: 3, trueNegatives: 1, predictions: 100, selected: 70)
        #expect(group.selectionRate.value == 0.7)
        #expect(group.accuracy.value == 1)
        #expect(group.labelled == 4)
    }

    @Test("a rate without rows is undefined, not 0")
    func undefined() {
        let group = GroupCounts(group: "a", falsePositives: 2, trueNegatives: 3)
        #expect(group.truePositiveRate.value == nil)
        #expect(group.truePositiveRate.interval() == nil)
        #expect(group.falsePositiveRate.value == 0.4)
        #expect(GroupCounts(group: "b").selectionRate.value == nil)
    }

    @Test("the interval of a rate is Wilson's")
    func interval() {
        #expect(Rate(count: 81, total: 263).interval(confidence: 0.9) == wilsonInterval(count: 81, of: 263, confidence: 0.9))
    }
}

@Suite("disparity of a rate between groups")
struct DisparityTests {
    @Test("difference and ratio of the selection rates, with interval and p-value")
    func demographicParity() throws {
        let parity = try Disparity(groups.map { ($0.group, $0.selectionRate) })
        #expect(isNear(parity.difference, 0.175))
        #expect(isNear(parity.ratio ?? .nan, 0.65))
        #expect(parity.highest == "a" && parity.lowest == "b")
        #expect(parity.groupsUsed == 3)
        #expect(parity.smallestGroup == 50)
        #expect(isNear(parity.differenceInterval?.lower ?? .nan, 0.07860532099083141, relative: 1e-9))
        #expect(isNear(parity.differenceInterval?.upper ?? .nan, 0.26688373860670833, relative: 1e-9))
        #expect(isNear(parity.ratioInterval?.lower ?? .nan, 0.5097236674071894, relative: 1e-9))
        #expect(isNear(parity.ratioInterval?.upper ?? .nan, 0.8288804837121456, relative: 1e-9))
        #expect(isNear(parity.pValue ?? .nan, 0.0016084585908975194, relative: 1e-9))
    }

    @Test("the confidence is handed on to both intervals")
    func confidence() throws {
        let usual = try Disparity(groups.map { ($0.group, $0.selectionRate) })
        let sure = try Disparity(groups.map { ($0.group, $0.selectionRate) }, confidence: 0.99)
        #expect(try #require(sure.differenceInterval).lower < #require(usual.differenceInterval).lower)
        #expect(try #require(sure.ratioInterval).upper > #require(usual.ratioInterval).upper)
        #expect(sure.pValue == usual.pValue)
    }

    @Test("the order of the groups does not matter", arguments: [[1, 0, 2], [2, 1, 0], [1, 2, 0]])
    func order(of groupOrder: [Int]) throws {
        var ours = try Disparity(groupOrder.map { (groups[$0].group, groups[$0].selectionRate) })
        let wanted = try Disparity(groups.map { ($0.group, $0.selectionRate) })
        #expect(isNear(ours.pValue ?? .nan, wanted.pValue ?? .nan))  // a sum in another order
        ours.pValue = wanted.pValue
        #expect(ours == wanted)
    }

    @Test("groups without rows for the rate take no part")
    func undefinedGroups() throws {
        let some = try Disparity([("a", Rate(count: 3, total: 10)), ("b", Rate(count: 6, total: 10))])
        let all = try Disparity([("none", Rate(count: 0, total: 0)), ("a", Rate(count: 3, total: 10)), ("b", Rate(count: 6, total: 10))])
        #expect(all == some)
        #expect(all.groupsUsed == 2)
    }

    @Test("equal rates differ by nothing")
    func equal() throws {
        let parity = try Disparity([("a", Rate(count: 3, total: 10)), ("b", Rate(count: 30, total: 100))])
        #expect(parity.difference == 0)
        #expect(parity.ratio == 1)
        #expect(parity.pValue == 1)
    }

    @Test("where no row is selected the ratio is undefined and the difference 0")
    func noneSelected() throws {
        let parity = try Disparity([("a", Rate(count: 0, total: 10)), ("b", Rate(count: 0, total: 20))])
        #expect(parity.difference == 0)
        #expect(parity.ratio == nil)
        #expect(parity.ratioInterval == nil)
        #expect(parity.pValue == 1)
    }

    @Test("a group in which no row is selected makes the ratio 0 without an interval")
    func oneNeverSelected() throws {
        let parity = try Disparity([("a", Rate(count: 0, total: 10)), ("b", Rate(count: 5, total: 10))])
        #expect(parity.difference == 0.5)
        #expect(parity.ratio == 0)
        #expect(parity.ratioInterval == nil)
        #expect(parity.differenceInterval != nil)
    }

    @Test("one group has nothing to be compared with", arguments: [0, 1])
    func tooFew(defined: Int) {
        let rates = [("a", Rate(count: 1, total: Int64(2 * defined))), ("b", Rate(count: 0, total: 0))]
        #expect { try Disparity(rates) } throws: { ($0 as? StatisticsError)?.code == .undefined }
    }

    @Test("the interval of the difference holds it", arguments: 1...10 as ClosedRange<UInt64>)
    func intervals(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<50 {
            let rates = (0..<Int.random(in: 2...6, using: &random)).map { group in
                let total = Int64.random(in: 1...50, using: &random)
                return ("\(group)", Rate(count: Int64.random(in: 0...total, using: &random), total: total))
            }
            let parity = try Disparity(rates)
            let difference = try #require(parity.differenceInterval)
            #expect(difference.lower <= parity.difference && parity.difference <= difference.upper, "seed \(seed): \(rates)")
            if let ratio = parity.ratio, let interval = parity.ratioInterval {
                #expect(interval.lower <= ratio && ratio <= interval.upper, "seed \(seed): \(rates)")
            }
            let p = try #require(parity.pValue)
            #expect(p >= 0 && p <= 1, "seed \(seed): \(rates)")
        }
    }
}

@Suite("equalized odds")
struct EqualizedOddsTests {
    @Test("the worse of the two rates counts, by difference and by ratio")
    func fixture() throws {
        let odds = try EqualizedOdds(groups)
        #expect(isNear(odds.difference, 0.21666666666666662))  // of the true-positive rates ⅔ and 0.45
        #expect(odds.worse == odds.truePositiveRate)
        #expect(isNear(odds.worseByRatio?.ratio ?? .nan, 0.55))  // of the false-positive rates 0.2 and 4/11
        #expect(odds.worseByRatio == odds.falsePositiveRate)
    }

    @Test("the p-value is the smaller of the two, doubled")
    func pValue() throws {
        let odds = try EqualizedOdds(groups)
        #expect(isNear(odds.truePositiveRate.pValue ?? .nan, 0.007736493174045608, relative: 1e-9))
        #expect(isNear(odds.falsePositiveRate.pValue ?? .nan, 0.03071091150032095, relative: 1e-9))
        #expect(isNear(odds.pValue ?? .nan, 2 * 0.007736493174045608, relative: 1e-9))
    }

    @Test("equal odds have difference 0 and a p-value of 1, not 2")
    func equalOdds() throws {
        let odds = try EqualizedOdds(
            ["a", "b"].map { GroupCounts(group: $0, truePositives: 3, falsePositives: 2, falseNegatives: 1, trueNegatives: 4) })
        #expect(odds.difference == 0)
        #expect(odds.worseByRatio?.ratio == 1)
        #expect(odds.pValue == 1)
    }

    @Test("a ratio of 0/0 leaves the other to count")
    func oneRatioUndefined() throws {
        let odds = try EqualizedOdds([
            GroupCounts(group: "a", truePositives: 3, falseNegatives: 1, trueNegatives: 4),
            GroupCounts(group: "b", truePositives: 1, falseNegatives: 1, trueNegatives: 4),
        ])
        #expect(odds.falsePositiveRate.ratio == nil)
        #expect(isNear(odds.worseByRatio?.ratio ?? .nan, 2.0 / 3))
    }

    @Test("where nobody is selected no ratio is defined")
    func noRatio() throws {
        let odds = try EqualizedOdds(["a", "b"].map { GroupCounts(group: $0, falseNegatives: 1, trueNegatives: 4) })
        #expect(odds.worseByRatio == nil)
        #expect(odds.difference == 0)
    }

    @Test("without positives in a second group there are no odds to compare")
    func undefined() {
        let odds = [
            GroupCounts(group: "a", truePositives: 3, falsePositives: 1, falseNegatives: 1, trueNegatives: 4),
            GroupCounts(group: "b", falsePositives: 1, trueNegatives: 4),
        ]
        #expect { try EqualizedOdds(odds) } throws: { ($0 as? StatisticsError)?.code == .undefined }
    }
}
