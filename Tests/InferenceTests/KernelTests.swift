import Kernels
import TestSupport
import Testing

@Suite("Tree kernels")
struct KernelTests {
    /// A random ensemble with everything that trees may have.
    static func ensemble(
        seed: UInt64, trees: Int, leaves: Int, features: Int = 6, outputs: Int = 1, targets: Int = 1, isSingle: Bool, levels: Int = 40,
        isChain: Bool = false
    ) -> TreeEnsemble {
        var random = Seeded(seed)
        func below(_ n: Int) -> Int { Int(random.uniform() * Double(n)) }
        let sets = (0..<8).map { i in
            ValueSet((0..<5).map { _ in Double(below(12)) }, membersGoLeft: i % 2 == 0, rule: [.exact, .truncated, .category][i % 3])
        }
        var out = TreeEnsemble(trees: [], sets: sets, featureCount: features, outputCount: outputs, targets: targets, isSingle: isSingle)
        for number in 0..<trees {
            var nodes = [DecisionTree.Node()]
            var open = [0]
            while open.count < leaves {
                let at = open.remove(at: isChain ? open.count - 1 : below(open.count))
                var node = DecisionTree.Node()
                node.feature = Int32(below(features))
                node.missingGoesLeft = below(2) == 0
                node.zeroIsMissing = below(4) == 0
                if node.feature == 2 {
                    node.set = Int32(below(8))
                } else {
                    node.threshold = Double(Float(below(levels)) / Float(levels) * 12 - 1)
                }
                node.left = Int32(nodes.count)
                node.right = Int32(nodes.count + 1)
                nodes[at] = node
                open += [nodes.count, nodes.count + 1]
                nodes += [DecisionTree.Node(), DecisionTree.Node()]
            }
            var values: [Double] = []
            for at in nodes.indices where nodes[at].isLeaf {
                nodes[at] = DecisionTree.Node(leaf: values.count / targets)
                for _ in 0..<targets { values.append(Double(Float(random.uniform() - 0.5))) }
            }
            out.trees.append(DecisionTree(nodes: nodes, leafValues: values, output: targets > 1 ? 0 : number % outputs))
        }
        return out
    }

    static func columns(_ features: Int, _ rows: Int, seed: UInt64) -> [[Double]] {
        var random = Seeded(seed)
        let hard = [Double.nan, 0, -0.0, 1e-36, .infinity, -.infinity, -1, 3, 11.5, 0x1p24, 1e300]
        return (0..<features).map { feature in
            (0..<rows).map { _ in
                if random.uniform() < 0.2 { return hard[Int(random.uniform() * Double(hard.count))] }
                return feature == 2 ? Double(Int(random.uniform() * 14)) : Double(Float(random.uniform() * 14 - 2))
            }
        }
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        var name: String
        var trees: Int
        var leaves: Int
        var outputs = 1
        var targets = 1
        var levels = 40
        var isChain = false
        var testDescription: String { name }
    }

    static let shapes = [
        Shape(name: "single leaves", trees: 3, leaves: 1), Shape(name: "stumps", trees: 9, leaves: 2),
        Shape(name: "small", trees: 21, leaves: 9),
        Shape(name: "63 leaves", trees: 10, leaves: 63), Shape(name: "256 leaves", trees: 5, leaves: 256),
        Shape(name: "chains", trees: 4, leaves: 120, isChain: true), Shape(name: "large", trees: 4, leaves: 700),
        Shape(name: "many thresholds", trees: 12, leaves: 64, levels: 5_000), Shape(name: "classes", trees: 17, leaves: 12, outputs: 3),
        Shape(name: "vectors", trees: 7, leaves: 20, outputs: 4, targets: 4),
        Shape(name: "more tests than a stage", trees: 60, leaves: 200, levels: 100_000),
    ]

    @Test("planes and walks give the bits of the plain walk", arguments: shapes, [true, false])
    func agreement(_ shape: Shape, _ isSingle: Bool) throws {
        let ensemble = Self.ensemble(
            seed: 3, trees: shape.trees, leaves: shape.leaves, outputs: shape.outputs, targets: shape.targets, isSingle: isSingle,
            levels: shape.levels, isChain: shape.isChain)
        for tree in ensemble.trees { #expect(ensemble.defect(in: tree) == nil) }
        let compiled = try #require(CompiledTrees(ensemble))
        let rows = 1_100
        let columns = Self.columns(6, rows, seed: 4)
        let base = (0..<shape.outputs).map { Double($0) * 0.25 }
        let twin = (0..<rows).map { row in ensemble.sums(row: columns.map { $0[row] }, base: base) }
        for range in [0..<1, 0..<63, 0..<64, 0..<65, 5..<516, 5..<517, 5..<518, 0..<1_024, 0..<rows] {
            let sums = compiled.sums(columns: columns, rows: range, base: base)
            for output in 0..<shape.outputs {
                let wanted = range.map { twin[$0][output].bitPattern }
                #expect(sums[output].map(\.bitPattern) == wanted, "rows \(range), output \(output)")
            }
        }
        for row in 0..<40 {
            let alone = compiled.sums(row: columns.map { $0[row] }, base: base)
            #expect(alone.map(\.bitPattern) == twin[row].map(\.bitPattern), "row \(row) alone")
        }
        let leaves = compiled.leafNodes(columns: columns, rows: 0..<40)
        for (number, tree) in ensemble.trees.enumerated() {
            #expect(leaves[number].map(Int.init) == (0..<40).map { row in ensemble.leafNode(of: tree, row: columns.map { $0[row] }) })
        }
    }

    @Test("trees that planes cannot hold and trees that they can are added in their order")
    func mixture() throws {
        var ensemble = Self.ensemble(seed: 5, trees: 6, leaves: 30, isSingle: true)
        let large = Self.ensemble(seed: 6, trees: 3, leaves: 600, isSingle: true)
        ensemble.trees = zip(ensemble.trees, large.trees + large.trees).flatMap { [$0, $1] }
        let compiled = try #require(CompiledTrees(ensemble))
        let columns = Self.columns(6, 700, seed: 8)
        let sums = compiled.sums(columns: columns, rows: 0..<700, base: [0.1])
        #expect(sums[0] == (0..<700).map { row in ensemble.sums(row: columns.map { $0[row] }, base: [0.1])[0] })
    }

    @Test("what is no tree is found")
    func defects() {
        var ensemble = TreeEnsemble(trees: [], featureCount: 2, isSingle: true)
        func tree(_ left: Int32, _ right: Int32, feature: Int32 = 0, threshold: Double = 0) -> DecisionTree {
            var root = DecisionTree.Node()
            (root.feature, root.left, root.right, root.threshold) = (feature, left, right, threshold)
            return DecisionTree(nodes: [root, DecisionTree.Node(leaf: 0), DecisionTree.Node(leaf: 1)], leafValues: [1, 2])
        }
        #expect(ensemble.defect(in: tree(1, 2)) == nil)
        #expect(ensemble.defect(in: tree(0, 2)) == .notATree(node: 0))
        #expect(ensemble.defect(in: tree(1, 1)) == .notATree(node: 1))
        #expect(ensemble.defect(in: tree(1, 3)) == .childOutOfRange(node: 0))
        #expect(ensemble.defect(in: tree(-1, 2)) == .childOutOfRange(node: 0))
        #expect(ensemble.defect(in: tree(1, 2, feature: 2)) == .featureOutOfRange(node: 0))
        #expect(ensemble.defect(in: tree(1, 2, threshold: .nan)) == .thresholdNotANumber(node: 0))
        var loose = tree(1, 2)
        loose.nodes.append(loose.nodes[0])
        #expect(ensemble.defect(in: loose) == .unreachable(node: 3))
        ensemble.targets = 2
        #expect(ensemble.defect(in: tree(1, 2)) == .leafOutOfRange(node: 2))
        #expect(ensemble.defect(in: DecisionTree(nodes: [], leafValues: [])) == .empty)
    }
}
