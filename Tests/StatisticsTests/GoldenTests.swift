import Statistics
import TestSupport
import Testing
import Vocabulary

/// Our answers against those of scipy, scikit-learn, statsmodels and fairlearn, on the cases of `../shared/golden`.
///
/// Every test says how many cases it must have compared, so that none passes on nothing.
@Suite("golden values", .enabled(if: SharedFiles.isPresent, "../shared with the golden values is not there"))
struct GoldenTests {
    // MARK: drift.json

    @Test("the Kolmogorov-Smirnov distance, where and on which side it is attained")
    func kolmogorovSmirnov() throws {
        var compared = 0
        for prefix in ["ks", "ks-nan", "ks-empty"] {
            for test in try GoldenCase.family("drift", prefix) where try test.input("alternative") == "two-sided" {
                var x = try GoldenData.numbers(test.input("x"))
                var y = try GoldenData.numbers(test.input("y"))
                if test.inputs["nan_policy"] == "omit" {
                    x.removeAll(where: \.isNaN)
                    y.removeAll(where: \.isNaN)
                }
                compared += 1
                guard !test.isRefused, let distance = try test.number("statistic") else {
                    #expect(throws: StatisticsError.self, "\(test.id)") { try KolmogorovSmirnov(reference: x, current: y) }
                    continue
                }
                let ours = try KolmogorovSmirnov(reference: x, current: y)
                try test.expect(ours.statistic, "statistic")
                #expect(ours.upperBound == ours.statistic, "\(test.id): raw values leave nothing unknown")
                if distance == 0 {
                    #expect(ours.location == nil && ours.sign == 0 && ours.pValue == 1, "\(test.id)")
                    continue
                }
                // Several values may attain the distance, on both sides even; any of them is right.
                let location = try #require(ours.location)
                let gap = gapOfDistributions(x, y, at: location)
                #expect(isNear(gap, Double(ours.sign) * distance, relative: 1e-9), "\(test.id): the gap at \(location) is \(gap)")
                try test.expect(Double(ours.sign), "statistic_sign")
                // Ours is the limiting law K, scipy's the one of n = nm/(n + m) values. To first order they differ by K'(x) / (6√n)
                // (W. Pelz, I. J. Good, "Approximating the Lower Tail-areas of the Kolmogorov-Smirnov One-sample Statistic", 1976),
                // and K' is 1.69 at most.
                let size = Double(x.count) * Double(y.count) / Double(x.count + y.count)
                if size > 100, test.expected["method_used"] == "asymp", let p = try test.number("pvalue") {
                    #expect(abs(ours.pValue - p) < 0.3 / size.squareRoot(), "\(test.id): p \(ours.pValue), scipy's \(p)")
                }
            }
        }
        #expect(compared >= 46)
    }

    @Test("the limiting law of Kolmogorov's distance")
    func kolmogorovLaw() throws {
        let cases = try GoldenCase.family("drift", "kolmogorov-sf")
        for test in cases {
            try test.expect(Distributions.kolmogorovTail(test.inputNumber("t")), "pvalue")
        }
        #expect(cases.count >= 7)
    }

    @Test(
        "PSI and Jensen-Shannon on counts, on levels and in bins",
        arguments: [("dist-counts", 7), ("dist-cat", 6), ("dist-num", 25), ("dist-width", 6)])
    func distances(prefix: String, atLeast: Int) throws {
        var compared = 0
        for test in try GoldenCase.family("drift", prefix) {
            let (r, c) = try test.cells()
            compared += 1
            guard let index = try test.number("psi") else {
                #expect(throws: StatisticsError.self, "\(test.id)") { try PopulationStabilityIndex(reference: r, current: c) }
                #expect(throws: StatisticsError.self, "\(test.id)") { try JensenShannon(reference: r, current: c) }
                continue
            }
            let floor = try test.inputNumber("eps")
            let psi = try PopulationStabilityIndex(reference: r, current: c, floor: floor)
            test.expect(psi.statistic, equals: index, "psi")
            #expect(psi.terms.count == r.count, "\(test.id)")
            let binary = try JensenShannon(reference: r, current: c)
            try test.expect(binary.statistic, "js_distance_2")
            try test.expect(binary.divergence, "js_divergence_2")
            let natural = try JensenShannon(reference: r, current: c, base: .e)
            try test.expect(natural.statistic, "js_distance_e")
            try test.expect(natural.divergence, "js_divergence_e")
        }
        #expect(compared >= atLeast)
    }

    @Test("Pearson's chi-squared test of two rows", arguments: [("chi2", 18), ("chi2-cat", 6)])
    func chiSquared(prefix: String, atLeast: Int) throws {
        var compared = 0
        for test in try GoldenCase.family("drift", prefix) {
            let (r, c): ([Int64], [Int64])
            if let table = test.inputs["table"]?.arrayValue {
                guard table.count == 2 else { continue }  // ours compares two samples, not three
                (r, c) = (try GoldenData.counts(table[0]), try GoldenData.counts(table[1]))
            } else {
                (r, c) = try test.cells()
            }
            let correction = try test.input("correction") == true
            compared += 1
            switch test.name() {
            case "zero_row", "single_column":
                // scipy refuses the first, and calls the second's statistic 0 with no degrees of freedom; ours has no test in both.
                #expect(throws: StatisticsError.self, "\(test.id)") { try ChiSquared(reference: r, current: c, correction: correction) }
            case "zero_column":
                // scipy refuses; ours leaves out what is empty on both sides.
                let filled = r.indices.filter { r[$0] + c[$0] > 0 }
                let dropped = try ChiSquared(reference: filled.map { r[$0] }, current: filled.map { c[$0] }, correction: correction)
                #expect(try ChiSquared(reference: r, current: c, correction: correction) == dropped, "\(test.id)")
            default:
                let ours = try ChiSquared(reference: r, current: c, correction: correction)
                try test.expect(ours.statistic, "statistic")
                try test.expect(ours.pValue, "pvalue")
                try test.expect(Double(ours.degreesOfFreedom), "dof")
                if test.expected["cramers_v"] != nil { try test.expect(ours.cramersV, "cramers_v") }
            }
        }
        #expect(compared >= atLeast)
    }

    // MARK: calibration.json

    @Test("Brier score and logarithmic loss", arguments: [("brier", "brier"), ("logloss", "log_loss")])
    func scores(prefix: String, field: String) throws {
        let cases = try GoldenCase.family("calibration", prefix)
        for test in cases {
            let scores = try GoldenData.numbers(test.input("score"))
            let labels = try GoldenData.labels(test.input("label"))
            try test.expect(
                field == "brier" ? brierScore(scores: scores, labels: labels) : logLoss(scores: scores, labels: labels), field)
        }
        #expect(cases.count >= 19)
    }

    @Test("expected and maximum calibration error in bins of equal width")
    func calibrationError() throws {
        let cases = try GoldenCase.family("calibration", "ece-width")
        for test in cases {
            let scores = try GoldenData.numbers(test.input("score"))
            let ours = try ExpectedCalibrationError(
                scores: scores, labels: GoldenData.labels(test.input("label")), bins: Int(test.inputCount("bins")))
            try test.expect(ours.value, "ece")
            try test.expect(ours.maximum, "mce")
            #expect(ours.count == Int64(scores.count), "\(test.id)")
        }
        #expect(cases.count >= 37)
    }

    @Test("what cannot be scored is refused")
    func refusedScores() throws {
        // A label of 2 cannot be written as a Bool.
        let cases = try GoldenCase.family("calibration", "bad").filter { $0.name() != "label_2" }
        for test in cases {
            let scores = try GoldenData.numbers(test.input("score"))
            let labels = try GoldenData.labels(test.input("label"))
            #expect(throws: StatisticsError.self, "\(test.id)") { try brierScore(scores: scores, labels: labels) }
            #expect(throws: StatisticsError.self, "\(test.id)") { try logLoss(scores: scores, labels: labels) }
            #expect(throws: StatisticsError.self, "\(test.id)") { try ExpectedCalibrationError(scores: scores, labels: labels) }
        }
        #expect(cases.count >= 4)
    }

    // MARK: performance.json

    @Test("the area under the ROC curve")
    func areaUnderCurve() throws {
        let cases = try GoldenCase.family("performance", "binary")
        for test in cases {
            let scores = try GoldenData.numbers(test.input("score"))
            let labels = try GoldenData.labels(test.input("label"))
            if let area = try test.number("roc_auc") {
                let ours = try RocAUC(scores: scores, labels: labels)
                test.expect(ours.value, equals: area, "roc_auc")
                #expect(ours.lowerBound == ours.value && ours.upperBound == ours.value, "\(test.id)")
            } else {
                #expect(throws: StatisticsError.self, "\(test.id)") { try RocAUC(scores: scores, labels: labels) }
            }
        }
        #expect(cases.count >= 23)
    }

    // MARK: fairness.json

    @Test("rates of every group")
    func groupRates() throws {
        let cases = try GoldenCase.family("fairness", "groups").filter { $0.inputs["weight"] == nil }
        for test in cases {
            let groups = try test.groupCounts()
            let table = try #require(test.expected["by_group"]?.objectValue)
            #expect(groups.map(\.group).sorted() == table.members.map(\.key).sorted(), "\(test.id)")
            for group in groups {
                let row = try #require(table[group.group])
                try test.expect(Double(group.truePositives), "tp", in: row)
                try test.expect(Double(group.falsePositives), "fp", in: row)
                try test.expect(Double(group.falseNegatives), "fn", in: row)
                try test.expect(Double(group.trueNegatives), "tn", in: row)
                try test.expect(Double(group.predictions), "rows", in: row)
                try test.expect(group.selectionRate.value, "selection_rate", in: row)
                try test.expect(group.truePositiveRate.value, "tpr", in: row)
                try test.expect(group.falsePositiveRate.value, "fpr", in: row)
                try test.expect(group.baseRate.value, "base_rate", in: row)
                try test.expect(group.accuracy.value, "accuracy", in: row)
            }
        }
        #expect(cases.count >= 17)
    }

    @Test("demographic parity and equalized odds between groups")
    func disparities() throws {
        var compared = 0
        for test in try GoldenCase.family("fairness", "fairlearn") where test.inputs["weight"] == nil {
            let groups = try test.groupCounts().map(\.inFairlearnsConvention)
            compared += 1
            if groups.count < 2 {
                // fairlearn compares a single group with itself; for us there is nothing to compare.
                #expect(throws: StatisticsError.self, "\(test.id)") { try EqualizedOdds(groups) }
                continue
            }
            let parity = try Disparity(groups.map { ($0.group, $0.selectionRate) })
            try test.expect(parity.difference, "demographic_parity_difference")
            try test.expect(parity.ratio, "demographic_parity_ratio")
            let odds = try EqualizedOdds(groups)
            try test.expect(odds.truePositiveRate.difference, "equal_opportunity_difference")
            try test.expect(odds.truePositiveRate.ratio, "equal_opportunity_ratio")
            try test.expect(odds.difference, "equalized_odds_difference_worst_case")
            try test.expect(odds.worseByRatio?.ratio, "equalized_odds_ratio_worst_case")
            let frame = try #require(test.expected["metric_frame"])
            try test.expect(odds.falsePositiveRate.difference, "fpr", in: frame["difference"])
            try test.expect(odds.falsePositiveRate.ratio, "fpr", in: frame["ratio"])
        }
        #expect(compared >= 17)
    }

    @Test("disparities over the groups whose rate is defined")
    func disparitiesOfDefinedRates() throws {
        let cases = try GoldenCase.family("fairness", "nan-aware").filter { $0.inputs["weight"] == nil }
        for test in cases {
            let groups = try test.groupCounts()
            let rates: [(String, KeyPath<GroupCounts, Rate>)] = [
                ("selection_rate", \.selectionRate), ("tpr", \.truePositiveRate), ("fpr", \.falsePositiveRate), ("accuracy", \.accuracy),
            ]
            for (name, rate) in rates {
                let ours = try Disparity(groups.map { ($0.group, $0[keyPath: rate]) })
                let wanted = try #require(test.expected[name])
                try test.expect(ours.difference, "difference", in: wanted)
                try test.expect(ours.ratio, "ratio", in: wanted)
                try test.expect(Double(ours.groupsUsed), "groups_used", in: wanted)
                try test.expect(groups.first { $0.group == ours.lowest }?[keyPath: rate].value, "min", in: wanted)
                try test.expect(groups.first { $0.group == ours.highest }?[keyPath: rate].value, "max", in: wanted)
            }
        }
        #expect(cases.count >= 5)
    }

    // MARK: tests.json

    @Test("Benjamini-Hochberg adjusted p-values")
    func multipleTesting() throws {
        let cases = try GoldenCase.family("tests", "multiple").filter { $0.inputs["method"] == "fdr_bh" }
        for test in cases {
            let adjusted = benjaminiHochberg(try #require(test.input("pvalues").arrayValue).map(\.doubleValue))
            let alpha = try test.inputNumber("alpha")
            let wanted = try #require(test.expected["p_adjusted"]?.arrayValue)
            #expect(adjusted.count == wanted.count, "\(test.id)")
            for (ours, theirs) in zip(adjusted, wanted) { test.expect(ours, equals: theirs.doubleValue, "p_adjusted") }
            #expect(adjusted.map { $0.map { $0 <= alpha } } == test.expected["reject"]?.arrayValue?.map(\.boolValue), "\(test.id)")
        }
        #expect(cases.count >= 12)
    }

    @Test("Wilson's interval of a proportion")
    func wilson() throws {
        let cases = try GoldenCase.family("tests", "proportion-ci")
        for test in cases {
            let ours = try wilsonInterval(
                count: test.inputCount("count"), of: test.inputCount("nobs"), confidence: 1 - test.inputNumber("alpha"))
            try test.expect(ours, "wilson")
        }
        #expect(cases.count >= 16)
    }

    @Test("Newcombe's interval of a difference and Katz' of a ratio")
    func twoProportions() throws {
        let cases = try GoldenCase.family("tests", "two-proportion")
        for test in cases {
            let (a, n) = try (test.inputCount("count1"), test.inputCount("nobs1"))
            let (b, m) = try (test.inputCount("count2"), test.inputCount("nobs2"))
            let confidence = 1 - (try test.inputNumber("alpha"))
            let difference = newcombeInterval(count1: a, n1: n, count2: b, n2: m, confidence: confidence)
            try test.expect(difference, "diff_newcombe")
            let ratio = ratioInterval(count1: a, n1: n, count2: b, n2: m, confidence: confidence)
            if test.expected["ratio_log"]?.arrayValue == nil {
                #expect(ratio == nil, "\(test.id): the reference divides by zero")
            } else {
                try test.expect(ratio, "ratio_log")
            }
        }
        #expect(cases.count >= 7)
    }

    @Test("DeLong's variance and interval of the area under the curve")
    func deLong() throws {
        let cases = try GoldenCase.family("tests", "delong")
        for test in cases {
            let labels = try GoldenData.labels(test.input("label"))
            for which in ["1", "2"] {
                let ours = try RocAUC(scores: GoldenData.numbers(test.input("score\(which)")), labels: labels)
                try test.expect(ours.value, "auc\(which)")
                try test.expect(ours.variance, "var\(which)")
                // The reference does not clip its interval to 0…1.
                guard which == "1", let interval = ours.interval(), let wanted = test.expected["auc1_ci95"]?.arrayValue else { continue }
                test.expect(interval.lower, equals: wanted[0].doubleValue.map { max(0, $0) }, "auc1_ci95")
                test.expect(interval.upper, equals: wanted[1].doubleValue.map { min(1, $0) }, "auc1_ci95")
            }
        }
        #expect(cases.count >= 6)
    }

    // MARK: special.json

    @Test("the normal distribution: probabilities, two-sided tails and quantiles")
    func normal() throws {
        var compared = 0
        for test in try GoldenCase.family("special", "normal") {
            let lower = try #require(test.expected["cdf"]?.arrayValue)
            let upper = try #require(test.expected["sf"]?.arrayValue)
            for (i, x) in try #require(test.input("x").arrayValue).enumerated() {
                let x = try #require(x.doubleValue)
                test.expect(Distributions.normalCDF(x), equals: lower[i].doubleValue, "cdf")
                test.expect(Distributions.normalCDF(-x), equals: upper[i].doubleValue, "sf")
                test.expect(Distributions.normalTwoSided(x), equals: (x < 0 ? lower : upper)[i].doubleValue.map { 2 * $0 }, "sf")
                compared += 1
            }
        }
        for test in try GoldenCase.family("special", "normal-ppf") {
            let wanted = try #require(test.expected["ppf"]?.arrayValue)
            for (p, z) in zip(try #require(test.input("p").arrayValue), wanted) {
                test.expect(try Distributions.normalQuantile(#require(p.doubleValue)), equals: z.doubleValue, "ppf")
                compared += 1
            }
        }
        for test in try GoldenCase.family("special", "erf") {
            let wanted = try #require(test.expected["erfc"]?.arrayValue)
            for (x, tail) in zip(try #require(test.input("x").arrayValue), wanted) {
                let x = try #require(x.doubleValue)
                if x < 0 { continue }
                test.expect(Distributions.normalTwoSided(x * 2.0.squareRoot()), equals: tail.doubleValue, "erfc")  // erfc x = P(|Z| ≥ x√2)
                compared += 1
            }
        }
        #expect(compared >= 31)
    }

    @Test("the tail of the chi-squared distribution, also as the incomplete gamma function that it is")
    func chiSquaredTail() throws {
        var compared = 0
        for test in try GoldenCase.family("special", "chi2-sf") {
            let wanted = try #require(test.expected["sf"]?.arrayValue)
            for (pair, tail) in zip(try #require(test.input("x_df").arrayValue), wanted) {
                let pair = try GoldenData.numbers(pair)
                test.expect(Distributions.chiSquaredTail(pair[0], degreesOfFreedom: pair[1]), equals: tail.doubleValue, "sf")
                compared += 1
            }
        }
        for test in try GoldenCase.family("special", "gamma-inc") {
            let wanted = try #require(test.expected["Q"]?.arrayValue)
            for (pair, tail) in zip(try #require(test.input("a_x").arrayValue), wanted) {
                let pair = try GoldenData.numbers(pair)
                test.expect(Distributions.chiSquaredTail(2 * pair[1], degreesOfFreedom: 2 * pair[0]), equals: tail.doubleValue, "Q")
                compared += 1
            }
        }
        #expect(compared >= 19)
    }

    @Test("quantiles by linear interpolation")
    func quantiles() throws {
        var compared = 0
        for test in try GoldenCase.family("special", "quantile") {
            let places = try GoldenData.numbers(test.input("q"))
            let wanted = try #require(test.expected["values"]?.arrayValue)
            for (sample, row) in zip(try #require(test.input("samples").arrayValue), wanted) {
                let sorted = try GoldenData.numbers(sample).sorted()
                for (p, value) in zip(places, try GoldenData.numbers(row)) {
                    test.expect(quantile(ofSorted: sorted, p), equals: value, "values")
                    compared += 1
                }
            }
        }
        #expect(compared >= 28)
    }
}
