internal import Glibc

/// A small model of gradient-boosted trees for two classes, to tell two sets of rows apart: logistic loss, shallow trees, histograms.
///
/// Nothing in it is drawn at random. Missing values (NaN) have a cell of their own below all others, so that a tree can split on them.
/// > Source: J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001; T. Chen and C. Guestrin, "XGBoost: A
/// > Scalable Tree Boosting System", 2016 (second-order gains).
struct DomainTrees {
    var rounds = 60
    var depth = 3
    var rate = 0.1
    var cells = 48
    var rowsPerLeafMin = 20
    var penalty = 1.0

    private struct Node {
        var column = -1
        /// Rows in cells up to this go left.
        var cell: UInt8 = 0
        var value = 0.0
    }
    private var trees: [[Node]] = []
    private var edges: [[Double]] = []
    private var base = 0.0
    /// Each column's share of all that the splits gained.
    private(set) var gains: [Double] = []

    init() {}

    /// - Parameters: - columns: by column, as many values in each as there are labels. - labels: true for the second class.
    mutating func fit(_ columns: [[Double]], _ labels: [Bool]) {
        edges = columns.map { column in
            let sorted = column.filter { !$0.isNaN }.sorted()
            return quantileEdges(ofSorted: sorted, bins: cells)
        }
        let binned = zip(columns, edges).map { column, edges in column.map { Self.cell($0, edges) } }
        let positives = Double(labels.count(where: { $0 }))
        base = log((positives + 0.5) / (Double(labels.count) - positives + 0.5))
        gains = [Double](repeating: 0, count: columns.count)
        trees = []
        var margins = [Double](repeating: base, count: labels.count)
        for _ in 0..<rounds {
            var slopes = [Double](repeating: 0, count: labels.count)
            var curves = slopes
            for i in labels.indices {
                let p = 1 / (1 + exp(-margins[i]))
                slopes[i] = (labels[i] ? 1 : 0) - p
                curves[i] = p * (1 - p)
            }
            let (tree, leaves) = grow(binned, slopes, curves)
            for i in labels.indices { margins[i] += tree[leaves[i]].value }
            trees.append(tree)
        }
        let total = gains.reduce(0, +)
        if total > 0 { gains = gains.map { $0 / total } }
    }

    /// The log-odds of the second class for each row.
    func margins(_ columns: [[Double]]) -> [Double] {
        let binned = zip(columns, edges).map { column, edges in column.map { Self.cell($0, edges) } }
        return (0..<(columns.first?.count ?? 0)).map { row in
            trees.reduce(base) { sum, tree in
                var at = 0
                while tree[at].column >= 0 { at = binned[tree[at].column][row] <= tree[at].cell ? 2 * at + 1 : 2 * at + 2 }
                return sum + tree[at].value
            }
        }
    }

    private static func cell(_ x: Double, _ edges: [Double]) -> UInt8 {
        if x.isNaN { return 0 }
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < x { low = middle + 1 } else { high = middle }
        }
        return UInt8(low + 1)
    }

    /// A tree in heap order, and the leaf of each row.
    private mutating func grow(_ columns: [[UInt8]], _ slopes: [Double], _ curves: [Double]) -> ([Node], [Int]) {
        var tree = [Node](repeating: Node(), count: (1 << (depth + 1)) - 1)
        var place = [Int](repeating: 0, count: slopes.count)
        var open: Set<Int> = [0]
        for level in 0...depth {
            let first = (1 << level) - 1
            let width = 1 << level
            var sums = [(slope: Double, curve: Double, rows: Int)](repeating: (0, 0, 0), count: width)
            for row in place.indices where open.contains(place[row]) {
                let node = place[row] - first
                sums[node].slope += slopes[row]
                sums[node].curve += curves[row]
                sums[node].rows += 1
            }
            for node in open.sorted() {
                let sum = sums[node - first]
                tree[node].value = rate * sum.slope / (sum.curve + penalty)
            }
            guard level < depth else { break }
            var best = [(gain: Double, column: Int, cell: Int)](repeating: (1e-9, -1, 0), count: width)
            for (c, column) in columns.enumerated() {
                split(column, place, open, first, width, slopes, curves, sums) { node, gain, cell in
                    if gain > best[node].gain { best[node] = (gain, c, cell) }
                }
            }
            var next: Set<Int> = []
            for node in open.sorted() where best[node - first].column >= 0 {
                let choice = best[node - first]
                tree[node].column = choice.column
                tree[node].cell = UInt8(choice.cell)
                gains[choice.column] += choice.gain
                next.formUnion([2 * node + 1, 2 * node + 2])
            }
            for row in place.indices {
                let node = tree[place[row]]
                if place[row] >= first, node.column >= 0 {
                    place[row] = 2 * place[row] + (columns[node.column][row] <= node.cell ? 1 : 2)
                }
            }
            open = next
        }
        return (tree, place)
    }

    /// Tries every cut of one column in every open node.
    private func split(
        _ column: [UInt8], _ place: [Int], _ open: Set<Int>, _ first: Int, _ width: Int, _ slopes: [Double], _ curves: [Double],
        _ sums: [(slope: Double, curve: Double, rows: Int)], found: (_ node: Int, _ gain: Double, _ cell: Int) -> Void
    ) {
        let size = cells + 2
        var slope = [Double](repeating: 0, count: width * size)
        var curve = slope
        var rows = [Int](repeating: 0, count: width * size)
        for row in place.indices where place[row] >= first {
            let at = (place[row] - first) * size + Int(column[row])
            slope[at] += slopes[row]
            curve[at] += curves[row]
            rows[at] += 1
        }
        for node in open.sorted().map({ $0 - first }) {
            let whole = sums[node]
            let before = whole.slope * whole.slope / (whole.curve + penalty)
            var (leftSlope, leftCurve, leftRows) = (0.0, 0.0, 0)
            for cell in 0..<(size - 1) {
                let at = node * size + cell
                leftSlope += slope[at]
                leftCurve += curve[at]
                leftRows += rows[at]
                guard leftRows >= rowsPerLeafMin, whole.rows - leftRows >= rowsPerLeafMin else { continue }
                let rightSlope = whole.slope - leftSlope
                let after =
                    leftSlope * leftSlope / (leftCurve + penalty) + rightSlope * rightSlope / (whole.curve - leftCurve + penalty)
                found(node, after - before, cell)
            }
        }
    }
}
