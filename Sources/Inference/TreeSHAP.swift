internal import Kernels

/// Shapley values of features for sums of trees, exact for the path-dependent game: what a feature's being unknown means is told by how
/// many training rows took each branch.
///
/// For a row x and a leaf with value v, let the path to it ask d distinct features; feature i lets x through (oᵢ = 1) or not (oᵢ = 0),
/// and lets through the share zᵢ of training rows that reached its nodes. The leaf adds v · (oᵢ − zᵢ) · wᵢ to feature i, where wᵢ sums
/// over subsets S of the other features |S|! (d − |S| − 1)! / d! · Π_{S} o · Π_{not S} z. The sums over subsets are kept as d + 1
/// numbers, extended by one feature after another. All contributions and the base add up to the margin.
///
/// What a leaf adds depends on x only by the d bits o, so for short paths each pattern of bits is computed once and looked up for all
/// other rows.
///
/// - Complexity: O(*leaves* · *depth*) a row for patterns seen before, *depth*² for new ones.
/// > Source: Lundberg, Erion, Lee, Consistent individualized feature attribution for tree ensembles, arXiv:1802.03888, algorithm 2; the
/// > lookup: Yang, Fast TreeSHAP, arXiv:2109.09847.
struct TreeSHAP: Sendable {
    /// What a path asks of one feature.
    struct Element: Sendable {
        var feature: Int
        /// The share of training rows that go on.
        var zero = 1.0
        /// low < x ≤ high, for all thresholds of the feature on the path.
        var low = -Double.infinity
        var high = Double.infinity
        var allowsLowest = true
        var missingPasses = true
        /// Nodes that ask for sets or take zero as missing, with the side that the path takes.
        var others: [(node: DecisionTree.Node, isLeft: Bool)] = []
    }

    struct Path: Sendable {
        var elements: [Element]
        /// Of each output.
        var values: [(output: Int, value: Double)]
    }

    private let ensemble: TreeEnsemble
    private let paths: [Path]
    /// Of each output: what is expected where nothing is known.
    let expected: [Double]

    /// - Parameter base: of each output's sum.
    /// - Returns: nil when a tree does not say how many training rows its nodes had.
    init?(_ ensemble: TreeEnsemble, base: [Double]) {
        self.ensemble = ensemble
        var (paths, expected) = ([Path](), base)
        for tree in ensemble.trees {
            var open: [(node: Int, elements: [Element])] = [(0, [])]
            while let (index, elements) = open.popLast() {
                let node = tree.nodes[index]
                if node.isLeaf {
                    let share = elements.reduce(1) { $0 * $1.zero }
                    let from = Int(node.left) * ensemble.targets
                    let values = (0..<ensemble.targets).map { k in
                        let value = tree.leafValues[from + k]
                        return (output: ensemble.targets > 1 ? k : tree.output, value: ensemble.isSingle ? Double(Float(value)) : value)
                    }
                    for (output, value) in values { expected[output] += share * value }
                    if !elements.isEmpty { paths.append(Path(elements: elements, values: values)) }
                    continue
                }
                let covers = [node.left, node.right].map { tree.nodes[Int($0)].cover }
                let total = covers[0] + covers[1]
                guard total > 0, total.isFinite, covers.allSatisfy({ $0 >= 0 }) else { return nil }
                for (child, isLeft) in [(node.left, true), (node.right, false)] {
                    open.append((Int(child), Self.adding(node, isLeft, share: covers[isLeft ? 0 : 1] / total, to: elements)))
                }
            }
        }
        self.paths = paths
        self.expected = expected
    }

    private static func adding(_ node: DecisionTree.Node, _ isLeft: Bool, share: Double, to elements: [Element]) -> [Element] {
        var out = elements
        var place = out.firstIndex { $0.feature == Int(node.feature) } ?? out.count
        if place == out.count { out.append(Element(feature: Int(node.feature))) }
        place = min(place, out.count - 1)
        out[place].zero *= share
        if node.set >= 0 || node.zeroIsMissing {
            out[place].others.append((node, isLeft))
            return out
        }
        if node.missingGoesLeft != isLeft { out[place].missingPasses = false }
        if isLeft {
            out[place].high = min(out[place].high, node.threshold)
        } else {
            out[place].low = max(out[place].low, node.threshold)
            out[place].allowsLowest = false
        }
        return out
    }

    private func passes(_ element: Element, _ x: Double) -> Bool {
        if x.isNaN {
            guard element.missingPasses else { return false }
        } else if !((x > element.low || element.allowsLowest) && x <= element.high) {
            return false
        }
        for other in element.others where ensemble.goesLeft(other.node, x) != other.isLeft { return false }
        return true
    }

    /// Rows whose sums the cache holds while path after path adds to them.
    private static let blockRows = 2_048

    /// Of each output, of each feature and last of the base, a column.
    func contributions(columns: [[Double]], rows: Range<Int>) -> [[Double]] {
        let width = ensemble.featureCount + 1
        var out = [[Double]](repeating: [], count: expected.count * width)
        for i in out.indices { out[i].reserveCapacity(rows.count) }
        var patterns = PathPatterns()
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.blockRows) {
            let block = start..<min(start + Self.blockRows, rows.upperBound)
            let sums = sums(columns, block, &patterns)
            for i in out.indices { out[i] += sums[i * block.count..<(i + 1) * block.count] }
        }
        return out
    }

    /// The same of some rows, column after column.
    private func sums(_ columns: [[Double]], _ rows: Range<Int>, _ patterns: inout PathPatterns) -> [Double] {
        let (count, width) = (rows.count, ensemble.featureCount + 1)
        var out = [Double](repeating: 0, count: expected.count * width * count)
        for (output, base) in expected.enumerated() {
            let from = (output * width + width - 1) * count
            for i in from..<from + count { out[i] = base }
        }
        for path in paths {
            let depth = path.elements.count
            if depth > PathPatterns.depthMax {
                addLong(path, columns, rows, &out)
                continue
            }
            patterns.begin(rows: count)
            for (bit, element) in path.elements.enumerated() {
                let column = columns[element.feature]
                if element.others.isEmpty {
                    patterns.mark(
                        bit, column, from: rows.lowerBound, low: element.low, high: element.high, allowsLowest: element.allowsLowest,
                        missingPasses: element.missingPasses)
                } else {
                    patterns.mark(bit) { passes(element, column[rows.lowerBound + $0]) }
                }
            }
            patterns.weigh(path.elements.map(\.zero))
            for (output, value) in path.values {
                for (k, element) in path.elements.enumerated() {
                    patterns.add(k, depth: depth, value: value, to: &out, at: (output * width + element.feature) * count)
                }
            }
        }
        return out
    }

    /// Adds the contributions of a path that is too long for patterns, row after row.
    private func addLong(_ path: Path, _ columns: [[Double]], _ rows: Range<Int>, _ out: inout [Double]) {
        let (depth, count, width) = (path.elements.count, rows.count, ensemble.featureCount + 1)
        let zeros = path.elements.map(\.zero)
        var (sums, weights) = ([Double](repeating: 0, count: depth + 1), [Double](repeating: 0, count: depth))
        for i in 0..<count {
            let bits = path.elements.map { passes($0, columns[$0.feature][rows.lowerBound + i]) }
            Self.weights(zeros, &sums, isOne: { bits[$0] }, put: { weights[$0] = $1 })
            for (output, value) in path.values {
                for (element, weight) in zip(path.elements, weights) {
                    out[(output * width + element.feature) * count + i] += weight * value
                }
            }
        }
    }

    /// (oᵢ − zᵢ) · wᵢ for each feature of the path.
    /// - Parameters:
    ///   - zeros: the features' zᵢ. - sums: room for one number more than there are features.
    @inline(__always)
    static func weights(_ zeros: [Double], _ sums: inout [Double], isOne: (Int) -> Bool, put: (Int, Double) -> Void) {
        let depth = zeros.count
        sums[0] = 1
        for i in 0..<depth {
            let (one, size) = (isOne(i) ? 1.0 : 0.0, Double(i + 2))
            sums[i + 1] = 0
            for k in (0...i).reversed() {
                sums[k + 1] += one * sums[k] * Double(k + 1) / size
                sums[k] = zeros[i] * sums[k] * Double(i + 1 - k) / size
            }
        }
        let size = Double(depth + 1)
        for i in 0..<depth {
            // The feature is taken out of the sums again.
            var total = 0.0
            if isOne(i) {
                var next = sums[depth]
                for k in (0..<depth).reversed() {
                    let part = next * size / Double(k + 1)
                    total += part
                    next = sums[k] - part * zeros[i] * Double(depth - k) / size
                }
            } else if zeros[i] > 0 {
                for k in (0..<depth).reversed() { total += sums[k] * size / (zeros[i] * Double(depth - k)) }
            }
            put(i, total * ((isOne(i) ? 1 : 0) - zeros[i]))
        }
    }
}

extension Model {
    /// Whether ``contributions(_:rows:threads:)`` are weights times values, which are not centred on any rows.
    public var isLinear: Bool { if case .linear = body { true } else { false } }

    /// How much each feature adds to the margin of each row, by TreeSHAP: of each output, of each feature and last of the base, a column. Of
    /// XGBoost's linear booster it is weight · x, as in XGBoost.
    ///
    /// - Throws: for a model without trees, with linear trees (LightGBM has no contributions of those either), or that does not say how many
    ///   training rows its nodes had.
    public func contributions(_ columns: [InputColumn], rows: Int, threads: Int = 1) throws(InferenceError) -> [[[Double]]] {
        if case .linear(let model) = body, model.skipsMissing {
            return model.contributions(try numbers(columns, isSingle: isSingle), rows: rows)
        }
        if case .trees(let model) = body, model.linearLeaves != nil {
            throw InferenceError(
                .unsupported, file: file,
                "contributions of linear trees, which LightGBM does not define either; expected trees of plain leaves")
        }
        guard case .trees(let model) = body, let explainer = TreeSHAP(model.ensemble, base: model.base) else {
            throw InferenceError(
                .unsupported, file: file, "contributions of this model, expected XGBoost or LightGBM trees with their covers")
        }
        let numbers = try numbers(columns, isSingle: isSingle)
        let (outputs, width) = (model.ensemble.outputCount, features.count + 1)
        let flat = TreeModel.inParallel(rows: rows, threads: threads, columns: outputs * width) {
            explainer.contributions(columns: numbers, rows: $0)
        }
        return (0..<outputs).map { Array(flat[$0 * width..<($0 + 1) * width]) }
    }
}
