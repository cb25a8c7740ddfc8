internal import Collecting
internal import Storage
internal import Synchronization
internal import Vocabulary

/// Stores nothing of a request that names another model: it is refused as a whole, before anything of it is stored.
struct ScopedSink: RecordSink, HalfSink {
    let models: Set<String>
    let records: any RecordSink
    let half: any HalfSink

    private func require(_ names: some Sequence<String>) throws {
        for name in names where !models.contains(name) { throw ScopeError(model: name) }
    }

    func store(predictions: [PredictionWrite]) async throws -> [PredictionReceipt] {
        try require(predictions.lazy.map(\.version.key.model))
        return try await records.store(predictions: predictions)
    }

    func store(labels: [LabelWrite]) async throws -> [LabelReceipt] {
        try require(labels.lazy.map(\.model))
        return try await records.store(labels: labels)
    }

    func store(halves: [HalfWrite]) async throws -> [HalfReceipt] {
        try require(halves.lazy.map(\.model))
        return try await half.store(halves: halves)
    }
}

/// Names in a request are looked up; that of another model ends it.
struct ScopedDirectory: VersionDirectory {
    let models: Set<String>
    let base: any VersionDirectory
    var isComplete: Bool { base.isComplete }

    func version(_ key: ModelVersion) async throws -> RegisteredVersion? {
        guard models.contains(key.model) else { throw ScopeError(model: key.model) }
        return try await base.version(key)
    }

    func versions() async throws -> [RegisteredVersion] { try await base.versions() }
}

/// The collectors of tokens that are for some models only.
final class ScopedCollectors: Sendable {
    typealias Pair = (collector: Collector, cloudEvents: CloudEventCollector)
    /// Sets of models that are kept; beyond, all are made anew.
    static let keptMax = 1000
    private let engine: Engine
    private let kept = Mutex<[Set<String>: Pair]>([:])

    init(engine: Engine) { self.engine = engine }

    func pair(for caller: Caller) -> Pair {
        guard let models = caller.models else { return (engine.collector, engine.cloudEvents) }
        if let pair = kept.withLock({ $0[models] }) { return pair }
        let pair = engine.collectors(for: models)
        kept.withLock { kept in
            if kept.count >= Self.keptMax { kept = [:] }
            kept[models] = pair
        }
        return pair
    }
}

extension Engine {
    func collectors(for models: Set<String>) -> ScopedCollectors.Pair {
        let sink = ScopedSink(models: models, records: sink, half: halfSink)
        let directory = ScopedDirectory(models: models, base: knownVersions)
        let records = records
        let collector = Collector(
            sink: sink, directory: directory, metrics: metrics, limits: configuration.limits, droppedWeeks: { records.droppedWeeks },
            clock: clock)
        let cloudEvents = CloudEventCollector(
            collector: collector, halves: sink, directory: directory, metrics: metrics, services: configuration.kserve, clock: clock)
        return (collector, cloudEvents)
    }
}
