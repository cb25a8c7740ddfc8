internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Scores against labels.
    static let scores: [StatFunction] = [
        StatFunction(
            "delong", "Two areas under the ROC curve over the same rows, and the test that they are equal.",
            [.required("label", "0 or 1"), .required("score_1", "numbers"), .required("score_2", "numbers"), .confidence]
        ) { args in
            let labels = try args.numbers("label")
            for (index, label) in labels.enumerated() where label != 0 && label != 1 {
                throw AnalysisError("label[\(index)] is \(label.isNaN ? "missing" : "\(label)"), expected 0 or 1")
            }
            let (first, second) = (try args.numbers("score_1"), try args.numbers("score_2"))
            let delong = try DeLong(labels: labels.map { $0 == 1 }, scores1: first, scores2: second)
            let confidence = try args.confidence()
            let z = delong.z
            return .object([
                "auc_1": .statistic(delong.auc1), "variance_1": .statistic(delong.variance1),
                "interval_1": .interval(delong.interval1(confidence: confidence)), "auc_2": .statistic(delong.auc2),
                "variance_2": .statistic(delong.variance2), "interval_2": .interval(delong.interval2(confidence: confidence)),
                "covariance": .statistic(delong.covariance), "z": .statistic(z),
                "p_value": .statistic(z.map(Distributions.normalTwoSided)),
            ]).because(
                z != nil ? nil : delong.covariance == nil ? "a class has only one row" : "the difference of the areas has no variance")
        },
        probabilityScore("brier", "The mean squared error of probabilities.") { $0.brier },
        probabilityScore("log_loss", "The mean logarithmic loss of probabilities, clipped to 2⁻⁵² from 0 and 1.") { $0.logLoss },
        StatFunction(
            "isotonic", "The rising function of the scores that fits the labels best, and its values at given scores.",
            [
                .required("label", "numbers"), .required("score", "numbers"), .optional("at", "numbers", preset: "none"),
                .optional("weights", "numbers of at least 0", preset: "1 each"),
            ]
        ) { args in
            let weights = args.has("weights") ? try args.numbers("weights") : nil
            let curve = try IsotonicRegression(scores: try args.numbers("score"), outcomes: try args.numbers("label"), weights: weights)
            let at = args.has("at") ? try args.numbers("at") : []
            return .object(["x": .statistics(curve.x), "y": .statistics(curve.y), "value": .statistics(at.map { curve($0) })])
        },
    ]

    private static func probabilityScore(
        _ name: String, _ summary: String, _ value: @escaping @Sendable (ProbabilityScores) -> Double
    ) -> StatFunction {
        StatFunction(
            name, summary,
            [
                .required("label", "0 or 1"), .required("score", "numbers in 0...1"),
                .optional("weights", "numbers of at least 0", preset: "1 each"),
            ]
        ) { args in
            let weights = args.has("weights") ? try args.numbers("weights") : nil
            let scores = try ProbabilityScores(labels: try args.numbers("label"), scores: try args.numbers("score"), weights: weights)
            return .object(["value": .statistic(value(scores))])
        }
    }
}
