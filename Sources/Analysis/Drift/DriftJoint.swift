internal import Statistics
internal import Vocabulary

/// Drift of all columns together, where no single column need show it. Only made when asked for.
struct DriftJoint {
    let columns: [DriftColumn]
    let options: DriftOptions

    struct Result {
        /// For the `dataset` of the result.
        var members: [(String, JSON)] = []
        /// Statistic, value, p, in words.
        var rows: [[String]] = []
        var isFinding = false
    }

    static let aucFloor = 0.6
    static let correlationFloor = 0.1
    static let reconstructionFloor = 0.1
    /// Of a longer side evenly spaced rows are used, about so many.
    static let rowsMax = 100_000
    /// Rows of either side up to which the exact discrepancy is made.
    static let exactRowsMax = 1000

    func result() -> Result {
        var result = Result()
        for test in DriftTest.ofAllColumns where options.tests.contains(test) {
            do {
                switch test {
                case .domainClassifier: try domainClassifier(&result)
                case .pcaReconstruction: try reconstruction(&result)
                case .correlation: try correlation(&result)
                default: try discrepancy(&result)
                }
            } catch {
                let statistic = test == .domainClassifier ? "auc" : "statistic"
                result.members.append((test.rawValue, .object(JSONObject([(statistic, .null), ("why", .string(error.description))]))))
                result.rows.append([test.rawValue, "", "", error.description])
            }
        }
        return result
    }

    private var compared: [(name: String, reference: ColumnData, current: ColumnData)] {
        columns.compactMap { column in
            if case .compared(let name, _, let r, let a) = column { (name, r, a) } else { nil }
        }
    }

    private func add(
        _ result: inout Result, _ test: DriftTest, members: [(String, JSON)], value: Double, p: Double, isFinding: Bool, words: String
    ) {
        let verdict: Verdict = isFinding ? .drifted : p <= DriftOutcome.alpha ? .negligible : .ok
        result.members.append(
            (test.rawValue, .object(JSONObject(members + [("verdict", .string(verdict.rawValue)), ("why", .string(words))]))))
        result.rows.append([test.rawValue, inWords(value), inWords(p), words])
        result.isFinding = result.isFinding || isFinding
    }

    private func domainClassifier(_ result: inout Result) throws(StatisticsError) {
        let compared = compared
        guard let first = compared.first else { throw StatisticsError(.empty, "no column that could be compared") }
        let features = compared.map { column -> DomainClassifier.Column in
            switch (column.reference, column.current) {
            case (.numbers(let r), .numbers(let a)): return .numbers(r + a)
            case (.levels(let r), .levels(let a)):
                var numbers: [Level: Int] = [:]
                func numbered(_ side: CodedLevels) -> [Int] {
                    let own = side.names.map { level in
                        let number = numbers[level] ?? numbers.count
                        numbers[level] = number
                        return number
                    }
                    return side.codes.map { $0 < 0 ? -1 : own[Int($0)] }
                }
                return .levels(numbered(r) + numbered(a))
            default: return .numbers([])
            }
        }
        let model = try DomainClassifier(
            features, referenceRows: first.reference.count, currentRows: first.current.count, confidence: options.confidence,
            seed: options.seed)
        let leading = compared.indices.sorted { (model.importance[$1], $0) < (model.importance[$0], $1) }
            .filter { model.importance[$0] > 0 }.prefix(5)
        let names = leading.prefix(3).map { compared[$0].name }.joined(separator: ", ")
        let isFinding = model.pValue <= DriftOutcome.alpha && model.auc >= Self.aucFloor
        add(
            &result, .domainClassifier,
            members: [
                ("auc", .statistic(model.auc)),
                ("interval", model.interval.map { .statistics([$0.lower, $0.upper]) } ?? .null), ("p_value", .statistic(model.pValue)),
                ("rows", .object(["reference": JSON(model.rows.reference), "current": JSON(model.rows.current)])),
                (
                    "importance",
                    .object(JSONObject(leading.map { (compared[$0].name, JSON.statistic(model.importance[$0])) }))
                ),
            ], value: model.auc, p: model.pValue, isFinding: isFinding,
            words: isFinding
                ? "rows give their side away, by \(names) first"
                : "rows can hardly be told apart (AUC below \(Self.aucFloor) or not significant)")
    }

    /// The numeric columns' rows in which nothing is missing or infinite, at most about `rowsMax` of a side.
    private func completeRows() throws(StatisticsError) -> (names: [String], reference: [[Double]], current: [[Double]]) {
        var names: [String] = []
        var sides: ([[Double]], [[Double]]) = ([], [])
        for column in compared {
            guard case .numbers(let r) = column.reference, case .numbers(let a) = column.current else { continue }
            names.append(column.name)
            sides.0.append(r)
            sides.1.append(a)
        }
        guard names.count >= 2 else { throw StatisticsError(.undefined, "fewer than two columns of numbers") }
        func rows(_ columns: [[Double]]) -> [[Double]] {
            let every = max(1, (columns[0].count + Self.rowsMax - 1) / Self.rowsMax)
            return stride(from: 0, to: columns[0].count, by: every).lazy
                .map { row in columns.map { $0[row] } }.filter { $0.allSatisfy(\.isFinite) }
        }
        let (r, a) = (rows(sides.0), rows(sides.1))
        guard r.count >= 30, a.count >= 30 else {
            throw StatisticsError(.undefined, "\(r.count) and \(a.count) rows without a missing number, expected at least 30 on a side")
        }
        return (names, r, a)
    }

    private func reconstruction(_ result: inout Result) throws(StatisticsError) {
        let rows = try completeRows()
        let error = try ReconstructionError(reference: rows.reference, current: rows.current)
        let isFinding = error.pValue <= DriftOutcome.alpha && abs(error.ratio - 1) >= Self.reconstructionFloor
        add(
            &result, .pcaReconstruction,
            members: [
                ("statistic", .statistic(error.ratio)), ("p_value", .statistic(error.pValue)), ("reference", .statistic(error.reference)),
                ("current", .statistic(error.current)), ("components", JSON(error.components)),
            ], value: error.ratio, p: error.pValue, isFinding: isFinding,
            words: "rows are rebuilt from \(error.components) components with \(inWords(error.ratio)) times the reference's error")
    }

    private func correlation(_ result: inout Result) throws(StatisticsError) {
        let rows = try completeRows()
        func columns(_ rows: [[Double]]) -> [[Double]] { rows[0].indices.map { c in rows.map { $0[c] } } }
        let drift = try CorrelationDrift(reference: columns(rows.reference), current: columns(rows.current))
        let moved = drift.pairs.filter { $0.adjustedP <= DriftOutcome.alpha && abs($0.difference) >= Self.correlationFloor }
        let top = moved.first ?? drift.pairs[0]
        add(
            &result, .correlation,
            members: [
                ("statistic", .statistic(abs(top.difference))), ("p_value", .statistic(top.adjustedP)),
                ("mean_difference", .statistic(drift.meanDifference)), ("pairs", JSON(drift.pairs.count)),
                ("drifted_pairs", JSON(moved.count)),
                (
                    "worst",
                    .array(
                        drift.pairs.prefix(10).map { pair in
                            .object([
                                "columns": .array([.string(rows.names[pair.first]), .string(rows.names[pair.second])]),
                                "reference": .statistic(pair.reference), "current": .statistic(pair.current),
                                "p_adjusted": .statistic(pair.adjustedP),
                            ])
                        })
                ),
            ], value: abs(top.difference), p: top.adjustedP, isFinding: !moved.isEmpty,
            words: "the rank correlation of \(rows.names[top.first]) and \(rows.names[top.second]) went from \(inWords(top.reference)) "
                + "to \(inWords(top.current)); \(moved.count) of \(drift.pairs.count) pairs moved")
    }

    private func discrepancy(_ result: inout Result) throws(StatisticsError) {
        let rows = try completeRows()
        let scale = Standardisation(rows.reference)
        let (r, a) = (rows.reference.map(scale.applied), rows.current.map(scale.applied))
        let statistic: Double?
        let p: Double
        var members: [(String, JSON)]
        if max(r.count, a.count) <= Self.exactRowsMax {
            let exact = try MaximumMeanDiscrepancy(reference: r, current: a)
            p = try exact.permutation(199, seed: options.seed).pValue
            statistic = exact.unbiased
            members = [
                ("statistic", .statistic(exact.unbiased)), ("p_value", .statistic(p)), ("biased", .statistic(exact.biased)),
                ("bandwidth", .statistic(exact.bandwidth)), ("method", "permutation"),
            ]
        } else {
            let features = try FourierDiscrepancy(reference: r, current: a, seed: options.seed)
            p = features.pValue
            statistic = features.biased - features.expectedUnderNoDrift
            members = [
                ("statistic", .statistic(statistic)), ("p_value", .statistic(p)), ("biased", .statistic(features.biased)),
                ("bandwidth", .statistic(features.bandwidth)), ("method", "random_fourier_features"), ("features", JSON(features.features)),
            ]
        }
        // The discrepancy has no scale that people know, so it is shown and gives no verdict of its own.
        members.append(("why", .string("a squared distance in the kernel's space; it has no effect floor, so it carries no verdict")))
        result.members.append((DriftTest.mmd.rawValue, .object(JSONObject(members))))
        result.rows.append([
            DriftTest.mmd.rawValue, statistic.map(inWords) ?? "", inWords(p), p <= DriftOutcome.alpha ? "significant" : "not significant",
        ])
    }
}
