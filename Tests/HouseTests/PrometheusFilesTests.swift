import Foundation
import TestSupport
import Testing

/// Rules, runbooks and dashboards name only what there is: metrics of the catalogue, and each other.
@Suite("The files for Prometheus and Grafana") struct PrometheusFilesTests {
    static let promtool = "/usr/bin/promtool"
    static let python = "/usr/bin/python3"
    static var hasPromtool: Bool { isThere(promtool, otherwise: "the rules were not run") }
    static var hasPython: Bool { isThere(python, otherwise: "the dashboards were not compared with their script") }

    static func isThere(_ program: String, otherwise: String) -> Bool {
        let isThere = FileManager.default.isExecutableFile(atPath: program)
        if !isThere { print("skipped: there is no \(program), so \(otherwise)") }
        return isThere
    }

    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files of a folder with this ending, by name, in order.
    static func files(_ folder: String, _ ending: String) throws -> [(name: String, path: String, text: String)] {
        let folder = package.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(ending) }.sorted().map { name in
            let file = folder.appending(path: name)
            return (name, file.path, try String(contentsOf: file, encoding: .utf8))
        }
    }

    /// What Prometheus may know by name: the catalogue, with the three series of each histogram.
    static func catalogue() throws -> Set<String> {
        let text = try String(contentsOf: package.appending(path: "Sources/Vocabulary/Metrics.swift"), encoding: .utf8)
        var names: Set<String> = []
        let histograms = text.firstMatch(of: #/case ([.\w, ]+): \.histogram/#).map { String($0.1) } ?? ""
        for match in text.matches(of: #/case (\w+) = "(evenkeel_\w+)"/#) {
            let name = String(match.2)
            if histograms.split(separator: ", ").contains(".\(match.1)") {
                names.formUnion(["_bucket", "_count", "_sum"].map { name + $0 })
            } else {
                names.insert(name)
            }
        }
        return names
    }

    /// An alert's name and its part of the file.
    static func alerts() throws -> [(name: String, text: String)] {
        try files("alerts", ".yaml").flatMap { file in
            file.text.split(separator: "- alert: ").dropFirst().map { part in (String(part.prefix { $0 != "\n" }), String(part)) }
        }
    }

    static func dashboards() throws -> [(name: String, content: [String: Any])] {
        try files("dashboards", ".json").map { file in
            let content = try JSONSerialization.jsonObject(with: Data(file.text.utf8))
            return (file.name, try #require(content as? [String: Any], "\(file.name)"))
        }
    }

    /// The panels, also those within rows.
    static func panels(_ content: [String: Any]) -> [[String: Any]] {
        let own = content["panels"] as? [[String: Any]] ?? []
        return own + own.flatMap { panels($0) }
    }

    @Test("promtool finds nothing wrong with the rules", .enabled(if: hasPromtool)) func check() async throws {
        let outcome = try await runProgram(Self.promtool, ["check", "rules"] + Self.files("alerts", ".yaml").map(\.path))
        #expect(outcome.status == 0, "\(outcome.text)")
    }

    @Test("each alert fires and stays silent as its cases say", .enabled(if: hasPromtool)) func cases() async throws {
        let outcome = try await runProgram(Self.promtool, ["test", "rules"] + Self.files("alerts/tests", ".yaml").map(\.path))
        #expect(outcome.status == 0, "\(outcome.text)")
    }

    @Test("every metric of rules and dashboards is in the catalogue, and every recorded series is recorded") func names() throws {
        let catalogue = try Self.catalogue()
        #expect(catalogue.count > 20)
        let rules = try Self.files("alerts", ".yaml")
        let recorded = Set(rules.flatMap { file in file.text.matches(of: #/- record: (\S+)/#).map { String($0.1) } })
        var used: Set<String> = []
        for file in try rules + Self.files("alerts", ".yml") + Self.files("alerts/tests", ".yaml") + Self.files("dashboards", ".json") {
            for match in file.text.matches(of: #/(record: )?([\w:]*evenkeel_\w+(?::\w+)*)/#) where match.1 == nil {
                let name = String(match.2)
                if name.contains(":") {
                    #expect(recorded.contains(name), "\(file.name): \(name) is not recorded")
                    used.insert(name)
                } else {
                    #expect(catalogue.contains(name), "\(file.name): \(name) is not in the catalogue")
                }
            }
        }
        #expect(recorded.subtracting(used).isEmpty, "recorded, but used by nothing")
    }

    @Test("each alert has its labels, its runbook, a dashboard, and cases both ways; each runbook has its alert") func runbooks() throws {
        let alerts = try Self.alerts()
        let pages = try Self.files("docs/runbooks", ".md").filter { $0.name != "README.md" }
        let index = try String(contentsOf: Self.package.appending(path: "docs/runbooks/README.md"), encoding: .utf8)
        let cases = try Self.files("alerts/tests", ".yaml").map(\.text).joined()
        let uids = try Self.dashboards().compactMap { $0.content["uid"] as? String }
        #expect(alerts.count > 20)
        #expect(alerts.map(\.name).sorted() == pages.map { String($0.name.dropLast(3)) }, "alerts and pages of docs/runbooks")
        for alert in alerts {
            #expect(alert.name.wholeMatch(of: #/Evenkeel[A-Z][A-Za-z]+/#) != nil, "\(alert.name)")
            for key in ["severity", "summary", "description"] { #expect(alert.text.contains("  \(key): "), "\(alert.name) has no \(key)") }
            #expect(alert.text.contains("/runbooks/\(alert.name).md'"), "\(alert.name) has another runbook")
            let uid = alert.text.firstMatch(of: #/dashboard_url: '[^']*/d/([a-z-]+)/#).map { String($0.1) }
            #expect(uid.map(uids.contains) == true, "\(alert.name) has no dashboard")
            #expect(index.contains("(\(alert.name).md)"), "\(alert.name) is not in the index")
            for way in ["fires", "stays silent"] {
                #expect(cases.contains("'\(alert.name) \(way)"), "\(alert.name) has no case in which it \(way)")
            }
        }
    }

    @Test("dashboards have unique ids, and leave the data source to a variable") func structure() throws {
        let dashboards = try Self.dashboards()
        #expect(!dashboards.isEmpty)
        let uids = dashboards.compactMap { $0.content["uid"] as? String }
        #expect(uids.count == dashboards.count && Set(uids).count == uids.count, "\(uids)")
        for (name, content) in dashboards {
            let variables = (content["templating"] as? [String: Any])?["list"] as? [[String: Any]] ?? []
            #expect(variables.contains { $0["name"] as? String == "datasource" && $0["type"] as? String == "datasource" }, "\(name)")
            let panels = Self.panels(content)
            let ids = panels.compactMap { $0["id"] as? Int }
            #expect(ids.count == panels.count && Set(ids).count == ids.count, "\(name): ids of panels")
            for panel in panels where panel["type"] as? String != "row" {
                let title = panel["title"] as? String ?? "?"
                let targets = panel["targets"] as? [[String: Any]] ?? []
                #expect(!targets.isEmpty, "\(name): \(title) asks nothing")
                #expect((panel["description"] as? String)?.isEmpty == false, "\(name): \(title) has no description")
                for part in targets + [panel] {
                    let source = (part["datasource"] as? [String: Any])?["uid"] as? String
                    #expect(source == "${datasource}", "\(name): \(title) has the data source \(source ?? "none")")
                }
            }
        }
    }

    @Test("the dashboards are what scripts/dashboards.py writes", .enabled(if: hasPython)) func script() async throws {
        let outcome = try await runProgram(Self.python, [Self.package.appending(path: "scripts/dashboards.py").path, "--check"])
        #expect(outcome.status == 0, "\(outcome.text)")
    }
}
