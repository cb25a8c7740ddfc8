internal import CKernels

/// A tree ensemble made ready for the kernels: trees of up to 256 leaves as bit operations over blocks of 512 rows, all others, and few
/// rows, as walks. Both add leaves in the order of the trees, so that results do not depend on the kernel, the machine or the number of
/// threads.
public struct CompiledTrees: Sendable {
    /// Trees one after the other that share planes of tests, or a single tree that is walked.
    enum Stage: Sendable {
        case planes(programs: Range<Int>, groups: Range<Int>)
        case walk(tree: Int)
    }

    /// Below this many rows, walking is quicker than building planes.
    static let fewRows = 64
    /// Planes of tests at a time: 128 KB, which the second level of the cache holds.
    static let testsMax = 2_048
    /// Bits of all tables of sets together: a limit against files that repeat long sets.
    public static let tableWordsMax = 1 << 25

    public let ensemble: TreeEnsemble
    let views: TreeViews
    /// All features' thresholds and then all views' members, one after the other.
    var cuts: [Double] = []
    /// The largest 32-bit numbers up to them, where inputs are rounded to 32 bits: as many lie below such an input.
    var singleCuts: [Float] = []
    /// Those of features with few of them as heaps, and where each begins; -1 for none.
    var heaps: [Float] = []
    var heapStarts: [Int] = []
    var cutStarts: [Int] = []
    var memberStarts: [Int] = []
    /// The trees in the order of their outputs: the place in the ensemble of each.
    let order: [Int]
    /// The views, for a row that comes alone.
    var looks: [ek_tree_look] = []
    var tables: [UInt64] = [0]
    var stages: [Stage] = []
    var hasWalks = false
    var groups: [ek_tree_group] = []
    /// Of each test that compares: the highest rank that passes it.
    var limits: [UInt16] = []
    var programs: [ek_tree_program] = []
    var places: [UInt16] = []
    var ops: [ek_tree_op] = []
    /// Values by leaf code (for planes) and by leaf number (for walks), as 32-bit or 64-bit numbers.
    var singles: (codes: [Float], leaves: [Float]) = ([], [])
    var doubles: (codes: [Double], leaves: [Double]) = ([], [])
    /// The walk: of each tree in `order`.
    var nodes: [ek_tree_node] = []
    var roots: [UInt32] = []
    var depths: [UInt32] = []
    var outputs: [UInt32] = []
    /// Large trees in words, and where each tree's begin; -1 for those that are not among them.
    var words: [UInt64] = []
    var wordStarts: [Int] = []
    /// Whether the walk's leaves hold their values: one a leaf, and none of them NaN, which no comparison lets stay.
    let hasLeafValues: Bool
    /// Of each node of the walk, the leaf's place among all leaves, and its number in the file's tree.
    var leafOfNode: [UInt32] = []
    var nodeOfLeaf: [Int32] = []

    /// - Parameter ensemble: without defects.
    /// - Returns: nil when the sets' tables or the nodes would not fit into their limits.
    public init?(_ ensemble: TreeEnsemble) {
        let views = TreeViews(ensemble)
        self.ensemble = ensemble
        self.views = views
        // Sums of different outputs do not meet, so trees may be sorted by output; within one they keep their order.
        let trees = ensemble.trees
        hasLeafValues = ensemble.targets == 1 && !trees.contains { $0.leafValues.contains(where: \.isNaN) }
        order = trees.indices.sorted { (trees[$0].output, $0) < (trees[$1].output, $1) }
        for list in views.cuts {
            cutStarts.append(cuts.count)
            cuts += list
        }
        for list in views.members {
            memberStarts.append(cuts.count)
            cuts += list
        }
        looks = views.views.indices.map { number in
            let view = views.views[number]
            return ek_tree_look(
                feature: Int(view.feature), at: memberStarts[number], count: views.members[number].count,
                zero: view.zeroIsMissing ? DecisionTree.zeroSize : -1, rule: view.rule, left: view.missingGoesLeft ? 1 : 0)
        }
        if ensemble.roundsInputs { addSingleCuts() }
        let nodeCount = trees.reduce(0) { $0 + $1.nodes.count }
        guard nodeCount < Int(UInt32.max) / 4, addTables() else { return nil }
        nodes.reserveCapacity(nodeCount)
        leafOfNode.reserveCapacity(nodeCount)
        for tree in order { addWalk(trees[tree]) }
        addStages()
    }

    private mutating func addSingleCuts() {
        singleCuts = cuts.map { Double(Float($0)) <= $0 ? Float($0) : Float($0).nextDown }
        for (feature, list) in views.cuts.enumerated() {
            guard list.count < Int(EK_TREE_HEAP) else {
                heapStarts.append(-1)
                continue
            }
            heapStarts.append(heaps.count)
            var heap = [Float](repeating: .infinity, count: Int(EK_TREE_HEAP))
            var next = cutStarts[feature]
            func fill(_ node: Int) {
                guard node < heap.count else { return }
                fill(2 * node)
                if next < cutStarts[feature] + list.count { heap[node] = singleCuts[next] }
                next += 1
                fill(2 * node + 1)
            }
            fill(1)
            heaps += heap
        }
    }

    var tableOfNode: [[Int32: Int]] = []

    /// A table of bits for each node that asks a set; equal ones are shared.
    private mutating func addTables() -> Bool {
        struct Key: Hashable { var set: Int32, view: Int, missingGoesLeft: Bool }
        var known: [Key: Int] = [:]
        for tree in ensemble.trees {
            var starts: [Int32: Int] = [:]
            for (i, node) in tree.nodes.enumerated() where !node.isLeaf && node.set >= 0 {
                let key = Key(set: node.set, view: views.number(TreeViews.view(node, ensemble)), missingGoesLeft: node.missingGoesLeft)
                if known[key] == nil {
                    known[key] = tables.count * 64
                    guard tables.count + views.members[key.view].count / 64 < Self.tableWordsMax, views.isRanked(key.view) else {
                        return false
                    }
                    tables += views.table(node, ensemble.sets[Int(node.set)], view: key.view)
                }
                starts[Int32(i)] = known[key]
            }
            tableOfNode.append(starts)
        }
        return true
    }

    /// Nodes level by level, so that children lie side by side and the upper levels lie together.
    private mutating func addWalk(_ tree: DecisionTree) {
        let at = roots.count
        let root = nodes.count
        roots.append(UInt32(root))
        let leafBase = nodeOfLeaf.count
        let leaves = tree.leafValues.count / ensemble.targets
        nodeOfLeaf += [Int32](repeating: 0, count: leaves)
        if ensemble.isSingle { singles.leaves += tree.leafValues.map { Float($0) } } else { doubles.leaves += tree.leafValues }
        var level = [0]
        nodes.append(ek_tree_node())
        leafOfNode.append(0)
        var (place, depth) = (root, 0)
        while !level.isEmpty {
            var below: [Int] = []
            for index in level {
                let node = tree.nodes[index]
                if node.isLeaf {
                    let value = hasLeafValues ? tree.leafValues[Int(node.left)] : .infinity
                    nodes[place] = ek_tree_node(threshold: value, view: UInt32(views.views.count), child: UInt32(place))
                    leafOfNode[place] = UInt32(leafBase + Int(node.left))
                    nodeOfLeaf[leafBase + Int(node.left)] = Int32(index)
                } else {
                    let view = UInt32(views.number(TreeViews.view(node, ensemble)))
                    let start = tableOfNode[order[at]][Int32(index)]
                    nodes[place] = ek_tree_node(
                        threshold: start.map(Double.init) ?? node.threshold, view: start == nil ? view : view | UInt32(EK_TREE_SET),
                        child: UInt32(nodes.count))
                    below += [Int(node.left), Int(node.right)]
                    for _ in 0..<2 {
                        nodes.append(ek_tree_node())
                        leafOfNode.append(0)
                    }
                }
                place += 1
            }
            if !below.isEmpty { depth += 1 }
            level = below
        }
        depths.append(UInt32(depth))
        outputs.append(UInt32(tree.output))
    }
}
