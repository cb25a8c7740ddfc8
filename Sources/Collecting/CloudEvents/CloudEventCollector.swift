internal import Synchronization
public import Vocabulary

/// Takes the events of KServe's inference logger: decodes each half of an inference, joins it with the other one, and stores the
/// predictions as ``Collector`` stores any.
public struct CloudEventCollector: Sendable {
    private let collector: Collector
    private let halves: any HalfSink
    private let directory: VersionCache
    private let metrics: MetricRegistry
    private let services: InferenceServices
    private let clock: @Sendable () -> Timestamp
    private var limits: CollectorLimits { collector.limits }

    public init(
        collector: Collector, halves: any HalfSink, directory: any VersionDirectory, metrics: MetricRegistry, services: InferenceServices,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.collector = collector
        self.halves = halves
        self.directory = VersionCache(directory)
        self.metrics = metrics
        self.services = services
        self.clock = clock
    }

    public struct Answer: Sendable, Equatable {
        /// Predictions that are durable, and those of them that were stored before.
        public var accepted: Int64 = 0
        public var duplicates: Int64 = 0
        /// Events that are kept until the other one of their inference comes.
        public var waiting: Int64 = 0
        /// Events that came before.
        public var repeated: Int64 = 0
        /// Of the rejections, those for which there was no room: they may be sent again later.
        public var full: Int64 = 0
        public var rejections: [Rejection] = []
    }

    /// - Throws: ``RequestError`` for a body of which nothing can be used; the sink's error when it cannot store.
    public func collect(_ body: [UInt8], contentType: String, headers: [(name: String, value: String)]) async throws -> Answer {
        let now = clock()
        let request = try CloudEventRequest(body, contentType: contentType, headers: headers, limits: limits, now: now)
        var versions = try await directory.versions(at: now)
        // A version that we do not know may have been registered a moment ago.
        let isKnown = request.events.allSatisfy { event in (try? event.event.get()).map { (try? version(of: $0, versions)) != nil } ?? true
        }
        if !isKnown { versions = try await directory.newVersions(at: now) }
        if !directory.isComplete,
            let unknown = request.events.lazy.compactMap({ try? $0.event.get() }).first(where: { (try? version(of: $0, versions)) == nil })
        {
            throw DirectoryError(model: service(of: unknown).model ?? unknown.service)
        }
        var pairs = PairsOfRequest()
        var rejections: [Rejection] = []
        var rows = 0
        for (index, event) in request.events {
            do {
                let write = try half(of: try event.get(), versions, now: now)
                if case .request(_, let batch) = write.half { rows += batch.count }
                guard rows <= limits.recordsMax else { throw RequestBody.tooMany(limits) }
                try pairs.add(write, index)
            } catch let error as RecordError {
                rejections.append(Rejection(index: index, error: error.message.oneLine))
            } catch let error as HalfMismatch { rejections.append(Rejection(index: index, error: error.description)) }
        }
        var answer = Answer()
        answer.repeated = pairs.repeated
        if !pairs.joined.isEmpty { answer.add(try await collector.store(pairs.joined)) }
        let alone = pairs.alone
        let receipts = alone.isEmpty ? [] : try await halves.store(halves: alone.map(\.write))
        for (single, receipt) in zip(alone, receipts) {
            switch receipt {
            case .joined(let write, let stored):
                answer.add(collector.counted([write], [stored]))
                // All rows of an inference are of its request's time.
                if stored.refused > 0 { rejections.append(Rejection(index: single.index, error: DroppedWeeks.refusal(single.write.time))) }
            case .waiting: answer.waiting += 1
            case .repeated: answer.repeated += 1
            case .mismatched(let mismatch): rejections.append(Rejection(index: single.index, error: mismatch.description))
            case .full:
                answer.full += 1
                rejections.append(
                    Rejection(
                        index: single.index,
                        error: "kserve.halves_max or half_bytes_max is reached: too many events wait for their other half, send it later"))
            }
        }
        answer.rejections = rejections.sorted { $0.index < $1.index }
        metrics.add(Double(rejections.count), to: .ingestRecords, ["rejected"])
        let others = Int(answer.waiting + answer.repeated) + rejections.count
        for (outcome, count) in [
            ("joined", request.events.count - others), ("waiting", Int(answer.waiting)), ("repeated", Int(answer.repeated)),
            ("rejected", rejections.count - Int(answer.full)), ("full", Int(answer.full)),
        ] where count > 0 { metrics.add(Double(count), to: .cloudEvents, [outcome]) }
        return answer
    }

    /// Counts the halves that were given up.
    public func countExpired(requests: Int64, responses: Int64) {
        if requests > 0 { metrics.add(Double(requests), to: .cloudEvents, ["expired_request"]) }
        if responses > 0 { metrics.add(Double(responses), to: .cloudEvents, ["expired_response"]) }
    }

    private func half(of event: CloudEvent, _ versions: [RegisteredVersion], now: Timestamp) throws -> HalfWrite {
        let service = service(of: event)
        if let component = event.attributes["component"], !component.isEmpty, component != service.component {
            throw RecordError("component: \(component.prefix(60)), expected \(service.component): set component under kserve.services")
        }
        let version = try version(of: event, versions)
        try limits.requireKey(of: version)
        let half: HalfWrite.Half
        if event.isRequest {
            let decoder = PredictionDecoder(limits: limits, now: now)
            half = .request(version, try RequestRows(version, service, decoder: decoder).read(event))
        } else {
            half = .response(try ResponseRows(schema: version.schema, service: service).read(event))
        }
        return HalfWrite(
            model: version.key.model, eventID: event.id, time: event.time ?? now, isTimed: event.time != nil, half: half)
    }

    private func service(of event: CloudEvent) -> InferenceServices.Service {
        services.service(event.service, namespace: event.attributes["namespace"])
    }

    private func version(of event: CloudEvent, _ versions: [RegisteredVersion]) throws(RecordError) -> RegisteredVersion {
        let service = service(of: event)
        let model = service.model ?? service.service
        let own = versions.filter { $0.key.model == model }
        let hint = "register it, or name the model under kserve.services"
        guard !own.isEmpty else { throw RecordError("inferenceservicename: the model \(model.prefix(60)) is not registered: \(hint)") }
        if let name = service.version {
            guard let version = own.first(where: { $0.key.version == name }) else {
                throw RecordError("inferenceservicename: \(model) \(name) is not registered: \(hint)")
            }
            return version
        }
        guard let champion = own.first(where: { $0.stage == .champion }) else {
            throw RecordError("inferenceservicename: \(model) has no champion: promote a version, or name one under kserve.services")
        }
        return champion
    }
}

extension CloudEventCollector.Answer {
    fileprivate mutating func add(_ stored: Collector.PredictionAnswer) {
        accepted += stored.accepted
        duplicates += stored.duplicates
    }
}

/// The halves of one request: those whose other half is in it too are joined at once.
private struct PairsOfRequest {
    private struct Key: Hashable {
        var model: String
        var eventID: String
    }
    private var halves: [Key: (index: Int, write: HalfWrite)] = [:]
    private var done: Set<Key> = []
    /// A write for each version.
    private(set) var joined: [PredictionWrite] = []
    private(set) var repeated: Int64 = 0

    mutating func add(_ write: HalfWrite, _ index: Int) throws(HalfMismatch) {
        let key = Key(model: write.model, eventID: write.eventID)
        if done.contains(key) || halves[key]?.write.isRequest == write.isRequest {
            repeated += 1
        } else if let other = halves[key] {
            let pair = try write.joined(with: other.write)
            halves[key] = nil
            done.insert(key)
            if let place = joined.firstIndex(where: { $0.version.key == pair.version.key }) {
                joined[place].batch.append(pair.batch)
            } else {
                joined.append(pair)
            }
        } else {
            halves[key] = (index, write)
        }
    }

    var alone: [(index: Int, write: HalfWrite)] { halves.values.sorted { $0.index < $1.index } }
}

/// Events come one by one and each asks who is the champion: the answer is kept for a second.
private final class VersionCache: Sendable {
    static let maxAgeSeconds = 1.0
    private let directory: any VersionDirectory
    private let kept = Mutex<(at: Timestamp, versions: [RegisteredVersion])?>(nil)

    init(_ directory: any VersionDirectory) { self.directory = directory }

    func versions(at now: Timestamp) async throws -> [RegisteredVersion] {
        if let kept = kept.withLock({ $0 }), abs(now.seconds(since: kept.at)) < Self.maxAgeSeconds { return kept.versions }
        return try await newVersions(at: now)
    }

    var isComplete: Bool { directory.isComplete }

    func newVersions(at now: Timestamp) async throws -> [RegisteredVersion] {
        let versions = try await directory.versions()
        kept.withLock { $0 = (now, versions) }
        return versions
    }
}
