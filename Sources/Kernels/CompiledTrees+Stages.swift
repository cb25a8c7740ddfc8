internal import CKernels

/// A test that trees share, by its number among all that there may be.
private struct Test {
    var number: Int
    var view: Int
}

/// Trees that wait for their stage to be full.
private struct OpenStage {
    struct Entry {
        var place: Int
        var muxed: TreeMux.Result
        /// The test of plane `firstTest` + i of this tree's own numbering.
        var tests: [Test]
    }
    var entries: [Entry] = []
    var tests: [Test] = []
}

/// What is known of each test while stages are filled. Numbers are a view's thresholds in their order, view after view, and then one for each
/// word of the sets' tables, of which a table's first stands for it: so lists take the place of dictionaries.
private struct TestMarks {
    private var starts: [Int] = []
    private let firstTable: Int
    /// The last tree that asked it, and its place among that tree's tests.
    var trees: [Int32]
    var places: [UInt16]
    /// The last stage that has it, and its plane there.
    var stages: [Int32]
    var planes: [UInt16]

    init(_ views: TreeViews, tableWords: Int) {
        var total = 0
        for view in views.views {
            starts.append(total)
            if view.rule < 0 { total += views.cuts[Int(view.feature)].count }
        }
        firstTable = total
        total += tableWords
        (trees, stages) = ([Int32](repeating: -1, count: total), [Int32](repeating: -1, count: total))
        (places, planes) = ([UInt16](repeating: 0, count: total), [UInt16](repeating: 0, count: total))
    }

    func test(view: Int, rank: Int) -> Test { Test(number: starts[view] + rank, view: view) }
    func test(view: Int, table: Int) -> Test { Test(number: firstTable + table / 64, view: view) }
    /// A threshold's rank, or where a table begins.
    func limit(_ test: Test) -> Int { test.number < firstTable ? test.number - starts[test.view] : (test.number - firstTable) * 64 }
}

extension CompiledTrees {
    /// Puts trees into stages: as many at a time as their distinct tests allow.
    mutating func addStages() {
        wordStarts = [Int](repeating: -1, count: order.count)
        var open = OpenStage()
        var marks = TestMarks(views, tableWords: tables.count)
        for (place, index) in order.enumerated() {
            guard let entry = entry(place, index, &marks) else {
                close(&open, &marks)
                addWalkStage(place)
                continue
            }
            let new = entry.tests.count { marks.stages[$0.number] != Int32(stages.count) }
            if open.tests.count + new > Self.testsMax { close(&open, &marks) }
            for test in entry.tests where marks.stages[test.number] != Int32(stages.count) {
                marks.stages[test.number] = Int32(stages.count)
                open.tests.append(test)
            }
            open.entries.append(entry)
        }
        close(&open, &marks)
        ops += [ek_tree_op](repeating: ek_tree_op(), count: Int(EK_TREE_AHEAD))
        tableOfNode = []
    }

    private mutating func addWalkStage(_ place: Int) {
        stages.append(.walk(tree: place))
        if !addWords(place) { hasWalks = true }
    }

    /// Puts a tree's nodes into words, if they fit: inputs, thresholds and leaves of 32 bits, no sets, one value a leaf.
    private mutating func addWords(_ place: Int) -> Bool {
        let range = Int(roots[place])..<(place + 1 < roots.count ? Int(roots[place + 1]) : nodes.count)
        let view = views.views.count
        guard ensemble.roundsInputs, ensemble.isSingle, hasLeafValues, range.count <= Int(EK_TREE_NARROW_CHILD), view < 1 << 12,
            nodes[range].allSatisfy({ $0.view & UInt32(EK_TREE_SET) == 0 })
        else { return false }
        wordStarts[place] = words.count
        for node in nodes[range] {
            // The largest 32-bit number up to a threshold: as many inputs lie below it.
            var limit = Float(node.threshold)
            if Int(node.view) < view, Double(limit) > node.threshold { limit = limit.nextDown }
            let upper = node.view << UInt32(EK_TREE_NARROW_BITS) | node.child - roots[place]
            words.append(UInt64(upper) << 32 | UInt64(limit.bitPattern))
        }
        return true
    }

    /// A tree as selections, or nil for one that must be walked.
    private func entry(_ place: Int, _ index: Int, _ marks: inout TestMarks) -> OpenStage.Entry? {
        let tree = ensemble.trees[index]
        guard tree.nodes.count(where: \.isLeaf) <= TreeMux.leavesMax else { return nil }
        var tests: [Test] = []
        var planes = [UInt16](repeating: 0, count: tree.nodes.count)
        for (i, node) in tree.nodes.enumerated() where !node.isLeaf {
            let view = views.number(TreeViews.view(node, ensemble))
            guard views.isRanked(view) else { return nil }
            let test =
                node.set < 0
                ? marks.test(view: view, rank: views.rank(node)) : marks.test(view: view, table: tableOfNode[index][Int32(i)] ?? 0)
            if marks.trees[test.number] != Int32(place) {
                marks.trees[test.number] = Int32(place)
                marks.places[test.number] = UInt16(tests.count)
                tests.append(test)
            }
            planes[i] = UInt16(TreeMux.firstTest) + marks.places[test.number]
        }
        guard let muxed = TreeMux.build(tree, tests: planes) else { return nil }
        return OpenStage.Entry(place: place, muxed: muxed, tests: tests)
    }

    private mutating func close(_ open: inout OpenStage, _ marks: inout TestMarks) {
        defer { open = OpenStage() }
        guard !open.entries.isEmpty else { return }
        let tests = open.tests.sorted { $0.number < $1.number }
        for (i, test) in tests.enumerated() { marks.planes[test.number] = UInt16(TreeMux.firstTest + i) }
        let (firstGroup, firstProgram) = (groups.count, programs.count)
        var from = 0
        while from < tests.count {
            var to = from + 1
            if views.views[tests[from].view].rule < 0 { while to < tests.count, tests[to].view == tests[from].view { to += 1 } }
            addGroup(tests[from..<to], first: TreeMux.firstTest + from, marks)
            from = to
        }
        for entry in open.entries { addProgram(entry, marks) }
        stages.append(.planes(programs: firstProgram..<programs.count, groups: firstGroup..<groups.count))
    }

    private mutating func addGroup(_ tests: ArraySlice<Test>, first: Int, _ marks: TestMarks) {
        let test = tests[tests.startIndex]
        let isSet = views.views[test.view].rule >= 0
        let isNarrow = !isSet && views.cuts[Int(views.views[test.view].feature)].count <= UInt8.max
        groups.append(
            ek_tree_group(
                view: UInt32(test.view), first: UInt32(first), count: UInt32(tests.count),
                start: UInt32(isSet ? marks.limit(test) : limits.count),
                kind: UInt32(isSet ? EK_TREE_SET_TEST : isNarrow ? EK_TREE_NARROW : EK_TREE_WIDE)))
        if !isSet { for test in tests { limits.append(UInt16(marks.limit(test))) } }
    }

    private mutating func addProgram(_ entry: OpenStage.Entry, _ marks: TestMarks) {
        let (muxed, tree) = (entry.muxed, ensemble.trees[order[entry.place]])
        func plane(_ own: UInt16) -> UInt16 {
            own < TreeMux.firstTest ? own : marks.planes[entry.tests[Int(own) - TreeMux.firstTest].number]
        }
        let bits = muxed.planes.count
        programs.append(
            ek_tree_program(
                op: UInt32(ops.count), op_count: UInt32(muxed.ops.count), plane_count: UInt32(bits),
                table: UInt32(ensemble.isSingle ? singles.codes.count : doubles.codes.count), output: UInt32(tree.output)))
        for op in muxed.ops { ops.append(ek_tree_op(mask: plane(op.mask), left: plane(op.left), right: plane(op.right), to: op.to)) }
        for own in muxed.planes { places.append(plane(own)) }
        for _ in bits..<TreeMux.bitsMax { places.append(0) }
        var values = [Double](repeating: 0, count: ensemble.targets << bits)
        for (leaf, code) in muxed.codes {
            for k in 0..<ensemble.targets { values[(k << bits) + code] = tree.leafValues[leaf * ensemble.targets + k] }
        }
        if ensemble.isSingle { for value in values { singles.codes.append(Float(value)) } } else { doubles.codes += values }
    }
}
