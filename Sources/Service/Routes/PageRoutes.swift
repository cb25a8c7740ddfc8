internal import HTTPTypes
internal import Hummingbird
internal import Reporting

/// `GET /`: the page.
struct PageRoutes {
    let engine: Engine
    let snapshot: Snapshot

    func add(to router: Router<BasicRequestContext>) {
        router.get("/") { _, _ in
            let current = try await snapshot.current()
            let page = Page(rows: current.rows, alerts: current.alerts, now: Engine.systemClock(), buildVersion: Engine.buildVersion)
            var response = text(page.html, type: "text/html; charset=utf-8")
            response.headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
            return response
        }
    }
}
