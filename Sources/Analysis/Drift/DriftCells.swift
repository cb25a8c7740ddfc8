internal import Statistics
internal import Vocabulary

/// Counts of both sides on shared cells: bins of a numeric column, levels of a categorical one.
struct DriftCells {
    enum Names {
        /// The cells between edges: open at both ends, right-closed.
        case edges([Double])
        case levels([String])
    }
    var names: Names
    var reference: [Int64]
    var current: [Int64]
    /// Rows without a value, where they are a cell of their own.
    var missing: (reference: Int64, current: Int64)?

    /// Levels printed at most; a column with more says how many are left out.
    static let levelsShownMax = 1000

    init(_ r: SortedSample, _ a: SortedSample, edges: [Double]) {
        names = .edges(edges)
        reference = r.counts(edges: edges)
        current = a.counts(edges: edges)
    }

    init(edges: [Double], reference: [Int64], current: [Int64]) {
        names = .edges(edges)
        self.reference = reference
        self.current = current
    }

    /// Levels of both sides, by code point.
    init(_ r: [Level: Int64], _ a: [Level: Int64]) {
        let levels = Set(r.keys).union(a.keys).sorted()
        names = .levels(levels.map(\.text))
        reference = levels.map { r[$0] ?? 0 }
        current = levels.map { a[$0] ?? 0 }
    }

    /// Levels of the reference by code point, and beside them those of the current side that it does not have.
    init(levels: [Level], reference: [Int64], current: [Int64], unseen: [Level: Int64]) {
        if unseen.isEmpty {
            names = .levels(levels.map(\.text))
            (self.reference, self.current) = (reference, current)
            return
        }
        var (names, r, a): ([String], [Int64], [Int64]) = ([], [], [])
        var next = 0
        for level in unseen.keys.sorted() {
            while next < levels.count, levels[next] < level {
                names.append(levels[next].text)
                r.append(reference[next])
                a.append(current[next])
                next += 1
            }
            names.append(level.text)
            r.append(0)
            a.append(unseen[level] ?? 0)
        }
        self.names = .levels(names + levels[next...].map(\.text))
        self.reference = r + reference[next...]
        self.current = a + current[next...]
    }

    static func edges(_ reference: SortedSample, bins: Int, binning: DriftOptions.Binning) -> [Double] {
        if binning == .quantiles { return quantileEdges(ofSorted: reference.values, bins: bins) }
        let finite = reference.values.filter(\.isFinite)
        guard let low = finite.first, let high = finite.last, bins > 1 else { return [] }
        var edges: [Double] = []
        for i in 1..<bins {
            // Of a range too wide for its own width, each end by its share.
            let width = high - low
            let share = Double(i) / Double(bins)
            edges.append(width.isFinite ? low + width * Double(i) / Double(bins) : low * (1 - share) + high * share)
        }
        return edges
    }

    var labels: [String] {
        switch names {
        case .levels(let levels): return levels.map { "\"\($0.shown())\"" }
        case .edges(let edges):
            guard let first = edges.first, let last = edges.last else { return ["all values"] }
            return ["up to \(inWords(first))"] + zip(edges, edges.dropFirst()).map { "\(inWords($0)) to \(inWords($1))" }
                + ["above \(inWords(last))"]
        }
    }

    /// The counts that are compared: of the cells of values, and of the missing ones if they are a cell.
    var counts: (reference: [Int64], current: [Int64]) {
        missing.map { (reference + [$0.reference], current + [$0.current]) } ?? (reference, current)
    }

    /// The cells by how much their share changed, most first.
    var movers: [(label: String, was: Double, now: Double)] {
        let (r, a) = counts
        let (n, m) = (Double(max(1, r.reduce(0, +))), Double(max(1, a.reduce(0, +))))
        let labels = labels + (missing == nil ? [] : ["missing values"])
        return labels.indices.map { (labels[$0], Double(r[$0]) / n, Double(a[$0]) / m) }
            .enumerated().sorted { (abs($1.1.2 - $1.1.1), $0.0) < (abs($0.1.2 - $0.1.1), $1.0) }.map(\.1)
    }

    /// The cell whose share changed most, in words.
    var moved: String {
        guard let top = movers.first, top.was != top.now else { return "no cell moved" }
        return "\(top.label) \(top.now > top.was ? "rose" : "fell") from \(inPercent(top.was)) to \(inPercent(top.now))"
    }

    var json: JSON {
        var object = JSONObject()
        var shown = Array(reference.indices)
        switch names {
        case .edges(let edges): object["edges"] = .statistics(edges)
        case .levels(let levels):
            if levels.count > Self.levelsShownMax {
                let weights = zip(reference, current).map(+)
                shown = Array(shown.sorted { (weights[$1], $0) < (weights[$0], $1) }.prefix(Self.levelsShownMax)).sorted()
                object["levels_left_out"] = JSON(levels.count - shown.count)
            }
            object["levels"] = .array(shown.map { .string(levels[$0]) })
        }
        object["reference"] = .array(shown.map { .integer(reference[$0]) })
        object["current"] = .array(shown.map { .integer(current[$0]) })
        if let missing { object["missing"] = .object(["reference": .integer(missing.reference), "current": .integer(missing.current)]) }
        return .object(object)
    }
}
