internal import Statistics
internal import Vocabulary

extension CalibrationAnalysis {
    /// A map to better scores, and what it is worth on rows that it has not seen.
    struct Recalibration: Sendable {
        var map: RecalibrationMap
        private var method: RecalibrationMap.Method
        private var before: CalibrationSample
        private var after: CalibrationSample?
        private var errorBefore: Double
        private var errorAfter: Double?
        private static let folds = 5

        init(_ sample: CalibrationSample, _ method: RecalibrationMap.Method, _ options: CalibrationOptions) throws {
            self.method = method
            before = sample
            do { map = try RecalibrationMap(method, sample) } catch {
                throw AnalysisError("--recalibrate \(method.rawValue): \(error.description)")
            }
            func error(_ sample: CalibrationSample) throws -> Double {
                DebiasedCalibrationError(sample, try CalibrationBins(sample, count: options.bins), resamples: 1).expected
            }
            errorBefore = try error(sample)
            if let scores = try? RecalibrationMap.crossFitted(sample, method: method, folds: Self.folds, seed: options.seed) {
                let crossed = try CalibrationSample(scores: scores, labels: sample.labels, weights: sample.weights)
                after = crossed
                errorAfter = try error(crossed)
            }
        }

        private var parameters: JSON {
            switch map {
            case .platt(let intercept, let slope): .object(["intercept": .number(intercept), "slope": .number(slope)])
            case .isotonic(let function): .object(["x": .statistics(function.x), "y": .statistics(function.y)])
            case .temperature(let temperature): .object(["temperature": .number(temperature)])
            }
        }

        var json: JSON {
            var out = JSONObject([
                ("method", .string(method.rawValue)), ("parameters", parameters), ("folds", JSON(Self.folds)),
                (
                    "before",
                    .object(["ece": .number(errorBefore), "brier": .number(before.brierScore), "log_loss": .number(before.logLoss)])
                ),
                (
                    "after",
                    .object(["ece": .statistic(errorAfter), "brier": .statistic(after?.brierScore), "log_loss": .statistic(after?.logLoss)])
                ),
            ])
            if after == nil { out["why"] = "a part of the rows alone does not allow the fit, so there is no estimate on unseen rows" }
            return .object(out)
        }

        var blocks: [Report.Block] {
            [
                .heading("Recalibration: \(method.rawValue)"),
                .text("After: each fifth of the rows through a map fitted on the other four."),
                .table(
                    .init(
                        ["statistic", "before", "after"],
                        [
                            ["ECE", tableNumber(errorBefore), tableNumber(errorAfter)],
                            ["Brier score", tableNumber(before.brierScore), tableNumber(after?.brierScore)],
                            ["Log loss", tableNumber(before.logLoss), tableNumber(after?.logLoss)],
                        ])),
            ]
        }
    }
}
