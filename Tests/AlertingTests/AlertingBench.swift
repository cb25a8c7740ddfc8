import Alerting
import Vocabulary

/// Windows and evaluations of one model, hour by hour.
enum Bench {
    static let version = ModelVersion(model: "credit", version: "3")
    static let midnight = Timestamp(rfc3339: "2026-06-01T00:00:00Z")!

    static func window(_ hour: Int, _ kind: WindowKind = .hour) -> Window {
        let start = midnight.adding(seconds: Int64(hour) * 3600)
        return Window(kind: kind, start: start, end: start.adding(seconds: kind.seconds ?? 3600))
    }

    /// The evaluation of an hour, made a minute after its end, in which each monitor says its verdict.
    static func evaluation(_ hour: Int, _ verdicts: [(Monitor, Verdict)], kind: WindowKind = .hour, version: ModelVersion = version)
        -> Evaluation
    {
        let window = window(hour, kind)
        return Evaluation(
            version: version, window: window, evaluatedAt: window.end.adding(seconds: 60), rows: 1000, labelled: 10,
            findings: verdicts.map { monitor, verdict in
                Finding(
                    monitor: monitor, subject: "age", statistic: "psi", value: 0.5, pValue: monitor.isOfEvents ? nil : 1e-6,
                    adjustedP: monitor.isOfEvents ? nil : 2e-6, referenceCount: 5000, currentCount: 1000, verdict: verdict,
                    why: "above 60 rose from 10 % to 30 %")
            })
    }

    static func alert(_ state: AlertState = .firing) -> Alert {
        Alert(
            id: 7, version: version, monitor: .featureDrift, policy: "default", severity: .critical, state: state, memory: AlertMemory(),
            summary: "credit 3 feature_drift: age rose", detail: .object(["rows": 1000]), startedAt: midnight,
            firedAt: state == .pending ? nil : midnight.adding(seconds: 7200),
            resolvedAt: state == .resolved ? midnight.adding(seconds: 9000) : nil)
    }
}

/// Alerts and outbox in memory, as the database keeps them.
actor MemoryLedger: AlertLedger {
    struct Failure: Error {}
    struct Entry: Sendable {
        var delivery: Delivery
        var dueAt: Timestamp
        var outcomes: [DeliveryOutcome] = []
        var isSettled = false
    }
    private(set) var alerts: [Alert] = []
    private(set) var entries: [Entry] = []
    private(set) var silences: [Silence] = []
    private var disabled: [String: String] = [:]
    private var isFailing = false

    func fail() { isFailing = true }
    func silence(_ silence: Silence) { silences.append(silence) }
    func enqueue(_ message: OutgoingMessage, at time: Timestamp) {
        let delivery = Delivery(id: Int64(entries.count + 1), message: message, attempt: 0, createdAt: time)
        entries.append(Entry(delivery: delivery, dueAt: time))
    }
    func outcomes(_ index: Int = 0) -> [DeliveryOutcome] { entries[index].outcomes }

    func update(
        _ key: ModelVersion, at now: Timestamp, decide: @escaping @Sendable ([Alert], [Silence]) -> [AlertChange],
        render: @escaping @Sendable ([Alert]) -> [OutgoingMessage]
    ) async throws -> [Alert] {
        var announced: [Alert] = []
        for change in decide(alerts.filter { $0.version == key && $0.state != .resolved }, silences) {
            var alert = change.alert
            if alert.id == nil {
                alert.id = Int64(alerts.count + 1)
                alerts.append(alert)
            }
            alerts.removeAll { $0.id == alert.id }
            if !change.isDropped { alerts.append(alert) }
            if change.isAnnounced { announced.append(alert) }
        }
        for message in announced.isEmpty ? [] : render(announced) { enqueue(message, at: now) }
        return announced
    }

    func dueDestinations(at now: Timestamp) async throws -> [DueDestination] {
        Set(entries.filter { !$0.isSettled && $0.dueAt <= now }.map(\.delivery.message.destination)).sorted().map {
            DueDestination(name: $0, disabled: disabled[$0])
        }
    }

    func disable(_ destination: String, reason: String, at now: Timestamp) async throws { disabled[destination] = reason }
    func enable(_ destination: String) { disabled[destination] = nil }

    func claim(at now: Timestamp, for destination: String?, leaseSeconds: Int64, limit: Int) async throws -> [Delivery] {
        var claimed: [Delivery] = []
        for i in entries.indices
        where !entries[i].isSettled && entries[i].dueAt <= now && claimed.count < limit
            && (destination ?? entries[i].delivery.message.destination) == entries[i].delivery.message.destination
        {
            entries[i].delivery.attempt += 1
            entries[i].dueAt = now.adding(seconds: leaseSeconds)
            claimed.append(entries[i].delivery)
        }
        return claimed
    }

    func settle(_ ended: [Settlement], at now: Timestamp) async throws {
        if isFailing { throw Failure() }
        for one in ended {
            guard let i = entries.firstIndex(where: { $0.delivery.id == one.delivery.id }) else { continue }
            entries[i].outcomes.append(one.outcome)
            if case .retry(let at, _, _) = one.outcome { entries[i].dueAt = at } else { entries[i].isSettled = true }
        }
    }
}
