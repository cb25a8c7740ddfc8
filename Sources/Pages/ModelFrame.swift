internal import Reporting
public import Vocabulary

/// What the pages of one model share: which version is looked at, over which windows.
public struct ModelFrame: Sendable {
    public var version: RegisteredVersion
    /// All versions of the model, the newest first.
    public var versions: [RegisteredVersion]
    public var head: StreamHead
    /// The length of the windows side by side.
    public var kind: WindowKind
    /// The stretch that is shown.
    public var from: Timestamp
    public var to: Timestamp
    /// The newest evaluation of each window, the earliest first.
    public var windows: [EvaluationHead]
    /// The one whose distributions and findings are shown.
    public var shown: EvaluationHead?

    public init(
        version: RegisteredVersion, versions: [RegisteredVersion], head: StreamHead, kind: WindowKind, from: Timestamp, to: Timestamp,
        windows: [EvaluationHead], shown: EvaluationHead?
    ) {
        self.version = version
        self.versions = versions
        self.head = head
        self.kind = kind
        self.from = from
        self.to = to
        self.windows = windows
        self.shown = shown
    }

    enum Tab: String { case overview = "Overview", fairness = "Fairness", shadow = "Shadow", other = "" }

    var model: String { version.key.model }
    var path: [String] { ["models", model] }

    /// - Parameters:
    ///   - title: what of the model; empty for all of it.
    ///   - path: of this page.
    ///   - hasRange: whether another stretch or version can be chosen.
    func page(
        _ frame: PageFrame, _ tab: Tab, title: String = "", path: [String], hasRange: Bool = true, isLive: Bool = true, _ content: String
    ) -> String {
        let query = frame.query
        let tabs = [(Tab.overview, self.path), (.fairness, self.path + ["fairness"]), (.shadow, self.path + ["shadow"])].map {
            "<a href=\"\(query.showing(nil).href($1))\"\($0 == tab ? " aria-current=\"page\"" : "")>\($0.rawValue)</a>"
        }.joined()
        let alerts = "<a href=\"\(query.common.href(["alerts"], extra: [("model", model)]))\">Alerts</a>"
        let report = "<a href=\"\(query.showing(nil).href(self.path + ["report"]))\">Report</a>"
        let crumbs = tab == .overview ? [] : [(name: model, href: query.showing(nil).href(self.path))]
        return frame.page(
            title.isEmpty ? model : "\(title) · \(model)", .none,
            crumbs: crumbs.isEmpty ? [(name: model, href: query.href(self.path))] : crumbs, isLive: isLive,
            """
            <h1>\(escaped(title.isEmpty ? model : title)) <small class="lead">version \(escaped(version.key.version)), \(version.stage.rawValue)</small></h1>
            <nav aria-label="Of this model" class="tabs">\(tabs)\(alerts)\(report)</nav>
            \(hasRange ? rangeForm(frame, path) : "")\(content)
            """)
    }

    /// Another stretch, version or length of window: a form that works without scripts, and quick ways.
    private func rangeForm(_ frame: PageFrame, _ path: [String]) -> String {
        func option(_ value: String, _ name: String, _ isChosen: Bool) -> String {
            "<option value=\"\(escaped(value))\"\(isChosen ? " selected" : "")>\(escaped(name))</option>"
        }
        let versions = self.versions.map {
            option($0.key.version, "\($0.key.version) (\($0.stage.rawValue))", $0.key.version == version.key.version)
        }.joined()
        // A version without segments has no such field.
        let open = version.schema.segments.filter { frame.reader.seesGroups || !$0.isOfGroups(version.schema) }
        let parts = open.map { option($0.name, $0.name, $0 == version.segment) }.joined()
        let segments =
            parts.isEmpty
            ? ""
            : "<div class=\"field\"><label for=\"segment\">segment</label><select id=\"segment\" name=\"segment\">\(option("", "all records", version.segment == nil))\(parts)</select></div>"
        let kinds =
            option("", "that suits", frame.query.window == nil)
            + (version.windows + [.custom]).map { option($0.rawValue, $0.plural, frame.query.window == $0) }.joined()
        func field(_ name: String, _ label: String, _ time: Timestamp) -> String {
            "<div class=\"field\"><label for=\"\(name)\">\(label)</label><input id=\"\(name)\" name=\"\(name)\" type=\"datetime-local\" value=\"\(time.rfc3339.prefix(16))\"></div>"
        }
        let end = head.newest.map { $0.adding(seconds: 3600).floored(toSeconds: 3600) } ?? to
        let quick = [("last 48 h", 48 * 3600), ("7 days", 7 * 86_400), ("30 days", 30 * 86_400), ("1 year", 366 * 86_400)].map {
            name, seconds in
            var query = frame.query.showing(nil)
            (query.from, query.to, query.window) = (end.adding(seconds: -Int64(seconds)), end, nil)
            return "<a href=\"\(query.href(path))\">\(name)</a>"
        }.joined(separator: " · ")
        return """
            <form class="range" method="get" action="\(PageQuery().href(path))" aria-label="What is shown">
            <div class="field"><label for="version">version</label><select id="version" name="version">\(versions)</select></div>\(segments)
            \(field("from", "from (UTC)", from))\(field("to", "to (UTC)", to))
            <div class="field"><label for="window">windows</label><select id="window" name="window">\(kinds)</select></div>
            <button type="submit">Show</button></form>
            <p class="muted">Until the newest data: \(quick)</p>

            """
    }

    /// What to say where there is no evaluation in the stretch.
    func nothing(_ frame: PageFrame, _ path: [String]) -> String {
        if let newest = head.evaluations.max(by: { $0.window.start < $1.window.start }) {
            var query = frame.query.showing(nil)
            (query.from, query.to, query.window) = (nil, nil, nil)
            return empty(
                "No \(kind.single) was evaluated in this stretch.",
                "The newest evaluation is of \(escaped(span(newest.window))): <a href=\"\(query.href(path))\">show what is newest</a>.")
        }
        if head.newest != nil {
            return empty(
                "Not evaluated yet.",
                "Data has come, and a window is evaluated once it has ended and its records are in. <code>evenkeel evaluate</code> evaluates any stretch at once; <a href=\"/health\">service health</a> says whether evaluation runs."
            )
        }
        return empty(
            "No prediction has come for this version.",
            "Send some: <code>POST /v1/predictions</code> with <code>\"model\": \"\(escaped(model))\", \"version\": \"\(escaped(version.key.version))\"</code>, or <code>evenkeel ingest</code> for files."
        )
    }
}
