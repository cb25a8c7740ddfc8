internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Intervals and tests of proportions.
    static let proportions: [StatFunction] = [
        StatFunction(
            "proportion_intervals", "Intervals of a proportion by five methods.",
            [.required("count", "whole number"), .required("n", "whole number"), .confidence]
        ) { args in
            let (count, n, confidence) = (try args.integer("count"), try args.integer("n"), try args.confidence())
            let exact = try ProportionInterval.clopperPearson(count: count, of: n, confidence: confidence)
            return .object([
                "wilson": .interval(wilsonInterval(count: count, of: n, confidence: confidence)), "clopper_pearson": .interval(exact),
                "agresti_coull": .interval(try ProportionInterval.agrestiCoull(count: count, of: n, confidence: confidence)),
                "jeffreys": .interval(try ProportionInterval.jeffreys(count: count, of: n, confidence: confidence)),
                "wald": .interval(try ProportionInterval.wald(count: count, of: n, confidence: confidence)),
            ])
        },
        StatFunction(
            "two_proportions", "Intervals of the difference and ratio of two independent proportions, and tests that they are equal.",
            [
                .required("count_1", "whole number"), .required("n_1", "whole number"), .required("count_2", "whole number"),
                .required("n_2", "whole number"), .confidence,
            ]
        ) { args in
            let (x1, n1) = (try args.integer("count_1"), try args.integer("n_1"))
            let (x2, n2) = (try args.integer("count_2"), try args.integer("n_2"))
            let confidence = try args.confidence()
            let two = try TwoProportions(count1: x1, n1: n1, count2: x2, n2: n2)
            let newcombe = newcombeInterval(count1: x1, n1: n1, count2: x2, n2: n2, confidence: confidence)
            let ratio = ratioInterval(count1: x1, n1: n1, count2: x2, n2: n2, confidence: confidence)
            let pooled = two.pooledZ
            let unpooled = two.unpooledZ
            return .object([
                "difference": .object([
                    "newcombe": .interval(newcombe), "wald": .interval(two.wald(confidence: confidence)),
                    "agresti_caffo": .interval(two.agrestiCaffo(confidence: confidence)),
                    "score": .interval(two.scoreDifference(confidence: confidence)),
                ]),
                "ratio": .object([
                    "log": .interval(ratio), "log_adjusted": .interval(two.adjustedLogRatio(confidence: confidence)),
                    "score": .interval(two.scoreRatio(confidence: confidence)),
                ]).because(ratio == nil ? "the logarithm of a count of 0 has no finite variance" : nil),
                "pooled": .object([
                    "z": .statistic(pooled), "p_value": .statistic(pooled.map(Distributions.normalTwoSided)),
                    "p_value_less": .statistic(pooled.map(Distributions.normalCDF)),
                    "p_value_greater": .statistic(pooled.map(Distributions.normalTail)),
                ]).because(pooled == nil ? "every row of both sides is alike" : nil),
                "unpooled": .object(["z": .statistic(unpooled), "p_value": .statistic(unpooled.map(Distributions.normalTwoSided))])
                    .because(unpooled == nil ? "every row of both sides is alike" : nil),
                "cohen_h": .statistic(two.cohenH),
            ])
        },
    ]
}
