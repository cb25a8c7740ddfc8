internal import Statistics
internal import Vocabulary

extension StatFunction {
    static let drift: [StatFunction] = [ks, cramerVonMises, mannWhitney, andersonDarling, wasserstein, energy, distances, mmd]

    private static let sampleArguments: [Argument] = [.required("x", "the reference's numbers"), .required("y", "the current numbers")]

    /// Both samples, sorted; nil where nan_policy makes the result undefined.
    private static func sides(_ args: StatArguments) throws -> (SortedSample, SortedSample)? {
        guard let samples = try args.samples("x", "y") else { return nil }
        return (try SortedSample(samples[0]), try SortedSample(samples[1]))
    }

    private static func undefined(_ names: String...) -> JSON {
        .object(JSONObject(names.map { ($0, JSON.null) } + [("why", .string("a missing value, with nan_policy propagate"))]))
    }

    private static let ks = StatFunction(
        "ks", "Two-sample Kolmogorov-Smirnov test",
        sampleArguments + [
            .optional("alternative", "two-sided, less or greater", preset: "two-sided"),
            .optional("method", "auto, exact or asymptotic", preset: "auto"), .nanPolicy,
        ]
    ) { args in
        let alternative = try args.word("alternative", of: ["two-sided", "less", "greater"], preset: "two-sided")
        let method = try args.word("method", of: ["auto", "exact", "asymptotic"], preset: "auto")
        guard let (x, y) = try sides(args) else { return undefined("statistic", "p_value", "location", "sign", "method") }
        let result = KolmogorovSmirnovTest(
            reference: x, current: y, alternative: .init(rawValue: alternative) ?? .twoSided, method: .init(rawValue: method) ?? .auto)
        var object = JSONObject([
            ("statistic", .statistic(result.statistic)), ("p_value", .statistic(result.pValue)), ("location", .statistic(result.location)),
            ("sign", JSON(result.sign)), ("method", .string(result.method.rawValue)),
        ])
        if result.pValue == nil { object["why"] = "the asymptotic law has no value for so few numbers" }
        return .object(object)
    }

    private static let cramerVonMises = StatFunction(
        "cramer_von_mises", "Two-sample Cramér-von Mises test",
        sampleArguments + [.optional("method", "auto, exact or asymptotic", preset: "auto"), .nanPolicy]
    ) { args in
        let method = try args.word("method", of: ["auto", "exact", "asymptotic"], preset: "auto")
        guard let (x, y) = try sides(args) else { return undefined("statistic", "p_value") }
        let result = try CramerVonMises(reference: x, current: y, method: .init(rawValue: method) ?? .auto)
        var object = JSONObject([
            ("statistic", .statistic(result.statistic)), ("p_value", .statistic(result.pValue)),
            ("method", .string(result.method.rawValue)),
        ])
        if let why = result.why { object["why"] = .string(why) }
        return .object(object)
    }

    private static let mannWhitney = StatFunction(
        "mann_whitney", "Mann-Whitney U test; statistic is U of x", sampleArguments + [.nanPolicy]
    ) { args in
        guard let (x, y) = try sides(args) else { return undefined("statistic", "p_value") }
        let result = MannWhitney(reference: x, current: y)
        return .object(["statistic": .statistic(result.statistic), "p_value": .statistic(result.pValue)])
    }

    private static let andersonDarling = StatFunction(
        "anderson_darling", "k-sample Anderson-Darling test",
        [.required("samples", "a list of lists of numbers"), .optional("variant", "midrank, right or continuous", preset: "midrank")]
    ) { args in
        let variant = try args.word("variant", of: ["midrank", "right", "continuous"], preset: "midrank")
        guard let lists = try args.json("samples").arrayValue else { throw AnalysisError("samples is no list, expected lists of numbers") }
        let samples = try lists.indices.map { index in
            let list = StatArguments(JSONObject([("samples[\(index)]", lists[index])]))
            return try SortedSample(try list.numbers("samples[\(index)]"))
        }
        let result = try AndersonDarling(samples, variant: .init(rawValue: variant) ?? .midrank)
        return .object(["statistic": .statistic(result.statistic), "p_value": .statistic(result.pValue)])
    }

    private static let weightArguments: [Argument] =
        sampleArguments + [
            .optional("x_weights", "a weight ≥ 0 for each x", preset: "equal"),
            .optional("y_weights", "a weight ≥ 0 for each y", preset: "equal"), .nanPolicy,
        ]

    private static let wasserstein = StatFunction("wasserstein", "Wasserstein-1 distance", weightArguments) { args in
        guard let sides = try weighted(args) else { return undefined("statistic") }
        switch sides {
        case .plain(let x, let y): return .object(["statistic": .statistic(try Wasserstein(reference: x, current: y).statistic)])
        case .weighted(let x, let xWeights, let y, let yWeights):
            let distance = try Wasserstein(reference: x, weights: xWeights, current: y, currentWeights: yWeights)
            return .object(["statistic": .statistic(distance.statistic)])
        }
    }

    private static let energy = StatFunction("energy", "Energy distance (the root)", weightArguments) { args in
        guard let sides = try weighted(args) else { return undefined("statistic") }
        switch sides {
        case .plain(let x, let y): return .object(["statistic": .statistic(try EnergyDistance(reference: x, current: y).statistic)])
        case .weighted(let x, let xWeights, let y, let yWeights):
            let distance = try EnergyDistance(reference: x, weights: xWeights, current: y, currentWeights: yWeights)
            return .object(["statistic": .statistic(distance.statistic)])
        }
    }

    private enum Sides {
        case plain(SortedSample, SortedSample)
        case weighted([Double], [Double], [Double], [Double])
    }

    /// A missing value goes with its weight.
    private static func weighted(_ args: StatArguments) throws -> Sides? {
        guard args.has("x_weights") || args.has("y_weights") else { return try sides(args).map { .plain($0.0, $0.1) } }
        guard try args.samples("x", "y") != nil else { return nil }
        func side(_ name: String) throws -> ([Double], [Double]) {
            let values = try args.numbers(name)
            let weights = args.has("\(name)_weights") ? try args.numbers("\(name)_weights") : values.map { _ in 1 }
            guard weights.count == values.count else {
                throw AnalysisError("\(name)_weights has \(weights.count) numbers, expected \(values.count) as in \(name)")
            }
            let kept = values.indices.filter { !values[$0].isNaN }
            return (kept.map { values[$0] }, kept.map { weights[$0] })
        }
        let x = try side("x")
        let y = try side("y")
        return .weighted(x.0, x.1, y.0, y.1)
    }

    private static let distances = StatFunction(
        "distances", "Distances between two rows of counts over the same cells",
        [
            .required("reference_counts", "counts by cell"), .required("current_counts", "counts of the same cells"),
            .optional("floor", "least share of a cell in psi and kullback_leibler", preset: "0.0001"),
            .optional("js_base", "\"2\" or \"e\"", preset: "2"),
        ]
    ) { args in
        func counts(_ name: String) throws -> [Int64] {
            try args.numbers(name).map { value in
                guard let count = Int64(exactly: value), count >= 0 else {
                    throw AnalysisError("\(name) holds \(JSON.number(value).text), expected whole numbers of at least 0")
                }
                return count
            }
        }
        let reference = try counts("reference_counts")
        let current = try counts("current_counts")
        let floor = try args.number("floor", preset: PopulationStabilityIndex.defaultFloor)
        guard floor >= 0, floor < 1 else { throw AnalysisError("floor is \(floor), expected at least 0 and below 1") }
        let isTwo =
            try args.has("js_base") && args.json("js_base").doubleValue == 2
            ? true : args.word("js_base", of: ["2", "e"], preset: "2") == "2"
        let psi = try PopulationStabilityIndex(reference: reference, current: current, floor: floor)
        let js = try JensenShannon(reference: reference, current: current, base: isTwo ? .two : .e)
        let others = try CellDistances(reference: reference, current: current, floor: floor)
        return .object([
            "psi": .statistic(psi.statistic), "psi_p_value": .statistic(psi.pValue), "jensen_shannon": .statistic(js.statistic),
            "jensen_shannon_divergence": .statistic(js.divergence), "hellinger": .statistic(others.hellinger),
            "total_variation": .statistic(others.totalVariation), "l_infinity": .statistic(others.lInfinity),
            "kullback_leibler": .statistic(others.kullbackLeibler), "kullback_leibler_raw": .statistic(others.kullbackLeiblerRaw),
        ])
    }

    private static let mmd = StatFunction(
        "mmd", "Maximum mean discrepancy of two lists of rows, Gaussian kernel",
        [
            .required("x", "the reference's rows"), .required("y", "the current rows"),
            .optional("bandwidth", "a number, or \"median\" of the distances between rows", preset: "median"),
            .optional("permutations", "\"all\", or a number of random splits; for the p-value", preset: "none"),
            .optional("seed", "of the random splits", preset: "1"),
        ]
    ) { args in
        let isMedian = try !args.has("bandwidth") || args.json("bandwidth").stringValue == "median"
        let result = try MaximumMeanDiscrepancy(
            reference: try args.rows("x"), current: try args.rows("y"), bandwidth: isMedian ? nil : try args.number("bandwidth"))
        var object = JSONObject([
            ("biased", .statistic(result.biased)), ("unbiased", .statistic(result.unbiased)), ("bandwidth", .statistic(result.bandwidth)),
        ])
        if result.biased == nil { object["why"] = "more than half of the pairs of rows are equal: give a bandwidth" }
        guard args.has("permutations") else { return .object(object) }
        let seed = UInt64(bitPattern: try args.integer("seed", preset: 1))
        let test =
            try args.json("permutations").stringValue == "all"
            ? try result.exactPermutation() : try result.permutation(Int(clamping: try args.integer("permutations")), seed: seed)
        object["p_value"] = .statistic(test.pValue)
        object["count_at_least"] = JSON(test.countAtLeast)
        object["splits"] = JSON(test.splits)
        return .object(object)
    }
}
