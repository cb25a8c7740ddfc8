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
        guard let schema = versions.first?.schema else { return nil }
        let task: PairedPredictions.Task
        switch schema.task {
        case .binary: task = .binary
        case .regression: task = .regression
        case .multiclass:
            throw ConfigurationError(["\(model): a live test of several classes is not compared, expected a binary model or a regression"])
        }
        let width = UnpairedComparison.metrics(task).count
        let sums = try await shadow.arms(versions, from: from ?? .earliest, to: to ?? clock().adding(seconds: 86_400 * 366))
        let names = [arms.0, arms.1]
        let known = Set(sums.map(\.arm))
        if let absent = names.first(where: { !known.contains($0) }) {
            throw ConfigurationError([
                "\(model) has no rows of the variant \(absent), expected two of \(known.sorted().joined(separator: ", "))"
            ])
        }
        var all = [UnpairedComparison.Arm](repeating: .init(losses: width), count: 2)
        var groups: [[String]: [UnpairedComparison.Arm]] = [:]
        for part in sums {
            guard let place = names.firstIndex(of: part.arm) else { continue }
            var arm = UnpairedComparison.Arm(losses: width)
            (arm.rows, arm.labelled, arm.positive, arm.losses) = (part.rows, part.labelled, part.positive, part.losses)
            all[place].add(arm)
            for (attribute, value) in part.groups {
                groups[[attribute, value], default: .init(repeating: .init(losses: width), count: 2)][place].add(arm)
            }
        }
        let comparison = UnpairedComparison(
            task, (all[0], all[1]), shares: shares,
            groups: groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key[0], $0.key[1], ($0.value[0], $0.value[1])) },
            policy: configuration.shadow.policy)
        return comparison.json(names: arms)
    }
}
