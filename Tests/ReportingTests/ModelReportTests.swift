import Testing
import Vocabulary

@testable import Reporting

/// Reports of a model, from facts that are made up; real stored results are in ServiceTests.
@Suite("Reports of a model")
struct ModelReportTests {
    private static let start = Timestamp(rfc3339: "2026-11-20T00:00:00Z")!
    private static let hostile = "<script>alert(1)</script>"

    /// Two days: the second one drifts and is unfair.
    private static func facts(group: String = "F") -> ModelFacts {
        let schema = FeatureSchema(features: [Feature(name: "income", kind: .numeric)], sensitive: ["sex"])
        let version = RegisteredVersion(
            key: ModelVersion(model: "credit", version: "3"), versionID: 1, streamID: 1, stage: .champion, schema: schema,
            referenceRows: 5000,
            registeredAt: start)
        let conventions = AuditConventions(
            alpha: 0.05, confidence: 0.95, differenceFloor: 0.1, ratioFloor: 0.8, errorFloor: 0.2, rowsMin: 30, groupRowsMin: 30)
        var facts = ModelFacts(
            version: version, from: start, to: start.adding(seconds: 2 * 86_400), kind: .day, conventions: conventions,
            generatedAt: start.adding(seconds: 3 * 86_400))
        facts.windows = (0..<2).map { day in
            let from = start.adding(seconds: Int64(day) * 86_400)
            return EvaluationHead(
                streamID: 1, window: Window(kind: .day, start: from, end: from.adding(seconds: 86_400)),
                evaluatedAt: from.adding(seconds: 90_000), rows: 200, labelled: 120)
        }
        facts.marks = [
            VerdictMark(place: 0, monitor: .featureDrift, subject: "income", verdict: .ok),
            VerdictMark(place: 1, monitor: .featureDrift, subject: "income", verdict: .drifted),
            VerdictMark(place: 1, monitor: .fairness, subject: "sex", verdict: .unfair),
            VerdictMark(place: 0, monitor: .calibration, subject: "", verdict: .insufficient),
        ]
        var drift = Finding(
            monitor: .featureDrift, subject: "income", statistic: "psi", value: 0.4, adjustedP: 0.001, referenceCount: 5000,
            currentCount: 200, verdict: .drifted, why: "income above 4000 rose from 1 % to 20 %")
        drift.drivers = [Driver("above 4000", before: 0.01, after: 0.2)]
        facts.worst = [PlacedFinding(place: 1, finding: drift)]
        facts.counts = [
            OutcomeCount(group: [group], label: .any, decision: true, rows: 20),
            OutcomeCount(group: [group], label: .any, decision: false, rows: 180),
            OutcomeCount(group: ["M"], label: .any, decision: true, rows: 100),
            OutcomeCount(group: ["M"], label: .any, decision: false, rows: 100),
        ]
        func rate(_ group: String, _ value: Double) -> Finding {
            Finding(
                monitor: .fairness, subject: "sex", group: group, statistic: "selection_rate", value: value, lower: value - 0.05,
                upper: value + 0.05, referenceCount: 0, currentCount: 200)
        }
        var gap = Finding(
            monitor: .fairness, subject: "sex", statistic: "demographic_parity_difference", value: 0.4, lower: 0.3, upper: 0.5,
            adjustedP: 0,
            referenceCount: 0, currentCount: 400, verdict: .unfair, why: "lowest for \(group), highest for M, 0.4 apart")
        gap.drivers = [Driver(group, after: 0.1, count: 200), Driver("M", after: 0.5, count: 200)]
        facts.whole = Evaluation(
            version: version.key, window: Window(kind: .custom, start: start, end: facts.to), evaluatedAt: facts.generatedAt, rows: 400,
            labelled: 240, findings: [drift, rate(group, 0.1), rate("M", 0.5), gap])
        facts.digests = AuditDigests(schema: "aa", reference: "bb", sums: "cc")
        return facts
    }

    /// Goal: what drifts in a part alone is seen. Method: the whole without findings, one segment with and one without.
    @Test("each segment has its worst verdict and what was found in it") func segments() throws {
        var facts = Self.facts()
        facts.marks = facts.marks.filter { !$0.verdict.isFinding }
        let (drifted, worst) = (VerdictMark(place: 1, monitor: .featureDrift, subject: "income", verdict: .drifted), facts.worst)
        facts.worst = []
        func segment(_ name: String, _ marks: [VerdictMark], _ worst: [PlacedFinding]) -> SegmentFacts {
            SegmentFacts(
                segment: Segment(name: name, conditions: [.init(column: "purpose", test: .levels([name]))]), windows: facts.windows,
                marks: marks, worst: worst)
        }
        let calm = VerdictMark(place: 0, monitor: .featureDrift, subject: "income", verdict: .ok)
        #expect(!MonitoringReport(facts).report.hasFinding && MonitoringReport(facts).report.json["segments"] == nil)
        facts.segments = [segment("car", [calm, drifted], worst), segment(Self.hostile, [calm], [])]
        let report = MonitoringReport(facts).report
        #expect(report.hasFinding && report.json["verdict"]?.stringValue == "drifted")
        #expect(report.json["summary"]?.stringValue?.hasSuffix(" In segments: car (feature drift).") == true)
        let all = try #require(report.json["segments"]?.arrayValue)
        #expect(all.map { $0["verdict"]?.stringValue } == ["drifted", "ok"])
        #expect(all[0]["monitors"]?.arrayValue?.first?["with_finding"]?.intValue == 1 && all[0]["predictions"]?.intValue == 400)
        #expect(all[0]["findings"]?.arrayValue?.first?["worst_window"]?.stringValue == "2026-11-21T00:00:00Z")
        #expect(all[0]["where"]?.stringValue == "purpose is car" && all[1]["findings"]?.arrayValue == [])
        let text = ReportText.render(report, as: .markdown)
        #expect(text.contains("## Segments") && text.contains("feature drift in 1 day") && text.contains("rose from 1 % to 20 %"))
        #expect(!ReportText.render(report, as: .html).contains(Self.hostile))
    }

    @Test("the verdict comes first, then what moved and why") func monitoring() throws {
        let report = MonitoringReport(Self.facts()).report
        #expect(report.hasFinding)
        let text = ReportText.render(report, as: .markdown)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        #expect(lines[0].contains("credit 3: monitoring report"))
        #expect(lines[1].contains("Something was found in 1 of 2 days of credit 3: feature drift in 1 day, fairness in 1 day."))
        #expect(lines[1].contains("Too little data to judge: calibration."))
        for part in [
            "income above 4000 rose", "Farthest apart by demographic parity difference: F with 0.1", "240 have their label (60 %)",
            "None lasted",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        let json = report.json
        #expect(json["verdict"]?.stringValue == "drifted" || json["verdict"]?.stringValue == "unfair")
        #expect(json["labels"]?["coverage"]?.doubleValue == 0.6)
        #expect(json["fairness"]?["attributes"]?.arrayValue?.first?["worst_pair"] == .array(["F", "M"]))
        #expect(json["moved"]?.arrayValue?.first?["with_finding"] == .integer(1))
        #expect(try JSON.parse(report.json.prettyText).text == report.json.text)
    }

    @Test("without a window nothing is said, and that is said") func empty() {
        var facts = Self.facts()
        (facts.windows, facts.marks, facts.worst, facts.whole, facts.wholeProblem) = ([], [], [], nil, "the sums are gone")
        let report = MonitoringReport(facts).report
        #expect(!report.hasFinding && report.json["verdict"]?.stringValue == "no_data")
        let text = ReportText.render(report, as: .table)
        #expect(text.contains("nothing can be said of it") && text.contains("the sums are gone"))
    }

    @Test("a card says what is known, and what is its owners' to say") func card() {
        var facts = Self.facts()
        facts.notes = [ReportNote("intended_use", "Ranks applications.")]
        let text = ReportText.render(ModelCard(facts).report, as: .markdown)
        #expect(text.contains("Intended use: Ranks applications.") && text.contains("Out of scope: not said"))
        #expect(text.contains("5\u{202F}000 rows") && text.contains("Labels cover 60 % of the predictions"))
        facts.columns = [
            ColumnFacts(
                name: "income", kind: "numeric", privacy: "", reference: .init(rows: 10, missing: 1, values: "mean 3"),
                current: .init(rows: 20, missing: 5, values: "mean 4"))
        ]
        let sheet = Datasheet(facts).report
        #expect(sheet.json["columns"]?.arrayValue?.first?["current"]?["missing_share"]?.doubleValue == 0.25)
        #expect(ReportText.render(sheet, as: .markdown).contains("| income | numeric |  | 10 % | 25 % | mean 3 | mean 4 |"))
    }

    @Test("what names hold comes out as text in every report") func hostile() {
        let facts = Self.facts(group: Self.hostile)
        for report in [MonitoringReport(facts).report, ModelCard(facts).report, Datasheet(facts).report, FairnessAudit(facts).report] {
            let page = ReportText.render(report, as: .html)
            #expect(!page.contains("<script>"), "\(report.title)")
        }
    }

    // MARK: Audit files

    private static func states(_ file: JSON) throws -> [String: AuditVerification.Check.State] {
        Dictionary(uniqueKeysWithValues: try AuditVerification(file).ofTheFile.map { ($0.name, $0.state) })
    }

    @Test("an audit file verifies, also after it was written and read") func verifies() throws {
        let file = FairnessAudit(Self.facts()).report.json
        #expect(try Self.states(file) == ["content": .right, "verdict": .right, "rates": .right])
        #expect(try Self.states(try JSON.parse(file.prettyText)) == ["content": .right, "verdict": .right, "rates": .right])
        let checks = try AuditVerification(file).ofTheFile
        #expect(checks[2].detail.hasPrefix("3 rates"))
        let again = try AuditVerification(file).ofTheDatabase(FairnessAudit(Self.facts()))
        #expect(again.allSatisfy { $0.state == .right } && again.count == 5)
    }

    @Test("a changed file does not verify, nor do rates that are not those of the counts") func tampered() throws {
        let file = FairnessAudit(Self.facts()).report.json
        let changed = try JSON.parse(file.text.replacing("\"value\":0.4,", with: "\"value\":0.1,"))
        #expect(try Self.states(changed) == ["content": .wrong, "verdict": .right, "rates": .wrong])
        // Whoever makes a new digest too is found by the counts.
        guard case .object(var object) = changed else { return }
        object["content_sha256"] = .string(FairnessAudit.digest(object))
        #expect(try Self.states(.object(object)) == ["content": .right, "verdict": .right, "rates": .wrong])
        // Counts and rates changed together are found by who has the database.
        var other = Self.facts()
        other.digests.sums = "dd"
        // Who writes the digest anew is found out by the findings, and by the database.
        for (key, value, check) in [
            ("verdict", JSON.string("fair"), "verdict"), ("predictions", .integer(7), "the rest"), ("windows", .array([]), "the rest"),
        ] {
            var forged = try #require(file.objectValue)
            try #require(forged[key] != value)
            forged[key] = value
            forged["content_sha256"] = .string(FairnessAudit.digest(forged))
            let verification = try AuditVerification(.object(forged))
            let checks = verification.ofTheFile + verification.ofTheDatabase(FairnessAudit(Self.facts()))
            #expect(checks.filter { $0.state == .wrong }.map(\.name) == [check], "\(key): \(checks)")
        }
        let states = try AuditVerification(file).ofTheDatabase(FairnessAudit(other)).map(\.state)
        #expect(states == [.right, .right, .wrong, .right, .right])
    }

    @Test("what is no audit file is refused with what was expected") func refused() throws {
        for (file, words) in [
            (#"{"kind":"monitoring"}"#, "no audit file"), (#"{"kind":"audit","form":9}"#, "unsupported: an audit file of form 9"),
            (#"{"kind":"audit","form":1,"model":"m"}"#, "missing or damaged"), ("[]", "no audit file"),
        ] {
            let error = #expect(throws: AuditFileError.self) { try AuditVerification(try JSON.parse(file)) }
            #expect(error?.description.contains(words) == true, "\(file)")
        }
    }
}
