public import Vocabulary

/// When people are told, and who.
public struct AlertPolicy: Sendable, Equatable {
    public var name: String
    public var monitors: [Vocabulary.Monitor]
    public var window: WindowKind
    /// Fires when at least `findings` of the last `of` judged windows had a finding.
    public var findings: Int
    public var of: Int
    /// How often it may fire for nothing; nil for a policy to which the verdicts are enough.
    public var falseAlarms: FalseAlarmBudget? = .standard
    /// Resolves after this many judged windows in a row without one.
    public var resolveAfter: Int
    public var severity: AlertSeverity
    /// Names of destinations.
    public var destinations: [String]
    /// The destination that is asked to retrain when the alert fires.
    public var retraining: String?
    /// An alert that nobody acknowledged is told again after this long, with the next window that has a finding; nil: never.
    public var remindAfterSeconds: Int64?
    /// While an alert of one of these fires for the version, nobody is told of its drift: what is left of too few records looks different. What fires
    /// still then is told after.
    public var inhibitedBy: [Vocabulary.Monitor] = [.volume]
    /// An alert that began to fire this often within ``flapWindows`` windows flaps: it goes on until ``flapCalm`` times as many calm windows as
    /// usual have come. 0: never.
    public var flapAfter = 3
    public var flapWindows = 24
    /// Hours in which nobody is told.
    public var maintenance: [MaintenanceWindow] = []
    /// Alerts of one evaluation are told in one message, but to ``singles``.
    public var groups = true
    /// Destinations whose messages hold one alert each.
    public var singles: Set<String> = []
    /// A model is sent to retraining at most once in this time, however many of its alerts fire.
    public var retrainingCooldownSeconds: Int64 = 86_400
    /// Of one model within 30 days.
    public var retrainingPerMonth = 4
    /// People are told when nothing came back after this long; 0: nothing is expected.
    public var retrainingDeadlineSeconds: Int64 = 86_400
    /// How far back from the window that asked the rows go that the manifest names.
    public var retrainingDays: Int64 = 30

    public init(
        name: String, monitors: [Vocabulary.Monitor] = Vocabulary.Monitor.budgeted, window: WindowKind = .hour, findings: Int = 2,
        of: Int = 3,
        resolveAfter: Int = 2, severity: AlertSeverity = .warning, destinations: [String] = [], retraining: String? = nil
    ) {
        self.name = name
        self.monitors = monitors
        self.window = window
        self.findings = findings
        self.of = of
        self.resolveAfter = resolveAfter
        self.severity = severity
        self.destinations = destinations
        self.retraining = retraining
    }

    /// What ``inhibitedBy`` holds back.
    public static let inhibited: Set<Vocabulary.Monitor> = [.featureDrift, .predictionDrift, .jointDrift, .labelDrift]
    public static let flapCalm = 3
    public static let windowsMax = 100
    public static let reminderSeconds = 600...2_592_000
}
