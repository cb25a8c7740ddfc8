internal import CKernels

/// A test that trees share: a threshold's rank in a view, or where the table of a set begins.
private struct Test: Hashable, Comparable {
    var view: Int
    var limit: Int
    static func < (a: Test, b: Test) -> Bool { (a.view, a.limit) < (b.view, b.limit) }
}

/// Trees that wait for their stage to be full.
private struct OpenStage {
    struct Entry {
        var place: Int
        var piece: TreeMux.Piece
        var ops: [ek_tree_op]
        /// The test of plane `firstTest` + i of this tree's own numbering.
        var tests: [Test]
    }
    var entries: [Entry] = []
    var tests: Set<Test> = []
}

extension CompiledTrees {
    /// Puts trees into stages: as many at a time as their distinct tests allow.
    mutating func addStages() {
        var open = OpenStage()
        for (place, index) in order.enumerated() {
            guard let entry = entry(place, index) else {
                close(&open)
                addWalkStage(place)
                continue
            }
            let new = entry.tests.count { !open.tests.contains($0) }
            if open.tests.count + new > Self.testsMax { close(&open) }
            open.tests.formUnion(entry.tests)
            open.entries.append(entry)
        }
        close(&open)
        ops += [ek_tree_op](repeating: ek_tree_op(), count: Int(EK_TREE_AHEAD))
        tableOfNode = []
    }

    private mutating func addWalkStage(_ place: Int) {
        stages.append(.walk(tree: place))
        hasWalks = true
    }

    /// A tree as selections, or nil for one that must be walked.
    private func entry(_ place: Int, _ index: Int) -> OpenStage.Entry? {
        let tree = ensemble.trees[index]
        guard tree.nodes.count(where: \.isLeaf) <= TreeMux.leavesMax else { return nil }
        var tests: [Test] = []
        var places: [Test: Int] = [:]
        var planes = [UInt16](repeating: 0, count: tree.nodes.count)
        for (i, node) in tree.nodes.enumerated() where !node.isLeaf {
            let view = views.number(TreeViews.view(node, ensemble))
            guard views.isRanked(view) else { return nil }
            let test = Test(view: view, limit: tableOfNode[index][Int32(i)] ?? views.rank(node))
            let known = places[test] ?? tests.count
            if known == tests.count {
                places[test] = known
                tests.append(test)
            }
            planes[i] = UInt16(TreeMux.firstTest + known)
        }
        var builder = TreeMux()
        guard let piece = builder.build(tree, plane: { planes[$0] }) else { return nil }
        return OpenStage.Entry(place: place, piece: piece, ops: builder.ops, tests: tests)
    }

    private mutating func close(_ open: inout OpenStage) {
        defer { open = OpenStage() }
        guard !open.entries.isEmpty else { return }
        let tests = open.tests.sorted()
        var numbers: [Test: UInt16] = [:]
        for (i, test) in tests.enumerated() { numbers[test] = UInt16(TreeMux.firstTest + i) }
        let (firstGroup, firstProgram) = (groups.count, programs.count)
        var from = 0
        while from < tests.count {
            var to = from + 1
            if views.views[tests[from].view].rule < 0 { while to < tests.count, tests[to].view == tests[from].view { to += 1 } }
            addGroup(Array(tests[from..<to]), first: TreeMux.firstTest + from)
            from = to
        }
        for entry in open.entries { addProgram(entry, numbers) }
        stages.append(.planes(programs: firstProgram..<programs.count, groups: firstGroup..<groups.count))
    }

    private mutating func addGroup(_ tests: [Test], first: Int) {
        let view = tests[0].view
        let isSet = views.views[view].rule >= 0
        let isNarrow = !isSet && views.cuts[Int(views.views[view].feature)].count <= UInt8.max
        groups.append(
            ek_tree_group(
                view: UInt32(view), first: UInt32(first), count: UInt32(tests.count),
                start: UInt32(isSet ? tests[0].limit : limits.count),
                kind: UInt32(isSet ? EK_TREE_SET_TEST : isNarrow ? EK_TREE_NARROW : EK_TREE_WIDE)))
        if !isSet { limits += tests.map { UInt16($0.limit) } }
    }

    private mutating func addProgram(_ entry: OpenStage.Entry, _ numbers: [Test: UInt16]) {
        let final = entry.tests.map { numbers[$0] ?? 0 }
        func plane(_ own: UInt16) -> UInt16 { own < TreeMux.firstTest ? own : final[Int(own) - TreeMux.firstTest] }
        let tree = ensemble.trees[order[entry.place]]
        let bits = entry.piece.planes.count
        programs.append(
            ek_tree_program(
                op: UInt32(ops.count), op_count: UInt32(entry.ops.count), plane_count: UInt32(bits),
                table: UInt32(ensemble.isSingle ? singles.codes.count : doubles.codes.count), output: UInt32(tree.output)))
        ops += entry.ops.map { ek_tree_op(mask: plane($0.mask), left: plane($0.left), right: plane($0.right), to: $0.to) }
        places += entry.piece.planes.map(plane) + [UInt16](repeating: 0, count: TreeMux.bitsMax - bits)
        var values = [Double](repeating: 0, count: ensemble.targets << bits)
        for (leaf, code) in entry.piece.codes {
            for k in 0..<ensemble.targets { values[(k << bits) + code] = tree.leafValues[leaf * ensemble.targets + k] }
        }
        if ensemble.isSingle { singles.codes += values.map { Float($0) } } else { doubles.codes += values }
    }
}
