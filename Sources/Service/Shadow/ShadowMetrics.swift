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
                guard let run = runs.first(where: { $0.streamID == pair.champion.streamID && $0.candidateID == pair.candidate.versionID })
                else { continue }
                let key = [pair.champion.key.model, pair.champion.key.version, pair.candidate.key.version]
                samples.append(MetricSample(.shadowBroken, key, run.breaker == nil ? 0 : 1))
                for (metric, difference) in run.report?["differences"]?.objectValue?.members ?? [] {
                    if let value = difference["value"]?.doubleValue {
                        samples.append(MetricSample(.shadowDifference, key + [metric], value))
                    }
                }
                guard let verdict = run.verdict else { continue }
                for known in RolloutVerdict.allCases {
                    samples.append(MetricSample(.shadowVerdict, key + [known.rawValue], known.rawValue == verdict ? 1 : 0))
                }
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
}
