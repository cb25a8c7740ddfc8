internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Tests of samples, resampling, and families of tests.
    static let samples: [StatFunction] = [
        StatFunction(
            "t_test", "Welch's and Student's tests that two samples have one mean.",
            [.required("x", "numbers"), .required("y", "numbers"), .nanPolicy]
        ) { args in
            guard let samples = try args.samples("x", "y") else { return .undefined("welch", "student", why: JSON.propagated) }
            let welch = try TTest.welch(samples[0], samples[1])
            let student = try TTest.student(samples[0], samples[1])
            return .object([
                "welch": .object([
                    "t": .statistic(welch.t), "degrees_of_freedom": .statistic(welch.degreesOfFreedom),
                    "p_value": .statistic(welch.pValue),
                ]),
                "student": .object(["t": .statistic(student.t), "p_value": .statistic(student.pValue)]),
            ]).because(welch.t == nil ? "both samples hold one and the same value" : nil)
        },
        StatFunction(
            "levene", "Levene's test that two samples have one variance, about their medians.",
            [.required("x", "numbers"), .required("y", "numbers"), .nanPolicy]
        ) { args in
            guard let samples = try args.samples("x", "y") else { return .undefined("statistic", "p_value", why: JSON.propagated) }
            let test = try LeveneTest(samples)
            return .object(["statistic": .statistic(test.statistic), "p_value": .statistic(test.pValue)])
                .because(test.statistic == nil ? "both samples are constant" : nil)
        },
        StatFunction(
            "adjust_p_values", "P-values of a family of tests, adjusted; those of tests that could not be done are null and stay so.",
            [
                .required("p_values", "numbers in 0...1 or null"),
                .required("method", PValueAdjustment.allCases.map(\.rawValue).joined(separator: ", ")),
                .optional("alpha", "reject what is adjusted to this or less", preset: "0.05"),
            ]
        ) { args in
            let method = try args.word("method", of: PValueAdjustment.allCases.map(\.rawValue))
            let alpha = try args.share("alpha", preset: 0.05)
            let values = try args.numbers("p_values").map { $0.isNaN ? nil : $0 }
            let adjusted = try (PValueAdjustment(rawValue: method) ?? .holm).adjust(values)
            return .object([
                "p_adjusted": .optionals(adjusted), "rejected": .booleans(adjusted.map { p in p.map { $0 <= alpha } }),
            ])
        },
        StatFunction(
            "bootstrap", "Intervals of a statistic from resamples of the sample.",
            [
                .required("x", "numbers"), .required("statistic", "\"mean\" or \"median\""),
                .optional("resamples", "\"all\" (every ordered one), or how many to draw by the seed", preset: "all"),
                .optional("indices", "instead of resamples: of each, the places of its values, from 0", preset: "none"),
                .optional("seed", "of resamples that are drawn", preset: "1"), .confidence,
            ],
            body: bootstrap),
    ]

    private static func bootstrap(_ args: StatArguments) throws -> JSON {
        let x = try args.numbers("x")
        let word = try args.word("statistic", of: Bootstrap.Statistic.allCases.map(\.rawValue))
        let statistic = Bootstrap.Statistic(rawValue: word) ?? .mean
        let confidence = try args.confidence()
        let bootstrap: Bootstrap
        if args.has("indices") {
            guard let indices = try args.json("indices").arrayValue else {
                throw AnalysisError("indices is no list, expected a list of lists")
            }
            let rows = try indices.enumerated().map { place, row in
                guard let row = row.arrayValue else {
                    throw AnalysisError("indices[\(place)] is \(row.kind), expected a list of whole numbers")
                }
                return try row.map { item in
                    guard let index = item.intValue, let index = Int(exactly: index) else {
                        throw AnalysisError("indices[\(place)] holds \(item.kind), expected whole numbers")
                    }
                    return index
                }
            }
            bootstrap = try .given(x, statistic, indices: rows)
        } else if args.has("resamples"), try args.json("resamples").stringValue != "all" {
            let count = try args.integer("resamples")
            guard count > 0, count <= Int64(Bootstrap.resampleCountMax) else {
                throw AnalysisError("resamples is \(count), expected \"all\" or 1...\(Bootstrap.resampleCountMax)")
            }
            let seed = UInt64(bitPattern: try args.integer("seed", preset: 1))
            bootstrap = try .seeded(x, statistic, resamples: Int(count), seed: seed)
        } else {
            bootstrap = try .all(x, statistic)
        }
        let bca = bootstrap.bca(confidence: confidence)
        return .object([
            "resamples": JSON(bootstrap.resampleCount), "estimate": .statistic(bootstrap.estimate),
            "mean": .statistic(bootstrap.mean), "standard_error": .statistic(bootstrap.standardError),
            "percentile": .interval(bootstrap.percentile(confidence: confidence)),
            "basic": .interval(bootstrap.basic(confidence: confidence)),
            "bca": .object([
                "z0": .statistic(bca?.z0), "acceleration": .statistic(bca?.acceleration),
                "probabilities": bca.map { .statistics([$0.lowerProbability, $0.upperProbability]) } ?? .null,
                "interval": .interval(bca?.interval),
            ]).because(bca == nil ? "the resamples lie on one side of the estimate, or have no spread" : nil),
        ])
    }
}
