internal import Glibc
internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Distribution functions and their inverses, on lists of numbers; each result is a list of the same length.
    static let distributions: [StatFunction] = [
        StatFunction("normal", "The standard normal distribution.", [.required("x", "numbers")]) { args in
            let x = try args.numbers("x")
            return .object([
                "cdf": each(x) { Distributions.normalCDF($0) }, "sf": each(x) { Distributions.normalTail($0) },
                "pdf": each(x) { Distributions.normalDensity($0) }, "log_sf": each(x) { Distributions.normalLogTail($0) },
            ])
        },
        StatFunction("normal_quantile", "The x with P(Z ≤ x) = p.", [.required("p", "numbers in 0...1")]) { args in
            let p = try args.numbers("p")
            try check(p, "p", "numbers in 0...1") { $0 >= 0 && $0 <= 1 }
            return .object(["value": each(p) { $0 == 0 ? -.infinity : $0 == 1 ? .infinity : Distributions.normalQuantile($0) }])
        },
        StatFunction("erf", "The error function and its complement.", [.required("x", "numbers")]) { args in
            let x = try args.numbers("x")
            return .object(["erf": each(x) { erf($0) }, "erfc": each(x) { erfc($0) }])
        },
        StatFunction(
            "incomplete_gamma", "P(a, x), Q(a, x) and log Γ(a).", [.required("a", "numbers > 0"), .required("x", "numbers ≥ 0")]
        ) { args in
            let columns = try args.columns("a", "x")
            let values = try rows(columns) { try IncompleteGamma(a: $0[0], x: $0[1]) }
            return .object([
                "p": column(values, \.p), "q": column(values, \.q), "log_gamma": each(columns[0]) { lgamma($0) },
            ])
        },
        StatFunction(
            "incomplete_beta", "I of x with a and b, and its complement.",
            [.required("a", "numbers > 0"), .required("b", "numbers > 0"), .required("x", "numbers in 0...1")]
        ) { args in
            let values = try rows(try args.columns("a", "b", "x")) { try IncompleteBeta(a: $0[0], b: $0[1], x: $0[2]) }
            return .object(["p": column(values, \.p), "q": column(values, \.q)])
        },
        StatFunction(
            "beta_quantile", "The x where the incomplete beta function is p.",
            [.required("a", "numbers > 0"), .required("b", "numbers > 0"), .required("p", "numbers in 0...1")]
        ) { args in
            let values = try rows(try args.columns("a", "b", "p")) { try IncompleteBeta.quantile(a: $0[0], b: $0[1], p: $0[2]) }
            return .object(["value": column(values, \.self)])
        },
        StatFunction(
            "chi_squared_tail", "P(X ≥ x) and P(X ≤ x) of the chi-squared distribution.",
            [.required("x", "numbers"), .required("df", "numbers > 0")]
        ) { args in
            let values = try rows(try args.columns("x", "df")) { try Distributions.chiSquared($0[0], degreesOfFreedom: $0[1]) }
            return .object(["sf": column(values, \.tail), "cdf": column(values, \.cdf)])
        },
        StatFunction(
            "student_t_tail", "P(T ≥ x) of Student's distribution.", [.required("x", "numbers"), .required("df", "numbers > 0")]
        ) { args in
            let values = try rows(try args.columns("x", "df")) { try Distributions.studentTail($0[0], degreesOfFreedom: $0[1]) }
            return .object(["sf": column(values, \.self)])
        },
        StatFunction(
            "f_tail", "P(F ≥ x) of the F distribution.",
            [.required("x", "numbers"), .required("df_1", "numbers > 0"), .required("df_2", "numbers > 0")]
        ) { args in
            let values = try rows(try args.columns("x", "df_1", "df_2")) { try Distributions.fTail($0[0], $0[1], $0[2]) }
            return .object(["sf": column(values, \.self)])
        },
        StatFunction(
            "ks_tail", "P(D ≥ d) of the Kolmogorov-Smirnov distance of n values, both sides and one.",
            [.required("d", "numbers"), .required("n", "whole numbers ≥ 1")]
        ) { args in
            let columns = try args.columns("d", "n")
            return .object([
                "sf": column(try rows(columns) { try KolmogorovLaw.tail($0[0], n: $0[1]) }, \.self),
                "one_sided_sf": column(try rows(columns) { try KolmogorovLaw.oneSidedTail($0[0], n: $0[1]) }, \.self),
            ])
        },
        StatFunction("kolmogorov_tail", "P(√n·D ≥ x) in the limit of many values.", [.required("x", "numbers")]) { args in
            .object(["sf": each(try args.numbers("x")) { Distributions.kolmogorovTail($0) }])
        },
        StatFunction(
            "binomial", "P(X ≤ k) and P(X > k) of the binomial distribution.",
            [.required("k", "numbers"), .required("n", "whole numbers ≥ 0"), .required("p", "numbers in 0...1")]
        ) { args in
            let values = try rows(try args.columns("k", "n", "p")) { try Distributions.binomial($0[0], n: $0[1], p: $0[2]) }
            return .object(["cdf": column(values, \.cdf), "sf": column(values, \.tail)])
        },
        StatFunction(
            "quantile", "Quantiles of a sample, with linear interpolation between its values.",
            [.required("x", "numbers"), .required("p", "numbers in 0...1"), .nanPolicy]
        ) { args in
            let p = try args.numbers("p")
            guard let sorted = try args.samples("x")?.first?.sorted() else { return .object(["value": each(p) { _ in .nan }]) }
            guard !sorted.isEmpty else { throw AnalysisError("x holds no value, expected at least one") }
            try check(p, "p", "numbers in 0...1") { $0 >= 0 && $0 <= 1 }
            return .object(["value": each(p) { quantile(ofSorted: sorted, $0) }])
        },
    ]

    /// A missing number has no value; everything else is computed.
    private static func each(_ numbers: [Double], _ value: (Double) -> Double) -> JSON {
        .array(numbers.map { JSON.statistic($0.isNaN ? nil : value($0)) })
    }

    private static func check(_ numbers: [Double], _ name: String, _ expected: String, _ holds: (Double) -> Bool) throws {
        for (index, number) in numbers.enumerated() where !number.isNaN && !holds(number) {
            throw AnalysisError("\(name)[\(index)] is \(JSON.statistic(number).text), expected \(expected)")
        }
    }

    /// Row by row; nil where a number of the row is missing.
    private static func rows<Value>(_ columns: [[Double]], _ value: ([Double]) throws -> Value) throws -> [Value?] {
        try columns[0].indices.map { row in
            let numbers = columns.map { $0[row] }
            return numbers.contains(where: \.isNaN) ? nil : try value(numbers)
        }
    }

    private static func column<Value>(_ values: [Value?], _ part: (Value) -> Double) -> JSON {
        .array(values.map { JSON.statistic($0.map(part)) })
    }
}
