internal import CKernels

/// Turns a tree into a list of bitwise selections that ends in the bits of each row's leaf code.
///
/// From the leaves upward: a node's subtree has codes of as many bits as it needs, and bit i of the node's code is
/// `test ? bit i of the left code : bit i of the right code`. Where the smaller side's codes fit into a gap among the larger side's, the
/// node needs no bit of its own; otherwise its test is the next bit, at no cost. A perfect tree of depth 6 takes 57 selections for 512
/// rows. The idea of evaluating trees with bit operations over many rows at once is that of QuickScorer (Lucchese et al., SIGIR 2015)
/// and its successors.
struct TreeMux {
    /// Planes that are always there: all zeros and all ones.
    static let zeros: UInt16 = 0
    static let ones: UInt16 = 1
    /// Planes for what is between tests and codes are below; the tests' planes begin here.
    static let firstTest = Int(EK_TREE_TESTS)
    static let leavesMax = 256
    static let bitsMax = 8

    struct Piece {
        /// Where each bit of the code is, lowest first.
        var planes: [UInt16]
        var codes: [(leaf: Int, code: Int)]
    }

    private(set) var ops: [ek_tree_op] = []
    private var free: [UInt16] = []
    private var next: UInt16 = 2

    /// - Parameter plane: of a node's test. - Returns: nil when the tree needs more bits or planes than there are.
    mutating func build(_ tree: DecisionTree, at index: Int = 0, plane: (Int) -> UInt16) -> Piece? {
        let node = tree.nodes[index]
        if node.isLeaf { return Piece(planes: [], codes: [(Int(node.left), 0)]) }
        guard let left = build(tree, at: Int(node.left), plane: plane), let right = build(tree, at: Int(node.right), plane: plane) else {
            return nil
        }
        let (isLeftLarge, mask) = (left.planes.count >= right.planes.count, plane(index))
        let (large, small) = isLeftLarge ? (left, right) : (right, left)
        var width = large.planes.count
        var padded = small.planes
        var codes = large.codes
        if let base = gap(in: large, for: small) {
            for bit in small.planes.count..<width { padded.append(base >> bit & 1 == 1 ? Self.ones : Self.zeros) }
            codes += small.codes.map { ($0.leaf, $0.code | base) }
        } else {
            for _ in small.planes.count..<width { padded.append(Self.zeros) }
            // The node's own bit is 1 for rows that go left.
            let own = 1 << width
            codes =
                large.codes.map { ($0.leaf, $0.code | (isLeftLarge ? own : 0)) }
                + small.codes.map { ($0.leaf, $0.code | (isLeftLarge ? 0 : own)) }
            width += 1
        }
        guard width <= Self.bitsMax else { return nil }
        var planes: [UInt16] = []
        for bit in large.planes.indices {
            let pair = isLeftLarge ? (large.planes[bit], padded[bit]) : (padded[bit], large.planes[bit])
            guard let chosen = select(mask, pair.0, pair.1) else { return nil }
            planes.append(chosen)
        }
        if planes.count < width { planes.append(mask) }
        return Piece(planes: planes, codes: codes)
    }

    /// Where the small side's codes collide with none of the large side's.
    private func gap(in large: Piece, for small: Piece) -> Int? {
        var isUsed = [Bool](repeating: false, count: 1 << large.planes.count)
        for (_, code) in large.codes { isUsed[code] = true }
        return stride(from: 0, to: isUsed.count, by: 1 << small.planes.count).first { base in
            small.codes.allSatisfy { !isUsed[base | $0.code] }
        }
    }

    private mutating func select(_ mask: UInt16, _ left: UInt16, _ right: UInt16) -> UInt16? {
        if left == right { return left }
        if left == Self.ones && right == Self.zeros { return mask }
        var to = next
        if let spare = free.popLast() { to = spare } else { next += 1 }
        guard to < Self.firstTest else { return nil }
        ops.append(ek_tree_op(mask: mask, left: left, right: right, to: to))
        for plane in [left, right] where plane > Self.ones && plane < Self.firstTest { free.append(plane) }
        return to
    }
}
