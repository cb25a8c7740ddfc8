internal import CKernels

extension CompiledTrees {
    /// Rows of a block.
    public static let blockRows = Int(EK_TREE_ROWS)

    /// The outputs of some rows, each a column: base + Σ leaves.
    ///
    /// - Parameters:
    ///   - columns: the features, as many rows each; NaN is missing. Rounded to 32 bits where the ensemble says so.
    ///   - base: of each output.
    public func sums(columns: [[Double]], rows: Range<Int>, base: [Double]) -> [[Double]] {
        var out = [[Double]](repeating: [], count: ensemble.outputCount)
        for i in out.indices { out[i].reserveCapacity(rows.count) }
        var scratch = Scratch(self, rows: rows.count)
        var start = rows.lowerBound
        while start < rows.upperBound {
            let count = min(Self.blockRows, rows.upperBound - start)
            scratch.begin(base)
            if count < Self.fewRows {
                for row in start..<start + count { walkTrees(columns, row, row - start, &scratch) }
            } else {
                addBlock(columns, start, count, &scratch)
            }
            for i in out.indices {
                let from = i * Self.blockRows
                if ensemble.isSingle {
                    for value in scratch.singles[from..<from + count] { out[i].append(Double(value)) }
                } else {
                    out[i] += scratch.doubles[from..<from + count]
                }
            }
            start += count
        }
        return out
    }

    /// The node of the file's tree where each row ends, tree after tree in the order of the ensemble.
    public func leafNodes(columns: [[Double]], rows: Range<Int>) -> [[Int32]] {
        var out = [[Int32]](repeating: [], count: order.count)
        var scratch = Scratch(self, rows: 1)
        for row in rows {
            fillRows(columns, row, 1, &scratch)
            unsafe ek_tree_walk_trees(nodes, roots, depths, 0, roots.count, tables, scratch.values, &scratch.ends)
            for (place, tree) in order.enumerated() { out[tree].append(nodeOfLeaf[Int(leafOfNode[Int(scratch.ends[place])])]) }
        }
        return out
    }

    /// What a thread needs while it scores.
    struct Scratch {
        var ranks = [UInt16](repeating: 0, count: CompiledTrees.blockRows)
        /// A feature of a block, laid out as ranks lie.
        var block: [Double]
        var rounded: [Float]
        /// Ranks of all views, as 8 bits where they fit, and as 16.
        var narrow: [UInt8]
        var wide: [UInt16]
        var planes: [UInt64]
        var values: [Double]
        /// The same as 32-bit numbers, for trees in words.
        var lines: [Float]
        var ends: [UInt32]
        var singles: [Float]
        var doubles: [Double]
        let isSingle: Bool

        init(_ model: CompiledTrees, rows: Int) {
            let block = CompiledTrees.blockRows
            let count = model.views.views.count
            let words = Int(EK_TREE_PLANE) / 8
            let isBlock = rows >= CompiledTrees.fewRows
            let hasPlanes = isBlock && !model.programs.isEmpty
            self.block = [Double](repeating: 0, count: hasPlanes ? block : 0)
            rounded = [Float](repeating: 0, count: hasPlanes ? block : 0)
            narrow = [UInt8](repeating: 0, count: hasPlanes ? count * block : 0)
            wide = [UInt16](repeating: 0, count: hasPlanes ? count * block : 0)
            planes = [UInt64](repeating: 0, count: hasPlanes ? (TreeMux.firstTest + CompiledTrees.testsMax) * words + words : 0)
            // The view that leaves look at is beyond all others.
            values = [Double](repeating: -.infinity, count: (count + 1) * (isBlock && model.hasWalks ? block : 1))
            lines = [Float](repeating: -.infinity, count: isBlock && !model.words.isEmpty ? (count + 1) * block : 0)
            ends = [UInt32](repeating: 0, count: max(block, model.roots.count))
            singles = model.ensemble.isSingle ? [Float](repeating: 0, count: model.ensemble.outputCount * block) : []
            doubles = model.ensemble.isSingle ? [] : [Double](repeating: 0, count: model.ensemble.outputCount * block)
            isSingle = model.ensemble.isSingle
            if hasPlanes { unsafe ek_tree_constants(&planes) }
        }

        mutating func begin(_ base: [Double]) {
            let block = CompiledTrees.blockRows
            for (i, value) in base.enumerated() {
                for row in i * block..<(i + 1) * block { if isSingle { singles[row] = Float(value) } else { doubles[row] = value } }
            }
        }
    }

    private func addBlock(_ columns: [[Double]], _ start: Int, _ count: Int, _ scratch: inout Scratch) {
        if !programs.isEmpty { fillViews(columns, start, count, &scratch) }
        if hasWalks { fillRows(columns, start, count, &scratch) }
        if !words.isEmpty { fillLines(columns, start, count, &scratch) }
        for stage in stages {
            switch stage {
            case .planes(let range, let wanted):
                unsafe ek_tree_masks(
                    groups, wanted.lowerBound, wanted.upperBound, limits, scratch.narrow, scratch.wide, tables, &scratch.planes)
                if ensemble.isSingle {
                    unsafe ek_tree_add_f32(
                        programs, range.lowerBound, range.upperBound, ops, places, singles.codes, ensemble.targets, &scratch.planes,
                        &scratch.singles)
                } else {
                    unsafe ek_tree_add_f64(
                        programs, range.lowerBound, range.upperBound, ops, places, doubles.codes, ensemble.targets, &scratch.planes,
                        &scratch.doubles)
                }
            case .walk(let tree) where wordStarts[tree] >= 0:
                unsafe ek_tree_narrow_add(
                    words, wordStarts[tree], scratch.lines, views.views.count + 1, count, Int(outputs[tree]) * Self.blockRows,
                    &scratch.singles)
            case .walk(let tree):
                unsafe ek_tree_walk_rows(
                    nodes, roots[tree], depths[tree], tables, scratch.values, views.views.count + 1, count, &scratch.ends)
                gather(tree, count, &scratch)
            }
        }
    }

    private func walkTrees(_ columns: [[Double]], _ row: Int, _ at: Int, _ scratch: inout Scratch) {
        fillRows(columns, row, 1, &scratch)
        unsafe ek_tree_walk_trees(nodes, roots, depths, 0, roots.count, tables, scratch.values, &scratch.ends)
        if hasLeafValues {
            if ensemble.isSingle {
                unsafe ek_tree_ends_f32(nodes, scratch.ends, outputs, roots.count, at, &scratch.singles)
            } else {
                unsafe ek_tree_ends_f64(nodes, scratch.ends, outputs, roots.count, at, &scratch.doubles)
            }
            return
        }
        let targets = ensemble.targets
        for (place, tree) in order.enumerated() {
            let leaf = Int(leafOfNode[Int(scratch.ends[place])]) * targets
            for k in 0..<targets {
                let to = (targets > 1 ? k : ensemble.trees[tree].output) * Self.blockRows + at
                if ensemble.isSingle {
                    scratch.singles[to] += singles.leaves[leaf + k]
                } else {
                    scratch.doubles[to] += doubles.leaves[leaf + k]
                }
            }
        }
    }

    private func gather(_ tree: Int, _ rows: Int, _ scratch: inout Scratch) {
        if hasLeafValues {
            let to = Int(outputs[tree]) * Self.blockRows
            if ensemble.isSingle {
                unsafe ek_tree_leaf_f32(nodes, scratch.ends, rows, to, &scratch.singles)
            } else {
                unsafe ek_tree_leaf_f64(nodes, scratch.ends, rows, to, &scratch.doubles)
            }
            return
        }
        let targets = ensemble.targets
        for k in 0..<targets {
            let to = (targets > 1 ? k : ensemble.trees[order[tree]].output) * Self.blockRows
            if ensemble.isSingle {
                unsafe ek_tree_gather_f32(singles.leaves, leafOfNode, targets, k, scratch.ends, rows, to, &scratch.singles)
            } else {
                unsafe ek_tree_gather_f64(doubles.leaves, leafOfNode, targets, k, scratch.ends, rows, to, &scratch.doubles)
            }
        }
    }

    /// Ranks and codes of a block, for planes.
    private func fillViews(_ columns: [[Double]], _ start: Int, _ count: Int, _ scratch: inout Scratch) {
        var (laidOut, ranked) = (-1, -1)
        for number in views.byFeature where views.isRanked(number) {
            let view = views.views[number]
            let feature = Int(view.feature)
            if laidOut != feature {
                unsafe ek_tree_block(columns[feature], start, count, ensemble.roundsInputs ? 1 : 0, &scratch.block, &scratch.rounded)
                laidOut = feature
            }
            if view.rule >= 0 {
                unsafe ek_tree_codes(
                    cuts, memberStarts[number], views.members[number].count, view.rule, scratch.block, 0, Self.blockRows, 0,
                    &scratch.ranks)
                ranked = -1
                for row in 0..<Self.blockRows { scratch.wide[number * Self.blockRows + row] = scratch.ranks[row] }
                continue
            }
            let cutCount = views.cuts[feature].count
            if ranked != feature {
                if singleCuts.isEmpty {
                    unsafe ek_tree_ranks_f64(cuts, cutStarts[feature], cutCount, scratch.block, &scratch.ranks)
                } else if heapStarts[feature] >= 0 {
                    unsafe ek_tree_heap_ranks(heaps, heapStarts[feature], scratch.rounded, &scratch.ranks)
                } else {
                    unsafe ek_tree_ranks_f32(singleCuts, cutStarts[feature], cutCount, scratch.rounded, &scratch.ranks)
                }
                ranked = feature
            }
            unsafe ek_tree_view(
                scratch.ranks, cutCount, scratch.block, view.missingGoesLeft ? 1 : 0,
                view.zeroIsMissing ? DecisionTree.zeroSize : -1, number, &scratch.narrow, &scratch.wide)
        }
    }

    /// Values and codes of some rows, row after row, for walks.
    private func fillRows(_ columns: [[Double]], _ start: Int, _ count: Int, _ scratch: inout Scratch) {
        let width = views.views.count + 1
        for (number, view) in views.views.enumerated() {
            let column = columns[Int(view.feature)]
            if view.rule >= 0 {
                unsafe ek_tree_codes(
                    cuts, memberStarts[number], views.members[number].count, view.rule, column, start, count,
                    ensemble.roundsInputs ? 1 : 0, &scratch.ranks)
                unsafe ek_tree_row_codes(scratch.ranks, count, number, width, &scratch.values)
            } else {
                unsafe ek_tree_row_view(
                    column, start, count, ensemble.roundsInputs ? 1 : 0, view.missingGoesLeft ? 1 : 0,
                    view.zeroIsMissing ? DecisionTree.zeroSize : -1, number, width, &scratch.values)
            }
        }
    }

    /// The same as 32-bit numbers, of views that are no codes.
    private func fillLines(_ columns: [[Double]], _ start: Int, _ count: Int, _ scratch: inout Scratch) {
        for (number, view) in views.views.enumerated() where view.rule < 0 {
            unsafe ek_tree_narrow_view(
                columns[Int(view.feature)], start, count, view.missingGoesLeft ? 1 : 0, view.zeroIsMissing ? DecisionTree.zeroSize : -1,
                number, views.views.count + 1, &scratch.lines)
        }
    }
}
