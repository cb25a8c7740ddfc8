import Foundation
import Testing
import Vocabulary

@testable import Service

/// The pages with a token of each role: all see them, groups are for some, and so are forms.
@Suite(
    "Roles and pages", .serialized,
    WithService(
        change: {
            $0.authentication = .tokens
            $0.policies = [.init(name: "p", monitors: [.featureDrift, .fairness], findings: 1, of: 1, resolveAfter: 2, destinations: [])]
        }, prepare: { _ = try await $0.newToken([.admin]) }))
struct PageRoleTests {
    private var service: RunningService { RunningService.current }
    private static let pages = [
        "/", "/models/roles", "/models/roles/features/income", "/models/roles/fairness", "/models/roles/shadow",
        "/models/roles/shadow?arms=1,2", "/alerts", "/health",
        "/models/roles/report", "/models/roles/report?kind=card", "/models/roles/report?kind=datasheet", "/models/roles?segment=cars",
    ]

    /// Segments: one of a feature, one of a group.
    private func fill() async throws -> [String: String] {
        let admin = bearer(try await service.engine.newToken([.admin]))
        if try await service.get("/v1/models/roles/versions/1", headers: admin).status == 200 { return admin }
        let spec = """
            id: id
            score: score
            label: label
            sensitive: [sex]
            segments:
              - {name: cars, where: {purpose: car}}
              - {name: women, where: {sex: F}}
            """
        let encoded = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let made = try await service.post(
            "/v1/models/roles/versions/1?spec=\(encoded)", SmallModel.reference(),
            type: "text/csv", headers: admin)
        try #require(made.status == 201, "\(made.text)")
        try await Drifting.send("roles", on: service, headers: admin)
        _ = try await service.eventually("/v1/alerts", headers: admin) {
            Set($0.json["alerts"]?.arrayValue?.compactMap { $0["monitor"]?.stringValue } ?? []).isSuperset(of: [
                "feature_drift", "fairness",
            ])
        }
        return admin
    }

    /// What tells of a single group: names of groups as pages write them.
    private var telling: [Regex<Substring>] {
        [/F \([0-9]/, />F</, />M</, /\bF [0-9]/, /Farthest apart/, /sex = ./, />women</, /in women/, /"group":"F"/]
    }

    @Test("read and operate see every page, without groups, and are told so", arguments: [AccessRole.read, .operate])
    func withoutGroups(role: AccessRole) async throws {
        _ = try await fill()
        let own = bearer(try await service.engine.newToken([role])).merging(["Accept": "text/html"]) { $1 }
        for path in Self.pages {
            let page = try await service.get(path, headers: own)
            #expect(page.status == 200, "\(path)")
            for pattern in telling {
                let told = page.text.firstMatch(of: pattern).map { String($0.0) }
                #expect(told == nil, "\(path)")
            }
        }
        for path in ["/models/roles", "/models/roles/fairness", "/alerts", "/models/roles/report"] {
            let page = try await service.get(path, headers: own).text
            #expect(page.contains("role <code>audit</code>") || page.contains("need the role audit"), "\(path)")
        }
        for format in ["json", "md"] {
            let report = try await service.get("/models/roles/report?format=\(format)", headers: own)
            #expect(report.status == 200 && report.text.contains("need the role audit"))
            for pattern in telling { #expect(report.text.firstMatch(of: pattern) == nil, "\(format)") }
        }
        for path in ["/models/roles?segment=women", "/models/roles/fairness?segment=women", "/models/roles/report?kind=audit"] {
            let page = try await service.get(path, headers: own)
            #expect(page.status == 403 && page.text.contains("needs the role audit"), "\(path)")
        }
        let forms = try await service.get("/alerts", headers: own).text.ranges(of: "<form").count
        #expect(role == .operate ? forms >= 3 : forms == 0)
    }

    @Test("audit sees groups, and has no forms") func audit() async throws {
        _ = try await fill()
        let own = bearer(try await service.engine.newToken([.audit]))
        let fairness = try await service.get("/models/roles/fairness", headers: own).text
        #expect(fairness.contains("Farthest apart by") && fairness.contains("F ("))
        #expect(try await service.get("/models/roles?segment=women", headers: own).status == 200)
        #expect(try await service.get("/models/roles/report?kind=audit", headers: own).status == 200)
        #expect(try await service.get("/models/roles", headers: own).text.contains(">women</a>"))
        let alerts = try await service.get("/alerts", headers: own).text
        #expect(!alerts.contains("<form") && alerts.contains("role <code>operate</code>"))
        for path in Self.pages { #expect(!(try await service.get(path, headers: own).text.contains("left out")), "\(path)") }
    }

    @Test("forms are for operate and admin: under the name of the token", arguments: [AccessRole.read, .audit, .operate, .admin])
    func forms(role: AccessRole) async throws {
        let admin = try await fill()
        let page = try await service.get("/alerts", headers: admin).text
        func token(_ action: String) throws -> String {
            let form = try #require(page.firstRange(of: "action=\"\(action)\""))
            return String(try #require(page[form.upperBound...].firstMatch(of: /name="token" value="([^"]+)"/)).1)
        }
        let name = "on call \(role)"
        let own = bearer(try await service.engine.newToken([role], name: name)).merging([
            "Content-Type": "application/x-www-form-urlencoded", "Origin": service.base,
        ]) { $1 }
        let isAllowed = role.granted.contains(.operate)
        let silence = "token=\(try token("/alerts/silence"))&model=roles&hours=1&reason=r-\(role)&by=somebody"
        #expect(try await service.send("POST", "/alerts/silence", Array(silence.utf8), own).status == (isAllowed ? 200 : 403))
        let silences = try await service.get("/alerts", headers: admin).text
        #expect(silences.contains("r-\(role)") == isAllowed)
        let alert = try #require(try await service.get("/v1/alerts", headers: admin).json["alerts"]?.arrayValue?.first?["id"]?.intValue)
        // With the token of a form nobody else's role helps.
        let fields = "token=\(try token("/alerts/silence"))&alert=\(alert)&by=x"
        #expect(try await service.send("POST", "/alerts/acknowledge", Array(fields.utf8), own).status == 403)
        guard isAllowed, let form = page.firstRange(of: "action=\"/alerts/acknowledge\"") else { return }
        let good = String(try #require(page[form.upperBound...].firstMatch(of: /name="token" value="([^"]+)"/)).1)
        let answer = try await service.send("POST", "/alerts/acknowledge", Array("token=\(good)&alert=\(alert)&by=x".utf8), own)
        #expect(answer.status == 200)
        if answer.text.contains("Acknowledged. Messages") { #expect(answer.text.contains("Acknowledged by \(name)")) }
    }

    @Test("ingest alone opens no page") func ingest() async throws {
        let own = bearer(try await service.engine.newToken([.ingest]))
        for path in Self.pages + ["/events"] { #expect(try await service.get(path, headers: own).status == 403, "\(path)") }
    }
}
