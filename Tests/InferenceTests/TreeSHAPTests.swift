import Kernels
import TestSupport
import Testing

@testable import Inference

@Suite("TreeSHAP")
struct TreeSHAPTests {
    private static func ensemble(_ leaves: Int, trees: Int = 8, features: Int = 4) -> TreeEnsemble {
        var out = KernelTests.ensemble(seed: 9, trees: trees, leaves: leaves, features: features, isSingle: false)
        var random = Seeded(2)
        for t in out.trees.indices {
            // Covers are counts, so that those of children add up to their parent's.
            for i in out.trees[t].nodes.indices.reversed() {
                let node = out.trees[t].nodes[i]
                out.trees[t].nodes[i].cover =
                    node.isLeaf
                    ? 1 + (random.uniform() * 20).rounded()
                    : out.trees[t].nodes[Int(node.left)].cover + out.trees[t].nodes[Int(node.right)].cover
            }
        }
        return out
    }

    /// What a tree is expected to say where only some features are known.
    private func expected(_ ensemble: TreeEnsemble, _ row: [Double], known: Int) -> Double {
        func value(_ tree: DecisionTree, _ at: Int) -> Double {
            let node = tree.nodes[at]
            if node.isLeaf { return tree.leafValues[Int(node.left)] }
            if known >> Int(node.feature) & 1 == 1 {
                return value(tree, Int(ensemble.goesLeft(node, row[Int(node.feature)]) ? node.left : node.right))
            }
            let (l, r) = (tree.nodes[Int(node.left)], tree.nodes[Int(node.right)])
            return (value(tree, Int(node.left)) * l.cover + value(tree, Int(node.right)) * r.cover) / (l.cover + r.cover)
        }
        return ensemble.trees.reduce(0) { $0 + value($1, 0) }
    }

    @Test("contributions are the Shapley values of all subsets of features", arguments: [2, 5, 17])
    func bruteForce(_ leaves: Int) throws {
        let ensemble = Self.ensemble(leaves)
        let columns = KernelTests.columns(4, 12, seed: 3)
        let explainer = try #require(TreeSHAP(ensemble, base: [0.5]))
        let found = explainer.contributions(columns: columns, rows: 0..<12)
        let weights = [1.0 / 4, 1.0 / 12, 1.0 / 12, 1.0 / 4]
        for row in 0..<12 {
            let values = columns.map { $0[row] }
            let games = (0..<16).map { expected(ensemble, values, known: $0) }
            for feature in 0..<4 {
                var wanted = 0.0
                for subset in 0..<16 where subset >> feature & 1 == 0 {
                    wanted += weights[subset.nonzeroBitCount] * (games[subset | 1 << feature] - games[subset])
                }
                #expect(isNear(found[feature][row], wanted, relative: 1e-9, absolute: 1e-12), "row \(row), feature \(feature)")
            }
            #expect(isNear(found[4][row], 0.5 + games[0], relative: 1e-9))
        }
    }

    @Test("contributions and base add up to the margin, also on long paths", arguments: [30, 200])
    func additive(_ leaves: Int) throws {
        let ensemble = Self.ensemble(leaves, trees: 4, features: 14)
        let columns = KernelTests.columns(14, 50, seed: 3)
        let explainer = try #require(TreeSHAP(ensemble, base: [0]))
        let found = explainer.contributions(columns: columns, rows: 0..<50)
        for row in 0..<50 {
            let total = found.reduce(0) { $0 + $1[row] }
            #expect(isNear(total, ensemble.sums(row: columns.map { $0[row] }, base: [0])[0], relative: 1e-7, absolute: 1e-7))
        }
    }

    @Test("patterns of rows give the bits of the plain loop", arguments: 1...8)
    func patterns(_ depth: Int) {
        var random = Seeded(UInt64(depth))
        let zeros = (0..<depth).map { $0 % 5 == 4 ? 0 : random.uniform() }
        for rows in [1, 7, 8, 9, 300] {
            let columns = KernelTests.columns(depth, rows + 3, seed: UInt64(rows))
            let bounds = (0..<depth).map { feature in
                (low: Double(feature), high: Double(feature) + 6 * random.uniform(), isOdd: feature % 2 == 1)
            }
            var patterns = PathPatterns()
            var sums = [Double](repeating: 0.1, count: depth * rows)
            for _ in 0..<2 {
                patterns.begin(rows: rows)
                for (feature, bound) in bounds.enumerated() {
                    patterns.mark(
                        feature, columns[feature], from: 3, low: bound.low, high: bound.high, allowsLowest: bound.isOdd,
                        missingPasses: bound.isOdd)
                }
            }
            patterns.weigh(zeros)
            for feature in 0..<depth { patterns.add(feature, depth: depth, value: 0.3, to: &sums, at: feature * rows) }
            for row in 0..<rows {
                let passed = bounds.enumerated().map { feature, bound in
                    let x = columns[feature][row + 3]
                    return x.isNaN ? bound.isOdd : (bound.isOdd || x > bound.low) && x <= bound.high
                }
                var (scratch, weights) = ([Double](repeating: 0, count: depth + 1), [Double](repeating: 0, count: depth))
                TreeSHAP.weights(zeros, &scratch, isOne: { passed[$0] }, put: { weights[$0] = $1 })
                for feature in 0..<depth {
                    #expect(
                        sums[feature * rows + row].bitPattern == (0.1 + weights[feature] * 0.3).bitPattern, "row \(row), feature \(feature)"
                    )
                }
            }
        }
    }

    @Test("models without covers are refused")
    func noCovers() throws {
        #expect(TreeSHAP(KernelTests.ensemble(seed: 1, trees: 1, leaves: 4, isSingle: true), base: [0]) == nil)
        let linear = try Model(Array(#"{"kind":"linear","coefficients":[1]}"#.utf8), file: "m.json")
        #expect(throws: InferenceError.self) { try linear.contributions([.numbers([1])], rows: 1) }
    }
}
