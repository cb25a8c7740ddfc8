internal import Profiles
internal import Statistics
internal import Vocabulary

/// Compares the columns of a window with the reference: features and the score.
struct DriftMonitor {
    let settings: MonitorSettings

    func features(_ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) -> [Draft] {
        version.schema.features.indices.flatMap { i -> [Draft] in
            let name = version.schema.features[i].name
            switch (reference.grid.features[i], reference.profile.features[i], current.features[i]) {
            case (.numeric(let grid), .numeric(let r), .numeric(let a)):
                let (n, m) = (r.present, a.present)
                return numeric(.featureDrift, name, grid, (r, n), (a, m)) + [missing(name, of: (r.missing, n), and: (a.missing, m))]
            case (.categorical(let grid), .categorical(let r), .categorical(let a)):
                return categorical(grid, r, a) {
                    Finding(monitor: .featureDrift, subject: name, statistic: $0, value: nil, referenceCount: $1, currentCount: $2)
                }
                    + [missing(name, of: (r.missing, r.present), and: (a.missing, a.present))]
            case (.vector(let grid), .vector(let r), .vector(let a)):
                let (n, m) = (r.norm.present, a.norm.present)
                let length = numeric(.featureDrift, name, grid.norm, (r.norm, n), (a.norm, m)).map { draft in
                    var draft = draft
                    draft.finding.why = "of its length: " + draft.finding.why
                    return draft
                }
                return length + [missing(name, of: (r.norm.missing, n), and: (a.norm.missing, m))]
            default: return []
            }
        }
    }

    func prediction(_ reference: ReferenceProfile, _ current: Profile) -> [Draft] {
        let n = reference.profile.score.present
        guard n > 0 else { return [] }
        return numeric(.predictionDrift, "", reference.grid.score, (reference.profile.score, n), (current.score, current.score.present))
    }

    private func numeric(
        _ monitor: Vocabulary.Monitor, _ subject: String, _ grid: NumericGrid, _ reference: (cells: NumericCells, n: Int64),
        _ current: (cells: NumericCells, n: Int64)
    ) -> [Draft] {
        let (n, m) = (reference.n, current.n)
        func blank(_ statistic: String) -> Finding {
            Finding(monitor: monitor, subject: subject, statistic: statistic, value: nil, referenceCount: n, currentCount: m)
        }
        guard n > 0, m > 0 else { return ["ks", "psi", "jensen_shannon"].map { .noData(blank($0)) } }
        var drafts: [Draft] = []
        if let ks = try? KolmogorovSmirnov(cuts: grid.cuts, referenceCells: reference.cells.counts, currentCells: current.cells.counts) {
            var finding = blank("ks")
            finding.value = ks.statistic
            finding.lower = ks.statistic
            finding.upper = ks.upperBound
            finding.pValue = ks.pValue
            finding.why =
                ks.location.map { at in
                    let (r, a) = (share(reference.cells.counts, n, grid, upTo: at), share(current.cells.counts, m, grid, upTo: at))
                    return "values up to \(grouped(at)): \(percent(r)) in the reference, \(percent(a)) now"
                } ?? "the distributions are equal"
            drafts.append(
                Draft(
                    finding: finding, effect: ks.statistic, floor: settings.ksFloor,
                    detectable: KolmogorovSmirnov.critical(alpha: settings.alpha, n: n, m: m)))
        }
        let edges = grid.binEdges
        return drafts
            + binned(blank, grid.bins(of: reference.cells.counts), grid.bins(of: current.cells.counts)) { bin in
                if bin == edges.count { return "values above \(edges.last.map(grouped) ?? "-∞")" }
                return bin == 0 ? "values up to \(grouped(edges[0]))" : "values from \(grouped(edges[bin - 1])) to \(grouped(edges[bin]))"
            }
    }

    /// - Parameter finding: an empty one of a statistic, with the counts of both sides.
    func categorical(
        _ grid: CategoricalGrid, _ reference: CategoricalCells, _ current: CategoricalCells,
        finding: (_ statistic: String, _ n: Int64, _ m: Int64) -> Finding
    ) -> [Draft] {
        let n = reference.present
        let m = current.present
        func blank(_ statistic: String) -> Finding { finding(statistic, n, m) }
        guard n > 0, m > 0 else { return ["chi_squared", "psi", "jensen_shannon"].map { .noData(blank($0)) } }
        // Levels beyond the grid's limit share one cell with those that the reference did not have.
        let r = reference.counts + [reference.unseen.total]
        let a = current.counts + [current.unseen.total]
        let newest = current.unseen.heaviest(3).map { "\"\($0.name)\"" }.joined(separator: ", ")
        func label(_ cell: Int) -> String {
            if cell < grid.levels.count { return "\"\(grid.levels[cell])\"" }
            return "levels that the reference does not have" + (newest.isEmpty ? "" : " (\(newest))")
        }
        var drafts: [Draft] = []
        if let chi = try? ChiSquared(reference: r, current: a) {
            let tested = CommonCells(r, a)
            let law = try? ChiSquared(reference: tested.reference, current: tested.current)
            var finding = blank("chi_squared")
            finding.value = chi.statistic
            finding.pValue = tested.isTestable ? law?.pValue : nil
            finding.drivers = drivers(r, a, label)
            finding.why = moved(r, a, label) + ", effect size (Cramér's V of equal samples) \(format(chi.balancedV))"
            let critical = Distributions.chiSquaredCritical(settings.alpha, degreesOfFreedom: Double(law?.degreesOfFreedom ?? 1))
            drafts.append(
                Draft(
                    finding: finding, effect: chi.balancedV, floor: settings.cramersVFloor,
                    detectable: ChiSquared.balancedV(statistic: critical, n: n, m: m), rowsNeeded: tested.rowsNeeded ?? .max))
        } else {
            var finding = blank("chi_squared")
            finding.verdict = .ok
            finding.why = "a single level on both sides"
            drafts.append(.shown(finding))
        }
        return drafts + binned(blank, r, a, label)
    }

    /// - Parameter label: of a cell; only those that are shown are asked for.
    private func binned(_ blank: (String) -> Finding, _ r: [Int64], _ a: [Int64], _ label: (Int) -> String) -> [Draft] {
        let tested = CommonCells(r, a)
        let (why, drivers) = (moved(r, a, label), drivers(r, a, label))
        let (n, m, cells) = (r.reduce(0, +), a.reduce(0, +), tested.count)
        var drafts: [Draft] = []
        func add(_ statistic: String, _ value: Double, _ kind: EffectKind, pValue: Double?, floor: Double, detectable: Double) {
            var finding = blank(statistic)
            finding.value = value
            finding.pValue = pValue
            finding.why = why
            finding.drivers = drivers
            drafts.append(
                Draft(
                    finding: finding, effect: value, floor: floor, detectable: detectable, rowsNeeded: tested.rowsNeeded ?? .max,
                    kind: kind))
        }
        if let psi = try? PopulationStabilityIndex(reference: r, current: a) {
            let law = try? PopulationStabilityIndex(reference: tested.reference, current: tested.current)
            add(
                "psi", psi.statistic, .squaredDistance, pValue: tested.isTestable ? law?.pValue : nil, floor: settings.psiFloor,
                detectable: PopulationStabilityIndex.critical(alpha: settings.alpha, cells: cells, n: n, m: m))
        }
        if let js = try? JensenShannon(reference: r, current: a) {
            let law = try? JensenShannon(reference: tested.reference, current: tested.current)
            add(
                "jensen_shannon", js.statistic, .distance, pValue: tested.isTestable ? law?.pValue : nil,
                floor: settings.jensenShannonFloor,
                detectable: JensenShannon.critical(alpha: settings.alpha, cells: cells, n: n, m: m))
        }
        return drafts
    }

    /// - Parameters: missing and present values of both sides.
    private func missing(_ name: String, of reference: (Int64, Int64), and current: (Int64, Int64)) -> Draft {
        let (was, now) = (
            Rate(count: reference.0, total: reference.0 + reference.1), Rate(count: current.0, total: current.0 + current.1)
        )
        let finding = Finding(
            monitor: .featureDrift, subject: name, statistic: "missing_ratio", value: nil, referenceCount: was.total,
            currentCount: now.total)
        return settings.change(finding, from: was, to: now, floor: settings.missingFloor, name: "missing:")
    }

    /// The cells whose share changed by a hundredth or more, those that changed most first.
    private func drivers(_ r: [Int64], _ a: [Int64], _ label: (Int) -> String) -> [Driver] {
        let n = Double(max(1, r.reduce(0, +)))
        let m = Double(max(1, a.reduce(0, +)))
        let changes = r.indices.map { (cell: $0, change: abs(Double(a[$0]) / m - Double(r[$0]) / n)) }
        return changes.filter { $0.change >= 0.01 }.sorted { ($1.change, $0.cell) < ($0.change, $1.cell) }.prefix(Driver.max).map {
            cell, _ in
            Driver(label(cell), before: Double(r[cell]) / n, after: Double(a[cell]) / m, count: a[cell])
        }
    }

    /// The cell whose share changed most.
    private func moved(_ r: [Int64], _ a: [Int64], _ label: (Int) -> String) -> String {
        let n = Double(max(1, r.reduce(0, +)))
        let m = Double(max(1, a.reduce(0, +)))
        guard let cell = r.indices.max(by: { abs(Double(a[$0]) / m - Double(r[$0]) / n) < abs(Double(a[$1]) / m - Double(r[$1]) / n) })
        else { return "" }
        let was = Double(r[cell]) / n
        let now = Double(a[cell]) / m
        if was == now { return "no cell moved" }
        return "the share of \(label(cell)) \(now > was ? "rose" : "fell") from \(percent(was)) to \(percent(now))"
    }

    private func share(_ cells: [Int64], _ total: Int64, _ grid: NumericGrid, upTo x: Double) -> Double {
        let limit = grid.cell(of: x) ?? 0
        // An open interval's end counts the whole interval, as the statistic did.
        return Double(cells[...limit].reduce(0, &+)) / Double(max(1, total))
    }
}
