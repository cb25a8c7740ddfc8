internal import Pages
internal import Profiles
internal import Reporting
internal import Statistics
internal import Vocabulary

// From the sums of a window to what pages draw.

extension Distribution {
    /// Bins of a histogram.
    static let binsMax = 24
    /// A numeric column of no more values than this is shown value by value, and so many levels of a categorical one.
    static let levelsMax = 15
    /// What lies in the tails of the reference is told in words, else one far value would flatten the rest.
    static let tail = 0.005

    /// A feature of a window and of its reference.
    init(_ place: Int, reference: ReferenceProfile, window: Profile) {
        switch (reference.grid.features[place], reference.profile.features[place], window.features[place]) {
        case (.numeric(let grid), .numeric(let before), .numeric(let now)): self.init(grid, before, now)
        case (.categorical(let grid), .categorical(let before), .categorical(let now)): self.init(grid, before, now)
        case (.vector(let grid), .vector(let before), .vector(let now)): self.init(grid.norm, before.norm, now.norm)
        default: self.init(shape: .levels([]), reference: [], current: [], referenceRows: 0, currentRows: 0, notes: [])
        }
    }

    init(_ grid: NumericGrid, _ before: NumericCells, _ now: NumericCells) {
        let (n, m) = (before.present, now.present)
        var notes = Self.missing(before.missing, n, now.missing, m)
        func shares(_ counts: [Int64], _ total: Int64) -> [Double] { counts.map { total > 0 ? Double($0) / Double(total) : 0 } }
        let edges = Self.edges(grid, before.counts, n)
        if grid.cuts.count <= Self.levelsMax && grid.isComplete || edges.count < 3 {
            let values = grid.cuts.indices.prefix(Self.levelsMax)
            var (old, new) = (values.map { before.counts[2 * $0 + 1] }, values.map { now.counts[2 * $0 + 1] })
            var names = values.map { shortNumber(grid.cuts[$0]) }
            if case let rest = (n - old.reduce(0, +), m - new.reduce(0, +)), rest.0 + rest.1 > 0 {
                names.append("other values")
                old.append(rest.0)
                new.append(rest.1)
            }
            self.init(
                shape: .levels(names), reference: shares(old, n), current: shares(new, m), referenceRows: n, currentRows: m, notes: notes)
            return
        }
        let (old, new) = (shares(grid.regroup(before.counts, edges: edges), n), shares(grid.regroup(now.counts, edges: edges), m))
        let (low, high) = (edges[0], edges[edges.count - 1])
        if let below = new.first, let above = new.last, below + above > 0 {
            notes.append(
                "Not drawn: \(percentage(below)) of the window up to \(longNumber(low)) and \(percentage(above)) above \(longNumber(high)) (reference \(percentage(old[0])) and \(percentage(old[old.count - 1])))."
            )
        }
        // Bins are as wide as the grid's cuts allow; a share is given for the mean width, so that areas compare.
        let mean = (high - low) / Double(edges.count - 1)
        func heights(_ shares: [Double]) -> [Double] { (1..<edges.count).map { shares[$0] * mean / (edges[$0] - edges[$0 - 1]) } }
        self.init(
            shape: .bins(edges: edges), reference: heights(old), current: heights(new), referenceRows: n, currentRows: m, notes: notes)
    }

    init(_ grid: CategoricalGrid, _ before: CategoricalCells, _ now: CategoricalCells) {
        let (n, m) = (before.present, now.present)
        func share(_ count: Int64, _ total: Int64) -> Double { total > 0 ? Double(count) / Double(total) : 0 }
        let order = grid.levels.indices.sorted { a, b in
            let (x, y) = (
                max(share(before.counts[a], n), share(now.counts[a], m)), max(share(before.counts[b], n), share(now.counts[b], m))
            )
            return x != y ? x > y : a < b
        }.prefix(Self.levelsMax)
        var (names, old, new) = (
            order.map { grid.levels[$0] }, order.map { share(before.counts[$0], n) }, order.map { share(now.counts[$0], m) }
        )
        let rest = (
            before.counts.reduce(0, +) - order.reduce(0) { $0 + before.counts[$1] },
            now.counts.reduce(0, +) - order.reduce(0) { $0 + now.counts[$1] }
        )
        if rest.0 + rest.1 > 0 {
            names.append("other levels")
            old.append(share(rest.0, n))
            new.append(share(rest.1, m))
        }
        var notes = Self.missing(before.missing, n, now.missing, m)
        if now.unseen.total > 0 {
            names.append("not in the reference")
            old.append(share(before.unseen.total, n))
            new.append(share(now.unseen.total, m))
            notes.append("Not in the reference: \(now.unseen.heaviest(5).map { "\"\($0.name)\"" }.joined(separator: ", ")).")
        }
        self.init(shape: .levels(names), reference: old, current: new, referenceRows: n, currentRows: m, notes: notes)
    }

    private static func missing(_ before: Int64, _ n: Int64, _ now: Int64, _ m: Int64) -> [String] {
        guard before + now > 0 else { return [] }
        func share(_ missing: Int64, _ present: Int64) -> Double { missing > 0 ? Double(missing) / Double(missing + present) : 0 }
        return ["Missing: \(percentage(share(before, n))) in the reference, \(percentage(share(now, m))) in the window."]
    }

    /// Cuts that are about evenly spaced over the reference without its tails.
    private static func edges(_ grid: NumericGrid, _ counts: [Int64], _ total: Int64) -> [Double] {
        guard total > 0, grid.cuts.count > 2 else { return [] }
        var below: Int64 = 0
        var cumulative: [Double] = []
        for i in grid.cuts.indices {
            below += counts[2 * i] + counts[2 * i + 1]
            cumulative.append(Double(below) / Double(total))
        }
        let first = cumulative.lastIndex { $0 <= tail } ?? 0
        let last = cumulative.firstIndex { $0 >= 1 - tail } ?? grid.cuts.count - 1
        guard first < last else { return [] }
        let (low, high) = (grid.cuts[first], grid.cuts[last])
        guard (high - low).isFinite else { return [] }
        var edges: [Double] = []
        var at = first
        for bin in 0...binsMax {
            let target = low + (high - low) * Double(bin) / Double(binsMax)
            while at < last, abs(grid.cuts[at + 1] - target) <= abs(grid.cuts[at] - target) { at += 1 }
            if edges.last.map({ $0 < grid.cuts[at] }) ?? true { edges.append(grid.cuts[at]) }
        }
        return edges
    }
}

private func percentage(_ share: Double) -> String { "\(shortNumber((share * 1000).rounded() / 10)) %" }

extension WindowSums {
    init(reference: ReferenceProfile, window: Profile) {
        let grid = reference.grid.score
        self.init(
            scores: window.score.present > 0 ? Distribution(grid, reference.profile.score, window.score) : nil,
            reliability: reference.grid.outcome == .numeric ? [] : Self.reliability(window.outcomes, grid))
    }

    /// Ten bins of equal width; none where scores are no probabilities.
    private static func reliability(_ outcomes: Outcomes, _ grid: NumericGrid) -> [ReliabilityPoint] {
        let edges = ProfileGrid.calibrationEdges
        let bins = (0..<grid.cellCount).map { cell in
            cell / 2 < grid.cuts.count ? edges.count { $0 < grid.cuts[cell / 2] } : edges.count
        }
        var (rows, positives, sums) = (
            [Int64](repeating: 0, count: edges.count + 1), [Int64](repeating: 0, count: edges.count + 1),
            [Int128](repeating: 0, count: edges.count + 1)
        )
        for (stratum, scores) in outcomes.strata where stratum.label != .any {
            if scores.outsideUnit > 0 { return [] }
            for (cell, entry) in scores.cells {
                let bin = bins[Int(cell)]
                rows[bin] += entry.count
                if stratum.label == .positive { positives[bin] += entry.count }
                sums[bin] += entry.sum
            }
        }
        return rows.indices.compactMap { bin in
            guard rows[bin] > 0, let interval = wilsonInterval(count: positives[bin], of: rows[bin]) else { return nil }
            let n = Double(rows[bin])
            return ReliabilityPoint(
                score: ScoreCells.double(sums[bin]) / n, observed: Double(positives[bin]) / n, lower: interval.lower, upper: interval.upper,
                rows: rows[bin])
        }
    }
}
