internal import Reporting
public import Vocabulary

/// The candidates of a model beside its champion: verdict and reasons, how the difference went, and for whom.
public struct ShadowPage: Sendable {
    public struct Look: Sendable {
        public var at: Timestamp
        public var verdict: String
        /// As `GET /v1/models/{model}/shadow` has it.
        public var report: JSON
        public init(at: Timestamp, verdict: String, report: JSON) {
            self.at = at
            self.verdict = verdict
            self.report = report
        }
    }
    public struct Candidate: Sendable {
        public var champion: String
        public var version: String
        public var format: String
        /// Why it is not scored any more.
        public var breaker: String?
        public var brokenAt: Timestamp?
        public var report: JSON?
        /// The earliest first.
        public var looks: [Look]
        public init(
            champion: String, version: String, format: String, breaker: String?, brokenAt: Timestamp?, report: JSON?, looks: [Look]
        ) {
            self.champion = champion
            self.version = version
            self.format = format
            self.breaker = breaker
            self.brokenAt = brokenAt
            self.report = report
            self.looks = looks
        }
    }
    public var frame: ModelFrame
    public var candidates: [Candidate]
    /// As `GET /v1/models/{model}/rollout` answers.
    public var rollout: JSON?

    public init(frame: ModelFrame, candidates: [Candidate], rollout: JSON?) {
        self.frame = frame
        self.candidates = candidates
        self.rollout = rollout
    }

    static let groupsMax = 60

    public func html(_ page: PageFrame) -> String {
        let path = frame.path + ["shadow"]
        var content = rolloutText(page.reader.seesGroups)
        if candidates.isEmpty {
            content += empty(
                "No candidate is scored beside the champion.",
                "Register a version and give it its model file: <code>evenkeel model candidate --name \(escaped(frame.model)) --version 2 --file model.json</code>. It is scored with the logged features of every prediction; nobody is served by it."
            )
        }
        for candidate in candidates { content += section(candidate, page.reader.seesGroups) }
        return frame.page(page, .shadow, title: "Shadow", path: path, hasRange: false, content)
    }

    private func rolloutText(_ seesGroups: Bool) -> String {
        guard let rollout, let state = rollout["state"]?.stringValue, state != "none" else { return "" }
        // A candidate that was rejected is rolled back for its reasons, which may name groups.
        let reason = seesGroups ? escaped(rollout["reason"]?.stringValue ?? "") : "why needs the role audit"
        let at = escaped(rollout["changed_at"]?.stringValue ?? "")
        guard state == "rolling" else {
            return "<p class=\"lead\">Last rollout: \(escaped(state == "promoted" ? "promoted" : "rolled back")) at \(at): \(reason).</p>"
        }
        let share = percent(rollout["weight"]?.doubleValue ?? 0)
        let waited =
            seesGroups ? rollout["waits_for"]?.stringValue : rollout["waits_for"]?.stringValue.map { _ in "why needs the role audit" }
        let waits = waited.map { " The next step waits: \(escaped($0))." } ?? ""
        return
            "<p class=\"lead\">Version \(escaped(rollout["candidate"]?.stringValue ?? "")) is rolled out: <strong>\(share)</strong> of the traffic is advised since \(at) (\(reason)).\(waits)</p>"
    }

    private func section(_ candidate: Candidate, _ seesGroups: Bool) -> String {
        let name = "version \(escaped(candidate.version)) beside \(escaped(candidate.champion))"
        var out = "<h2>\(name) \(candidate.report.map(verdict) ?? "")</h2>"
        if let breaker = candidate.breaker {
            out +=
                "<p role=\"alert\"><strong>It is not scored any more</strong> since \(candidate.brokenAt.map(moment) ?? ""): \(escaped(breaker)). <code>evenkeel shadow --model \(escaped(frame.model)) --reset \(escaped(candidate.version))</code> goes on with the row that it stopped at.</p>"
        }
        guard let report = candidate.report else {
            return out + empty("Not compared yet.", "The first look comes once predictions with features are there.")
        }
        // The first one is of all rows; what follows may name groups.
        let all = (report["reasons"]?.arrayValue ?? []).compactMap(\.stringValue)
        let reasons = seesGroups ? all : Array(all.prefix(1))
        out += "<ul class=\"reasons\">" + reasons.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
        out += facts(report)
        let primary = report["primary"]?.stringValue
        out += "<div class=\"charts\">\(primary.map { chart(candidate, $0) } ?? "")</div>"
        out += differences(report) + guardrails(report, seesGroups) + segments(report, primary, seesGroups)
        let fairness = report["fairness"]?.objectValue?.members ?? []
        for (attribute, value) in fairness where seesGroups { out += groups(attribute, value, primary) }
        if !seesGroups, !fairness.isEmpty {
            out += PageReaderRights.leftOut("How single groups fare with each of the two, and the reasons that name groups, are")
        }
        return out
    }

    private func verdict(_ report: JSON) -> String {
        switch report["verdict"]?.stringValue {
        case "promote": badge("✓", "promote", "good")
        case "reject": badge("✗", "reject", "bad")
        default: badge("…", "hold", "unknown")
        }
    }

    private func facts(_ report: JSON) -> String {
        let agreement = report["agreement"]
        var facts: [(String, String)] = [
            ("rows", counted(report["rows"]?.intValue ?? 0)), ("labelled", counted(report["n"]?.intValue ?? 0)),
        ]
        if let same = agreement?["decisions"]?.doubleValue { facts.append(("same decision", percent(same))) }
        if let distance = agreement?["mean_absolute_difference"]?.doubleValue { facts.append(("scores apart by", shortNumber(distance))) }
        if let psi = agreement?["psi"]?.doubleValue { facts.append(("PSI of the scores", shortNumber(psi))) }
        if let time = report["latency"]?["candidate_seconds_per_row"]?.doubleValue {
            facts.append(("candidate's time for a row", "\(shortNumber(time * 1e6)) µs"))
        }
        if let time = report["latency"]?["champion_seconds_per_row"]?.doubleValue {
            facts.append(("champion's whole request", "\(shortNumber(time * 1e6)) µs"))
        }
        if let cost = report["cost"]?["champion_per_prediction"]?.doubleValue {
            facts.append(("champion's cost of a prediction", shortNumber(cost)))
        }
        if let cost = report["cost"]?["candidate_per_prediction"]?.doubleValue {
            facts.append(("candidate's cost of scoring a row", shortNumber(cost)))
        }
        return "<dl class=\"facts box\">" + facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined() + "</dl>"
    }

    private func bounds(_ json: JSON?) -> (Double, Double)? {
        guard let list = json?.arrayValue, list.count == 2, let low = list[0].doubleValue, let high = list[1].doubleValue else {
            return nil
        }
        return (low, high)
    }

    private func between(_ json: JSON?) -> String { bounds(json).map { "\(shortNumber($0.0)) to \(shortNumber($0.1))" } ?? "" }

    /// The difference over time with the interval that is right at every look.
    private func chart(_ candidate: Candidate, _ primary: String) -> String {
        var series = Report.Chart.Series("\(spoken(primary)), candidate − champion", x: [], y: [])
        for look in candidate.looks {
            guard let value = look.report["differences"]?[primary]?["value"]?.doubleValue else { continue }
            let interval = bounds(look.report["sequential"]?[primary]?["interval"])
            series.x.append(look.at.seconds(since: Timestamp(seconds: 0)))
            series.y.append(value)
            series.lower.append(interval?.0 ?? .nan)
            series.upper.append(interval?.1 ?? .nan)
        }
        guard !series.x.isEmpty else { return "" }
        var chart = Report.Chart(
            "Difference over time", summary: "The band may be looked at at any time: where it excludes 0, the difference is sure.",
            shape: .lines, series: [series], yLabel: spoken(primary), isZoomed: true)
        chart.isOverTime = true
        chart.hasBands = true
        chart.level = 0
        return SVGChart(chart, width: 900, narrow: SVGChart.phone).text
    }

    private func differences(_ report: JSON) -> String {
        let rows = (report["differences"]?.objectValue?.members ?? []).map { metric, difference in
            [
                escaped(spoken(metric)), shortNumber(report["champion"]?[metric]?.doubleValue),
                shortNumber(report["candidate"]?[metric]?.doubleValue), shortNumber(difference["value"]?.doubleValue),
                between(difference["interval"]), between(report["sequential"]?[metric]?["interval"]),
            ]
        }
        if rows.isEmpty { return "" }
        return Pages.table(
            ["metric", "champion", "candidate", "difference", "interval", "right at every look"], rows, numeric: [1, 2, 3, 4, 5],
            caption: "Candidate minus champion over the same rows")
    }

    /// Guardrails whose words name no group, no segment and no attribute.
    private static let plainGuardrails: Set = ["latency", "cost", "error_rate", "score_psi", "calibration"]

    /// What must not become worse, and what is known of it.
    private func guardrails(_ report: JSON, _ seesGroups: Bool) -> String {
        let rows = (report["guardrails"]?.arrayValue ?? []).map { guardrail in
            let state = guardrail["state"]?.stringValue ?? ""
            let mark =
                switch state {
                case "ok": badge("✓", "ok", "good")
                case "broken": badge("✗", "broken", "bad")
                default: badge("…", spoken(state), "unknown")
                }
            let name = guardrail["name"]?.stringValue ?? ""
            let isPlain = seesGroups || Self.plainGuardrails.contains(name)
            return [escaped(spoken(name)), mark, isPlain ? escaped(guardrail["why"]?.stringValue ?? "") : "needs the role audit"]
        }
        if rows.isEmpty { return "" }
        return Pages.table(["guardrail", "state", "what is known"], rows, caption: "What must not become worse")
    }

    private func segments(_ report: JSON, _ primary: String?, _ seesGroups: Bool) -> String {
        let schema = frame.version.schema
        // A segment may be a group; one that the schema does not know is taken for one.
        let open = Set(schema.segments.filter { !$0.isOfGroups(schema) }.map(\.name))
        let all = (report["segments"]?.arrayValue ?? []).filter { seesGroups || open.contains($0["group"]?.stringValue ?? "") }
        if all.isEmpty { return "" }
        return "<h3>By segment</h3>"
            + table(all, "segment", primary, caption: "\(spoken(primary ?? "")) by segment; segments may overlap")
    }

    /// Groups or segments, how each model does there.
    private func table(_ groups: some Sequence<JSON>, _ noun: String, _ primary: String?, caption: String) -> String {
        let rows = groups.map { group in
            let difference = group["differences"]?[primary ?? ""]
            return [
                escaped(group["group"]?.stringValue ?? ""), counted(group["labelled"]?.intValue ?? 0),
                group["agreement"]?.doubleValue.map(percent) ?? "", shortNumber(difference?["champion"]?.doubleValue),
                shortNumber(difference?["candidate"]?.doubleValue), shortNumber(difference?["value"]?.doubleValue),
                between(difference?["interval"]), pValue(group["p_adjusted"]?.doubleValue),
            ]
        }
        return Pages.table(
            [noun, "labelled", "same decision", "champion", "candidate", "difference", "interval", "p at every look"], rows,
            numeric: [1, 2, 3, 4, 5, 6, 7], caption: caption)
    }

    private func groups(_ attribute: String, _ json: JSON, _ primary: String?) -> String {
        let all = json["groups"]?.arrayValue ?? []
        let shown = all.sorted { ($0["labelled"]?.intValue ?? 0) > ($1["labelled"]?.intValue ?? 0) }.prefix(Self.groupsMax)
        let cut = all.count > shown.count ? " (the \(shown.count) largest of \(all.count))" : ""
        let out =
            "<h3>By \(escaped(attribute))</h3>"
            + table(shown, "group", primary, caption: "\(spoken(primary ?? "")) by group of \(attribute)\(cut)")
        let disparities = (json["disparities"]?.objectValue?.members ?? []).map { metric, value in
            [
                escaped(spoken(metric)), shortNumber(value["champion"]?.doubleValue), shortNumber(value["candidate"]?.doubleValue),
                shortNumber(value["change"]?.doubleValue), between(value["interval"]), pValue(value["p_value"]?.doubleValue),
            ]
        }
        if disparities.isEmpty { return out }
        return out
            + Pages.table(
                ["disparity", "champion", "candidate", "change", "interval", "p at every look"], disparities, numeric: [1, 2, 3, 4, 5],
                caption: "Disparities between groups of \(attribute)")
    }
}
