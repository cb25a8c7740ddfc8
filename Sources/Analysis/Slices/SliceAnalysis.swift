internal import Glibc
internal import Statistics
internal import Tables
public import Vocabulary

/// What `evenkeel slices` is asked.
public struct SliceOptions: Sendable {
    /// What a row is bad by.
    public enum Metric: String, Sendable, CaseIterable {
        /// Wrong decision, 0 or 1.
        case error
        /// Of the rows whose label is negative, those decided positive; of the positive ones, those decided negative.
        case falsePositive = "false_positive"
        case falseNegative = "false_negative"
        case logLoss = "log_loss"
        case brier
        case absoluteError = "absolute_error"
        case squaredError = "squared_error"
    }

    /// Label, score, prediction, classes, threshold, task: as `evenkeel performance` reads them.
    public var outcome: PerformanceOptions
    public var metric: Metric?
    /// Columns to cut by; nil for all that are not something else.
    public var columns: [String]?
    public var bins = 5
    public var rowsMin = 50
    public var limit = 10
    /// A slice whose loss is less than this share above the rest's is too little worse to matter.
    public var floor = 0.1
    public init(_ outcome: PerformanceOptions) { self.outcome = outcome }

    func check() throws {
        guard (2...SliceSearch.levelsMax).contains(bins) else {
            throw AnalysisError("--bins \(bins), expected 2 to \(SliceSearch.levelsMax)")
        }
        guard (2...1_000_000_000).contains(rowsMin) else { throw AnalysisError("--min-rows \(rowsMin), expected 2 or more") }
        guard (1...1000).contains(limit) else { throw AnalysisError("--limit \(limit), expected 1 to 1000") }
        guard floor >= 0, floor.isFinite else { throw AnalysisError("--floor \(floor), expected a number of at least 0") }
    }
}

/// Where a model is worst: the values of a column, and of pairs of columns, whose rows it serves surely worse than all others.
public struct SliceAnalysis: Sendable {
    public var report: Report

    public init(_ frame: Frame, _ options: SliceOptions) throws {
        try options.check()
        try options.outcome.check()
        try frame.requireColumns(options.columns ?? [])
        let labels = try frame.cells(options.outcome.label)
        let prediction = try options.outcome.prediction.map { try frame.cells($0) }
        let task = try PerformanceData.task(labels: labels, prediction: prediction, options.outcome)
        let classes = try PerformanceAnalysis.checkedClasses(task, labels: [labels], frame, options.outcome)
        let data = try PerformanceData(frame, labels: labels, task: task, classes: classes, options.outcome)
        let usable = (0..<data.rowCount).filter(data.isUsable)
        try data.requireRows(usable, frame, options.outcome)
        let metric = options.metric ?? (task == .regression ? .absoluteError : .error)
        let (rows, losses) = try Self.losses(data, usable, metric, frame, options.outcome)
        let columns = try Self.columns(frame, options)
        guard !columns.isEmpty else {
            throw AnalysisError("\(frame.file): no column to cut by, expected --columns or features beside the label")
        }
        guard columns.count <= SliceSearch.columnsMax else {
            throw AnalysisError("\(columns.count) columns to cut by, expected at most \(SliceSearch.columnsMax): name them with --columns")
        }
        let search = try SliceSearch(
            losses: losses,
            columns: columns.map { column in SliceColumn(codes: rows.map { column.codes[$0] }, levelCount: column.levels.count) },
            rowsMin: options.rowsMin, limit: options.limit, confidence: options.outcome.confidence)
        let found = search.slices.map { Found($0, columns, options) }
        report = Self.report(frame, options, task, metric, search, found, used: rows.count, columns: columns.map(\.name))
    }

    /// The loss of each row that has one.
    private static func losses(
        _ data: PerformanceData, _ rows: [Int], _ metric: SliceOptions.Metric, _ frame: Frame, _ options: PerformanceOptions
    ) throws -> (rows: [Int], losses: [Double]) {
        func refuse(_ task: String) -> AnalysisError { AnalysisError("--metric \(metric.rawValue) is not for --task \(task)") }
        switch data.columns {
        case .binary(let labels, let scores, let predictions):
            switch metric {
            case .error: return (rows, rows.map { labels[$0] == predictions[$0] ? 0 : 1 })
            case .falsePositive, .falseNegative:
                let of: Double = metric == .falsePositive ? 0 : 1
                let some = rows.filter { labels[$0] == of }
                guard !some.isEmpty else { throw AnalysisError("no row with a \(of == 0 ? "negative" : "positive") label, expected some") }
                return (some, some.map { predictions[$0] == of ? 0 : 1 })
            case .logLoss, .brier:
                guard let name = options.score else { throw AnalysisError("--metric \(metric.rawValue) needs --score") }
                _ = try frame.probabilities(name)
                let scores = scores ?? []
                return (
                    rows,
                    rows.map { row in
                        if metric == .brier { return (scores[row] - labels[row]) * (scores[row] - labels[row]) }
                        let clipped = min(max(scores[row], 0x1p-52), 1 - 0x1p-52)
                        return labels[row] == 1 ? -log(clipped) : -log1p(-clipped)
                    }
                )
            case .absoluteError, .squaredError: throw refuse("binary")
            }
        case .multiclass(let labels, _, let predictions, _):
            guard metric == .error else { throw refuse("multiclass") }
            return (rows, rows.map { labels[$0] == predictions[$0] ? 0 : 1 })
        case .regression(let labels, let predictions):
            let residuals = rows.map { labels[$0] - predictions[$0] }
            switch metric {
            case .absoluteError: return (rows, residuals.map(abs))
            case .squaredError: return (rows, residuals.map { $0 * $0 })
            default: throw refuse("regression")
            }
        }
    }

    /// A column cut into levels: for people, and as a condition of a segment in a spec.
    private struct Cut {
        var name: String
        var codes: [Int32]
        var levels: [(words: String, rule: JSON)]
    }

    private static func columns(_ frame: Frame, _ options: SliceOptions) throws -> [Cut] {
        let outcome = options.outcome
        let taken = Set(
            [outcome.label, outcome.score, outcome.prediction, outcome.weights, outcome.timestamp, outcome.id].compactMap { $0 }
                + outcome.scores.map(\.column))
        let names = try options.columns ?? frame.names.filter { name in try !taken.contains(name) && frame.kind(name).feature != nil }
        return try names.map { name in
            if try frame.kind(name) == .numeric, let cut = try numeric(frame, name, bins: options.bins) { return cut }
            return try levels(frame, name)
        }
    }

    /// Of many values quantile bins, of few each its own; missing ones are a level.
    private static func numeric(_ frame: Frame, _ name: String, bins: Int) throws -> Cut? {
        let numbers = try frame.numbers(name)
        let sorted = numbers.filter { !$0.isNaN }.sorted()
        var distinct: [Double] = []
        for x in sorted where distinct.last != x {
            distinct.append(x)
            if distinct.count > bins { break }
        }
        if distinct.count <= bins { return nil }
        // Bins end at values that are there, so that their ends read well; the largest value ends none. No rule is about infinity.
        let edges = (1..<bins).map { sorted[(sorted.count - 1) * $0 / bins] }
            .reduce(into: [Double]()) { edges, edge in
                if edge.isFinite, edge < sorted[sorted.count - 1], edges.last != edge { edges.append(edge) }
            }
        if edges.isEmpty { return nil }
        func text(_ x: Double) -> String { JSON.statistic(x).stringValue ?? JSON.number(x).text }
        var levels: [(words: String, rule: JSON)] = (0...edges.count).map { i in
            let lower = i == 0 ? nil : "> \(text(edges[i - 1]))"
            let upper = i == edges.count ? nil : "<= \(text(edges[i]))"
            let ends = [lower, upper].compactMap { $0 }
            return ("\(name) " + ends.joined(separator: " and "), ends.count == 1 ? .string(ends[0]) : .array(ends.map(JSON.string)))
        }
        let missing = Int32(levels.count)
        levels.append(("\(name) missing", .null))
        let codes = numbers.map { x -> Int32 in
            if x.isNaN { return missing }
            // Not a binary search: there are fewer edges than bins, mostly four.
            return Int32(edges.firstIndex { $0 >= x } ?? edges.count)
        }
        return Cut(name: name, codes: codes, levels: levels)
    }

    /// The commonest levels, those of a numeric column as numbers; rows of rarer ones are in no slice of the column.
    private static func levels(_ frame: Frame, _ name: String) throws -> Cut {
        let column = try frame.coded(name)
        let (names, codes) = column.ordered()
        let isNumeric = try frame.kind(name) == .numeric
        func rule(_ level: String) -> JSON { isNumeric ? Double(level).map(JSON.number) ?? .string(level) : .string(level) }
        var counts = [Int](repeating: 0, count: names.count)
        for code in codes where code >= 0 { counts[Int(code)] += 1 }
        let kept = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }.prefix(SliceSearch.levelsMax - 1).sorted()
        var places = [Int32](repeating: -1, count: names.count)
        for (place, code) in kept.enumerated() { places[code] = Int32(place) }
        let missing = Int32(kept.count)
        return Cut(
            name: name, codes: codes.map { $0 < 0 ? missing : places[Int($0)] },
            levels: kept.map { ("\(name) = \(names[$0])", rule(names[$0])) } + [("\(name) missing", .null)])
    }

    /// A slice with its words and its verdict.
    private struct Found {
        var slice: Slice
        var words: String
        var rule: JSON
        var verdict: String

        init(_ slice: Slice, _ columns: [Cut], _ options: SliceOptions) {
            self.slice = slice
            let levels = slice.conditions.map { (columns[$0.column].name, columns[$0.column].levels[$0.level]) }
            words = levels.map(\.1.words).joined(separator: ", ")
            rule = .object(JSONObject(levels.map { ($0.0, $0.1.rule) }))
            let isSure = slice.adjustedP <= 1 - options.outcome.confidence
            verdict = !isSure ? "ok" : slice.difference >= options.floor * abs(slice.rest) ? "worse" : "negligible"
        }

        var json: JSON {
            .object([
                "where": rule, "n": JSON(slice.rows), "loss": .number(slice.mean), "rest": .number(slice.rest),
                "difference": .number(slice.difference),
                "interval": .statistics([slice.interval.lower, slice.interval.upper]), "p_value": .number(slice.pValue),
                "p_adjusted": .number(slice.adjustedP), "verdict": .string(verdict),
            ])
        }
    }

    private static func report(
        _ frame: Frame, _ options: SliceOptions, _ task: PerformanceOptions.Task, _ metric: SliceOptions.Metric, _ search: SliceSearch,
        _ found: [Found], used: Int, columns: [String]
    ) -> Report {
        let worse = found.filter { $0.verdict == "worse" }
        let verdict = search.searched == 0 ? "insufficient" : worse.isEmpty ? "ok" : "worse"
        let why: String
        if search.searched == 0 {
            why = "no slice and its rest have \(options.rowsMin) rows each"
        } else if let worst = worse.first {
            why = "\(worst.words): \(metric.rawValue) \(fourDigits(worst.slice.mean)), \(fourDigits(worst.slice.rest)) elsewhere"
        } else {
            why = "of \(search.searched) slices none is surely worse than its rest"
        }
        let json = JSON.object([
            "command": .string("slices"), "task": .string(task.rawValue), "metric": .string(metric.rawValue), "rows": JSON(frame.rows),
            "n": JSON(used), "left_out": JSON(frame.rows - used), "loss": .number(search.mean), "columns": .array(columns.map(JSON.string)),
            "searched": JSON(search.searched), "slices": .array(found.map(\.json)), "verdict": .string(verdict), "why": .string(why),
        ])
        var blocks: [Report.Block] = [
            .text("\(why). \(used) rows; \(frame.rows - used) left out. \(search.searched) slices searched."),
            .table(
                Report.Table(
                    ["slice", "n", metric.rawValue, "elsewhere", "difference", "interval", "adjusted p", "verdict"],
                    found.map { found in
                        let slice = found.slice
                        return [
                            found.words, "\(slice.rows)", fourDigits(slice.mean), fourDigits(slice.rest), fourDigits(slice.difference),
                            "[\(fourDigits(slice.interval.lower)), \(fourDigits(slice.interval.upper))]", fourDigits(slice.adjustedP),
                            found.verdict,
                        ]
                    }, tones: found.map { $0.verdict == "worse" ? .bad : .plain })),
        ]
        if !found.isEmpty {
            let chart = Report.Chart(
                "Where the loss is largest", summary: why, shape: .bars(labels: found.map(\.words)),
                series: [
                    .init("slice", y: found.map(\.slice.mean)), .init("elsewhere", y: found.map(\.slice.rest)),
                ], xLabel: metric.rawValue)
            blocks.append(.chart(chart))
        }
        blocks.append(
            .footnote(
                "Intervals hold together and p-values are corrected for all slices that were searched (Bonferroni), so they are right for the worst of them."
            ))
        return Report(title: "Slices of \(frame.file)", json: json, blocks: blocks, hasFinding: !worse.isEmpty)
    }
}

extension SliceOptions {
    public var settings: Settings {
        var out = outcome.settings
        out["positive"] = outcome.positive
        if outcome.prediction == nil { out.set("threshold", outcome.threshold) }
        out["metric"] = metric?.rawValue
        out.set("columns", columns ?? [])
        out.set("bins", bins)
        out.set("min_rows", rowsMin)
        out.set("limit", limit)
        out.set("floor", floor)
        return out
    }
}
