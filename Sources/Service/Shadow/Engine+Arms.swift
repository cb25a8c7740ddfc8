internal import Shadowing
internal import Storage
public import Vocabulary

/// Which variants are compared, and what each was meant to get.
public struct ArmsQuery: Sendable {
    public var arms: (String, String)
    public var shares: (Double, Double)

    /// - Parameters:
    ///   - arms: two names with a comma. - shares: two numbers with a comma; equal ones where it is nil.
    /// - Throws: ``ConfigurationError``.
    public init(arms: String, shares: String?) throws {
        let names = arms.split(separator: ",").map(String.init)
        guard names.count == 2, names[0] != names[1] else {
            throw ConfigurationError(["arms: expected the champion's variant and the candidate's, with a comma"])
        }
        let numbers = (shares ?? "1,1").split(separator: ",").map { Double($0) ?? .nan }
        guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw ConfigurationError(["shares: expected two numbers above 0 with a comma, such as 0.95,0.05"])
        }
        self.arms = (names[0], names[1])
        self.shares = (numbers[0], numbers[1])
    }
}

extension Engine {
    /// Two variants that both serve, compared on rows of their own.
    ///
    /// - Parameters:
    ///   - arms: what records call their variant, or versions: the champion's and the candidate's.
    ///   - shares: of the traffic that each was meant to get. - from: the whole log where it is nil.
    /// - Returns: nil when there is no such model.
    public func abComparison(
        of model: String, arms: (String, String), shares: (Double, Double), from: Timestamp?, to: Timestamp?
    ) async throws -> JSON? {
        let versions = try await registry.versions().filter { $0.key.model == model }
        if versions.isEmpty { return nil }
        let parts = try await shadow.arms(versions, from: from ?? .earliest, to: to ?? clock().adding(seconds: 86_400 * 366))
        let known = Set(parts.map { $0.variant ?? $0.version })
        let names = [arms.0, arms.1]
        if let absent = names.first(where: { !known.contains($0) }) {
            throw ConfigurationError([
                "\(model) has no rows of the variant \(absent), expected two of \(known.sorted().joined(separator: ", "))"
            ])
        }
        let comparison = Self.compare(versions[0].schema, parts, shares: shares, configuration.shadow.policy) { part in
            names.firstIndex(of: part.variant ?? part.version)
        }
        return comparison.json(names: arms)
    }

    /// A version that is rolled out beside its champion, over what both have served since it began.
    ///
    /// A row belongs to the version that it is logged under, unless its `variant` names the other one, or says champion or candidate. The
    /// sample ratio is not tested: the shares change from step to step.
    func rolloutComparison(
        _ champion: RegisteredVersion, _ candidate: RegisteredVersion, since: Timestamp, store: ShadowStore, at now: Timestamp
    ) async throws -> UnpairedComparison {
        let parts = try await store.arms([champion, candidate], from: since, to: now.adding(seconds: 86_400))
        let arms = [champion.key.version, candidate.key.version]
        return Self.compare(champion.schema, parts, shares: nil, configuration.shadow.policy) { part in
            switch part.variant {
            case arms[0], "champion": 0
            case arms[1], "candidate": 1
            default: arms.firstIndex(of: part.version)
            }
        }
    }

    /// - Parameter arm: which one a part belongs to; nil for neither.
    private static func compare(
        _ schema: FeatureSchema, _ parts: [ArmPart], shares: (Double, Double)?, _ policy: RolloutPolicy, arm: (ArmPart) -> Int?
    ) -> UnpairedComparison {
        var all = [ArmSums](repeating: ArmSums(), count: 2)
        /// By attribute, empty for segments, and name.
        var some: [[String]: [ArmSums]] = [:]
        for part in parts {
            guard let place = arm(part) else { continue }
            let sums = ArmSums(part)
            all[place].add(sums)
            guard part.kind == .outcome else { continue }
            for (attribute, value) in part.groups + part.segments.map({ (attribute: "", value: $0) }) {
                some[[attribute, value], default: [ArmSums(), ArmSums()]][place].add(sums)
            }
        }
        let ordered = some.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
            UnpairedComparison.Part(attribute: $0.key[0], name: $0.key[1], arms: ($0.value[0], $0.value[1]))
        }
        return UnpairedComparison(
            PairedPredictions.Task(schema.task), classes: schema.classes.count, (all[0], all[1]), shares: shares, parts: ordered,
            policy: policy)
    }
}

extension PairedPredictions.Task {
    init(_ task: ModelTask) {
        switch task {
        case .binary: self = .binary
        case .regression: self = .regression
        case .multiclass: self = .multiclass
        }
    }
}

extension ArmSums {
    /// A single part of an arm.
    fileprivate init(_ part: ArmPart) {
        self.init()
        func mean(_ sums: ArmPart.Sums) -> MeanSums { MeanSums(count: sums.count, sum: sums.sum, squares: sums.squares) }
        switch part.kind {
        case .scoreCell(let cell): addCell(part.label.map { $0 == 1 ? 1 : 0 } ?? 2, cell, part.rows)
        case .scoreBin(let bin): addBin(bin, Bin(rows: part.labelled, scores: part.scores, positives: part.labels))
        case .latencyCell(let cell): paces[cell] = part.rows
        case .outcome:
            rows = part.rows
            failed = part.isFailed ? part.rows : 0
            labelled = part.labelled
            losses = part.losses.map(mean)
            (costs, latencies) = (mean(part.cost), mean(part.latency))
            func place(_ value: Double?) -> Int { value.flatMap { Int(exactly: $0) } ?? -1 }
            if !part.isFailed { outcomes[Outcome(label: place(part.label), decision: place(part.decision))] = part.rows }
        }
    }
}
