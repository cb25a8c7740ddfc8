/// Regression trees boosted on squared error: f ← f + η · tree(residuals), a hundred times.
///
/// Trees grow leaf by leaf, the best split first, over columns cut into cells, as LightGBM's do with its defaults: 100 trees of 31
/// leaves, learning rate 0.1, at least 20 rows to a leaf. What is missing goes to the side where it lowers the error more. Sums are
/// taken in the order of the rows, so the same input gives the same bits.
/// - Complexity: O(trees · features · rows · depth) to fit; O(trees · depth) a row to predict.
/// > Source: J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001; G. Ke and others, "LightGBM: A
/// > Highly Efficient Gradient Boosting Decision Tree", 2017.
struct BoostedTrees: Sendable {
    static let treesMax = 100
    static let leavesMax = 31
    static let leafRowsMin = 20
    static let learningRate = 0.1

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

    /// - Parameters:
    ///   - columns: one array of cells for each feature, as long as `target`. - cells: how many cells each feature has.
    init(columns: [[UInt8]], cells: [Int], target: [Double]) {
        base = target.isEmpty ? 0 : target.reduce(0, +) / Double(target.count)
        var residuals = target.map { $0 - base }
        for _ in 0..<Self.treesMax {
            var grower = TreeGrower(columns: columns, cells: cells, residuals: residuals)
            let leaves = grower.grow()
            if leaves.count < 2 { break }
            for leaf in leaves {
                for row in grower.rows[leaf.range] { residuals[row] -= leaf.value }
            }
            trees.append(grower.nodes)
        }
    }

    /// The predictions for rows of cells, the features of a row side by side.
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
        let residuals: [Double]
        /// Where each feature's cells begin in a histogram.
        let offsets: [Int]
        let width: Int
        /// Rows, those of a leaf side by side.
        var rows: [Int]
        var nodes: [Node] = [Node()]

        init(columns: [[UInt8]], cells: [Int], residuals: [Double]) {
            self.columns = columns
            self.cells = cells
            self.residuals = residuals
            var offsets: [Int] = []
            var width = 0
            for count in cells {
                offsets.append(width)
                width += count
            }
            self.offsets = offsets
            self.width = width
            rows = Array(residuals.indices)
        }

        mutating func grow() -> [Leaf] {
            var leaves = [leaf(0, rows.indices)]
            while leaves.count < BoostedTrees.leavesMax {
                var best: Int?
                for (place, leaf) in leaves.enumerated() {
                    guard let gain = leaf.split?.gain else { continue }
                    if let known = best, let most = leaves[known].split?.gain, most >= gain { continue }
                    best = place
                }
                guard let best, let split = leaves[best].split else { break }
                let (left, right) = divide(leaves[best], split)
                leaves[best] = left
                leaves.append(right)
            }
            for place in leaves.indices {
                leaves[place].value = BoostedTrees.learningRate * leaves[place].sum / Double(max(leaves[place].range.count, 1))
                nodes[leaves[place].node].value = leaves[place].value
            }
            return leaves
        }

        private func leaf(_ node: Int, _ range: Range<Int>) -> Leaf {
            var sums = [Double](repeating: 0, count: width)
            var counts = sums
            for feature in columns.indices {
                let column = columns[feature]
                let offset = offsets[feature]
                for place in range {
                    let cell = offset + Int(column[rows[place]])
                    sums[cell] += residuals[rows[place]]
                    counts[cell] += 1
                }
            }
            return finished(Leaf(node: node, range: range, sum: range.reduce(0) { $0 + residuals[rows[$1]] }, sums: sums, counts: counts))
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
            let whole = leaf.sum * leaf.sum / count
            var best: Split?
            for feature in columns.indices {
                let offset = offsets[feature]
                let missing = (leaf.sums[offset], leaf.counts[offset])
                for isMissingLeft in missing.1 > 0 ? [false, true] : [false] {
                    var sum = isMissingLeft ? missing.0 : 0
                    var rows = isMissingLeft ? missing.1 : 0
                    for cell in 1..<max(cells[feature], 1) {
                        sum += leaf.sums[offset + cell]
                        rows += leaf.counts[offset + cell]
                        guard rows >= least, count - rows >= least else { continue }
                        let rest = leaf.sum - sum
                        let gain = sum * sum / rows + rest * rest / (count - rows) - whole
                        // Below this a gain is the rounding of sums.
                        guard gain > 1e-12 * (1 + whole), gain > best?.gain ?? 0 else { continue }
                        best = Split(gain: gain, feature: feature, cell: UInt8(cell), isMissingLeft: isMissingLeft)
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
            for cell in 0..<width {
                large.sums[cell] -= small.sums[cell]
                large.counts[cell] -= small.counts[cell]
            }
            large = finished(large)
            return isLeftSmaller ? (small, large) : (large, small)
        }
    }
}
