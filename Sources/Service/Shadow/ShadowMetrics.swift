internal import Shadowing
internal import Storage
internal import Vocabulary

/// Candidates in shadow and rollouts, for Prometheus.
enum ShadowMetrics {
    static func samples(_ engine: Engine) async throws -> [MetricSample] {
        let versions = try await engine.registry.versions()
        let pairs = ShadowPair.all(versions, try await engine.shadow.files())
        var samples: [MetricSample] = []
        if !pairs.isEmpty {
            let runs = try await engine.shadow.runs()
            for pair in pairs {
                guard let run = runs.of(pair.champion, pair.candidate.versionID) else { continue }
                samples += Self.samples(of: run, [pair.champion.key.model, pair.champion.key.version, pair.candidate.key.version])
            }
        }
        for model in Set(versions.map(\.key.model)).sorted() {
            guard let record = try await engine.shadow.rollout(of: model), record.state == .rolling,
                let version = versions.first(where: { $0.versionID == record.versionID })
            else { continue }
            samples.append(MetricSample(.rolloutWeight, [model, version.key.version], RolloutSteps.weights[record.step]))
        }
        return samples
    }

    /// A run as its newest look has it. What is said of single groups stays out: it is protected.
    ///
    /// - Parameter key: the labels that all of them have: model, champion, candidate.
    static func samples(of run: ShadowRun, _ key: [String]) -> [MetricSample] {
        var samples = [
            MetricSample(.shadowBroken, key, run.breaker == nil ? 0 : 1),
            MetricSample(.shadowRecords, key + ["scored"], Double(run.taken)),
            MetricSample(.shadowRecords, key + ["skipped"], Double(run.skipped)),
        ]
        func add(_ metric: Metric, _ labels: [String], _ value: JSON?) {
            if let value = value?.doubleValue { samples.append(MetricSample(metric, key + labels, value)) }
        }
        if let verdict = run.verdict {
            for known in RolloutVerdict.allCases {
                samples.append(MetricSample(.shadowVerdict, key + [known.rawValue], known.rawValue == verdict ? 1 : 0))
            }
        }
        guard let report = run.report else { return samples }
        if let primary = report["primary"]?.stringValue { samples.append(MetricSample(.shadowInfo, key + [primary], 1)) }
        add(.shadowLabelled, [], report["n"])
        for (metric, difference) in report["differences"]?.objectValue?.members ?? [] {
            add(.shadowDifference, [metric], difference["value"])
            for arm in ["champion", "candidate"] { add(.shadowPerformance, [metric, arm], report[arm]?[metric]) }
            if let ends = report["sequential"]?[metric]?["interval"]?.arrayValue, ends.count == 2 {
                for (bound, end) in zip(["lower", "upper"], ends) { add(.shadowBound, [metric, bound], end) }
            }
        }
        for (statistic, value) in report["agreement"]?.objectValue?.members ?? [] { add(.shadowAgreement, [statistic], value) }
        for arm in ["champion", "candidate"] { add(.shadowSeconds, [arm], report["latency"]?["\(arm)_seconds_per_row"]) }
        return samples
    }
}
