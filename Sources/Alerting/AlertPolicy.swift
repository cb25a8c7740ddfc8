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
    /// A model is sent to retraining at most once in this time, however many of its alerts fire.
    public var retrainingCooldownSeconds: Int64 = 86_400

    public init(
        name: String, monitors: [Vocabulary.Monitor] = Vocabulary.Monitor.allCases, window: WindowKind = .hour, findings: Int = 2,
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

    public static let windowsMax = 100
    public static let reminderSeconds = 600...2_592_000
}
