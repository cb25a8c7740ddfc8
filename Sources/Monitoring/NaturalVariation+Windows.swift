public import Profiles
internal import Statistics
public import Vocabulary

extension NaturalVariation {
    /// Windows below which nothing can be said.
    public static let windowsMin = 4
    /// Windows that are compared at most, drawn with a fixed seed: evenly spaced ones might all be of the same hour of the day.
    public static let windowsMax = 48

    /// Compares each window with the rest of the baseline.
    ///
    /// - Parameters:
    ///   - count: of windows that the baseline is made of and that have enough rows.
    ///   - window: the profile of one of them; asked for the windows that are compared.
    /// - Returns: nil with fewer than ``windowsMin`` windows.
    public init?(
        windows count: Int, of baseline: ReferenceProfile, of version: RegisteredVersion, settings: MonitorSettings,
        window: (Int) -> Profile
    ) {
        guard count >= Self.windowsMin else { return nil }
        var random = SeededRandom(seed: 1)
        let drawn = (0..<count).map { (key: random.uniform(), window: $0) }.sorted { ($0.key, $0.window) < ($1.key, $1.window) }
            .prefix(Self.windowsMax).map(\.window)
        let evaluator = WindowEvaluator(settings: settings)
        var drafts: [Place: [Draft]] = [:]
        for place in drawn {
            let window = window(place)
            let rest = ReferenceProfile(grid: baseline.grid, profile: baseline.profile.without(window, grid: baseline.grid))
            for draft in evaluator.families(version, reference: rest, current: window).joined() where draft.varies(settings) {
                drafts[draft.place, default: []].append(draft)
            }
        }
        self.init(windows: drawn.count, spreads: drafts.compactMapValues(Self.spread))
    }

    private static func spread(_ drafts: [Draft]) -> Spread? {
        guard drafts.count >= windowsMin, let law = PredictionLaw(drafts.map(\.evenEffect), areDistances: drafts[0].kind != .directed)
        else { return nil }
        // A p-value of 0 is one that has no double: its z is beyond 38.
        let surprise = drafts.reduce(0.0) { sum, draft in
            let p = max(draft.finding.pValue ?? 1, 1e-300)
            let z = p >= 1 ? 0 : Distributions.normalQuantile(p / 2)
            return sum + z * z
        }
        return Spread(
            count: law.count, center: law.center, scale: law.scale, largest: drafts.compactMap(\.effect).max() ?? 0, surprise: surprise)
    }
}

extension Draft {
    var place: NaturalVariation.Place {
        NaturalVariation.Place(monitor: finding.monitor, subject: finding.subject, statistic: finding.statistic)
    }

    /// Whether natural variation is a measure of it. That the reference is unfair too, or failed as often, is no excuse.
    func varies(_ settings: MonitorSettings) -> Bool {
        !isFairness && finding.monitor != .serviceLevel && effect?.isFinite == true && finding.pValue != nil && isLargeEnough(settings)
    }

    /// The effect on the scale on which it spreads as a normal deviation does.
    var evenEffect: Double {
        guard let effect else { return 0 }
        return kind == .squaredDistance ? max(0, effect).squareRoot() : effect
    }

    /// Two hypotheses must be rejected: that chance alone explains the effect, and that the way windows differ anyway does. The p-value is
    /// the larger of theirs.
    ///
    /// The second one is asked only where windows did differ by more than chance, at the level of 5 %: elsewhere the law of chance is
    /// the sharper one, and a few windows would only blunt it.
    /// > Source: R. L. Berger, "Multiparameter Hypothesis Testing and Acceptance Sampling", 1982 (intersection-union tests).
    func widened(by variation: NaturalVariation?, settings: MonitorSettings) -> Draft {
        guard let spread = variation?.spreads[place], varies(settings), let p = finding.pValue else { return self }
        guard spread.surprise > Distributions.chiSquaredCritical(0.05, degreesOfFreedom: Double(spread.count)) else { return self }
        let law = PredictionLaw(
            count: spread.count, center: spread.center, scale: spread.scale, isOfDistances: kind != .directed)
        let natural = law.upperTail(evenEffect)
        guard natural > p else { return self }
        var widened = self
        widened.finding.pValue = natural
        widened.finding.why += "; windows of the baseline differ by up to \(format(spread.largest)) among themselves"
        return widened
    }
}
