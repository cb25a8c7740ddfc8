import Foundation
import Reporting
import Testing
import Vocabulary

@testable import Service

/// Reports of real stored results.
@Suite(
    "Reports of a service",
    .service { $0.policies = [.init(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 2, destinations: [])] })
struct ReportTests {
    private var service: RunningService { RunningService.current }
    private static let from = Timestamp(rfc3339: "2026-03-02T00:00:00Z")!

    @Test("a monitoring report says over HTTP what was found, in every format") func formats() async throws {
        try await Drifting.fill("reported", on: service)
        _ = try await service.eventually("/alerts") { $0.text.contains("reported 1 feature_drift") }
        let query = "from=2026-03-02T00:00:00Z&to=2026-03-02T03:00:00Z"
        let page = try await service.get("/models/reported/report?\(query)")
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.contains("style-src 'sha256-") == true)
        for part in [
            "Something was found in", "feature drift in 2 hours", "What moved, and why", "income", "Farthest apart by", "Reliability",
            "Label coverage", "Alerts in the time", "<svg",
        ] {
            #expect(page.text.contains(part), "\(part)")
        }
        #expect(!page.text.contains("<script"))
        let markdown = try await service.get("/models/reported/report?\(query)&format=md")
        #expect(
            markdown.headers["content-type"] == "text/markdown; charset=utf-8" && markdown.text.hasPrefix("# reported 1: monitoring report")
        )
        let json = try await service.get("/models/reported/report?\(query)&format=json").json
        #expect(json["labels"]?["predictions"]?.intValue == 900 && json["labels"]?["labelled"]?.intValue == 900)
        #expect(json["labels"]?["windows"]?.arrayValue?.count == 3)
        let drift = json["verdicts"]?.arrayValue?.first { $0["monitor"]?.stringValue == "feature_drift" }
        #expect(drift?["with_finding"]?.intValue == 2 && drift?["whole"]?.stringValue == "drifted")
        #expect(json["performance"]?["realised"]?.arrayValue?.contains { $0["statistic"]?.stringValue == "roc_auc" } == true)
        #expect(json["alerts"]?.arrayValue?.count == 1)
        // The pages lead there.
        #expect(try await service.get("/models/reported").text.contains("href=\"/models/reported/report"))
    }

    @Test("card, datasheet and audit are there too; what is not there is said") func kinds() async throws {
        try await Drifting.fill("kinds", on: service)
        let card = try await service.get("/models/kinds/report?kind=card&format=md").text
        #expect(card.contains("# Model card: kinds 1") && card.contains("positive from a score of 0.5"))
        let sheet = try await service.get("/models/kinds/report?kind=datasheet&format=md").text
        #expect(sheet.contains("income") && sheet.contains("car 33"))
        for (path, status) in [
            ("/models/nobody/report", 404), ("/models/kinds/report?version=9", 404), ("/models/kinds/report?kind=novel", 400),
            ("/models/kinds/report?format=pdf", 400), ("/models/kinds/report?from=2026-01-02&to=2026-01-01", 400),
        ] {
            #expect(try await service.get(path).status == status, "\(path)")
        }
        // A stretch in which there is nothing.
        let empty = try await service.get("/models/kinds/report?from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z").text
        #expect(empty.contains("nothing can be said of it"))
    }

    @Test("an audit verifies against the database until records come or the file is changed") func audit() async throws {
        try await Drifting.fill("audited", on: service)
        let path = "/models/audited/report?kind=audit&format=json&from=2026-03-02T00:00:00Z&to=2026-03-02T03:00:00Z"
        let file = try await service.get(path).json
        #expect(file["verdict"]?.stringValue == "unfair" && (file["findings"]?.arrayValue?.count ?? 0) > 6)
        let reader = ReportReader(service.engine)
        let checks = try await reader.verify(try AuditVerification(file))
        #expect(checks.map(\.state) == [.right, .right, .right, .right, .right, .right, .right, .right], "\(checks)")
        #expect(checks[2].detail.contains("rates and disparities are those of the counts"))

        // Its settings are those of the file, whatever the service has since.
        guard case .object(var object) = file, case .object(var conventions) = file["conventions"] ?? .null else { return }
        conventions["confidence"] = .number(0.5)
        object["conventions"] = .object(conventions)
        let other = try await reader.verify(try AuditVerification(.object(object)))
        #expect(other.filter { $0.state == .wrong }.map(\.name) == ["content", "findings"], "\(other)")

        _ = try await service.post("/v1/predictions", SmallModel.prediction("audited", id: "late", ts: "2026-03-02T01:00:00Z"))
        let later = try await reader.verify(try AuditVerification(file))
        #expect(later.filter { $0.state == .wrong }.map(\.name) == ["sums", "findings", "the rest"])
    }

    @Test("a report is for who may read, and of models that the token may see; an audit is for who may audit") func roles() async throws {
        let service = try await RunningService.start({ $0.authentication = .tokens }, prepare: { _ = try await $0.newToken([.admin]) })
        let engine = service.engine
        for (roles, models, status) in [
            ([.ingest], nil, 403), ([.read], nil, 404), ([.audit], nil, 404), ([.audit], ["other"], 403), ([.audit], ["nobody"], 404),
        ] as [(Set<AccessRole>, Set<String>?, Int)] {
            let token = try await engine.newToken(roles, models: models)
            let answer = try await service.get("/models/nobody/report", headers: ["Authorization": "Bearer \(token)"])
            #expect(answer.status == status, "\(roles) \(models ?? [])")
            let audit = try await service.get("/models/nobody/report?kind=audit", headers: ["Authorization": "Bearer \(token)"])
            #expect(audit.status == (roles == [.read] ? 403 : status), "\(roles) \(models ?? [])")
        }
        await service.stop()
    }

    @Test("notes name sections that there are") func notes() throws {
        #expect(try ReportNotesFile.notes("intended_use: Ranks.", file: "n.yaml").map(\.text) == ["Ranks."])
        let error = #expect(throws: ConfigurationError.self) { try ReportNotesFile.notes("intended: x", file: "n.yaml") }
        #expect(error?.description.contains("n.yaml: intended: unknown section, expected one of owner") == true)
    }
}
