internal import Foundation
internal import Statistics
internal import Vocabulary

extension CalibrationAnalysis {
    enum Verdict: String, Sendable { case calibrated, negligible, miscalibrated, insufficient }

    /// Every statistic of one set of rows: the whole file, or a group.
    struct Part: Sendable {
        var sample: CalibrationSample
        var binned: CalibrationBins
        var errors: CalibrationErrors
        var massErrors: CalibrationErrors
        var debiased: DebiasedCalibrationError
        var brier: BrierDecomposition
        var hosmerLemeshow: Result<HosmerLemeshow, StatisticsError>
        var spiegelhalter: Result<SpiegelhalterTest, StatisticsError>
        var recalibration: Result<LogisticRecalibration, StatisticsError>
        var inTheLarge: Double?
        var verdict: Verdict
        var why: String
        private let confidence: Double
        private let isWeighted: Bool

        init(_ sample: CalibrationSample, _ options: CalibrationOptions) throws {
            self.sample = sample
            confidence = options.confidence
            isWeighted = options.weights != nil
            let width = try CalibrationBins(sample, count: options.bins)
            let mass = try CalibrationBins(sample, count: options.bins, by: .equalMass)
            let binning = try options.binningKind()
            switch binning {
            case .equalWidth: binned = width
            case .equalMass: binned = mass
            case .quantiles: binned = try CalibrationBins(sample, count: options.bins, by: .quantiles)
            }
            errors = try CalibrationErrors(binned.bins)
            massErrors = try CalibrationErrors(mass.bins)
            debiased = DebiasedCalibrationError(sample, width, confidence: options.confidence, seed: options.seed)
            brier = BrierDecomposition(sample, binned)
            let chosen = binned.bins
            hosmerLemeshow = Result { () throws(StatisticsError) in
                // Between distinct quantiles, as everywhere else where quantiles make cells.
                binning == .quantiles
                    ? try HosmerLemeshow(CalibrationBins(sample, count: options.bins, by: .quantiles, isMerged: true).bins)
                    : try HosmerLemeshow(chosen)
            }
            spiegelhalter = Result { () throws(StatisticsError) in try SpiegelhalterTest(sample) }
            recalibration = Result { () throws(StatisticsError) in try LogisticRecalibration(sample) }
            inTheLarge = try? LogisticRecalibration.inTheLarge(sample)
            let test = try HosmerLemeshow(options.bins == 10 ? mass.bins : CalibrationBins(sample, count: 10, by: .equalMass).bins)
            (verdict, why) = Self.judge(rows: sample.count, error: debiased.value, p: test.pValueExternal, alpha: 1 - options.confidence)
        }

        private static func judge(rows: Int, error: Double, p: Double, alpha: Double) -> (Verdict, String) {
            if rows < verdictRowsMin { return (.insufficient, "\(rows) rows, expected at least \(verdictRowsMin) for a verdict") }
            let found = "Hosmer-Lemeshow over tenths of the rows has p = \(tableNumber(p))"
            if p >= alpha { return (.calibrated, "\(found), no evidence of miscalibration at \(tableNumber(alpha))") }
            return error < negligibleError
                ? (.negligible, "\(found), but the debiased error \(tableNumber(error)) is below \(negligibleError)")
                : (.miscalibrated, "\(found), and the debiased error is \(tableNumber(error))")
        }

        var json: [(String, JSON)] {
            var out: [(String, JSON)] = [("n", JSON(sample.count))]
            if isWeighted { out.append(("weight", .number(sample.totalWeight))) }
            out += [
                ("base_rate", .number(sample.baseRate)), ("mean_score", .number(sample.meanScore)),
                (
                    "ece",
                    .object([
                        "equal_width": .number(debiased.expected), "equal_mass": .number(massErrors.expected),
                        "debiased": .number(debiased.value), "interval": debiased.interval.json,
                    ])
                ),
                ("mce", .number(errors.maximum)), ("ace", .number(errors.average)), ("rmsce", .number(errors.rootMeanSquare)),
                ("brier", brierJSON), ("log_loss", .number(sample.logLoss)), ("hosmer_lemeshow", hosmerLemeshowJSON),
                ("spiegelhalter", spiegelhalterJSON), ("recalibration", recalibrationJSON), ("curve", curveJSON),
                ("verdict", .string(verdict.rawValue)), ("why", .string(why)),
            ]
            return out
        }

        private var brierJSON: JSON {
            var out = JSONObject([
                ("value", .number(brier.value)), ("reliability", .number(brier.reliability)), ("resolution", .number(brier.resolution)),
                ("uncertainty", .number(brier.uncertainty)), ("within_bin_variance", .number(brier.withinBinVariance)),
                ("within_bin_covariance", .number(brier.withinBinCovariance)), ("skill_score", JSON(brier.skillScore)),
            ])
            if brier.skillScore == nil { out["why"] = "all labels are equal, so there is no skill to show" }
            return .object(out)
        }

        private var hosmerLemeshowJSON: JSON {
            switch hosmerLemeshow {
            case .failure(let error):
                return .object([
                    "statistic": nil, "degrees_of_freedom": nil, "p_value": nil, "p_value_external": nil, "groups": [],
                    "why": .string(error.description),
                ])
            case .success(let test):
                let groups = test.groups.map { group -> JSON in
                    .object(["n": JSON(group.count), "observed": .number(group.observed), "expected": .number(group.expected)])
                }
                var out = JSONObject([
                    ("statistic", .statistic(test.statistic)), ("degrees_of_freedom", JSON(test.degreesOfFreedom)),
                    ("p_value", .statistic(test.pValue)), ("p_value_external", .statistic(test.pValueExternal)), ("groups", .array(groups)),
                ])
                if test.pValue == nil {
                    out["why"] = .string("no degrees of freedom: \(groups.count) groups with rows, expected at least 3")
                }
                return .object(out)
            }
        }

        private var spiegelhalterJSON: JSON {
            switch spiegelhalter {
            case .success(let test): .object(["z": .statistic(test.z), "p_value": .statistic(test.pValue)])
            case .failure(let error): .object(["z": nil, "p_value": nil, "why": .string(error.description)])
            }
        }

        private var ratio: Double {
            let observed = sample.baseRate
            let expected = sample.meanScore
            return observed / expected
        }

        private var recalibrationJSON: JSON {
            var out = JSONObject()
            switch recalibration {
            case .success(let fit):
                out["intercept"] = .number(fit.intercept)
                out["slope"] = .number(fit.slope)
                out["intercept_se"] = .statistic(fit.interceptError)
                out["slope_se"] = .statistic(fit.slopeError)
            case .failure(let error):
                for key in ["intercept", "slope", "intercept_se", "slope_se"] { out[key] = JSON.null }
                out["why"] = .string(error.description)
            }
            out["in_the_large"] = JSON(inTheLarge)
            out["observed_expected_ratio"] = .statistic(ratio)
            let isFailed = out["why"] != nil
            return .object(
                out.explained { name in
                    name == "observed_expected_ratio"
                        ? "no label is positive and all scores are 0" : isFailed ? nil : "the fit does not exist"
                })
        }

        private func band(_ bin: CalibrationBin) -> Interval? {
            wilsonInterval(rate: min(max(bin.observed, 0), 1), effectiveCount: bin.effectiveCount, confidence: confidence)
        }

        private var curveJSON: JSON {
            .array(
                binned.bins.map { bin in
                    .object([
                        "bin": JSON(bin.index), "lower": .number(bin.lower), "upper": .number(bin.upper),
                        "mean_score": .number(bin.meanScore),
                        "observed": .number(bin.observed), "n": JSON(bin.count), "interval": band(bin)?.json ?? .null,
                    ])
                })
        }
    }
}

// For people.
extension CalibrationAnalysis.Part {
    private var level: String { "\(tableNumber(confidence * 100)) %" }

    func blocks(leftOut: Int) -> [Report.Block] {
        var facts: [[String]] = [
            ["ECE, equal width", tableNumber(debiased.expected), ""],
            ["ECE, debiased", tableNumber(debiased.value), debiased.interval.text],
            ["ECE, equal mass", tableNumber(massErrors.expected), ""], ["MCE", tableNumber(errors.maximum), ""],
            ["Brier score", tableNumber(brier.value), "skill \(tableNumber(brier.skillScore))"],
            ["Log loss", tableNumber(sample.logLoss), ""],
            ["Base rate", tableNumber(sample.baseRate), "mean score \(tableNumber(sample.meanScore))"],
        ]
        if case .success(let test) = hosmerLemeshow {
            facts.append(["Hosmer-Lemeshow", tableNumber(test.statistic), "p = \(tableNumber(test.pValueExternal)) (external model)"])
        }
        if case .success(let test) = spiegelhalter {
            facts.append(["Spiegelhalter z", tableNumber(test.z), "p = \(tableNumber(test.pValue))"])
        }
        if case .success(let fit) = recalibration {
            facts.append(["Recalibration intercept", tableNumber(fit.intercept), "± \(tableNumber(fit.interceptError))"])
            facts.append(["Recalibration slope", tableNumber(fit.slope), "± \(tableNumber(fit.slopeError))"])
        }
        let tone: Report.Tone = verdict == .miscalibrated ? .bad : verdict == .insufficient ? .faint : .good
        facts.insert(["Verdict", verdict.rawValue, why], at: 0)
        let curve = binned.bins.map { bin in
            [
                "\(tableNumber(bin.lower)) to \(tableNumber(bin.upper))", "\(bin.count)", tableNumber(bin.meanScore),
                tableNumber(bin.observed),
                band(bin)?.text ?? "",
            ]
        }
        return [
            .text("\(sample.count) rows; \(leftOut) left out for a missing cell or no weight. Intervals at \(level)."),
            .table(.init(["statistic", "value", "beside it"], facts, tones: [tone])),
            .heading("Reliability"), .table(.init(["scores", "rows", "mean score", "observed", "interval"], curve)),
            .chart(Self.chart([("all rows", self)])),
        ]
    }

    static func blocks(_ groups: [(name: String, part: Self)], by: String) -> [Report.Block] {
        let rows = groups.map { name, part in
            [
                name, "\(part.sample.count)", tableNumber(part.sample.baseRate), tableNumber(part.debiased.expected),
                part.debiased.interval.text,
                tableNumber(part.brier.value), tableNumber((try? part.recalibration.get())?.slope), part.verdict.rawValue,
            ]
        }
        let tones = groups.map { $0.part.verdict == .miscalibrated ? Report.Tone.bad : $0.part.verdict == .insufficient ? .faint : .plain }
        return [
            .heading("By \(by)"),
            .table(.init([by, "rows", "base rate", "ECE", "interval", "Brier", "slope", "verdict"], rows, tones: tones)),
            .chart(chart(groups)),
        ]
    }

    private static func chart(_ parts: [(name: String, part: Self)]) -> Report.Chart {
        let series = parts.map { name, part -> Report.Chart.Series in
            let bands = part.binned.bins.map { part.band($0) }
            return .init(
                name, x: part.binned.bins.map(\.meanScore), y: part.binned.bins.map(\.observed), lower: bands.map { $0?.lower ?? .nan },
                upper: bands.map { $0?.upper ?? .nan })
        }
        let worst = parts.flatMap { name, part in part.binned.bins.map { (name, $0) } }.max { $0.1.gap < $1.1.gap }
        let summary =
            worst.map { name, bin in
                "the largest gap is \(tableNumber(bin.gap)) (\(name)): mean score \(tableNumber(bin.meanScore)), "
                    + "observed \(tableNumber(bin.observed)), \(bin.count) rows"
            } ?? "no rows"
        return Report.Chart(
            "Reliability diagram", summary: summary, shape: .lines, series: series, xLabel: "mean score", yLabel: "observed rate",
            hasDiagonal: true)
    }
}
