public import Vocabulary

/// Decides, window by window, what becomes of an alert: pending → firing → resolved. Pure: the same windows give the same changes.
///
/// A window that was evaluated before and is evaluated again replaces what was remembered of it. A window with too little data says
/// nothing: it neither fires nor resolves; nor does one resolve that cannot judge what the alert is about.
public struct AlertLifecycle: Sendable {
    public let policy: AlertPolicy
    public init(policy: AlertPolicy) { self.policy = policy }

    /// - Parameter newest: the version's newest alert of each policy and monitor; those of other policies are left alone.
    public func observe(_ evaluation: Evaluation, open newest: [Alert], silences: [Silence]) -> [AlertChange] {
        guard evaluation.window.kind == policy.window else { return [] }
        let sure = monitorsWithSureFindings(evaluation)
        let changes = policy.monitors.compactMap { monitor -> AlertChange? in
            let verdict = evaluation.verdict(of: monitor)
            guard verdict.isInformed else { return nil }
            var current = newest.first { $0.policy == policy.name && $0.monitor == monitor }
            let fired = current?.memory.fired ?? []
            if let last = current, last.state == .resolved {
                // Late labels may change a window that was dealt with: that is a new result, not a new alert.
                if let dealtWith = last.memory.seen.last?.windowEnd, evaluation.window.end <= dealtWith { return nil }
                current = nil
            }
            if !verdict.isFinding, !monitor.isOfEvents, let current, !Self.isJudged(current.memory.places, evaluation, monitor) {
                return nil
            }
            // To begin takes certainty; an alert that fires goes on while the verdict does.
            let isFinding = verdict.isFinding && (current?.state == .firing || sure.contains(monitor))
            return step(current, evaluation, monitor, isFinding: isFinding, fired: fired)
        }
        let isInhibiting = isInhibiting(changes, newest)
        return changes.map { change in
            let now = evaluation.evaluatedAt
            let isSilent =
                silences.contains { $0.covers(change.alert, at: now) } || policy.maintenance.contains { $0.covers(change.alert, at: now) }
                || isInhibiting && AlertPolicy.inhibited.contains(change.alert.monitor)
            return announcing(change, isSilent: isSilent, at: now)
        }
    }

    /// Whether an alert fires now that holds back drift, of this policy or another one.
    private func isInhibiting(_ changes: [AlertChange], _ newest: [Alert]) -> Bool {
        let after = newest.filter { old in
            !changes.contains { $0.alert.monitor == old.monitor && $0.alert.policy == old.policy }
        }
        return (after + changes.filter { !$0.isDropped }.map(\.alert)).contains {
            $0.state == .firing && policy.inhibitedBy.contains($0.monitor)
        }
    }

    /// The monitors with a finding that the budget allows to be believed. Events have no p-value: whoever watches them believes them.
    private func monitorsWithSureFindings(_ evaluation: Evaluation) -> Set<Vocabulary.Monitor> {
        let watched = evaluation.findings.filter { policy.monitors.contains($0.monitor) }
        guard let budget = policy.falseAlarms else { return Set(watched.map(\.monitor)) }
        let tests = watched.count { $0.pValue != nil && $0.verdict?.isInformed == true }
        let level = budget.alpha(window: evaluation.window, findings: policy.findings) / Double(max(1, tests))
        return Set(
            watched.lazy.filter { $0.verdict?.isFinding == true && ($0.monitor.isOfEvents || ($0.pValue ?? 1) <= level) }.map(\.monitor))
    }

    /// Ends the alerts of a version that serves no more: nothing will be seen of it that could resolve them.
    public func close(_ newest: [Alert], at now: Timestamp) -> [AlertChange] {
        newest.filter { $0.policy == policy.name && $0.state != .resolved }.map { alert in
            if alert.state == .pending { return AlertChange(alert: alert, isDropped: true) }
            var alert = alert
            alert.state = .resolved
            alert.resolvedAt = now
            return announcing(AlertChange(alert: alert), isSilent: false, at: now)
        }
    }

    /// Firing is told once, after a silence if there is one, and again as the policy reminds; the end is told to those who were told of the
    /// beginning.
    private func announcing(_ change: AlertChange, isSilent: Bool, at now: Timestamp) -> AlertChange {
        var change = change
        switch change.alert.state {
        case .pending: break
        case .firing:
            if isSilent { break }
            if change.alert.memory.isAnnounced {
                guard isReminderDue(change.alert, at: now) else { break }
                change.alert.memory.reminders += 1
            }
            change.isAnnounced = true
            change.alert.memory.isAnnounced = true
            change.alert.memory.announcedAt = now
        case .resolved: change.isAnnounced = change.alert.memory.isAnnounced
        }
        return change
    }

    private func isReminderDue(_ alert: Alert, at now: Timestamp) -> Bool {
        guard let seconds = policy.remindAfterSeconds, alert.acknowledgedAt == nil, let told = alert.memory.announcedAt else {
            return false
        }
        return alert.memory.seen.last?.isFinding == true && told.adding(seconds: seconds) <= now
    }

    /// Whether the window says something of every place where the alert saw a finding.
    private static func isJudged(_ places: [AlertMemory.Place], _ evaluation: Evaluation, _ monitor: Vocabulary.Monitor) -> Bool {
        let judged = Set(
            evaluation.findings.lazy.filter { $0.monitor == monitor && $0.verdict?.isInformed == true }
                .map { AlertMemory.Place($0) })
        return places.allSatisfy(judged.contains)
    }

    private func step(
        _ current: Alert?, _ evaluation: Evaluation, _ monitor: Vocabulary.Monitor, isFinding: Bool, fired: [Timestamp]
    ) -> AlertChange? {
        guard var alert = current ?? (isFinding ? fresh(evaluation, monitor, fired: fired) : nil) else { return nil }
        guard remember(&alert.memory, AlertMemory.Seen(windowEnd: evaluation.window.end, isFinding: isFinding)) else { return nil }
        let seen = alert.memory.seen
        if isFinding, seen.last?.windowEnd == evaluation.window.end { describe(&alert, evaluation, monitor) }
        switch alert.state {
        case .pending:
            if seen.suffix(policy.of).count(where: \.isFinding) >= (monitor.isOfEvents ? 1 : policy.findings) {
                alert.state = .firing
                alert.firedAt = evaluation.evaluatedAt
                noteFlapping(&alert.memory, evaluation.window.end)
                return AlertChange(alert: alert)
            }
            return AlertChange(alert: alert, isDropped: !seen.suffix(policy.of).contains(where: \.isFinding))
        case .firing:
            let calm = min(AlertPolicy.windowsMax, policy.resolveAfter * (alert.memory.isFlapping ? AlertPolicy.flapCalm : 1))
            if seen.count >= calm, !seen.suffix(calm).contains(where: \.isFinding) {
                alert.state = .resolved
                alert.resolvedAt = evaluation.evaluatedAt
                return AlertChange(alert: alert)
            }
            return AlertChange(alert: alert)
        case .resolved: return nil
        }
    }

    private func noteFlapping(_ memory: inout AlertMemory, _ windowEnd: Timestamp) {
        memory.fired = Array((memory.fired + [windowEnd]).suffix(AlertMemory.firedMax))
        guard policy.flapAfter > 0, let seconds = policy.window.seconds else { return }
        let since = windowEnd.adding(seconds: -Int64(policy.flapWindows) * seconds)
        memory.isFlapping = memory.fired.count { $0 > since } >= policy.flapAfter
    }

    private func fresh(_ evaluation: Evaluation, _ monitor: Vocabulary.Monitor, fired: [Timestamp]) -> Alert {
        var memory = AlertMemory()
        memory.fired = fired
        return Alert(
            version: evaluation.version, monitor: monitor, policy: policy.name, severity: policy.severity, state: .pending,
            memory: memory, summary: "", detail: .null, startedAt: evaluation.window.start)
    }

    /// - Returns: false when the window is older than everything remembered, so that it changes nothing.
    private func remember(_ memory: inout AlertMemory, _ window: AlertMemory.Seen) -> Bool {
        let limit = max(policy.of, min(AlertPolicy.windowsMax, policy.resolveAfter * (memory.isFlapping ? AlertPolicy.flapCalm : 1)))
        if let at = memory.seen.firstIndex(where: { $0.windowEnd == window.windowEnd }) {
            memory.seen[at] = window
            return true
        }
        if memory.seen.count >= limit, let oldest = memory.seen.first, window.windowEnd < oldest.windowEnd { return false }
        memory.seen.append(window)
        memory.seen.sort { $0.windowEnd < $1.windowEnd }
        memory.seen.removeFirst(max(0, memory.seen.count - limit))
        return true
    }

    /// The summary names the finding that stands out most, and how many more there are.
    private func describe(_ alert: inout Alert, _ evaluation: Evaluation, _ monitor: Vocabulary.Monitor) {
        let findings = evaluation.findings.filter { $0.monitor == monitor && $0.verdict?.isFinding == true }
        let places = Set(findings.map { AlertMemory.Place($0) })
        alert.memory.places = Array(
            places.sorted { ($0.segment, $0.subject, $0.group) < ($1.segment, $1.subject, $1.group) }.prefix(AlertMemory.placesMax))
        guard let worst = findings.max(by: { Self.strength($0) < Self.strength($1) }) else { return }
        let subjects = Set(findings.map { [$0.segment, $0.subject] }).count - 1
        let segment = worst.segment.isEmpty ? "" : "in \(worst.segment): "
        let subject = segment + (worst.subject.isEmpty ? "" : worst.subject + ": ")
        alert.summary =
            "\(evaluation.version) \(monitor.rawValue): \(subject)\(worst.why)" + (subjects > 0 ? " (and \(subjects) more)" : "")
        alert.detail = Self.detail(evaluation.window, rows: evaluation.rows, labelled: evaluation.labelled, findings)
    }

    static func detail(_ window: Window, rows: Int64, labelled: Int64, _ findings: [Finding]) -> JSON {
        .object([
            "window": .object([
                "kind": .string(window.kind.rawValue), "start": .string(window.start.rfc3339), "end": .string(window.end.rfc3339),
            ]),
            "rows": .integer(rows),
            "labelled": .integer(labelled),
            "findings": .array(findings.sorted { strength($0) > strength($1) }.prefix(20).map(\.json)),
        ])
    }

    /// Bounded distances compare among each other; what is not one of them comes after, by its p-value.
    private static func strength(_ finding: Finding) -> Double {
        switch finding.statistic {
        case "psi": return 10 + (finding.value ?? 0)
        case "ks", "jensen_shannon", "equalized_odds_difference", "demographic_parity_difference": return 5 + (finding.value ?? 0)
        default: return 1 - (finding.adjustedP ?? 1)
        }
    }
}
