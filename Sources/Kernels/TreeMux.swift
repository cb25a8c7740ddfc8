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

    /// A subtree: where each bit of its code is, lowest first, and which of the leaves that were met are its.
    private struct Piece {
        var planes = SIMD8<UInt16>()
        var width = 0
        var leaves: Range<Int>
    }

    /// A tree in selections.
    struct Result {
        var planes: [UInt16]
        var codes: [(leaf: Int, code: Int)]
        var ops: [ek_tree_op]
    }

    private let tree: DecisionTree
    /// Of each node's test.
    private let tests: [UInt16]
    private var ops: [ek_tree_op] = []
    private var free: [UInt16] = []
    private var next: UInt16 = 2
    /// The leaves in the order in which they are met, so that those of a subtree lie together, and their codes so far.
    private var leaves: [Int] = []
    private var codes: [UInt8] = []

    /// - Parameter tests: the plane of each node's test.
    /// - Returns: nil when the tree needs more bits or planes than there are.
    static func build(_ tree: DecisionTree, tests: [UInt16]) -> Result? {
        var builder = TreeMux(tree: tree, tests: tests)
        guard let piece = builder.build(at: 0) else { return nil }
        return Result(
            planes: (0..<piece.width).map { piece.planes[$0] }, codes: zip(builder.leaves, builder.codes).map { ($0, Int($1)) },
            ops: builder.ops)
    }

    private init(tree: DecisionTree, tests: [UInt16]) {
        self.tree = tree
        self.tests = tests
        ops.reserveCapacity(tree.nodes.count)
        leaves.reserveCapacity(tree.nodes.count)
        codes.reserveCapacity(tree.nodes.count)
    }

    private mutating func build(at index: Int) -> Piece? {
        let node = tree.nodes[index]
        if node.isLeaf {
            leaves.append(Int(node.left))
            codes.append(0)
            return Piece(leaves: leaves.count - 1..<leaves.count)
        }
        guard let left = build(at: Int(node.left)), let right = build(at: Int(node.right)) else { return nil }
        let (isLeftLarge, mask) = (left.width >= right.width, tests[index])
        let (large, small) = isLeftLarge ? (left, right) : (right, left)
        var made = Piece(planes: large.planes, width: large.width, leaves: left.leaves.lowerBound..<right.leaves.upperBound)
        var padded = small.planes
        if let base = gap(in: large, for: small) {
            for bit in small.width..<large.width { padded[bit] = base >> bit & 1 == 1 ? Self.ones : Self.zeros }
            for leaf in small.leaves { codes[leaf] |= UInt8(truncatingIfNeeded: base) }
        } else {
            guard large.width < Self.bitsMax else { return nil }
            for bit in small.width..<large.width { padded[bit] = Self.zeros }
            // The node's own bit is 1 for rows that go left.
            for leaf in left.leaves { codes[leaf] |= 1 << UInt8(large.width) }
            made.width += 1
        }
        for bit in 0..<large.width {
            let pair = isLeftLarge ? (large.planes[bit], padded[bit]) : (padded[bit], large.planes[bit])
            guard let chosen = select(mask, pair.0, pair.1) else { return nil }
            made.planes[bit] = chosen
        }
        if made.width > large.width { made.planes[large.width] = mask }
        return made
    }

    /// Where the small side's codes collide with none of the large side's.
    private func gap(in large: Piece, for small: Piece) -> Int? {
        guard large.leaves.count + small.leaves.count <= 1 << large.width else { return nil }
        var isUsed = SIMD4<UInt64>()
        for leaf in large.leaves { isUsed[Int(codes[leaf]) / 64] |= 1 << UInt64(codes[leaf] % 64) }
        return stride(from: 0, to: 1 << large.width, by: 1 << small.width).first { base in
            small.leaves.allSatisfy { leaf in
                let code = base | Int(codes[leaf])
                return isUsed[code / 64] >> UInt64(code % 64) & 1 == 0
            }
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
