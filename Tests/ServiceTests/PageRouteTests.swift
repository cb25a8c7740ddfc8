import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Pages
import Synchronization
import Testing
import Vocabulary

@testable import Service

/// The pages over real HTTP, with data in the database.
@Suite(
    "The pages of a service",
    .service { $0.policies = [.init(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 2, destinations: [])] })
struct PageRouteTests {
    private var service: RunningService { RunningService.current }
    static let html = ["Accept": "text/html,application/xhtml+xml"]

    @Test("an empty service says how to register a model") func empty() async throws {
        let service = try await RunningService.start()
        let page = try await service.get("/", headers: Self.html).text
        await service.stop()
        #expect(page.contains("evenkeel model register"))
    }

    @Test("a model that has data has every page") func pages() async throws {
        try await Drifting.fill("pages", on: service)
        let fleet = try await service.eventually("/") { $0.text.contains("1 alert fires") }
        #expect(
            fleet.text.contains("href=\"/models/pages\"") && fleet.text.contains("feature drift: drifted")
                && fleet.text.contains("<polyline"))
        let model = try await service.get("/models/pages").text
        for part in [
            "Monitors over time", "Features over time", "href=\"/models/pages/features/income", "Reliability",
            "Scores, reference and window", "latency seconds", "Volume", "ROC AUC",
        ] {
            #expect(model.contains(part), "\(part)")
        }
        let feature = try await service.get("/models/pages/features/income").text
        #expect(
            feature.contains("income: reference and window") && feature.contains("Statistics of this window")
                && feature.contains("Over time"))
        #expect(try await service.get("/models/pages/features/purpose").text.contains("<td>car</td>"))
        let fairness = try await service.get("/models/pages/fairness").text
        #expect(fairness.contains("Farthest apart by") && fairness.contains("Selection rate") && fairness.contains("F ("))
        #expect(try await service.get("/alerts").text.contains("Firing (1)"))
        let health = try await service.get("/health").text
        #expect(
            health.contains("PostgreSQL") && health.contains("partitions") && health.contains("spool") && health.contains("evaluation loop")
        )
        for path in ["/", "/models/pages", "/models/pages/features/income", "/models/pages/fairness", "/alerts", "/health"] {
            let answer = try await service.get(path)
            #expect(answer.status == 200 && answer.body.count < 200_000, "\(path)")
            #expect(answer.headers["content-security-policy"]?.contains("script-src 'self'") == true, "\(path)")
            #expect(answer.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true, "\(path)")
            #expect(answer.headers["x-content-type-options"] == "nosniff" && answer.headers["referrer-policy"] == "same-origin", "\(path)")
        }
        // A stretch of the URL, and one in which there is nothing.
        let hour = try await service.get(
            "/models/pages?from=2026-03-02T00:00:00Z&to=2026-03-02T02:00:00Z&window=hour&at=2026-03-02T00:00:00Z"
        ).text
        #expect(hour.contains("What was found in 2026-03-02 00:00 to 01:00 UTC"))
        #expect(
            try await service.get("/models/pages?from=2025-01-01T00:00&to=2025-01-02T00:00").text.contains("was evaluated in this stretch"))
    }

    @Test("what is not there is a page for browsers and a problem for programs") func errors() async throws {
        for path in ["/models/nobody", "/nowhere", "/models/nobody/features/x", "/assets/other.js"] {
            let page = try await service.get(path, headers: Self.html)
            #expect(
                page.status == 404 && page.headers["content-type"] == "text/html; charset=utf-8" && page.text.contains("<h1>404"), "\(path)"
            )
            #expect(page.headers["content-security-policy"] != nil)
            #expect(
                try await service.get(path, headers: ["Accept": "application/json"]).headers["content-type"] == "application/problem+json")
        }
        try await SmallModel.register("errors", on: service)
        for query in ["version=9", "from=yesterday", "window=year", "from=2026-01-02&to=2026-01-01", "at=%00", "version=%ff"] {
            let answer = try await service.get("/models/errors?\(query)", headers: Self.html)
            #expect([400, 404].contains(answer.status) && answer.text.contains("<h1>"), "\(query): \(answer.status)")
        }
        #expect(try await service.get("/models/errors/features/nope", headers: Self.html).text.contains("has no feature nope"))
    }

    @Test("names with HTML in them come out as text") func hostile() async throws {
        let name = "\"><script>alert(1)</script>"
        let encoded = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let reference =
            "id,a\"><i>,sex,score,label\n".replacingOccurrences(of: "a\"><i>", with: "\"a\"\"><i>\"")
            + (0..<200).map { "r\($0),\($0),\($0 % 2 == 0 ? "<b>F" : "M"),0.\(10 + $0 % 80),\($0 % 2)" }.joined(separator: "\n") + "\n"
        let registered = try await service.post(
            "/v1/models/\(encoded)/versions/\(encoded)?id=id&score=score&label=label&sensitive=sex", reference, type: "text/csv")
        #expect(registered.status == 201, "\(registered.text)")
        _ = try await service.eventually("/") { $0.text.contains("&lt;script&gt;") }
        let feature = try #require("a\"><i>".addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        for path in [
            "/", "/models/\(encoded)", "/models/\(encoded)/features/\(feature)", "/models/\(encoded)/fairness", "/alerts?model=\(encoded)",
            "/models/\(encoded)?version=%3Ci%3E",
        ] {
            let page = try await service.get(path, headers: Self.html).text
            #expect(!page.contains("<script>") && !page.contains("<i>") && !page.contains("<b>F"), "\(path)")
            #expect(page.contains("&lt;"), "\(path)")
        }
    }

    @Test("assets may be kept for ever under their digest, and are not sent again") func assets() async throws {
        let page = try await service.get("/").text
        let paths = page.matches(of: /(?:href|src)="(\/assets\/[^"]+)"/).map { String($0.1) }
        #expect(paths.count == 3)
        for path in paths {
            let asset = try await service.get(path)
            #expect(asset.status == 200 && asset.headers["cache-control"]?.contains("immutable") == true)
            let again = try await service.get(path, headers: ["If-None-Match": asset.headers["etag"] ?? "", "Cache-Control": "no-cache"])
            #expect(again.status == 304 && again.body.isEmpty)
        }
        #expect(try await service.get("/assets/page.css?v=old").headers["cache-control"] == "public, max-age=60")
    }

    @Test("events tell the state at once, and end with the reader") func events() async throws {
        let fleet = Kept<FleetPage>(for: .seconds(2)) { FleetPage(models: []) }
        let heard = Mutex("")
        let stream = EventStreams(fleet: fleet).response()
        #expect(stream.headers[.contentType] == "text/event-stream" && stream.headers[.cacheControl] == "no-store")
        await #expect(throws: CancellationError.self) {
            try await stream.body.write(
                Listener {
                    let text = String(buffer: $0)
                    heard.withLock { $0 += text }
                    // The reader goes away after the first event.
                    if text.hasPrefix("event:") { throw CancellationError() }
                })
        }
        #expect(heard.withLock { $0 }.firstMatch(of: /^retry: 5000\n\nevent: state\ndata: [0-9a-f]{16}\n\n$/) != nil)
    }

    private struct Listener: ResponseBodyWriter {
        let hear: @Sendable (ByteBuffer) throws -> Void
        mutating func write(_ buffer: ByteBuffer) async throws { try hear(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

/// Forms change something only when they come from our own page.
@Suite(
    "Forms of pages",
    .service { $0.policies = [.init(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 2, destinations: [])] })
struct PageFormTests {
    private var service: RunningService { RunningService.current }

    /// The status, and of a page its text: redirections are followed, as browsers do.
    private func send(
        _ path: String, _ fields: String, origin: String?, site: String? = nil, type: String = "application/x-www-form-urlencoded"
    ) async throws -> (status: Int, text: String) {
        var headers = ["Content-Type": type]
        headers["Origin"] = origin
        headers["Sec-Fetch-Site"] = site
        let answer = try await service.send("POST", path, Array(fields.utf8), headers)
        return (answer.status, answer.text)
    }

    private func token(_ action: String) async throws -> String {
        let page = try await service.get("/alerts").text
        let form = try #require(page.firstRange(of: "action=\"\(action)\""))
        return String(try #require(page[form.upperBound...].firstMatch(of: /name="token" value="([^"]+)"/)).1)
    }

    @Test("an alert is acknowledged and a model silenced, under the name that was given") func forms() async throws {
        try await Drifting.fill("forms", on: service)
        _ = try await service.eventually("/alerts") { $0.text.contains("Firing (1)") }
        let alert = try #require(try await service.get("/v1/alerts").json["alerts"]?.arrayValue?.first?["id"]?.intValue)
        let token = try await token("/alerts/acknowledge")
        let fields = "token=\(token)&alert=\(alert)&by=Ana+B."
        let origin = service.base

        // From elsewhere, without a token, with one of another form, as another type: nothing is done.
        #expect(try await send("/alerts/acknowledge", fields, origin: "http://evil.example").status == 403)
        #expect(try await send("/alerts/acknowledge", fields, origin: nil).status == 403)
        #expect(try await send("/alerts/acknowledge", fields, origin: origin, site: "cross-site").status == 403)
        #expect(try await send("/alerts/acknowledge", fields, origin: "null").status == 403)
        #expect(try await send("/alerts/acknowledge", "alert=\(alert)&by=x", origin: origin).status == 403)
        #expect(try await send("/alerts/acknowledge", "token=\(token)0&alert=\(alert)&by=x", origin: origin).status == 403)
        #expect(try await send("/alerts/silence", "token=\(token)&model=forms&hours=1&reason=r&by=x", origin: origin).status == 403)
        #expect(try await send("/alerts/acknowledge", fields, origin: origin, type: "text/plain").status == 415)
        #expect(try await service.get("/v1/alerts").json["alerts"]?.arrayValue?.first?["acknowledged_at"] == .null)

        #expect(try await send("/alerts/acknowledge", fields, origin: origin).text.contains("Acknowledged. Messages go on"))
        #expect(try await service.get("/alerts").text.contains("Acknowledged by Ana B."))

        let silence = "token=\(try await self.token("/alerts/silence"))&model=forms&monitor=fairness&hours=8&reason=known+%3Cb%3E&by=ana"
        #expect(try await send("/alerts/silence", silence, origin: nil, site: "same-origin").text.contains("Silenced. Alerts are"))
        #expect(try await service.get("/alerts").text.contains("known &lt;b&gt;"))
        let page = try await service.get("/alerts").text
        let made = try #require(page.firstRange(of: "known &lt;b&gt;"))
        let id = try #require(page[made.upperBound...].firstMatch(of: /name="silence" value="([0-9]+)"/)).1
        let end = "token=\(try await self.token("/alerts/end"))&silence=\(id)"
        #expect(try await send("/alerts/end", end.replacing("token=", with: "token=x"), origin: origin).status == 403)
        #expect(try await send("/alerts/end", end, origin: origin).text.contains("The silence is over"))
        #expect(!(try await service.get("/alerts").text.contains("known &lt;b&gt;")))
        for wrong in ["hours=0", "hours=9999", "monitor=x&hours=1", "hours=1&reason="] {
            let fields = "token=\(try await self.token("/alerts/silence"))&model=forms&reason=r&by=a&\(wrong)"
            #expect(try await send("/alerts/silence", fields, origin: origin).status == 400, "\(wrong)")
        }
    }

    @Test("a token holds for its route and for some hours") func tokens() throws {
        let forms = FormGuard()
        let now = Timestamp(seconds: 1_800_000_000)
        #expect(forms.token(for: "/a", at: now) != forms.token(for: "/b", at: now))
        #expect(forms.token(for: "/a", at: now) != FormGuard().token(for: "/a", at: now))
        #expect(RequestSite(site: nil, origin: "https://keel.example:8080", host: "keel.example:8080") == .ours)
        #expect(RequestSite(site: nil, origin: "https://keel.example", host: "keel.example:8080") != .ours)
        #expect(RequestSite(site: "same-site", origin: "https://keel.example", host: "keel.example") != .ours)
        #expect(RequestSite(site: nil, origin: nil, host: "keel.example") != .ours)
    }
}

/// A model that drifts from its second hour on, and is unfair.
enum Drifting {
    static func fill(_ name: String, on service: RunningService, headers: [String: String] = [:]) async throws {
        try await SmallModel.register(name, on: service, headers: headers)
        try await send(name, on: service, headers: headers)
    }

    /// Of a model that is registered.
    static func send(_ name: String, on service: RunningService, headers: [String: String] = [:]) async throws {
        for hour in 0..<3 {
            let records = (0..<300).map { i in
                let income = hour > 0 ? 5000 + Double(i) : 1000 + Double(i * 7 % 911)
                let group = i % 2 == 0 ? "F" : "M"
                return """
                    {"model":"\(name)","version":"1","id":"h\(hour)-\(i)","ts":"2026-03-02T0\(hour):30:00Z","features":{"income":\(income),"purpose":"\(["car", "home", "debt"][i % 3])"},"score":0.\(group == "F" ? 10 + i % 35 : 55 + i % 35),"groups":{"sex":"\(group)"},"latency_ms":12.5,"cost":0.0004}
                    """
            }
            let sent = try await service.post(
                "/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson", headers: headers)
            #expect(sent.json["accepted"]?.intValue == 300, "\(sent.text)")
            let labels = (0..<300).map { "{\"model\":\"\(name)\",\"id\":\"h\(hour)-\($0)\",\"label\":\($0 % 3 == 0 ? 1 : 0)}" }
            _ = try await service.post("/v1/labels", labels.joined(separator: "\n"), type: "application/x-ndjson", headers: headers)
            _ = try await service.eventually("/v1/models/\(name)/results?metric=roc_auc&window=hour", headers: headers) {
                $0.json["results"]?.arrayValue?.contains { $0["from"]?.stringValue == "2026-03-02T0\(hour):00:00Z" } == true
            }
        }
    }
}
