internal import CKernels

/// How tests see features. Two tests of one feature that send missing values different ways look at two views of it, in which missing
/// values are replaced by one that goes that way; so no test needs to ask whether a value is missing.
struct TreeViews: Sendable {
    struct View: Hashable, Sendable {
        var feature: Int32
        /// Of a view of codes; negative for a view of values.
        var rule: Int32
        var missingGoesLeft: Bool
        var zeroIsMissing: Bool

        /// Among the four views of values that each feature may have.
        fileprivate var place: Int { 4 * Int(feature) + (missingGoesLeft ? 2 : 0) + (zeroIsMissing ? 1 : 0) }
    }

    private(set) var views: [View] = []
    /// Those of one feature together.
    private(set) var byFeature: [Int] = []
    private var numbers: [View: Int] = [:]
    /// Of views of values: by feature and what is missing, -1 for none.
    private var plain: [Int32]
    /// Of each feature: the distinct thresholds, ascending, and where its members begin for each rule.
    private(set) var cuts: [[Double]]
    /// Of each view of codes, the distinct members of all of its sets, ascending.
    private(set) var members: [[Double]] = []

    /// Ranks and codes are 16-bit numbers, of which codes need two more.
    static let ranksMax = 65_000

    init(_ ensemble: TreeEnsemble) {
        cuts = [[Double]](repeating: [], count: ensemble.featureCount)
        plain = [Int32](repeating: -1, count: 4 * ensemble.featureCount)
        for tree in ensemble.trees {
            for node in tree.nodes where !node.isLeaf {
                let number = insert(Self.view(node, ensemble))
                if node.set < 0 {
                    cuts[Int(node.feature)].append(node.threshold)
                } else {
                    members[number] += ensemble.sets[Int(node.set)].members
                }
            }
        }
        for i in cuts.indices { cuts[i] = Self.distinct(cuts[i]) }
        for i in members.indices { members[i] = Self.distinct(members[i]) }
        byFeature = views.indices.sorted { (views[$0].feature, $0) < (views[$1].feature, $1) }
    }

    static func view(_ node: DecisionTree.Node, _ ensemble: TreeEnsemble) -> View {
        if node.set >= 0 {
            // The table of a set has a place for missing values, so that one view serves all sets.
            return View(
                feature: node.feature, rule: ensemble.sets[Int(node.set)].rule.rawValue, missingGoesLeft: false, zeroIsMissing: false)
        }
        return View(feature: node.feature, rule: -1, missingGoesLeft: node.missingGoesLeft, zeroIsMissing: node.zeroIsMissing)
    }

    func number(_ view: View) -> Int { view.rule < 0 ? Int(plain[view.place]) : numbers[view] ?? 0 }

    private mutating func insert(_ view: View) -> Int {
        if view.rule < 0 {
            if plain[view.place] >= 0 { return Int(plain[view.place]) }
            plain[view.place] = Int32(views.count)
        } else {
            if let known = numbers[view] { return known }
            numbers[view] = views.count
        }
        views.append(view)
        members.append([])
        return views.count - 1
    }

    private static func distinct(_ values: [Double]) -> [Double] {
        var out: [Double] = []
        for value in values.sorted() where out.last != value { out.append(value) }
        return out
    }

    /// Whether the ranks or codes of a view fit into 16 bits.
    func isRanked(_ view: Int) -> Bool {
        (views[view].rule < 0 ? cuts[Int(views[view].feature)].count : members[view].count) <= Self.ranksMax
    }

    /// The place of a threshold among its feature's.
    func rank(_ node: DecisionTree.Node) -> Int {
        let list = cuts[Int(node.feature)]
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < node.threshold { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// One bit for each member of the view, one for all other values, one for missing: whether it goes left. Bits begin at a multiple of
    /// 64.
    func table(_ node: DecisionTree.Node, _ set: ValueSet, view: Int) -> [UInt64] {
        let list = members[view]
        var words = [UInt64](repeating: 0, count: (list.count + 2 + 63) / 64)
        var at = set.members.startIndex
        func put(_ bit: Int, _ isLeft: Bool) { if isLeft { words[bit / 64] |= 1 << UInt64(bit % 64) } }
        for (i, member) in list.enumerated() {
            while at < set.members.endIndex, set.members[at] < member { at += 1 }
            put(i, (at < set.members.endIndex && set.members[at] == member) == set.membersGoLeft)
        }
        put(list.count, !set.membersGoLeft)
        put(list.count + 1, node.missingGoesLeft)
        return words
    }
}
