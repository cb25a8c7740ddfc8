internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Answers that stay right however often one looks. Values count in the order given.
    static let sequential: [StatFunction] = [
        StatFunction(
            "confidence_sequence", "An interval of a mean that holds at all times at once, asymptotically (Waudby-Smith et al. 2021).",
            [
                .required("x", "numbers in the order of their coming"),
                .optional("y", "numbers; then of the mean of x − y", preset: "none"),
                .optional("null", "the mean that is to be excluded", preset: "0"),
                .optional("tightest_at", "number of values at which it is narrowest, chosen beforehand", preset: "1000"),
                .optional("first_look", "no interval before so many values", preset: "100"),
                .optional("path", "also the ends after every value", preset: "false"), .confidence,
            ]
        ) { args in
            var sequence = try ConfidenceSequence(
                confidence: try args.confidence(), tightestAt: try args.integer("tightest_at", preset: 1000),
                firstLook: try args.integer("first_look", preset: 100))
            let null = try args.number("null", preset: 0)
            var path: [Interval?] = []
            var decidedAt: Int?
            for (index, value) in try stream(args).enumerated() {
                sequence.observe(value)
                let interval = sequence.interval
                path.append(interval)
                if decidedAt == nil, let interval, null < interval.lower || null > interval.upper { decidedAt = index + 1 }
            }
            let last = path.last ?? nil
            let answer = JSON.object([
                "n": JSON(path.count), "estimate": .statistic(path.isEmpty ? nil : sequence.moments.mean), "interval": .interval(last),
                "decided": .bool(decidedAt != nil), "decided_at": decidedAt.map { JSON($0) } ?? .null,
            ]).because(last == nil ? "no interval before the first look, nor while all values are alike" : nil)
            guard try args.boolean("path", preset: false) else { return answer }
            return answer.adding("path", .array(path.map { JSON.interval($0) }))
        },
        StatFunction(
            "msprt", "The mixture sequential probability ratio test of a mean, with an always valid p-value (Johari et al. 2017).",
            [
                .required("x", "numbers in the order of their coming"),
                .optional("y", "numbers; then of the mean of x − y", preset: "none"),
                .required("scale", "size of the effects that are expected, chosen beforehand"),
                .optional("null", "the mean that is tested", preset: "0"),
                .optional("variance", "of a single value, if it is known", preset: "estimated"),
                .optional("first_look", "nothing is decided before so many values", preset: "100"),
                .optional("path", "also the p-value after every value", preset: "false"), .confidence,
            ]
        ) { args in
            let confidence = try args.confidence()
            let variance = args.has("variance") ? try args.number("variance") : nil
            var test = try MixtureSPRT(
                null: try args.number("null", preset: 0), scale: try args.number("scale"), variance: variance,
                firstLook: try args.integer("first_look", preset: 100))
            var path: [Double] = []
            for value in try stream(args) {
                test.observe(value)
                path.append(test.pValue)
            }
            let decidedAt = path.firstIndex { $0 <= 1 - confidence }
            let answer = JSON.object([
                "n": JSON(path.count), "estimate": .statistic(path.isEmpty ? nil : test.moments.mean),
                "log_likelihood_ratio": .statistic(test.logLikelihoodRatio), "p_value": .statistic(test.pValue),
                "interval": .interval(test.interval(confidence: confidence)), "decided": .bool(decidedAt != nil),
                "decided_at": decidedAt.map { JSON($0 + 1) } ?? .null,
            ]).because(test.logLikelihoodRatio == nil ? "nothing is known before the first look, nor while all values are alike" : nil)
            guard try args.boolean("path", preset: false) else { return answer }
            return answer.adding("path", .statistics(path))
        },
    ]

    /// x, or x − y pair by pair; missing values are left out.
    private static func stream(_ args: StatArguments) throws -> [Double] {
        let x = try args.numbers("x")
        let values = args.has("y") ? try args.columns("x", "y") : [x]
        let stream = values.count == 1 ? x : zip(values[0], values[1]).map { $0 - $1 }
        let present = stream.filter { !$0.isNaN }
        guard present.allSatisfy(\.isFinite) else { throw AnalysisError("x holds an infinite value, expected finite ones") }
        return present
    }
}
