internal import Glibc
internal import Profiles
internal import Statistics
internal import Vocabulary

/// Looks for what a broken pipeline does to features: values outside the reference's range, levels that it did not have, a column that
/// has become constant. (That values are missing is told by the drift monitor.)
struct DataQualityMonitor {
    let settings: MonitorSettings

    func findings(_ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) -> [Draft] {
        version.schema.features.indices.flatMap { i -> [Draft] in
            let name = version.schema.features[i].name
            switch (reference.grid.features[i], reference.profile.features[i], current.features[i]) {
            case (.numeric(let grid), .numeric(let r), .numeric(let a)):
                let (n, m) = (r.present, a.present)
                return [
                    outOfRange(name, grid, (r, n), (a, m)), constant(name, (r.counts, n), (a.counts, m)) { numericCell(grid, $0) },
                ].compactMap { $0 }
            case (.categorical(let grid), .categorical(let r), .categorical(let a)):
                return [
                    unseen(name, grid, r, a),
                    constant(name, (r.counts + [r.unseen.total], r.present), (a.counts + [a.unseen.total], a.present)) {
                        $0 < grid.levels.count ? "\"\(grid.levels[$0])\"" : "a level that the reference does not have"
                    },
                ].compactMap { $0 }
            default: return []
            }
        }
    }

    private func blank(_ name: String, _ statistic: String, _ n: Int64, _ m: Int64) -> Finding {
        Finding(monitor: .dataQuality, subject: name, statistic: statistic, value: nil, referenceCount: n, currentCount: m)
    }

    /// nil where the reference's range has no ends.
    private func outOfRange(
        _ name: String, _ grid: NumericGrid, _ reference: (cells: NumericCells, n: Int64), _ current: (cells: NumericCells, n: Int64)
    ) -> Draft? {
        var finding = blank(name, "out_of_range_ratio", reference.n, current.n)
        guard reference.n > 0, current.n > 0, let first = grid.cuts.first, let last = grid.cuts.last else { return .noData(finding) }
        // The outermost cells lie beyond the smallest and the largest reference value; only infinite ones are in them.
        func outside(_ cells: NumericCells) -> Int64 { cells.counts[0] + cells.counts[cells.counts.count - 1] }
        if outside(reference.cells) > 0 { return nil }
        let count = outside(current.cells)
        let share = Double(count) / Double(current.n)
        finding.value = share
        finding.pValue = (try? Exceedances(outside: count, of: current.n, reference: reference.n))?.pValue ?? 1
        finding.why = "\(percent(share)) of the values lie outside \(format(first)) to \(format(last)), the reference's range"
        return Draft(finding: finding, effect: share, floor: settings.dataQualityFloor)
    }

    private func unseen(_ name: String, _ grid: CategoricalGrid, _ r: CategoricalCells, _ a: CategoricalCells) -> Draft? {
        // Of too many levels the reference itself has some that are not counted by name.
        if !grid.isComplete { return nil }
        var finding = blank(name, "unseen_ratio", r.present, a.present)
        guard r.present > 0, a.present > 0 else { return .noData(finding) }
        let share = Double(a.unseen.total) / Double(a.present)
        finding.value = share
        // Levels that a sample misses have about the share of those that it holds once (I. J. Good, "The Population Frequencies of Species", 1953).
        let once = Double(r.counts.count { $0 == 1 })
        let expected = min(1, (once + 1) / Double(r.present))
        finding.pValue =
            a.unseen.total == 0
            ? 1 : (try? Distributions.binomial(Double(a.unseen.total) - 1, n: Double(a.present), p: expected))?.tail ?? 1
        let names = a.unseen.heaviest(3).map { "\"\($0.name)\"" }.joined(separator: ", ")
        finding.why =
            "\(percent(share)) of the values are levels that the reference does not have" + (names.isEmpty ? "" : ", most often \(names)")
        return Draft(finding: finding, effect: share, floor: settings.dataQualityFloor)
    }

    /// 1 or 0; nil where the reference's values are all of one kind. The number is there, and counts in its family, whether it is 1 or not.
    private func constant(
        _ name: String, _ reference: (cells: [Int64], n: Int64), _ current: (cells: [Int64], n: Int64), _ words: (Int) -> String
    ) -> Draft? {
        let (n, m) = (reference.n, current.n)
        /// The only cell that holds values: the first one that does, if it holds them all.
        func only(_ cells: [Int64], _ total: Int64) -> Int? { cells.firstIndex { $0 != 0 }.flatMap { cells[$0] == total ? $0 : nil } }
        if n == 0 || only(reference.cells, n) != nil { return nil }
        var finding = blank(name, "constant", n, m)
        guard m > 0 else { return .noData(finding) }
        guard let only = only(current.cells, m) else {
            (finding.value, finding.pValue) = (0, 1)
            return Draft(finding: finding, effect: 0, floor: settings.constantFloor)
        }
        let was = Double(reference.cells[only]) / Double(n)
        finding.value = 1
        finding.pValue = exp(Double(m) * log(max(was, 0.5 / Double(n))))
        finding.why = "all values are \(words(only)), \(percent(was)) of the reference's were"
        return Draft(finding: finding, effect: 1 - was, floor: settings.constantFloor)
    }

    private func numericCell(_ grid: NumericGrid, _ cell: Int) -> String {
        if cell % 2 == 1 { return format(grid.cuts[cell / 2]) }
        if cell == 0 { return "below \(format(grid.cuts[0]))" }
        let below = format(grid.cuts[cell / 2 - 1])
        return cell / 2 < grid.cuts.count ? "between \(below) and \(format(grid.cuts[cell / 2]))" : "above \(below)"
    }
}
