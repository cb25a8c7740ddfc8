internal import Glibc

/// Regression trees boosted on squared error, f ← f + η · tree(residuals), or on the log loss of two classes.
///
/// Trees grow leaf by leaf, the best split first, over columns cut into cells, as LightGBM's do; by its defaults 100 trees of 31
/// leaves, learning rate 0.1, at least 20 rows to a leaf. A leaf holds η · Σ slope / (Σ curvature + penalty), of squared error the mean residual. What is missing goes to the side where it lowers the error more. Sums are
/// taken in the order of the rows, so the same input gives the same bits.
/// - Complexity: O(trees · features · rows · depth) to fit; O(trees · depth) a row to predict.
/// > Source: J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001; G. Ke and others, "LightGBM: A
/// > Highly Efficient Gradient Boosting Decision Tree", 2017.
struct BoostedTrees: Sendable {
    static let leafRowsMin = 20
    static let learningRate = 0.1

    enum Loss: Sendable { case squared, logistic }

    struct Settings: Sendable {
        var loss = Loss.squared
        var treesMax = 100
        var leavesMax = 31
        var penalty = 0.0
    }

    private struct Node: Sendable {
        /// −1 for a leaf.
        var feature = -1
        /// Cells up to this one go left.
        var cell: UInt8 = 0
        var isMissingLeft = false
        var left = 0
        var right = 0
        var value = 0.0
    }

    private let base: Double
    private var trees: [[Node]] = []
    /// By feature, what its splits gained.
    private(set) var gains: [Double]

    /// - Parameters:
    ///   - columns: one array of cells for each feature, as long as `target`. - cells: how many cells each feature has.
    ///   - target: numbers; of two classes 1 and 0.
    init(columns: [[UInt8]], cells: [Int], target: [Double], settings: Settings = Settings()) {
        gains = [Double](repeating: 0, count: columns.count)
        let sum = target.reduce(0, +)
        let isLogistic = settings.loss == .logistic
        base =
            isLogistic
            ? log((sum + 0.5) / (Double(target.count) - sum + 0.5)) : target.isEmpty ? 0 : sum / Double(target.count)
        var slopes = target.map { $0 - base }
        var margins = isLogistic ? [Double](repeating: base, count: target.count) : []
        var curves = margins
        for _ in 0..<settings.treesMax {
            for i in margins.indices {
                let p = 1 / (1 + exp(-margins[i]))
                slopes[i] = target[i] - p
                curves[i] = p * (1 - p)
            }
            var grower = TreeGrower(columns: columns, cells: cells, slopes: slopes, curves: curves, settings: settings)
            let leaves = grower.grow(&gains)
            if leaves.count < 2 { break }
            for leaf in leaves {
                for row in grower.rows[leaf.range] {
                    if isLogistic { margins[row] += leaf.value } else { slopes[row] -= leaf.value }
                }
            }
            trees.append(grower.nodes)
        }
    }

    /// The predictions (of two classes: log-odds of the second) for rows of cells, the features of a row side by side.
    func predictions(_ cells: [UInt8], features: Int) -> [Double] {
        guard features > 0 else { return [] }
        var out = [Double](repeating: base, count: cells.count / features)
        for tree in trees {
            for row in out.indices {
                let start = row * features
                var node = tree[0]
                while node.feature >= 0 {
                    let cell = cells[start + node.feature]
                    let isLeft = cell == 0 ? node.isMissingLeft : cell <= node.cell
                    node = tree[isLeft ? node.left : node.right]
                }
                out[row] += node.value
            }
        }
        return out
    }

    private struct Leaf {
        var node: Int
        var range: Range<Int>
        var sum: Double
        var sums: [Double]
        var counts: [Double]
        /// Of squared error the counts.
        var curve: Double
        var curves: [Double]
        var split: Split?
        var value = 0.0
    }
    private struct Split {
        var gain: Double
        var feature: Int
        var cell: UInt8
        var isMissingLeft: Bool
    }

    private struct TreeGrower {
        let columns: [[UInt8]]
        let cells: [Int]
        let slopes: [Double]
        /// Empty where each row's is 1.
        let curves: [Double]
        let settings: Settings
        /// Where each feature's cells begin in a histogram.
        let offsets: [Int]
        let width: Int
        /// Rows, those of a leaf side by side.
        var rows: [Int]
        var nodes: [Node] = [Node()]

        init(columns: [[UInt8]], cells: [Int], slopes: [Double], curves: [Double], settings: Settings) {
            self.columns = columns
            self.cells = cells
            self.slopes = slopes
            self.curves = curves
            self.settings = settings
            var offsets: [Int] = []
            var width = 0
            for count in cells {
                offsets.append(width)
                width += count
            }
            self.offsets = offsets
            self.width = width
            rows = Array(slopes.indices)
        }

        mutating func grow(_ gains: inout [Double]) -> [Leaf] {
            var leaves = [leaf(0, rows.indices)]
            while leaves.count < settings.leavesMax {
                var best: Int?
                for (place, leaf) in leaves.enumerated() {
                    guard let gain = leaf.split?.gain else { continue }
                    if let known = best, let most = leaves[known].split?.gain, most >= gain { continue }
                    best = place
                }
                guard let best, let split = leaves[best].split else { break }
                gains[split.feature] += split.gain
                let (left, right) = divide(leaves[best], split)
                leaves[best] = left
                leaves.append(right)
            }
            for place in leaves.indices {
                let weight = leaves[place].curve + settings.penalty
                leaves[place].value = weight > 0 ? BoostedTrees.learningRate * leaves[place].sum / weight : 0
                nodes[leaves[place].node].value = leaves[place].value
            }
            return leaves
        }

        private func leaf(_ node: Int, _ range: Range<Int>) -> Leaf {
            let (sum, sums) = histogram(range) { slopes[$0] }
            let counts = histogram(range) { _ in 1 }.1
            let (curve, byCell) = curves.isEmpty ? (Double(range.count), counts) : histogram(range) { curves[$0] }
            return finished(Leaf(node: node, range: range, sum: sum, sums: sums, counts: counts, curve: curve, curves: byCell))
        }

        /// Over the rows at these places, a sum and the sums by cell, feature after feature.
        private func histogram(_ range: Range<Int>, _ value: (Int) -> Double) -> (Double, [Double]) {
            var sums = [Double](repeating: 0, count: width)
            for feature in columns.indices {
                let column = columns[feature]
                let offset = offsets[feature]
                for place in range { sums[offset + Int(column[rows[place]])] += value(rows[place]) }
            }
            return (range.reduce(0) { $0 + value(rows[$1]) }, sums)
        }

        private func finished(_ leaf: Leaf) -> Leaf {
            var leaf = leaf
            leaf.split = bestSplit(leaf)
            return leaf
        }

        private func bestSplit(_ leaf: Leaf) -> Split? {
            let count = Double(leaf.range.count)
            let least = Double(BoostedTrees.leafRowsMin)
            guard count >= 2 * least else { return nil }
            func gain(_ sum: Double, _ curve: Double) -> Double { sum * sum / (curve + settings.penalty) }
            let whole = gain(leaf.sum, leaf.curve)
            var best: Split?
            for feature in columns.indices {
                let offset = offsets[feature]
                for isMissingLeft in leaf.counts[offset] > 0 ? [false, true] : [false] {
                    var sum = isMissingLeft ? leaf.sums[offset] : 0
                    var rows = isMissingLeft ? leaf.counts[offset] : 0
                    var curve = isMissingLeft ? leaf.curves[offset] : 0
                    for cell in 1..<max(cells[feature], 1) {
                        sum += leaf.sums[offset + cell]
                        rows += leaf.counts[offset + cell]
                        curve += leaf.curves[offset + cell]
                        guard rows >= least, count - rows >= least else { continue }
                        let found = gain(sum, curve) + gain(leaf.sum - sum, leaf.curve - curve) - whole
                        // Below this a gain is the rounding of sums.
                        guard found > 1e-12 * (1 + whole), found > best?.gain ?? 0 else { continue }
                        best = Split(gain: found, feature: feature, cell: UInt8(cell), isMissingLeft: isMissingLeft)
                    }
                }
            }
            return best
        }

        private mutating func divide(_ leaf: Leaf, _ split: Split) -> (Leaf, Leaf) {
            let column = columns[split.feature]
            var left: [Int] = []
            var right: [Int] = []
            for row in rows[leaf.range] {
                let cell = column[row]
                if cell == 0 ? split.isMissingLeft : cell <= split.cell { left.append(row) } else { right.append(row) }
            }
            let middle = leaf.range.lowerBound + left.count
            rows.replaceSubrange(leaf.range, with: left + right)
            nodes[leaf.node] = Node(
                feature: split.feature, cell: split.cell, isMissingLeft: split.isMissingLeft, left: nodes.count, right: nodes.count + 1)
            nodes.append(Node())
            nodes.append(Node())
            // The histogram of the larger part is what the smaller one leaves of the whole.
            let ranges = (leaf.range.lowerBound..<middle, middle..<leaf.range.upperBound)
            let isLeftSmaller = left.count <= right.count
            let small = self.leaf(nodes.count - (isLeftSmaller ? 2 : 1), isLeftSmaller ? ranges.0 : ranges.1)
            var large = leaf
            large.node = nodes.count - (isLeftSmaller ? 1 : 2)
            large.range = isLeftSmaller ? ranges.1 : ranges.0
            large.sum -= small.sum
            large.curve -= small.curve
            for cell in 0..<width {
                large.sums[cell] -= small.sums[cell]
                large.counts[cell] -= small.counts[cell]
                large.curves[cell] -= small.curves[cell]
            }
            large = finished(large)
            return isLeftSmaller ? (small, large) : (large, small)
        }
    }
}
