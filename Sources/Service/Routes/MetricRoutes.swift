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
            func render(_ found: [MetricSample]) -> Response {
                let shown = found.filter { ProtectedValues.isShown($0, to: caller) }
                for (metric, count) in PrometheusText.overflow(shown) {
                    engine.metrics.add(Double(count), to: .seriesDropped, [metric.rawValue])
                }
                // The counters last: what this scrape drops is counted in it.
                let own = engine.metrics.samples().filter { ProtectedValues.isShown($0, to: caller) }
                var response = text(PrometheusText.render(own + shown, as: format), type: format.contentType)
                // The format has no place for a remark.
                if !caller.seesGroups { response.set("Evenkeel-Left-Out", ProtectedValues.note) }
                return response
            }
            let now = Engine.systemClock()
            var samples = engine.spoolSamples
            // Without the database this process still tells what it counted: an outage is when one looks.
            let snapshot = snapshot
            guard let current = (try? await within(seconds: HealthRoutes.answerSeconds, { try await snapshot.current() })) ?? nil else {
                samples.append(MetricSample(.databaseUp, [], 0))
                return render(samples)
            }
            samples.append(MetricSample(.databaseUp, [], 1))
            samples.append(MetricSample(.windowsWaiting, [], Double(current.windowsWaiting)))
            for row in current.rows {
                let version = row.version
                let labels = [version.key.model, version.key.version, version.stage.rawValue, version.schema.task.rawValue]
                samples.append(MetricSample(.modelInfo, labels, 1))
                samples += EvaluationMetrics.samples(row.version, latest: row.latest, now: now)
                if let newest = current.newest[row.version.versionID] {
                    let key = [row.version.key.model, row.version.key.version]
                    samples.append(MetricSample(.lastPrediction, key, newest.seconds(since: Timestamp(seconds: 0))))
                }
            }
            samples += current.shadows
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
