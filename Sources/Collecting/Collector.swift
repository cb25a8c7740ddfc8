public import Vocabulary

/// Takes request bodies to the sink: decode, store in one transaction, count, answer.
public struct Collector: Sendable {
    private let sink: any RecordSink
    private let directory: any VersionDirectory
    let metrics: MetricRegistry
    private let clock: @Sendable () -> Timestamp
    private let droppedWeeks: @Sendable () -> DroppedWeeks
    private let configured: CollectorLimits

    /// - Parameter droppedWeeks: the weeks of which the sink takes no more records, as far as it knows.
    public init(
        sink: any RecordSink, directory: any VersionDirectory, metrics: MetricRegistry, limits: CollectorLimits = CollectorLimits(),
        droppedWeeks: @escaping @Sendable () -> DroppedWeeks = { DroppedWeeks() }, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.sink = sink
        self.directory = directory
        self.metrics = metrics
        configured = limits
        self.droppedWeeks = droppedWeeks
        self.clock = clock
    }

    /// The limits as configured, with the weeks that are dropped by now.
    public var limits: CollectorLimits {
        var limits = configured
        limits.droppedWeeks = droppedWeeks()
        return limits
    }

    public struct PredictionAnswer: Sendable, Equatable {
        public var accepted: Int64 = 0
        public var duplicates: Int64 = 0
        public var rejections: [Rejection] = []
    }

    /// - Parameter key: the client's name for this request, if it has one.
    /// - Throws: ``RequestError`` for a body of which nothing can be used; the sink's error when it cannot store.
    public func predictions(_ body: [UInt8], isLines: Bool, key: String?) async throws -> PredictionAnswer {
        let writeKey = batchKey(key, body)
        let (batches, rejections) = try await decoded(body, isLines: isLines, limits)
        let writes = batches.map { PredictionWrite(version: $0.version, batch: $0.batch, key: writeKey) }
        let receipts = writes.isEmpty ? [] : try await sink.store(predictions: writes)
        var answer = counted(writes, receipts)
        answer.rejections = rejections
        // A week was dropped while the records were on their way: by now the decoder has the words for those that were too late.
        if receipts.contains(where: { $0.refused > 0 }) { answer.rejections = try await decoded(body, isLines: isLines, limits).rejections }
        metrics.add(Double(answer.rejections.count), to: .ingestRecords, ["rejected"])
        return answer
    }

    /// - Throws: ``DroppedMeanwhile`` when records were too late: once more, and the decoder knows it and says which.
    func store(_ writes: [PredictionWrite]) async throws -> PredictionAnswer {
        let receipts = try await sink.store(predictions: writes)
        let answer = counted(writes, receipts)
        if receipts.contains(where: { $0.refused > 0 }) { throw DroppedMeanwhile() }
        return answer
    }

    /// Counts what was stored.
    func counted(_ writes: [PredictionWrite], _ receipts: [PredictionReceipt]) -> PredictionAnswer {
        var answer = PredictionAnswer()
        for (write, receipt) in zip(writes, receipts) {
            answer.accepted += receipt.accepted
            answer.duplicates += receipt.duplicates
            metrics.count(write, receipt)
        }
        return answer
    }

    func decoded(_ body: consuming [UInt8], isLines: Bool, _ limits: CollectorLimits) async throws -> PredictionReader.Batches {
        let decoder = PredictionDecoder(limits: limits, now: clock())
        let reader = PredictionReader(body, isLines: isLines, decoder: decoder)
        var versions = PredictionReader.Versions()
        // Versions are named in the records: each new one is looked up, and then it goes on.
        while true {
            switch try reader.read(versions) {
            case .batches(let batches, let rejections): return (batches, rejections)
            case .needs(let key):
                let version = try await directory.version(key)
                if let version { try limits.requireKey(of: version) }
                versions.known[key] = .some(version)
                // Which models there are matters only for the words of a rejection.
                if version == nil, versions.models.isEmpty { versions.models = Set(try await directory.versions().map(\.key.model)) }
            }
        }
    }

    private func batchKey(_ name: String?, _ body: [UInt8]) -> BatchKey? {
        name.map { BatchKey($0, fingerprint: limits.privacyKey?.digest(of: body) ?? Digest.hex(Digest.sha256(body))) }
    }

    public struct LabelAnswer: Sendable, Equatable {
        public var receipt = LabelReceipt()
        public var rejections: [Rejection] = []
    }

    func decodedLabels(_ body: [UInt8], isLines: Bool, _ limits: CollectorLimits) async throws -> LabelDecoder.Batches {
        let request = try RequestBody(body, isLines: isLines, limits: limits)
        // The newest version of each model says what its labels look like.
        let schemas = Dictionary(try await directory.versions().map { ($0.key.model, $0) }, uniquingKeysWith: { _, newer in newer })
        if !directory.isComplete, let unknown = request.firstModel(notIn: schemas) { throw DirectoryError(model: unknown) }
        return LabelDecoder(limits: limits, now: clock()).decode(request, schemas: schemas.mapValues(\.schema))
    }

    public func labels(_ body: [UInt8], isLines: Bool, key: String?) async throws -> LabelAnswer {
        let (batches, rejections) = try await decodedLabels(body, isLines: isLines, limits)
        let writeKey = batchKey(key, body)
        let writes = batches.map { LabelWrite(model: $0.model, batch: $0.batch, key: writeKey) }
        let receipts = writes.isEmpty ? [] : try await sink.store(labels: writes)
        var answer = LabelAnswer(rejections: rejections)
        for (write, receipt) in zip(writes, receipts) {
            answer.receipt.accepted += receipt.accepted
            answer.receipt.joined += receipt.joined
            answer.receipt.corrected += receipt.corrected
            answer.receipt.resent += receipt.resent
            answer.receipt.waiting += receipt.waiting
            metrics.count(write, receipt)
        }
        metrics.add(Double(rejections.count), to: .ingestRecords, ["rejected"])
        return answer
    }
}

/// Whether a model is registered cannot be told while the database is away: the request is to be sent again, not rejected.
struct DirectoryError: RetryableError, CustomStringConvertible {
    var model: String
    var isRetryable: Bool { true }
    var description: String { "the database is away, and \(model) is not among the versions that are known without it" }
}

/// Retention has dropped a week while its records were on their way.
struct DroppedMeanwhile: RetryableError, CustomStringConvertible {
    var isRetryable: Bool { true }
    var description: String { "the raw rows of a week were dropped while records of it were on their way" }
}

extension RequestBody {
    fileprivate func firstModel(notIn known: [String: RegisteredVersion]) -> String? {
        for (_, record) in records {
            if case .success(let json) = record, let model = json["model"]?.stringValue, known[model] == nil { return model }
        }
        return nil
    }
}
