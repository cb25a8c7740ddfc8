internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// How many rows a comparison needs, and what it can see.
    static let planning: [StatFunction] = [
        StatFunction(
            "required_n", "Rows that each of two groups needs for a difference to be found; give p_1 and p_2, or difference and deviation.",
            [
                .optional("p_1", "proportion in the first group", preset: "none"),
                .optional("p_2", "proportion in the second group", preset: "none"),
                .optional("difference", "of the means", preset: "none"),
                .optional("deviation", "standard deviation of the values", preset: "none"),
                .optional("ratio", "rows of the second group for one of the first", preset: "1"),
            ] + levels
        ) { args in
            let size = try sampleSize(args)
            let ratio = try args.number("ratio", preset: 1)
            let rows =
                try ofProportions(args)
                ? size.rows(p1: args.number("p_1"), p2: args.number("p_2"), ratio: ratio)
                : size.rows(difference: args.number("difference"), deviation: args.number("deviation"), ratio: ratio)
            return .object([
                "n_1": .statistic(rows.rounded(.up)), "n_2": .statistic((rows * ratio).rounded(.up)), "exact_n_1": .statistic(rows),
            ])
        },
        StatFunction(
            "minimum_detectable_effect", "The smallest difference that two groups can show; give p_2, or deviation.",
            [
                .required("n_1", "rows of the first group"), .required("n_2", "rows of the second group"),
                .optional("p_2", "proportion in the second group", preset: "none"),
                .optional("deviation", "standard deviation of the values", preset: "none"),
            ] + levels
        ) { args in
            let size = try sampleSize(args)
            let (n1, n2) = (try args.number("n_1"), try args.number("n_2"))
            guard try ofProportions(args) else {
                let effect = try size.detectable(deviation: args.number("deviation"), n1: n1, n2: n2)
                return .object(["difference": .statistic(effect)]).because(effect == nil ? "the groups are too small" : nil)
            }
            let p2 = try args.number("p_2")
            let effect = try size.detectable(p2: p2, n1: n1, n2: n2)
            return .object([
                "p_1_above": .statistic(effect.above), "p_1_below": .statistic(effect.below),
                "increase": .statistic(effect.above.map { $0 - p2 }), "decrease": .statistic(effect.below.map { p2 - $0 }),
            ]).because(effect.above == nil || effect.below == nil ? "no proportion on a side is far enough for so few rows" : nil)
        },
    ]

    private static let levels: [Argument] = [
        .optional("alpha", "level of the test", preset: "0.05"), .optional("power", "chance to find the difference", preset: "0.8"),
        .optional("alternative", "\"two-sided\" or \"one-sided\"", preset: "two-sided"),
    ]

    private static func sampleSize(_ args: StatArguments) throws -> SampleSize {
        let side = try args.word("alternative", of: ["two-sided", "one-sided"], preset: "two-sided")
        return try SampleSize(
            alpha: try args.share("alpha", preset: 0.05), power: try args.share("power", preset: 0.8), isTwoSided: side == "two-sided")
    }

    /// Proportions and means exclude each other.
    private static func ofProportions(_ args: StatArguments) throws -> Bool {
        let proportions = args.has("p_1") || args.has("p_2")
        guard !proportions || !args.has("deviation") && !args.has("difference") else {
            throw AnalysisError("proportions and a deviation or difference, expected the one or the other")
        }
        return proportions
    }
}
