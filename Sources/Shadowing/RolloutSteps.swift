/// How a candidate takes over, step by step: what the next step is, decided anew at every look.
public struct RolloutSteps: Sendable, Equatable {
    /// The candidate's share of the traffic.
    public static let weights = [0.01, 0.05, 0.25, 0.5, 1]
    /// How long a step lasts at least.
    public var seconds: Double
    public init(seconds: Double) { self.seconds = seconds }

    public enum Action: Sendable, Equatable {
        case stay
        case advance(to: Int)
        /// All traffic was the candidate's for a step: it is the champion.
        case finish
        case back(to: Int, why: String)
        /// No traffic any more.
        case stop(why: String)
    }

    /// What must be before the next step.
    public enum Ground: Sendable, Equatable {
        /// The candidate is compared over the champion's rows: its verdict must be promote.
        case verdict
        /// Both serve, each its own rows: the guardrails must stand. Who is better need not be known.
        case guardrails
    }

    /// - Parameters:
    ///   - step: the place in ``weights``. - elapsed: seconds since it was reached.
    ///   - decision: of the newest look; nil before the first one: then nothing goes on.
    ///   - fault: why the candidate is not scored any more.
    ///   - hasSteppedBack: whether the last change was a step back: it is given its time before the next one.
    public func action(
        step: Int, elapsed: Double, decision: RolloutDecision?, by ground: Ground = .verdict, fault: String? = nil,
        hasSteppedBack: Bool = false
    ) -> Action {
        if let decision, decision.verdict == .reject { return .stop(why: decision.reasons.joined(separator: "; ")) }
        let broken = (fault.map { [$0] } ?? []) + (decision?.broken ?? [])
        if !broken.isEmpty {
            let why = broken.joined(separator: "; ")
            if hasSteppedBack && elapsed < seconds { return .stay }
            return step == 0 ? .stop(why: why) : .back(to: step - 1, why: why)
        }
        guard elapsed >= seconds, let decision else { return .stay }
        if ground == .verdict ? decision.verdict != .promote : decision.fall != nil { return .stay }
        return step + 1 < Self.weights.count ? .advance(to: step + 1) : .finish
    }
}
