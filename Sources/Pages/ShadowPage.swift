internal import Reporting
public import Vocabulary

/// The candidates of a model beside its champion: verdict and reasons, how the difference went, and for whom; and tests of two variants
/// that both serve.
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
    public var live: LiveTest

    public init(frame: ModelFrame, candidates: [Candidate], rollout: JSON?, live: LiveTest = LiveTest()) {
        self.frame = frame
        self.candidates = candidates
        self.rollout = rollout
        self.live = live
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
        content += live.html(page, frame, path)
        // A test over the raw rows is not asked for again with every news.
        return frame.page(page, .shadow, title: "Shadow", path: path, hasRange: false, isLive: live.arms.isEmpty, content)
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
        var waits = ""
        if let why = rollout["waits_for"]?.stringValue {
            waits = " The next step waits: \(seesGroups ? escaped(why) : "why needs the role audit")."
        }
        return
            "<p class=\"lead\">Version \(escaped(rollout["candidate"]?.stringValue ?? "")) is rolled out: <strong>\(share)</strong> of the traffic is advised since \(at) (\(reason)).\(waits)</p>"
    }

    private func section(_ candidate: Candidate, _ seesGroups: Bool) -> String {
        let name = "version \(escaped(candidate.version)) beside \(escaped(candidate.champion))"
        let tables = candidate.report.map { ComparisonTables(schema: frame.version.schema, seesGroups: seesGroups, report: $0) }
        var out = "<h2>\(name) \(tables?.verdict ?? "")</h2>"
        if let breaker = candidate.breaker {
            out +=
                "<p role=\"alert\"><strong>It is not scored any more</strong> since \(candidate.brokenAt.map(moment) ?? ""): \(escaped(breaker)). <code>evenkeel shadow --model \(escaped(frame.model)) --reset \(escaped(candidate.version))</code> goes on with the row that it stopped at.</p>"
        }
        guard let tables else {
            return out + empty("Not compared yet.", "The first look comes once predictions with features are there.")
        }
        out += tables.reasons + facts(tables.report)
        out += "<div class=\"charts\">\(chart(candidate, tables.primary))</div>"
        out += tables.differences("differences", caption: "Candidate minus champion over the same rows")
        out += tables.guardrails + tables.segments(named: "group")
        let fairness = tables.report["fairness"]?.objectValue?.members ?? []
        for (attribute, value) in fairness where seesGroups { out += groups(attribute, value, tables) }
        if !seesGroups, !fairness.isEmpty {
            out += PageReaderRights.leftOut("How single groups fare with each of the two, and the reasons that name groups, are")
        }
        return out
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

    /// The difference over time with the interval that is right at every look.
    private func chart(_ candidate: Candidate, _ primary: String) -> String {
        var series = Report.Chart.Series("\(spoken(primary)), candidate − champion", x: [], y: [])
        for look in candidate.looks {
            guard let value = look.report["differences"]?[primary]?["value"]?.doubleValue else { continue }
            let interval = ComparisonTables.bounds(look.report["sequential"]?[primary]?["interval"])
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

    private func groups(_ attribute: String, _ json: JSON, _ tables: ComparisonTables) -> String {
        let all = json["groups"]?.arrayValue ?? []
        let shown = all.sorted { ($0["labelled"]?.intValue ?? 0) > ($1["labelled"]?.intValue ?? 0) }.prefix(Self.groupsMax)
        let cut = all.count > shown.count ? " (the \(shown.count) largest of \(all.count))" : ""
        return "<h3>By \(escaped(attribute))</h3>"
            + tables.groups(shown, "group", named: "group", caption: "\(spoken(tables.primary)) by group of \(attribute)\(cut)")
            + tables.disparities(json["disparities"], of: attribute)
    }
}
