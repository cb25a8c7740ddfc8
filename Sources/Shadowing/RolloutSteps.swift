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

    /// - Parameters:
    ///   - step: the place in ``weights``. - elapsed: seconds since it was reached.
    ///   - decision: of the newest look; nil where nothing is compared, since there is no model file: then only time counts.
    ///   - fault: why the candidate is not scored any more.
    ///   - hasSteppedBack: whether the last change was a step back: it is given its time before the next one.
    public func action(
        step: Int, elapsed: Double, decision: RolloutDecision?, fault: String? = nil, hasSteppedBack: Bool = false
    ) -> Action {
        if let decision, decision.verdict == .reject { return .stop(why: decision.reasons.joined(separator: "; ")) }
        let broken = (fault.map { [$0] } ?? []) + (decision?.broken ?? [])
        if !broken.isEmpty {
            let why = broken.joined(separator: "; ")
            if step == 0 { return hasSteppedBack && elapsed < seconds ? .stay : .stop(why: why) }
            return hasSteppedBack && elapsed < seconds ? .stay : .back(to: step - 1, why: why)
        }
        guard elapsed >= seconds else { return .stay }
        if let decision, decision.verdict != .promote { return .stay }
        return step + 1 < Self.weights.count ? .advance(to: step + 1) : .finish
    }
}
