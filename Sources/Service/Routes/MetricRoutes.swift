internal import Alerting
internal import Collecting
internal import HTTPTypes
internal import Hummingbird
internal import Reporting
internal import Storage
internal import Vocabulary

/// `GET /metrics`.
struct MetricRoutes {
    let engine: Engine
    let snapshot: Snapshot

    func add(to router: Router<ServiceContext>) {
        router.get("metrics") { request, context in
            let format = PrometheusText.Format(accept: request.headers[.accept])
            let caller = context.caller
            func render(_ samples: [MetricSample]) -> Response {
                var response = text(
                    PrometheusText.render(samples.filter { ProtectedValues.isShown($0, to: caller) }, as: format), type: format.contentType)
                // The format has no place for a remark.
                if !caller.seesGroups { response.set("Evenkeel-Left-Out", ProtectedValues.note) }
                return response
            }
            let now = Engine.systemClock()
            var samples = engine.metrics.samples() + engine.spoolSamples
            // Without the database this process still tells what it counted: an outage is when one looks.
            let snapshot = snapshot
            guard let current = (try? await within(seconds: HealthRoutes.answerSeconds, { try await snapshot.current() })) ?? nil else {
                return render(samples)
            }
            for row in current.rows {
                samples += EvaluationMetrics.samples(row.version, latest: row.latest, now: now)
                if let newest = current.newest[row.version.versionID] {
                    let key = [row.version.key.model, row.version.key.version]
                    samples.append(MetricSample(.lastPrediction, key, newest.seconds(since: Timestamp(seconds: 0))))
                }
            }
            for budget in current.budgets {
                let key = [budget.model, budget.policy]
                samples.append(MetricSample(.alertBudget, key, budget.budget.alarms))
                samples.append(MetricSample(.alertBudgetFired, key, Double(budget.fired)))
            }
            let firing = Dictionary(current.firing.map { ([$0.model, $0.severity.rawValue], $0.count) }, uniquingKeysWith: +)
            for model in Set(current.rows.map(\.version.key.model)) {
                for severity in AlertSeverity.allCases {
                    let labels = [model, severity.rawValue]
                    samples.append(MetricSample(.alertsFiring, labels, Double(firing[labels] ?? 0)))
                }
            }
            return render(samples)
        }
    }
}
