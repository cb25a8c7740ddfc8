internal import Vocabulary

/// The result of a comparison, for machines and for people.
struct DriftReport {
    let reference: Frame
    let current: Frame
    let options: DriftOptions
    let compared: [ComparedColumn]
    let without: [(place: Int, column: DriftColumn)]
    let joint: DriftJoint.Result
    /// By the place of the column.
    let histograms: [Int: DriftHistogram]

    private var verdict: Verdict {
        if drifted > 0 || joint.isFinding { return .drifted }
        return Verdict.combined(compared.map(\.verdict))
    }
    private var drifted: Int { compared.count { $0.verdict == .drifted } }
    private var chunkAlerts: Int { compared.reduce(0) { $0 + ($1.chunks?.alerts.count { !$0.chunks.isEmpty } ?? 0) } }
    private var share: Double? { compared.isEmpty ? nil : Double(drifted) / Double(compared.count) }

    func report() -> Report {
        Report(
            title: "Drift of \(current.file) from \(reference.file)", json: json, blocks: blocks,
            hasFinding: verdict == .drifted || chunkAlerts > 0)
    }

    // MARK: - For machines

    private var json: JSON {
        var columns = compared.map { (place: $0.place, json: json($0)) }
        var leftOut: [JSON] = []
        for (place, column) in without {
            switch column {
            case .without(let name, let kind, let why, let missing):
                columns.append(
                    (
                        place,
                        .object([
                            "name": .string(name), "kind": .string(kind), "verdict": .string(Verdict.noData.rawValue), "why": .string(why),
                            "missing": .statistics([("reference", missing.reference), ("current", missing.current)]) { _ in why },
                            "tests": .object([:]),
                        ])
                    ))
            case .leftOut(let name, let kind, let why):
                leftOut.append(.object(["name": .string(name), "kind": .string(kind), "why": .string(why)]))
            case .compared: break
            }
        }
        var dataset = JSONObject([
            ("columns", JSON(compared.count)), ("drifted_columns", JSON(drifted)), ("share", .statistic(share)),
            ("verdict", .string(verdict.rawValue)), ("why", .string(summary)),
        ])
        for (key, value) in joint.members { dataset[key] = value }
        return .object([
            "command": "drift", "reference": side(reference), "current": side(current), "settings": settings,
            "columns": .array(columns.sorted { $0.place < $1.place }.map(\.json)), "left_out": .array(leftOut),
            "dataset": .object(dataset),
        ])
    }

    private func side(_ frame: Frame) -> JSON {
        var side = JSONObject([("rows", JSON(frame.rows)), ("file", .string(frame.file))])
        if let sha256 = frame.sha256 { side["sha256"] = .string(sha256) }
        return .object(side)
    }

    private var settings: JSON {
        .object([
            "alpha": .number(DriftOutcome.alpha), "correction": "benjamini_hochberg", "bins": JSON(options.bins),
            "binning": .string(options.binning.rawValue), "psi_floor": .number(options.psiFloor), "js_base": .string(options.base.rawValue),
            "missing_values": .string(options.missingValues.rawValue), "p_values": .string(options.pValues.rawValue),
            "alternative": .string(options.alternative.rawValue),
            "convention": .string(options.isNannyML ? "nannyml" : "evenkeel"), "seed": .integer(Int64(bitPattern: options.seed)),
            "floors": .object(["psi": 0.1, "ks": 0.1, "jensen_shannon": 0.1, "cramers_v": 0.1, "missing": 0.05]),
        ])
    }

    private func json(_ column: ComparedColumn) -> JSON {
        let missing = column.missing
        var object = JSONObject([
            ("name", .string(column.name)), ("kind", .string(column.kind.rawValue)), ("verdict", .string(column.verdict.rawValue)),
            ("why", .string(column.why)),
            (
                "missing",
                .object(
                    JSONObject([
                        ("reference", .number(column.shares.reference)), ("current", .number(column.shares.current)),
                        ("p_value", .statistic(missing.pValue)), ("p_adjusted", .statistic(missing.adjustedP)),
                        ("verdict", JSON(missing.verdict?.rawValue)),
                    ]).explained { _ in missing.why })
            ),
            ("n", .object(["reference": JSON(column.counts.reference), "current": JSON(column.counts.current)])),
            ("tests", .object(JSONObject(column.result.outcomes.prefix(column.shown).map { ($0.test, withVerdict($0)) }))),
        ])
        if let cells = column.result.cells { object["cells"] = cells.json }
        if column.kind == .categorical {
            object["unseen_levels"] = .array(column.result.unseen.prefix(DriftCells.levelsShownMax).map(JSON.string))
            object["vanished_levels"] = .array(column.result.vanished.prefix(DriftCells.levelsShownMax).map(JSON.string))
        }
        if let chunks = column.chunks { object["chunks"] = chunks.json }
        return .object(object)
    }

    private func withVerdict(_ outcome: DriftOutcome) -> JSON {
        guard let verdict = outcome.verdict, var object = outcome.json.objectValue else { return outcome.json }
        object["verdict"] = .string(verdict.rawValue)
        return .object(object)
    }

    private var summary: String {
        if compared.isEmpty { return joint.isFinding ? "the columns drifted together" : "no column could be compared" }
        var count = "\(drifted) of \(compared.count) columns drifted"
        let absent = without.count { entry in if case .without(_, "unknown", _, _) = entry.column { true } else { false } }
        if absent > 0 { count += ", \(absent) \(absent == 1 ? "is" : "are") in one file only" }
        return joint.isFinding ? "\(count), and together they tell the two files apart" : count
    }

    // MARK: - For people

    private var blocks: [Report.Block] {
        let worst = compared.sorted {
            ($1.verdict.severity, $1.severity, $0.place) < ($0.verdict.severity, $0.severity, $1.place)
        }
        var blocks: [Report.Block] = [
            .text("\(reference.rows) rows in the reference, \(current.rows) now. Verdict: \(verdict.rawValue): \(summary).")
        ]
        if !worst.isEmpty {
            let rows = worst.map { column in
                [
                    column.name, column.kind.rawValue, column.verdict.rawValue, leading(column), value(column, "psi"),
                    column.result.outcomes.first { $0.test == "ks" || $0.test == "chi_squared" }.flatMap(\.adjustedP).map(inWords) ?? "",
                    "\(inPercent(column.shares.reference)) → \(inPercent(column.shares.current))",
                ]
            }
            blocks += [
                .heading("Columns, worst first"),
                .table(
                    Report.Table(
                        ["column", "kind", "verdict", "ks or V", "psi", "adjusted p", "missing"], rows, tones: worst.map(tone))),
            ]
        }
        for column in worst where column.verdict != .ok { blocks.append(.text("\(column.name): \(column.why).")) }
        for column in worst.prefix(DriftHistogram.columnsMax) where column.verdict == .drifted {
            if let histogram = histograms[column.place] { blocks.append(.chart(histogram.chart(column.name, summary: column.why))) }
            blocks += chart(column)
        }
        let chunks = worst.flatMap { column in
            (column.chunks?.alerts ?? []).filter { !$0.chunks.isEmpty }.map { alert in
                [
                    column.name, alert.test.rawValue, "\(alert.chunks.count) of \(column.chunks?.count ?? 0)",
                    alert.chunks.prefix(12).map { String($0 + 1) }.joined(separator: " ") + (alert.chunks.count > 12 ? " …" : ""),
                ]
            }
        }
        if compared.contains(where: { $0.chunks != nil }) {
            blocks.append(.heading("Chunks of the current file past the thresholds of the reference's chunks"))
            blocks.append(
                chunks.isEmpty ? .text("None.") : .table(Report.Table(["column", "statistic", "chunks in alert", "which"], chunks)))
        }
        let others = without.sorted { $0.place < $1.place }.map { entry -> [String] in
            switch entry.column {
            case .without(let name, let kind, let why, _): [name, kind, Verdict.noData.rawValue, why]
            case .leftOut(let name, let kind, let why): [name, kind, "left out", why]
            case .compared(let name, let kind, _, _): [name, kind.rawValue, "", ""]
            }
        }
        if !others.isEmpty {
            blocks += [.heading("Not compared"), .table(Report.Table(["column", "kind", "", "why"], others))]
        }
        if !joint.rows.isEmpty {
            blocks += [.heading("All columns together"), .table(Report.Table(["statistic", "value", "p", "in words"], joint.rows))]
        }
        blocks.append(
            .text(
                "Drifted means: significant at \(DriftOutcome.alpha) after Benjamini-Hochberg over all judged tests, and an effect of at least 0.1 "
                    + "(PSI, KS, Jensen-Shannon, Cramér's V of equal samples) or 0.05 (share of missing values)."
                    + (options.missingValues == .cell ? " Missing values are a cell of their own in the statistics of cells." : "")))
        return blocks
    }

    private func leading(_ column: ComparedColumn) -> String {
        column.result.outcomes.first { $0.test == "ks" || $0.test == "chi_squared" }?.effect.map(inWords) ?? ""
    }

    private func value(_ column: ComparedColumn, _ test: String) -> String {
        column.result.outcomes.first { $0.test == test }?.statistic.map(inWords) ?? ""
    }

    private func tone(_ column: ComparedColumn) -> Report.Tone {
        switch column.verdict {
        case .drifted: .bad
        case .ok: .good
        case .negligible: .plain
        default: .faint
        }
    }

    /// Bars of the shares that moved most.
    private func chart(_ column: ComparedColumn) -> [Report.Block] {
        guard let cells = column.result.cells else { return [] }
        let movers = cells.movers.prefix(8)
        guard !movers.isEmpty else { return [] }
        return [
            .chart(
                Report.Chart(
                    column.kind == .numeric ? "\(column.name): the cells that moved most" : column.name, summary: column.why,
                    shape: .bars(labels: movers.map(\.label)),
                    series: [Report.Chart.Series("reference", y: movers.map(\.was)), Report.Chart.Series("current", y: movers.map(\.now))],
                    xLabel: "share", yLabel: column.name))
        ]
    }
}
