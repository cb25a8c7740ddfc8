public import Vocabulary

/// What happened to a model in a stretch of time: the verdict first, then what moved and why, and what it means for people.
public struct MonitoringReport: Sendable {
    let facts: ModelFacts
    public init(_ facts: ModelFacts) { self.facts = facts }

    /// A part of the report, for machines and for people.
    struct Section {
        var key: String
        var json: JSON
        var blocks: [Report.Block]
    }

    /// Rows of a table of what moved.
    static let movedMax = 30
    /// Alerts that are told.
    static let alertsMax = 50

    public var report: Report {
        let sections = [verdicts, segments, moved, performance, calibration, fairness, alerts, dataQuality, labels].compactMap { $0 }
        var object = facts.head("monitoring")
        object["window"] = .string(facts.kind.rawValue)
        // A finding in a segment is one of the model, though the whole be calm.
        let inSegments = facts.segments.map(\.verdict).filter(\.isFinding)
        object["verdict"] = .string(Verdict.combined(combined.values.flatMap { $0.compactMap { $0 } } + inSegments).rawValue)
        object["summary"] = .string(summary)
        object["windows_waiting"] = .integer(facts.waiting)
        for section in sections { object[section.key] = section.json }
        object["settings"] = facts.conventions.json
        object["digests"] = facts.digests.json
        var blocks: [Report.Block] = [.text(summary)]
        if facts.isCut {
            blocks.append(
                .text(
                    "There are more windows than are shown: these are the newest \(facts.windows.count). A shorter stretch, or longer windows, shows all."
                ))
        }
        if facts.waiting > 0 {
            blocks.append(
                .text(
                    "\(plural(Int(facts.waiting))) of the stretch \(facts.waiting == 1 ? "waits" : "wait") to be evaluated: more may be found."
                ))
        }
        if let problem = facts.wholeProblem { blocks.append(.text("The stretch as one window could not be judged: \(problem)")) }
        blocks += sections.flatMap(\.blocks) + [facts.origin]
        return Report(
            title: "\(facts.key): monitoring report, \(facts.stretch)", json: .object(object), blocks: blocks,
            hasFinding: !found.isEmpty || !inSegments.isEmpty)
    }

    // MARK: Verdicts

    /// What each monitor says of each window; nil where it says nothing.
    var combined: [Monitor: [Verdict?]] {
        let byPlace = Dictionary(grouping: facts.marks, by: \.place)
        let windows = facts.windows.indices.map { VerdictMark.combined(byPlace[$0] ?? []) }
        var out: [Monitor: [Verdict?]] = [:]
        for monitor in Monitor.allCases where windows.contains(where: { $0[monitor] != nil }) { out[monitor] = windows.map { $0[monitor] } }
        return out
    }

    /// The monitors with a finding, and in how many windows.
    var found: [(monitor: Monitor, windows: Int)] {
        let combined = combined
        return Monitor.allCases.compactMap { monitor in
            let count = combined[monitor]?.count { $0?.isFinding == true } ?? 0
            return count > 0 ? (monitor, count) : nil
        }.sorted { $0.windows > $1.windows }
    }

    func plural(_ count: Int) -> String {
        let word = facts.kind == .custom ? "window" : facts.kind.rawValue
        return "\(count) \(word)\(count == 1 ? "" : "s")"
    }

    private var summary: String {
        guard !facts.windows.isEmpty else {
            return "No \(facts.kind.rawValue) of \(facts.key) was evaluated in this stretch, so nothing can be said of it."
        }
        let combined = combined
        let bad = found
        let places = Set(combined.values.flatMap { verdicts in verdicts.indices.filter { verdicts[$0]?.isFinding == true } })
        let blind = Monitor.allCases.filter { combined[$0].map { $0.allSatisfy { $0?.isInformed != true } } ?? false }
        let calm = Monitor.allCases.filter { monitor in
            combined[monitor] != nil && !blind.contains(monitor) && !bad.contains { $0.monitor == monitor }
        }
        func names(_ monitors: [Monitor]) -> String { monitors.map { spoken($0.rawValue) }.joined(separator: ", ") }
        var text =
            bad.isEmpty
            ? "Nothing was found in \(plural(facts.windows.count)) of \(facts.key)."
            : "Something was found in \(places.count) of \(plural(facts.windows.count)) of \(facts.key): "
                + bad.map { "\(spoken($0.monitor.rawValue)) in \(plural($0.windows))" }.joined(separator: ", ") + "."
        if !calm.isEmpty { text += " Calm: \(names(calm))." }
        if !blind.isEmpty { text += " Too little data to judge: \(names(blind))." }
        return text + segmentsSummary
    }

    private var verdicts: Section {
        let combined = combined
        var (json, table): ([JSON], Report.Table) = (
            [], .init(["monitor", "verdict", "windows with a finding", "first", "last", "the stretch as one"], [])
        )
        for monitor in Monitor.allCases {
            guard let verdicts = combined[monitor] else { continue }
            let places = verdicts.indices.filter { verdicts[$0]?.isFinding == true }
            let worst = Verdict.combined(verdicts.compactMap { $0 })
            let judged = verdicts.count { $0?.isInformed == true }
            let whole = facts.whole.flatMap { $0.monitors.contains(monitor) ? $0.verdict(of: monitor) : nil }
            let (first, last) = (places.first.map { facts.windows[$0].window }, places.last.map { facts.windows[$0].window })
            json.append(
                .object([
                    "monitor": .string(monitor.rawValue), "verdict": .string(worst.rawValue), "windows": JSON(verdicts.count { $0 != nil }),
                    "judged": JSON(judged), "with_finding": JSON(places.count), "first": JSON(first?.start.rfc3339),
                    "last": JSON(last?.start.rfc3339), "whole": JSON(whole?.rawValue),
                ]))
            table.rows.append([
                spoken(monitor.rawValue), spoken(worst.rawValue), "\(places.count) of \(judged) judged", first.map(span) ?? "",
                last.map(span) ?? "", whole.map { spoken($0.rawValue) } ?? "",
            ])
            table.tones.append(worst.isFinding ? .bad : worst.isInformed ? .good : .faint)
        }
        return Section(key: "verdicts", json: .array(json), blocks: json.isEmpty ? [] : [.heading("Verdicts"), .table(table)])
    }

    // MARK: What moved

    /// One row for each thing that moved: where it was worst, and why.
    private var moved: Section {
        struct Key: Hashable { var monitor: Monitor, subject: String }
        var places: [Key: Set<Int>] = [:]
        for mark in facts.marks where mark.verdict.isFinding {
            places[Key(monitor: mark.monitor, subject: mark.subject), default: []].insert(mark.place)
        }
        let worst = Dictionary(
            facts.worst.map { (Key(monitor: $0.finding.monitor, subject: $0.finding.subject), $0) }, uniquingKeysWith: { first, _ in first }
        )
        let order = places.keys.sorted { a, b in
            let (x, y) = (places[a]?.count ?? 0, places[b]?.count ?? 0)
            return x != y ? x > y : (a.monitor.rawValue, a.subject) < (b.monitor.rawValue, b.subject)
        }
        var table = Report.Table(["of", "monitor", "in", "worst window", "statistic", "value", "why"], [])
        var json: [JSON] = []
        for key in order.prefix(Self.movedMax) {
            let windows = places[key]?.count ?? 0
            let one = worst[key]
            let window = one.flatMap { facts.windows.indices.contains($0.place) ? facts.windows[$0.place].window : nil }
            json.append(
                .object([
                    "subject": .string(key.subject), "monitor": .string(key.monitor.rawValue), "with_finding": JSON(windows),
                    "worst_window": JSON(window?.start.rfc3339), "worst": one?.finding.json ?? .null,
                ]))
            table.rows.append([
                key.subject.isEmpty ? "the model" : key.subject, spoken(key.monitor.rawValue), plural(windows), window.map(span) ?? "",
                spoken(one?.finding.statistic ?? ""), shortNumber(one?.finding.value), one.map { ownReason($0.finding) } ?? "",
            ])
        }
        var blocks: [Report.Block] = [.heading("What moved, and why")]
        if json.isEmpty {
            blocks.append(.text("Nothing moved by more than its floor."))
        } else {
            if order.count > json.count { blocks.append(.text("The \(json.count) most frequent of \(order.count).")) }
            blocks.append(.table(table))
        }
        return Section(key: "moved", json: .array(json), blocks: blocks)
    }

    // MARK: Alerts and data

    private var alerts: Section {
        var table = Report.Table(["alert", "severity", "fired", "resolved", "acknowledged by", "summary"], [])
        let shown = facts.alerts.prefix(Self.alertsMax)
        let json = shown.map { alert -> JSON in
            table.rows.append([
                spoken(alert.monitor.rawValue), alert.severity.rawValue, alert.firedAt.map { "\($0.rfc3339.prefix(16))" } ?? "",
                alert.resolvedAt.map { "\($0.rfc3339.prefix(16))" } ?? "not yet", alert.acknowledgedBy ?? "", alert.summary,
            ])
            table.tones.append(alert.state == .firing ? .bad : .plain)
            return .object([
                "id": alert.id.map { .integer($0) } ?? .null, "monitor": .string(alert.monitor.rawValue), "policy": .string(alert.policy),
                "severity": .string(alert.severity.rawValue), "state": .string(alert.state.rawValue),
                "started_at": .string(alert.startedAt.rfc3339), "fired_at": JSON(alert.firedAt?.rfc3339),
                "resolved_at": JSON(alert.resolvedAt?.rfc3339), "acknowledged_at": JSON(alert.acknowledgedAt?.rfc3339),
                "acknowledged_by": JSON(alert.acknowledgedBy), "summary": .string(alert.summary),
            ])
        }
        let cut = facts.alerts.count > shown.count ? [Report.Block.text("The newest \(shown.count) of \(facts.alerts.count).")] : []
        return Section(
            key: "alerts", json: .array(json),
            blocks: [.heading("Alerts in the time")] + cut + [json.isEmpty ? .text("None lasted in this stretch.") : .table(table)])
    }

    /// Missing values, unknown levels, values out of range; volume; latency and errors: what was found in the stretch as one window.
    private var dataQuality: Section {
        let own = (facts.whole?.findings ?? []).filter { [.dataQuality, .volume, .serviceLevel].contains($0.monitor) && $0.group.isEmpty }
        let judged = own.filter { $0.verdict != nil }
        let shown =
            judged.filter { $0.verdict?.isFinding == true || $0.verdict == .negligible }
            + own.filter { $0.monitor == .serviceLevel && $0.verdict == nil }
        var table = Report.Table(["of", "statistic", "value", "verdict", "why"], [])
        for finding in shown.prefix(40) {
            table.rows.append([
                finding.subject.isEmpty ? "the model" : finding.subject, spoken(finding.statistic), shortNumber(finding.value),
                spoken(finding.verdict?.rawValue ?? ""), ownReason(finding),
            ])
            table.tones.append(finding.verdict?.isFinding == true ? .bad : .plain)
        }
        let calm = judged.count { $0.verdict == .ok }
        let words =
            "\(judged.count) checks of data and service over the stretch: \(calm) calm, \(judged.count { $0.verdict?.isFinding == true }) found something."
        return Section(
            key: "data_quality", json: .array(shown.map(\.json)),
            blocks: [.heading("Data quality and service"), .text(words)] + (table.rows.isEmpty ? [] : [.table(table)]))
    }

    private var labels: Section {
        let coverage = facts.predictions > 0 ? Double(facts.labelled) / Double(facts.predictions) : nil
        let windows = facts.windows.map { head -> JSON in
            .object([
                "from": .string(head.window.start.rfc3339), "to": .string(head.window.end.rfc3339),
                "evaluated_at": .string(head.evaluatedAt.rfc3339), "predictions": .integer(head.rows),
                "labelled": .integer(head.labelled), "coverage": JSON(head.coverage),
            ])
        }
        let words =
            "\(counted(facts.predictions)) predictions, of which \(counted(facts.labelled)) have their label\(coverage.map { " (\(percent($0)))" } ?? ""). What is said of performance, calibration and fairness rests on the labelled ones."
        let line = Report.Chart.Series(
            "coverage", x: facts.windows.map { $0.window.start.seconds(since: Timestamp(seconds: 0)) },
            y: facts.windows.map { $0.coverage ?? .nan })
        var chart = Report.Chart(
            "Label coverage", summary: "Share of each \(facts.kind.rawValue)'s predictions that have their label.", shape: .lines,
            series: [line])
        chart.isOverTime = true
        return Section(
            key: "labels",
            json: .object([
                "predictions": .integer(facts.predictions), "labelled": .integer(facts.labelled), "coverage": JSON(coverage),
                "windows": .array(windows),
            ]), blocks: [.heading("Label coverage"), .text(words)] + (facts.windows.count > 1 ? [.chart(chart)] : []))
    }
}

extension AuditDigests {
    public var json: JSON {
        .object(["schema_sha256": .string(schema), "reference_sha256": .string(reference), "sums_sha256": JSON(sums)])
    }
}
