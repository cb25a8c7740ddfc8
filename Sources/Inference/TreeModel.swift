internal import Dispatch
internal import Kernels
internal import Synchronization

/// Boosted or bagged trees, ready to score.
struct TreeModel: Sendable {
    /// A leaf of a linear tree (LightGBM): constant + Σ coefficient · feature, or the leaf's value where a feature is missing.
    struct LinearLeaf: Sendable {
        var constant: Double
        var terms: [(feature: Int, coefficient: Double)]
    }

    /// Compiled trees behind one reference: a model is handed on more quickly than with their thirty.
    private final class Shared: Sendable {
        let trees: CompiledTrees
        init(_ trees: CompiledTrees) { self.trees = trees }
    }

    var ensemble: TreeEnsemble
    private let shared: Shared
    var compiled: CompiledTrees { shared.trees }
    /// Of each output.
    var base: [Double]
    var link: Link
    /// How many trees there are after each round.
    var roundEnds: [Int]
    /// Whether sums are divided by the number of rounds (LightGBM's random forests).
    var isAveraged = false
    /// Of each tree, of each leaf.
    var linearLeaves: [[LinearLeaf]]?
    /// Whether a leaf is named by its own number (LightGBM) or by its node's (XGBoost).
    var leavesByNumber = false

    /// - Throws: when the trees do not fit into the kernels' limits.
    init(_ ensemble: TreeEnsemble, base: [Double], link: Link, roundEnds: [Int], file: String) throws(InferenceError) {
        guard let compiled = CompiledTrees(ensemble) else {
            throw InferenceError(.limit, file: file, "the sets of categories in its trees are too large, expected fewer or shorter ones")
        }
        self.ensemble = ensemble
        shared = Shared(compiled)
        self.base = base
        self.link = link
        self.roundEnds = roundEnds
    }

    /// The model of the first rounds only.
    func prefix(rounds: Int?, file: String) throws(InferenceError) -> TreeModel {
        guard let rounds, rounds < roundEnds.count else { return self }
        var out = ensemble
        out.trees = Array(ensemble.trees.prefix(rounds > 0 ? roundEnds[rounds - 1] : 0))
        var model = try TreeModel(out, base: base, link: link, roundEnds: Array(roundEnds.prefix(max(rounds, 0))), file: file)
        model.isAveraged = isAveraged
        model.linearLeaves = linearLeaves.map { Array($0.prefix(out.trees.count)) }
        model.leavesByNumber = leavesByNumber
        return model
    }

    /// What the sums are, each output a column.
    func margins(_ columns: [[Double]], rows: Int, threads: Int) -> [[Double]] {
        if let linearLeaves { return linearSums(columns, rows, linearLeaves) }
        return Self.inParallel(rows: rows, threads: threads, columns: ensemble.outputCount) {
            shared.trees.sums(columns: columns, rows: $0, base: base)
        }
    }

    /// The same of one row, whose features these are; nil for linear trees.
    func margins(row: [Double]) -> [[Double]]? { linearLeaves == nil ? shared.trees.sums(row: row, base: base).map { [$0] } : nil }

    /// Averages where the model is one of averages, then the link. LightGBM's margins are sums even then.
    func predictions(_ margins: [[Double]]) -> [[Double]] {
        guard isAveraged, !roundEnds.isEmpty else { return link.predictions(margins) }
        let rounds = Double(roundEnds.count)
        return link.predictions(margins.map { $0.map { $0 / rounds } })
    }

    /// Cuts rows into pieces of whole blocks, one or more for each thread, and puts the pieces' columns together again.
    static func inParallel(rows: Int, threads: Int, columns: Int, _ work: @Sendable (Range<Int>) -> [[Double]]) -> [[Double]] {
        let block = CompiledTrees.blockRows
        let pieces = min(max(threads, 1) * 4, (rows + block - 1) / block)
        guard threads > 1, pieces > 1 else { return work(0..<rows) }
        let size = ((rows + pieces - 1) / pieces + block - 1) / block * block
        let count = (rows + size - 1) / size
        let slots = Mutex([[[Double]]](repeating: [], count: count))
        let next = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
            while true {
                let piece = next.withLock { at in
                    at += 1
                    return at - 1
                }
                guard piece < count else { return }
                let made = work(piece * size..<min((piece + 1) * size, rows))
                slots.withLock { $0[piece] = made }
            }
        }
        let made = slots.withLock { $0 }
        return (0..<columns).map { column in
            var out: [Double] = []
            out.reserveCapacity(rows)
            for piece in made { out += piece[column] }
            return out
        }
    }

    /// The leaf of each row in every tree, in the file's order.
    func leaves(_ columns: [[Double]], rows: Int) -> [[Int64]] {
        compiled.leafNodes(columns: columns, rows: 0..<rows).enumerated().map { tree, nodes in
            nodes.map { leavesByNumber ? Int64(ensemble.trees[tree].nodes[Int($0)].left) : Int64($0) }
        }
    }

    private func linearSums(_ columns: [[Double]], _ rows: Int, _ leaves: [[LinearLeaf]]) -> [[Double]] {
        var sums = base.map { [Double](repeating: $0, count: rows) }
        let ends = compiled.leafNodes(columns: columns, rows: 0..<rows)
        for (number, tree) in ensemble.trees.enumerated() {
            for row in 0..<rows {
                let leaf = Int(tree.nodes[Int(ends[number][row])].left)
                let linear = leaves[number][leaf]
                var value = linear.constant
                for term in linear.terms {
                    let x = columns[term.feature][row]
                    if x.isNaN {
                        value = tree.leafValues[leaf]
                        break
                    }
                    value += term.coefficient * x
                }
                sums[tree.output][row] += value
            }
        }
        return sums
    }
}
