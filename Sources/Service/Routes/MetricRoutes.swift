internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Reporting
internal import Storage
internal import Vocabulary

/// `GET /metrics`: what this process counted, and what the snapshot says, which all scrapers of two seconds share.
struct MetricRoutes {
    let engine: Engine
    let snapshot: Snapshot

    func add(to router: Router<ServiceContext>) {
        router.get("metrics") { request, context in
            let format = PrometheusText.Format(accept: request.headers[.accept])
            let caller = context.caller
            // Without the database this process still tells what it counted: an outage is when one looks.
            let (snapshot, database) = (snapshot, engine.database)
            async let answers: Void? = try? within(seconds: HealthRoutes.answerSeconds, { try await database.ping() })
            var current: Snapshot.State?
            var isRead = true
            do {
                current = try await within(seconds: HealthRoutes.answerSeconds, { try await snapshot.current() })
                // A large fleet is read for longer than a scrape may last when a process has just begun, or while its database is busy.
                if current == nil { current = await snapshot.last() }
            } catch { isRead = false }
            let isUp = await answers != nil && isRead
            let shared = await current?.texts.text(for: MetricView(format: format, caller: caller)) { current?.samples ?? [] }
            for (metric, count) in shared?.dropped ?? [:] { engine.metrics.add(Double(count), to: .seriesDropped, [metric.rawValue]) }
            // The counters last: what this scrape drops is counted in it.
            let own =
                engine.metrics.samples().filter { ProtectedValues.isShown($0, to: caller) && current?.isRetired($0) != true }
                + engine.spoolSamples
                + [MetricSample(.databaseUp, [], isUp ? 1 : 0)]
            let families = PrometheusText.families(own, as: format)
            var body = ByteBuffer()
            body.reserveCapacity(families.count + (shared?.text.readableBytes ?? 0) + 8)
            body.writeBytes(families)
            if let text = shared?.text { body.writeImmutableBuffer(text) }
            body.writeBytes(format.end)
            var response = Response(
                status: .ok, headers: [.contentType: format.contentType], body: ResponseBody(byteBuffer: body))
            // The format has no place for a remark.
            if !caller.seesGroups { response.set("Evenkeel-Left-Out", ProtectedValues.note) }
            return response
        }
    }
}

/// What decides how a caller's text looks.
struct MetricView: Hashable {
    var format: PrometheusText.Format
    var seesGroups: Bool
    var models: Set<String>?

    init(format: PrometheusText.Format, caller: Caller) {
        (self.format, seesGroups, models) = (format, caller.seesGroups, caller.models)
    }

    func shows(_ sample: MetricSample) -> Bool { ProtectedValues.isShown(sample, seesGroups: seesGroups, models: models) }
}

/// The samples of one snapshot as text, made once for each kind of caller.
actor MetricTexts {
    struct Text: Sendable {
        var text: ByteBuffer
        /// Series beyond the limit of their metric.
        var dropped: [Metric: Int]
    }
    private var made: [MetricView: Text] = [:]
    /// Kinds of callers of which the text is kept; there are as many as tokens of different models.
    static let viewsMax = 16

    /// An actor's method without a suspension: who comes meanwhile waits, and finds it made.
    func text(for view: MetricView, _ samples: () -> [MetricSample]) -> Text {
        if let known = made[view] { return known }
        let shown = samples().filter(view.shows)
        let text = Text(
            text: ByteBuffer(bytes: PrometheusText.families(shown, as: view.format)), dropped: PrometheusText.overflow(shown))
        if made.count < Self.viewsMax { made[view] = text }
        return text
    }
}
