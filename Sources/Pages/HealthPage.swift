internal import Reporting

/// The service itself: what was looked at, whether it is well, and what to do where it is not.
public struct HealthPage: Sendable {
    public struct Check: Sendable, Equatable {
        public enum State: Sendable { case well, unknown, wrong }
        public var name: String
        public var state: State
        public var detail: String
        /// What to do about it.
        public var mend: String?
        public init(_ name: String, _ state: State, _ detail: String, mend: String? = nil) {
            self.name = name
            self.state = state
            self.detail = detail
            self.mend = mend
        }
    }
    public var checks: [Check]
    /// Name and value: how it was started.
    public var facts: [(name: String, value: String)]

    public init(checks: [Check], facts: [(name: String, value: String)]) {
        self.checks = checks
        self.facts = facts
    }

    public func html(_ frame: PageFrame) -> String {
        let wrong = checks.filter { $0.state == .wrong }.count
        let rows = checks.map { check in
            let state =
                switch check.state {
                case .well: badge("✓", "well", "good")
                case .unknown: badge("…", "unknown", "unknown")
                case .wrong: badge("✗", "wrong", "bad")
                }
            let mend = check.mend.map { "<br><span class=\"muted\">\(escaped($0))</span>" } ?? ""
            return [escaped(check.name), state, escaped(check.detail) + mend]
        }
        let facts = facts.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined()
        return frame.page(
            "Service health", .health,
            """
            <h1>Service health</h1>
            <p class="lead">\(wrong == 0 ? "Everything that could be looked at is well." : "\(wrong) of \(checks.count) are not well; each says what to do.") <code>evenkeel doctor</code> lists the same in a terminal.</p>
            \(table(["what", "state", "detail"], rows, caption: "What was looked at"))
            <h2>This process</h2><dl class="facts box">\(facts)</dl>
            """)
    }
}
