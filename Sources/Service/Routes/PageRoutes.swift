internal import Collecting
internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Storage
internal import Vocabulary

/// The pages for people, what they load, and their forms.
struct PageRoutes {
    let engine: Engine
    private let reader: PageReader
    /// The fleet is read at most every other second, whatever the number of readers.
    private let fleet: Kept<FleetPage>
    /// Whether destinations are reached is looked at once a minute, whatever the number of readers.
    private let reached: Kept<[HealthCheck]>
    private let events: EventStreams
    private let forms = FormGuard()
    private let started = Engine.systemClock()

    /// The body of a form.
    static let formBytesMax = 16 << 10
    static let hoursMax: Int64 = 168

    init(engine: Engine) {
        self.engine = engine
        let reader = PageReader(engine: engine)
        self.reader = reader
        let fleetReader = FleetReader(engine: engine)
        fleet = Kept(for: .seconds(2)) { try await fleetReader.read() }
        reached = Kept(for: .seconds(60)) { await Doctor(engine).reached() }
        events = EventStreams(fleet: fleet)
    }

    func add(to router: Router<ServiceContext>) {
        router.get("/") { request, context in
            let frame = try frame(request, context.caller)
            return htmlPage(try await shownFleet(to: context.caller).html(frame))
        }
        router.get("models/:model") { request, context in
            let frame = try frame(request, context.caller)
            return htmlPage(try await reader.model(try context.name("model"), frame.query, context.caller).html(frame))
        }
        router.get("models/:model/features/:feature") { request, context in
            let frame = try frame(request, context.caller)
            let page = try await reader.feature(try context.name("feature"), of: try context.name("model"), frame.query, context.caller)
            return htmlPage(page.html(frame))
        }
        router.get("models/:model/fairness") { request, context in
            let frame = try frame(request, context.caller)
            return htmlPage(try await reader.fairness(try context.name("model"), frame.query, context.caller).html(frame))
        }
        router.get("models/:model/report") { request, context in
            try await ReportRoute(engine: engine).answer(request, model: try context.name("model"), context.caller)
        }
        router.get("models/:model/shadow") { request, context in
            let (frame, form) = (try frame(request, context.caller), try request.form)
            let test = LiveTest(arms: form["arms"] ?? "", shares: form["shares"] ?? "")
            return htmlPage(try await reader.shadow(try context.name("model"), frame.query, test, context.caller).html(frame))
        }
        router.get("alerts") { request, context in
            let form = try request.form
            let notice = form["done"].flatMap(AlertsPage.Notice.init)
            let page = try await reader.alerts(form["model"], forms: forms, notice: notice, context.caller)
            return htmlPage(page.html(try frame(request, context.caller)))
        }
        router.get("health") { request, context in
            let fleet = fleet
            let newest = ((try? await within(seconds: HealthRoutes.answerSeconds) { try await fleet.current() }) ?? nil)?.newestEvaluation
            let reached = (try? await reached.current()) ?? []
            let checks = await Doctor(engine).ofRunning(newestEvaluation: newest, reached: reached)
            return htmlPage(HealthPage(checks, of: engine, started: started).html(try frame(request, context.caller)))
        }
        router.get("events") { _, _ in events.response() }
        router.get("assets/:name") { request, context in try asset(request, try context.name("name")) }
        router.post("alerts/acknowledge") { request, context in try await acknowledge(request, context.caller) }
        router.post("alerts/silence") { request, context in try await silence(request, context.caller) }
        router.post("alerts/end") { request, context in try await endSilence(request, context.caller) }
    }

    private func frame(_ request: Request, _ caller: Caller) throws -> PageFrame {
        PageFrame(
            query: try request.form.pageQuery(), now: Engine.systemClock(), build: Engine.buildVersion, reader: PageReaderRights(caller))
    }

    private func shownFleet(to caller: Caller) async throws -> FleetPage {
        let page = try await fleet.current()
        if caller.seesGroups { return page }
        var schemas: [ModelVersion: FeatureSchema] = [:]
        for model in page.models where model.worst != nil || !model.segments.isEmpty {
            schemas[model.version.key] = try await engine.knownVersions.version(model.version.key)?.schema
        }
        return page.redacted { schemas[$0] }
    }

    private func asset(_ request: Request, _ name: String) throws -> Response {
        guard let asset = Asset.all[name] else { throw HTTPError(.notFound, message: "no asset \(name)") }
        var response = text(asset.content, type: asset.type)
        if request.headers[.ifNoneMatch]?.contains(asset.tag) == true { response = Response(status: .notModified) }
        response.headers[.eTag] = asset.tag
        // The path holds the content's digest.
        let isExact = request.uri.string == asset.path
        response.headers[.cacheControl] = isExact ? "public, max-age=31536000, immutable" : "public, max-age=60"
        return response
    }

    // MARK: Forms

    /// The fields of a form that came from our own page.
    private func form(_ request: Request, _ route: String) async throws -> FormValues {
        guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true else {
            throw HTTPError(
                .unsupportedMediaType, message: "expected application/x-www-form-urlencoded: programs use /v1/alerts and /v1/silences")
        }
        let form = try FormValues(String(decoding: try await request.bytes(upTo: Self.formBytesMax), as: UTF8.self))
        try forms.check(request, form, route: route, at: Engine.systemClock())
        return form
    }

    private func acknowledge(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = try await form(request, AlertsPage.acknowledgePath)
        guard let id = form["alert"].flatMap({ Int64($0) }) else { throw HTTPError(.badRequest, message: "alert: expected a number") }
        let actor = caller.actor(try form.required("by", upTo: AlertsPage.textMax))
        let isDone = try await engine.alerts.acknowledge(id, by: actor, at: Engine.systemClock())
        return seeAlerts(isDone ? .acknowledged : .gone)
    }

    private func silence(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = try await form(request, AlertsPage.silencePath)
        let model = try form.required("model", upTo: FeatureSchema.nameLengthMax)
        var monitor: Vocabulary.Monitor?
        if let word = form["monitor"] {
            guard let known = Vocabulary.Monitor(rawValue: word) else { throw HTTPError(.badRequest, message: "monitor: no such monitor") }
            monitor = known
        }
        guard let hours = form["hours"].flatMap({ Int64($0) }), (1...Self.hoursMax).contains(hours) else {
            throw HTTPError(.badRequest, message: "hours: expected 1 to \(Self.hoursMax)")
        }
        let now = Engine.systemClock()
        let silence = Silence(
            model: model, monitor: monitor, until: now.adding(seconds: hours * 3600),
            reason: try form.required("reason", upTo: AlertsPage.textMax))
        let actor = caller.actor(try form.required("by", upTo: AlertsPage.textMax))
        guard try await engine.alerts.silence(silence, actor: actor, at: now) != nil else {
            throw HTTPError(.notFound, message: "model: \(model) is not registered")
        }
        return seeAlerts(.silenced)
    }

    private func endSilence(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = try await form(request, AlertsPage.endPath)
        guard let id = form["silence"].flatMap({ Int64($0) }) else { throw HTTPError(.badRequest, message: "silence: expected a number") }
        // One that is over already is over.
        _ = try await engine.alerts.expireSilence(id, models: caller.models, actor: caller.actor("page"), at: Engine.systemClock())
        return seeAlerts(.ended)
    }

    /// So that a reload sends nothing again.
    private func seeAlerts(_ notice: AlertsPage.Notice) -> Response {
        Response(status: .seeOther, headers: [.location: "/alerts?done=\(notice.rawValue)"])
    }
}
