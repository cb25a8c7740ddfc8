public import Vocabulary

/// Takes request bodies to the sink: decode, store in one transaction, count, answer.
public struct Collector: Sendable {
    private let sink: any RecordSink
    private let directory: any VersionDirectory
    private let metrics: MetricRegistry
    private let clock: @Sendable () -> Timestamp
    public let limits: CollectorLimits

    public init(
        sink: any RecordSink, directory: any VersionDirectory, metrics: MetricRegistry, limits: CollectorLimits = CollectorLimits(),
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.sink = sink
        self.directory = directory
        self.metrics = metrics
        self.limits = limits
        self.clock = clock
    }

    public struct PredictionAnswer: Sendable, Equatable {
        public var accepted: Int64 = 0
        public var duplicates: Int64 = 0
        public var rejections: [Rejection] = []
    }

    /// - Parameter key: the client's name for this request, if it has one.
    /// - Throws: ``RequestError`` for a body of which nothing can be used; the sink's error when it cannot store.
    public func predictions(_ body: [UInt8], isLines: Bool, key: String?) async throws -> PredictionAnswer {
        let (batches, rejections) = try await decoded(body, isLines: isLines)
        let writeKey = Self.batchKey(key, body)
        let writes = batches.map { PredictionWrite(version: $0.version, batch: $0.batch, key: writeKey) }
        var answer = try await store(writes)
        answer.rejections = rejections
        metrics.add(Double(rejections.count), to: .ingestRecords, ["rejected"])
        return answer
    }

    func store(_ writes: [PredictionWrite]) async throws -> PredictionAnswer {
        counted(writes, writes.isEmpty ? [] : try await sink.store(predictions: writes))
    }

    /// Counts what was stored.
    func counted(_ writes: [PredictionWrite], _ receipts: [PredictionReceipt]) -> PredictionAnswer {
        var answer = PredictionAnswer()
        // A repeated request stores nothing: all of its records are duplicates.
        let stored = Int64(receipts.reduce(0) { $0 + $1.stored.count })
        for (write, receipt) in zip(writes, receipts) {
            answer.accepted += receipt.accepted
            answer.duplicates += receipt.duplicates
            count(write, receipt)
        }
        metrics.add(Double(stored), to: .ingestRecords, ["accepted"])
        metrics.add(Double(answer.accepted - stored), to: .ingestRecords, ["duplicate"])
        return answer
    }

    private func decoded(_ body: [UInt8], isLines: Bool) async throws -> PredictionReader.Batches {
        let decoder = PredictionDecoder(limits: limits, now: clock())
        let reader = PredictionReader(body, isLines: isLines, decoder: decoder)
        var versions = PredictionReader.Versions()
        // Versions are named in the records: each new one is looked up, and then it goes on.
        while true {
            switch try reader.read(versions) {
            case .batches(let batches, let rejections): return (batches, rejections)
            case .needs(let key):
                let version = try await directory.version(key)
                versions.known[key] = .some(version)
                // Which models there are matters only for the words of a rejection.
                if version == nil, versions.models.isEmpty { versions.models = Set(try await directory.versions().map(\.key.model)) }
            }
        }
    }

    private func count(_ write: PredictionWrite, _ receipt: PredictionReceipt) {
        if receipt.stored.isEmpty { return }
        let batch = receipt.stored.count == write.batch.count ? write.batch : write.batch.rows(at: receipt.stored)
        let key = [write.version.key.model, write.version.key.version]
        metrics.add(Double(batch.count), to: .predictions, key)
        metrics.add(Double(batch.errors.count { $0 != nil }), to: .predictionErrors, key)
        if let latency = batch.measures[PredictionBatch.latencyMeasure] { metrics.observe(latency, in: .predictionLatency, key) }
        if let cost = batch.measures[PredictionBatch.costMeasure] {
            metrics.add(cost.filter { !$0.isNaN }.reduce(0, +), to: .predictionCost, key + [write.version.schema.currency])
        }
    }

    private static func batchKey(_ name: String?, _ body: [UInt8]) -> BatchKey? {
        name.map { BatchKey($0, fingerprint: Digest.hex(Digest.sha256(body))) }
    }

    public struct LabelAnswer: Sendable, Equatable {
        public var receipt = LabelReceipt()
        public var rejections: [Rejection] = []
    }

    public func labels(_ body: [UInt8], isLines: Bool, key: String?) async throws -> LabelAnswer {
        let request = try RequestBody(body, isLines: isLines, limits: limits)
        // The newest version of each model says what its labels look like.
        let schemas = Dictionary(try await directory.versions().map { ($0.key.model, $0) }, uniquingKeysWith: { _, newer in newer })
        let (batches, rejections) = LabelDecoder(limits: limits, now: clock()).decode(request, schemas: schemas.mapValues(\.schema))
        let writeKey = Self.batchKey(key, body)
        let writes = batches.map { LabelWrite(model: $0.model, batch: $0.batch, key: writeKey) }
        let receipts = writes.isEmpty ? [] : try await sink.store(labels: writes)
        var answer = LabelAnswer(rejections: rejections)
        for (write, receipt) in zip(writes, receipts) {
            answer.receipt.accepted += receipt.accepted
            answer.receipt.joined += receipt.joined
            answer.receipt.corrected += receipt.corrected
            answer.receipt.resent += receipt.resent
            answer.receipt.waiting += receipt.waiting
            metrics.add(Double(receipt.joined + receipt.corrected), to: .labels, [write.model])
        }
        metrics.add(Double(answer.receipt.accepted), to: .ingestRecords, ["label"])
        metrics.add(Double(rejections.count), to: .ingestRecords, ["rejected"])
        return answer
    }
}
