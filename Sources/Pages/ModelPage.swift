internal import Reporting
public import Vocabulary

/// One model: what its monitors said over time, and how it performs.
public struct ModelPage: Sendable {
    public var frame: ModelFrame
    public var marks: [VerdictMark]
    /// Of the shown window, the worst first.
    public var findings: [Finding]
    public var statistics: [PlacedFinding]
    public var sums: WindowSums
    /// What detectors saw, the newest first.
    public var changes: [ErrorChange]
    /// Alerts that fire.
    public var firing: Int64
    /// In the shown window; those that were not evaluated have no rows.
    public var segments: [SegmentRow]

    public struct SegmentRow: Sendable {
        public var segment: Segment
        public var rows: Int64?
        public var verdicts: [Monitor: Verdict]
        public init(segment: Segment, rows: Int64?, verdicts: [Monitor: Verdict]) {
            self.segment = segment
            self.rows = rows
            self.verdicts = verdicts
        }
    }

    public init(
        frame: ModelFrame, marks: [VerdictMark], findings: [Finding], statistics: [PlacedFinding], sums: WindowSums,
        changes: [ErrorChange] = [], firing: Int64, segments: [SegmentRow] = []
    ) {
        self.frame = frame
        self.marks = marks
        self.findings = findings
        self.statistics = statistics
        self.sums = sums
        self.changes = changes
        self.firing = firing
        self.segments = segments
    }

    /// Features in the heat map, the worst first.
    public static let featuresMax = 40
    /// Findings in the table.
    public static let findingsMax = 40
    /// Changes of the errors that are told.
    public static let changesMax = 5
    /// Measures with a chart of their own.
    static let measuresMax = 4

    public func html(_ page: PageFrame) -> String {
        let content =
            frame.windows.isEmpty
            ? frame.nothing(page, frame.path) : state(page) + parts(page) + maps(page) + found(page) + charts(page) + documents(page)
        return frame.page(page, .overview, path: frame.path, content)
    }

    private var marksByPlace: [Int: [VerdictMark]] { Dictionary(grouping: marks, by: \.place) }

    private func state(_ page: PageFrame) -> String {
        guard let shown = frame.shown else { return "" }
        let place = frame.windows.firstIndex(of: shown)
        let verdicts = VerdictMark.combined(place.flatMap { marksByPlace[$0] } ?? [])
        var badges = Monitor.allCases.compactMap { monitor in verdicts[monitor].map { badge($0, spoken(monitor.rawValue)) } }.joined()
        if firing > 0 {
            badges =
                "<a href=\"\(page.query.common.href(["alerts"], extra: [("model", frame.model)]))\">\(badge("●", "\(firing) firing", "bad"))</a>"
                + badges
        }
        return """
            <div class="badges">\(badges)</div>
            <dl class="facts"><div><dt>shown window</dt><dd>\(escaped(span(shown.window)))</dd></div>
            <div><dt>predictions</dt><dd>\(counted(shown.rows))</dd></div><div><dt>labelled</dt><dd>\(shown.coverage.map(percent) ?? "–")</dd></div>
            <div><dt>evaluated</dt><dd>\(moment(shown.evaluatedAt))</dd></div>
            <div><dt>last data</dt><dd>\(frame.head.newest.map { "\(moment($0)) (\(ago($0, page.now)))" } ?? "none")</dd></div>
            \(frame.version.segment.map { "<div><dt>segment</dt><dd>\(escaped($0.name)): \(escaped($0.words))</dd></div>" } ?? "")<div><dt>task</dt><dd>\(frame.version.schema.task.rawValue)</dd></div><div><dt>reference</dt><dd>\(counted(frame.version.referenceRows)) rows</dd></div></dl>

            """
    }

    /// What the monitors say of each segment, on the page of the whole.
    private func parts(_ page: PageFrame) -> String {
        let hidden = page.reader.seesGroups ? 0 : segments.count { $0.segment.isOfGroups(frame.version.schema) }
        let note =
            hidden > 0
            ? PageReaderRights.leftOut(
                hidden == 1 ? "A segment of a sensitive attribute is" : "\(hidden) segments of sensitive attributes are")
            : ""
        let segments = page.reader.seesGroups ? segments : segments.filter { !$0.segment.isOfGroups(frame.version.schema) }
        if segments.isEmpty { return note }
        let rows = segments.map { row in
            var query = page.query
            query.segment = row.segment.name
            let badges = Monitor.allCases.compactMap { monitor in
                row.verdicts[monitor].flatMap { $0.isFinding ? badge($0, spoken(monitor.rawValue)) : nil }
            }.joined()
            let calm = row.verdicts.isEmpty ? "<span class=\"muted\">not evaluated</span>" : badge(Verdict.combined(row.verdicts.values))
            return [
                "<a href=\"\(query.href(frame.path))\">\(escaped(row.segment.name))</a>", escaped(row.segment.words),
                row.rows.map { counted($0) } ?? "–", badges.isEmpty ? calm : badges,
            ]
        }
        return "<h2>Segments</h2>"
            + table(
                ["segment", "its records", "predictions", "verdict"], rows, numeric: [2], caption: "The same monitors within each segment")
            + note
    }

    /// The same as files: what happened, and the documents of the model.
    private func documents(_ page: PageFrame) -> String {
        var kinds = [("monitoring", "monitoring report"), ("card", "model card"), ("datasheet", "datasheet"), ("audit", "fairness audit")]
        if !page.reader.seesGroups { kinds.removeLast() }
        let links = kinds.map { kind, name in
            let formats = ["html", "md", "json"].map { format in
                "<a href=\"\(page.query.showing(nil).href(frame.path + ["report"], extra: [("kind", kind), ("format", format)]))\">\(format)<span class=\"hidden\"> \(name)</span></a>"
            }
            return "\(name) (\(formats.joined(separator: ", ")))"
        }
        return
            "<h2>Reports</h2><p>Of the stretch above: \(links.joined(separator: "; ")). <code>evenkeel report \(escaped(frame.model))</code> makes them too, and PDF.</p>"
    }

    // MARK: Heat maps

    private func maps(_ page: PageFrame) -> String {
        let byPlace = marksByPlace
        let combined = frame.windows.indices.map { VerdictMark.combined(byPlace[$0] ?? []) }
        let monitors = Monitor.allCases.filter { monitor in combined.contains { $0[monitor] != nil } }.map { monitor in
            HeatTable.Row(
                name: spoken(monitor.rawValue), href: monitor == .fairness ? page.query.href(frame.path + ["fairness"]) : nil,
                verdicts: combined.map { $0[monitor] })
        }
        let monitorMap = HeatTable(
            caption: "What each monitor says, by \(frame.kind.rawValue)", windows: frame.windows, rows: monitors,
            link: { row in
                page.query.showing(nil).href(frame.path + (row.name == "fairness" ? ["fairness"] : []))
            })
        return """
            <h2>Monitors over time</h2>
            \(HeatTable.legend)\(monitorMap.text)
            \(featureMap(page))
            """
    }

    /// Features with their verdicts over drift and data quality, the worst first.
    private func featureMap(_ page: PageFrame) -> String {
        var verdicts: [String: [Verdict?]] = [:]
        for mark in marks where [.featureDrift, .dataQuality].contains(mark.monitor) && !mark.subject.isEmpty {
            guard frame.windows.indices.contains(mark.place) else { continue }
            var row = verdicts[mark.subject] ?? [Verdict?](repeating: nil, count: frame.windows.count)
            row[mark.place] = row[mark.place].map { Verdict.combined([$0, mark.verdict]) } ?? mark.verdict
            verdicts[mark.subject] = row
        }
        if verdicts.isEmpty { return "" }
        let weights = verdicts.mapValues { row in row.reduce(0) { $0 + ($1?.isFinding == true ? 100 : $1 == .negligible ? 1 : 0) } }
        let order = frame.version.schema.features.map(\.name)
        let places = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let names = verdicts.keys.sorted { a, b in
            let (x, y) = (weights[a] ?? 0, weights[b] ?? 0)
            return x != y ? x > y : (places[a] ?? .max, a) < (places[b] ?? .max, b)
        }
        let rows = names.prefix(Self.featuresMax).map {
            HeatTable.Row(name: $0, href: page.query.href(frame.path + ["features", $0]), verdicts: verdicts[$0] ?? [])
        }
        let cut = names.count > rows.count ? "The worst \(rows.count) of \(names.count) features. " : ""
        let map = HeatTable(
            caption: "Features, by \(frame.kind.rawValue)", windows: frame.windows, rows: rows,
            link: { row in
                page.query.showing(nil).href(frame.path + ["features", row.name])
            })
        return """
            <h2>Features over time</h2>
            <p class="muted">\(cut)A name or a mark leads to the two distributions, one over the other.</p>
            \(map.text)
            """
    }

    // MARK: The shown window

    private func found(_ page: PageFrame) -> String {
        guard let shown = frame.shown else { return "" }
        let wrong = findings.filter { $0.verdict?.isFinding == true }
        let title = "<h2>What was found in \(escaped(span(shown.window)))</h2>"
        if wrong.isEmpty { return title + "<p>Nothing: every monitor that had enough data is calm.</p>" }
        let features = Set(frame.version.schema.features.map(\.name))
        let rows = wrong.map { finding -> [String] in
            let name =
                features.contains(finding.subject)
                ? "<a href=\"\(page.query.showing(shown.window.start).href(frame.path + ["features", finding.subject]))\">\(escaped(finding.subject))</a>"
                : finding.subject.isEmpty ? "<span class=\"muted\">the model</span>" : escaped(finding.subject)
            return [
                escaped(spoken(finding.monitor.rawValue)), name, escaped(spoken(finding.statistic)), shortNumber(finding.value),
                pValue(finding.adjustedP), ownWhy(finding),
            ]
        }
        return title
            + table(
                ["monitor", "of", "statistic", "value", "adjusted p", "why"], rows, numeric: [3, 4],
                caption: "Findings, the strongest first")
    }

    // MARK: Charts

    private func charts(_ page: PageFrame) -> String {
        let lines = SeriesCharts(windows: frame.windows, statistics: statistics)
        var out = performance(lines)
        if let shown = frame.shown {
            if let scores = sums.scores {
                out += scores.chart("Scores, reference and window", of: "score", shown.window, width: SeriesCharts.width)
            }
            out += reliability(shown)
        }
        for (statistic, title) in [("ece", "Calibration error (ECE)"), ("psi", "Drift of the scores (PSI)")] {
            let monitor: Monitor = statistic == "ece" ? .calibration : .predictionDrift
            let series = lines.series(statistic, monitor, "", statistic)
            out += lines.chart(
                title, [series], summary: "Newest: \(lines.newest(series)). 0 is best; bands are the interval of each window.")
        }
        for measure in lines.subjects(.serviceLevel).prefix(Self.measuresMax) {
            let quantiles = ["p50", "p95", "p99"].map { lines.series($0, .serviceLevel, measure, $0) }
            out += lines.chart(
                spoken(measure), quantiles + [measure == "cost" ? lines.series("mean", .serviceLevel, measure, "mean") : nil],
                summary: "Newest: \(quantiles.map(lines.newest).filter { !$0.isEmpty }.joined(separator: ", ")).")
        }
        let failed = lines.series("failed", .serviceLevel, "", "error_ratio")
        if failed?.y.contains(where: { $0 > 0 }) == true {
            out += lines.chart(
                "Failed predictions", [failed], summary: "Share of predictions with an error. Newest: \(lines.newest(failed)).")
        }
        out += lines.volume
        let problem = sums.problem.map { "<p class=\"note\">\(escaped($0))</p>" } ?? ""
        return "<h2>Performance, scores and service</h2>\(problem)\(changed)\n<div class=\"charts\">\n\(out)</div>"
    }

    /// When the errors changed, in a line each.
    private var changed: String {
        if changes.isEmpty { return "" }
        let items = changes.prefix(Self.changesMax).map { change in
            let from = change.before.map { " from a mean of \(shortNumber($0)) over \(counted(change.beforeCount)) labels" } ?? ""
            let to = change.after.map { " to \(shortNumber($0)) over \(counted(change.afterCount))" } ?? ""
            let began = change.beganAt.map { ", beginning about \(moment($0))" } ?? ""
            return "<li>\(moment(change.time)): \(escaped(change.detector)) saw the errors change\(from)\(to)\(began)</li>"
        }
        return "<p>Changes of the errors, as labels came in:</p><ul class=\"changes\">\(items.joined())</ul>"
    }

    /// A metric as realised and as estimated, where both are there; else the metrics that are.
    private func performance(_ lines: SeriesCharts) -> String {
        let realised = lines.names(.performance)
        let estimated = lines.names(.estimatedPerformance)
        let wanted = ["roc_auc", "accuracy", "balanced_accuracy", "f1", "macro_f1", "rmse", "mae", "r2", "brier"]
        let metrics = wanted.filter { realised.contains($0) || estimated.contains("estimated_\($0)") }.prefix(3)
        if metrics.isEmpty {
            return
                "<figure><figcaption>Performance</figcaption><p>No window has enough labels, and none could be estimated. Send labels to <code>POST /v1/labels</code>: performance and calibration follow with the next evaluation.</p></figure>"
        }
        return metrics.map { metric in
            let real = lines.series("realised", .performance, "", metric)
            let guess = lines.series("estimated without labels", .estimatedPerformance, "", "estimated_\(metric)")
            let words = [real, guess].map(lines.newest).filter { !$0.isEmpty }.joined(separator: ", ")
            return lines.chart(
                spoken(metric).replacing("roc auc", with: "ROC AUC"), [real, guess], summary: "Newest: \(words). Bands are 95 % intervals.",
                isZoomed: true)
        }.joined()
    }

    private func reliability(_ shown: EvaluationHead) -> String {
        sums.reliabilityPicture(shown.window).map { SVGChart($0, width: SeriesCharts.width).text } ?? ""
    }
}
