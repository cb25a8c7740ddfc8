internal import Vocabulary

// What labels say: performance, calibration, fairness.
extension MonitoringReport {
    /// A statistic over the windows, as a line with its interval.
    private func line(_ name: String, _ monitor: Monitor, _ statistic: String, subject: String = "") -> Report.Chart.Series? {
        var series = Report.Chart.Series(name, x: [], y: [])
        for entry in facts.statistics {
            let finding = entry.finding
            guard finding.monitor == monitor, finding.subject == subject, finding.statistic == statistic, finding.group.isEmpty,
                let value = finding.value, facts.windows.indices.contains(entry.place)
            else { continue }
            series.x.append(facts.windows[entry.place].window.start.seconds(since: Timestamp(seconds: 0)))
            series.y.append(value)
            series.lower.append(finding.lower ?? .nan)
            series.upper.append(finding.upper ?? .nan)
        }
        return series.x.isEmpty ? nil : series
    }

    private func chart(_ title: String, _ series: [Report.Chart.Series?], summary: String, isZoomed: Bool = false) -> Report.Block? {
        let lines = series.compactMap { $0 }
        guard lines.contains(where: { $0.x.count > 1 }) else { return nil }
        var chart = Report.Chart(title, summary: summary, shape: .lines, series: lines, isZoomed: isZoomed)
        (chart.isOverTime, chart.hasBands) = (true, true)
        return .chart(chart)
    }

    private func own(_ monitor: Monitor) -> [Finding] { (facts.whole?.findings ?? []).filter { $0.monitor == monitor && $0.group.isEmpty } }

    private func interval(_ finding: Finding) -> String {
        finding.lower == nil && finding.upper == nil ? "" : "\(shortNumber(finding.lower)) to \(shortNumber(finding.upper))"
    }

    private func table(_ findings: [Finding]) -> Report.Block {
        var table = Report.Table(["statistic", "value", "interval", "rows", "verdict", "why"], [])
        for finding in findings {
            table.rows.append([
                spoken(finding.statistic), shortNumber(finding.value), interval(finding), "\(finding.currentCount)",
                spoken(finding.verdict?.rawValue ?? ""), ownReason(finding),
            ])
            table.tones.append(finding.verdict?.isFinding == true ? .bad : .plain)
        }
        return .table(table)
    }

    var performance: Section {
        let realised = own(.performance)
        let estimated = own(.estimatedPerformance)
        let names = facts.statistics.reduce(into: [String]()) { names, entry in
            let finding = entry.finding
            if finding.monitor == .performance, finding.subject.isEmpty, !names.contains(finding.statistic) {
                names.append(finding.statistic)
            }
        }
        let charts = names.prefix(4).compactMap { name in
            chart(
                spoken(name),
                [
                    line("realised", .performance, name), line("estimated without labels", .estimatedPerformance, "estimated_\(name)"),
                ], summary: "By \(facts.kind.rawValue), with intervals.", isZoomed: true)
        }
        let words =
            realised.isEmpty && estimated.isEmpty
            ? "No label has come in this stretch, and nothing could be estimated."
            : "Realised where labels have come, estimated from the scores where they have not; over the whole stretch."
        return Section(
            key: "performance",
            json: .object([
                "realised": .array(realised.map(\.json)), "estimated": .array(estimated.map(\.json)),
                "windows": series(of: [.performance, .estimatedPerformance]),
            ]),
            blocks: [.heading("Performance"), .text(words)] + (realised.isEmpty ? [] : [.text("Realised:"), table(realised)])
                + (estimated.isEmpty ? [] : [.text("Estimated without labels:"), table(estimated)]) + charts)
    }

    var calibration: Section {
        let found = own(.calibration)
        let error = chart("Calibration error", [line("ECE", .calibration, "ece")], summary: "By \(facts.kind.rawValue); 0 is best.")
        let words =
            found.isEmpty
            ? "Calibration needs labels and scores between 0 and 1." : "Whether scores mean what they say, over the whole stretch."
        return Section(
            key: "calibration", json: .object(["findings": .array(found.map(\.json)), "windows": series(of: [.calibration])]),
            blocks: [.heading("Calibration and scores"), .text(words)] + (found.isEmpty ? [] : [table(found)])
                + facts.pictures.map { .chart($0) }
                + [error].compactMap { $0 })
    }

    /// Values window by window, for machines.
    private func series(of monitors: Set<Monitor>) -> JSON {
        .array(
            facts.statistics.compactMap { entry in
                let finding = entry.finding
                guard monitors.contains(finding.monitor), facts.windows.indices.contains(entry.place) else { return nil }
                return .object([
                    "from": .string(facts.windows[entry.place].window.start.rfc3339), "monitor": .string(finding.monitor.rawValue),
                    "subject": .string(finding.subject), "statistic": .string(finding.statistic), "value": JSON(finding.value),
                    "lower": JSON(finding.lower), "upper": JSON(finding.upper), "verdict": JSON(finding.verdict?.rawValue),
                ])
            })
    }

    var fairness: Section {
        let table = GroupRates(facts.whole?.findings ?? [], order: facts.version.schema.sensitive)
        var blocks: [Report.Block] = [.heading("Fairness")]
        if facts.version.schema.sensitive.isEmpty {
            blocks.append(.text("This version has no sensitive attribute, so nothing is measured between groups."))
        } else if table.attributes.isEmpty {
            blocks.append(.text("No group was measured in this stretch."))
        } else {
            blocks += table.attributes.flatMap(\.blocks)
        }
        for attribute in table.attributes {
            if let history = chart(
                "Difference of selection rates between groups of \(attribute.name)",
                [line("difference", .fairness, "demographic_parity_difference", subject: attribute.subject)],
                summary: "By \(facts.kind.rawValue); 0 is parity.")
            {
                blocks.append(history)
            }
        }
        return Section(
            key: "fairness",
            json: .object(["attributes": .array(table.attributes.map(\.json)), "windows": series(of: [.fairness])]), blocks: blocks)
    }
}

/// How groups fare in one evaluation, attribute by attribute.
struct GroupRates {
    struct Attribute {
        var subject: String
        var groups: [Finding]
        var disparities: [Finding]

        var name: String { subject.split(separator: "*").joined(separator: " and ") }
        var verdict: Verdict { Verdict.combined(disparities.compactMap(\.verdict)) }
        /// The groups in the order of their rows, the largest first.
        var names: [String] {
            var rows: [String: Int64] = [:]
            for finding in groups { rows[finding.group] = max(rows[finding.group] ?? 0, finding.currentCount) }
            return rows.keys.sorted { (rows[$1] ?? 0, $0) < (rows[$0] ?? 0, $1) }
        }
        var rates: [String] {
            groups.reduce(into: [String]()) { names, finding in if !names.contains(finding.statistic) { names.append(finding.statistic) } }
        }
        func finding(_ group: String, _ rate: String) -> Finding? { groups.first { $0.group == group && $0.statistic == rate } }
        /// The two groups farthest apart by the worst disparity.
        var pair: (disparity: Finding, low: Driver, high: Driver)? {
            let worst =
                disparities.first { $0.verdict?.isFinding == true && $0.drivers.count > 1 } ?? disparities.first { $0.drivers.count > 1 }
            return worst.map { ($0, $0.drivers[0], $0.drivers[1]) }
        }
    }
    /// Groups of a table and a chart.
    static let groupsMax = 60
    var attributes: [Attribute] = []

    init(_ findings: [Finding], order: [String]) {
        let own = findings.filter { $0.monitor == .fairness }
        let subjects = own.reduce(into: [String]()) { names, finding in
            if !names.contains(finding.subject) { names.append(finding.subject) }
        }
        attributes = subjects.sorted { (order.firstIndex(of: $0) ?? .max, $0) < (order.firstIndex(of: $1) ?? .max, $1) }.map { subject in
            let mine = own.filter { $0.subject == subject }
            return Attribute(subject: subject, groups: mine.filter { !$0.group.isEmpty }, disparities: mine.filter(\.group.isEmpty))
        }
    }
}

extension GroupRates.Attribute {
    var json: JSON {
        let groups = names.map { group -> JSON in
            var object = JSONObject([("group", .string(group))])
            for rate in rates {
                guard let finding = finding(group, rate) else { continue }
                object[rate] = .object([
                    "value": JSON(finding.value), "lower": JSON(finding.lower), "upper": JSON(finding.upper),
                    "n": .integer(finding.currentCount),
                ])
            }
            return .object(object)
        }
        return .object([
            "attribute": .string(subject), "verdict": .string(verdict.rawValue), "groups": .array(groups),
            "disparities": .array(disparities.map(\.json)),
            "worst_pair": pair.map { .array([.string($0.low.what), .string($0.high.what)]) } ?? .null,
        ])
    }

    var blocks: [Report.Block] {
        var out: [Report.Block] = [.text("By \(name): \(spoken(verdict.rawValue)).")]
        if let (disparity, low, high) = pair {
            func said(_ driver: Driver) -> String {
                "\(driver.what) with \(driver.after.map { shortNumber($0) } ?? "no value")\(driver.count.map { " of \(counted($0)) rows" } ?? "")"
            }
            out.append(.text("Farthest apart by \(spoken(disparity.statistic)): \(said(low)) and \(said(high))."))
        }
        var table = Report.Table(["group", "rows"] + rates.flatMap { [spoken($0), "interval"] }, [])
        for group in names.prefix(GroupRates.groupsMax) {
            let rows = groups.filter { $0.group == group }.map(\.currentCount).max() ?? 0
            table.rows.append(
                [group, "\(rows)"]
                    + rates.flatMap { rate -> [String] in
                        guard let finding = finding(group, rate) else { return ["", ""] }
                        let ends = finding.lower == nil ? "" : "\(shortNumber(finding.lower)) to \(shortNumber(finding.upper))"
                        return [shortNumber(finding.value), ends]
                    })
        }
        if names.count > table.rows.count { out.append(.text("The \(table.rows.count) largest of \(names.count) groups.")) }
        out.append(.table(table))
        var gaps = Report.Table(["disparity", "value", "interval", "adjusted p", "verdict", "why"], [])
        for finding in disparities {
            gaps.rows.append([
                spoken(finding.statistic), shortNumber(finding.value),
                finding.lower == nil ? "" : "\(shortNumber(finding.lower)) to \(shortNumber(finding.upper))",
                shortP(finding.adjustedP),
                spoken(finding.verdict?.rawValue ?? ""), ownReason(finding),
            ])
            gaps.tones.append(finding.verdict?.isFinding == true ? .bad : .plain)
        }
        out.append(.table(gaps))
        let shown = names.prefix(24)
        for rate in rates.prefix(3) {
            let found = shown.map { finding($0, rate) }
            // Bars begin at 0: what may be below it, such as a mean error, is in the table.
            guard found.contains(where: { $0?.value != nil }), found.allSatisfy({ ($0?.value ?? 0) >= 0 }) else { continue }
            out.append(
                .chart(
                    Report.Chart(
                        "\(spoken(rate)) by \(name)", summary: "Each group with its interval.", shape: .bars(labels: Array(shown)),
                        series: [
                            .init(
                                spoken(rate), y: found.map { $0?.value ?? .nan }, lower: found.map { $0?.lower ?? .nan },
                                upper: found.map { $0?.upper ?? .nan })
                        ])))
        }
        return out
    }
}
