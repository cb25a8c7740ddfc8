internal import Monitoring
internal import Storage
public import Vocabulary

/// What detectors saw in the errors of a model's versions, for those who ask.
public enum ErrorChanges {
    /// Changes that can be reached by going on.
    static let reached = 1_000_000

    /// The changes of a model, the one that was seen last first.
    ///
    /// - Parameter version: one of its versions; nil for all.
    /// - Returns: nil where nothing of that name is registered.
    public static func page(
        _ engine: Engine, model: String, version: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil,
        knownBy: Timestamp? = nil, offset: Int = 0, limit: Int
    ) async throws -> [(version: ModelVersion, change: ErrorChange)]? {
        let versions = try await engine.registry.versions().filter {
            $0.key.model == model && (version == nil || $0.key.version == version)
        }
        if versions.isEmpty { return nil }
        let keys = Dictionary(versions.map { ($0.streamID, $0.key) }, uniquingKeysWith: { first, _ in first })
        let found = try await engine.errors.changes(
            ofStreams: versions.map(\.streamID), from: from, to: to, knownBy: knownBy, offset: offset, limit: limit)
        return found.compactMap { stream, change in keys[stream].map { ($0, change) } }
    }

    /// Counters of every detector that follows a version, from the start on, and of those that did.
    static func samples(_ engine: Engine, _ versions: [RegisteredVersion]) async throws -> [MetricSample] {
        let totals = try await engine.errors.totals()
        return versions.flatMap { version -> [MetricSample] in
            let own = totals.filter { $0.streamID == version.streamID }
            let idle = engine.configuration.monitors(of: version).detectors.filter { detector in
                detector.takes(version.schema.task) && !own.contains { $0.detector == detector.name }
            }
            let key = [version.key.model, version.key.version]
            return idle.map { MetricSample(.errorChanges, key + [$0.name], 0) }
                + own.flatMap { total in
                    [
                        MetricSample(.errorChanges, key + [total.detector], Double(total.count)),
                        MetricSample(.errorChangeLast, key + [total.detector], total.newest.seconds(since: Timestamp(seconds: 0))),
                    ]
                }
        }
    }
}
