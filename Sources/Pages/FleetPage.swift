internal import Reporting
public import Vocabulary

/// The first page: every model, the worst first.
public struct FleetPage: Sendable {
    /// What each monitor says of a segment over the newest hour and day.
    public struct SegmentVerdicts: Sendable {
        public var name: String
        public var verdicts: [Monitor: Verdict]
        public init(name: String, verdicts: [Monitor: Verdict]) {
            self.name = name
            self.verdicts = verdicts
        }
    }
    public struct Model: Sendable {
        /// The version that serves; without one the newest.
        public var version: FleetVersion
        public var head: StreamHead
        /// What each monitor says over the newest hour and day.
        public var verdicts: [Monitor: Verdict]
        public var segments: [SegmentVerdicts]
        /// The finding that weighs most, of the whole or else of a segment, and how its statistic went.
        public var worst: Finding?
        public var trail: [WindowValue]
        /// Alerts that fire.
        public var firing: Int64
        public var otherVersions: Int
        public init(
            version: FleetVersion, head: StreamHead, verdicts: [Monitor: Verdict], segments: [SegmentVerdicts] = [], worst: Finding?,
            trail: [WindowValue], firing: Int64, otherVersions: Int
        ) {
            self.version = version
            self.head = head
            self.verdicts = verdicts
            self.segments = segments
            self.worst = worst
            self.trail = trail
            self.firing = firing
            self.otherVersions = otherVersions
        }

        /// A finding in a segment is one of the model, though the whole be calm.
        var verdict: Verdict? {
            let found = segments.flatMap { $0.verdicts.values.filter(\.isFinding) }
            return verdicts.isEmpty && found.isEmpty ? nil : Verdict.combined(verdicts.values + found)
        }
        /// The evaluation that the card speaks of: the hour's, else the longest one there is.
        var shown: EvaluationHead? {
            head.evaluations.first { $0.window.kind == .hour } ?? head.evaluations.max { $0.window.start < $1.window.start }
        }
    }
    public var models: [Model]
    /// Whether there are more than a page shows.
    public var isCut: Bool

    public init(models: [Model], isCut: Bool = false) {
        self.models = models
        self.isCut = isCut
    }

    public func html(_ frame: PageFrame) -> String {
        let wrong = models.filter { $0.verdict?.isFinding == true }.count
        let firing = models.reduce(0) { $0 + $1.firing }
        let lead =
            models.isEmpty
            ? ""
            : "<p class=\"lead\">\(models.count) \(models.count == 1 ? "model" : "models"), \(wrong) with a finding in the newest windows, "
                + "<a href=\"\(frame.query.common.href(["alerts"]))\">\(firing) \(firing == 1 ? "alert fires" : "alerts fire")</a>.\(isCut ? " The list is cut at \(models.count)." : "")</p>"
        let sorted = models.sorted { a, b in
            let (x, y) = (rank(a), rank(b))
            return x != y ? x > y : a.version.key.model < b.version.key.model
        }
        let body =
            models.isEmpty
            ? empty(
                "No model yet.",
                "Register one from a file with rows of its training or validation data: <code>evenkeel model register --name credit --version 1 --reference reference.csv --score score --label label</code>. Then send predictions to <code>POST /v1/predictions</code>. <code>evenkeel demo</code> shows it with made-up data."
            )
            : "<h2 class=\"hidden\">Models, what fires first</h2><div class=\"cards\">\n" + sorted.map { card($0, frame) }.joined()
                + "</div>"
        return frame.page("Fleet", .fleet, "<h1>Is each model still right, and for everyone?</h1>\(lead)\(body)")
    }

    private func rank(_ model: Model) -> Int {
        model.firing > 0 ? 100 : model.verdict.map { $0.isInformed ? 10 + $0.severity : $0.severity } ?? -1
    }

    private func card(_ model: Model, _ frame: PageFrame) -> String {
        let version = model.version
        let link = frame.query.common.href(["models", version.key.model])
        var badges = ""
        if model.firing > 0 {
            badges +=
                "<a href=\"\(frame.query.common.href(["alerts"], extra: [("model", version.key.model)]))\">\(badge("●", "\(model.firing) firing", "bad"))</a>"
        }
        // Findings by name; what is calm or unknown is one badge each.
        for monitor in Monitor.allCases {
            if let verdict = model.verdicts[monitor], verdict.isFinding { badges += badge(verdict, spoken(monitor.rawValue)) }
        }
        for segment in model.segments {
            for monitor in Monitor.allCases {
                if let verdict = segment.verdicts[monitor], verdict.isFinding {
                    badges += badge(verdict, "\(spoken(monitor.rawValue)) in \(segment.name)")
                }
            }
        }
        func others(_ mark: String, _ word: String, _ tone: String, _ matches: (Verdict) -> Bool) -> String {
            let names = Monitor.allCases.filter { model.verdicts[$0].map(matches) ?? false }.map { spoken($0.rawValue) }
            return names.isEmpty ? "" : badge(mark, "\(names.count) \(word)", tone)
        }
        badges +=
            others("✓", "calm", "good") { !$0.isFinding && $0.isInformed }
            + others("…", "without enough data", "unknown") { !$0.isInformed }
        let coverage = model.shown.flatMap { head in head.coverage.map { (head, $0) } }
        let state =
            model.verdict == nil
            ? "<p class=\"muted\">Not evaluated yet: a window is evaluated when it has ended and its records are in.\(model.head.newest == nil ? " No prediction has come: send them to <code>POST /v1/predictions</code>." : "")</p>"
            : "<div class=\"badges\">\(badges)</div>"
        var worst = ""
        if let finding = model.worst {
            let name = [finding.subject, spoken(finding.statistic)].filter { !$0.isEmpty }.joined(separator: " ")
            let spark = Sparkline(
                model.trail.map(\.value), isFinding: model.trail.map(\.isFinding),
                summary: "\(name) over the last \(model.trail.count) windows, now \(shortNumber(finding.value))"
            ).text
            worst =
                "<div class=\"row\"><p class=\"muted\">\(finding.verdict?.isFinding == true ? "Worst" : "Closest to a finding"): \(escaped(spoken(finding.monitor.rawValue))), <strong>\(escaped(name)) \(shortNumber(finding.value))</strong>\(finding.segment.isEmpty ? "" : " in \(escaped(finding.segment))")</p>\(spark)</div>"
            if finding.verdict?.isFinding == true, !finding.why.isEmpty { worst += "<p class=\"muted\">\(escaped(finding.why))</p>" }
        }
        return """
            <article class="card \(model.verdict.map { Sign($0).tone } ?? "unknown")"><div class="row"><h3><a href="\(link)">\(escaped(version.key.model))</a></h3>
            <span class="muted">version \(escaped(version.key.version)), \(version.stage.rawValue)\(model.otherVersions > 0 ? ", \(model.otherVersions) more" : "")</span></div>
            \(state)\(worst)
            <dl class="facts"><div><dt>last data</dt><dd>\(model.head.newest.map { "\(moment($0)) (\(ago($0, frame.now)))" } ?? "none")</dd></div>
            <div><dt>labelled\(coverage.map { ", newest \($0.0.window.kind.rawValue)" } ?? "")</dt><dd>\(coverage.map { "\(percent($0.1)) of \(counted($0.0.rows))" } ?? "–")</dd></div>
            <div><dt>features</dt><dd>\(version.features)</dd></div></dl></article>

            """
    }
}
