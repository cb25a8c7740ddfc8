internal import Foundation
internal import Kernels

/// SVMClassifier and SVMRegressor: how near a row is to each support vector, weighted and summed; or, without support vectors, a
/// linear model.
///
/// > Source: onnx/docs/Operators-ml.md. Where it is silent, ONNX Runtime's svmclassifier.cc is followed: the order of coefficients,
/// > votes of pairs of classes, what two classes answer. Probabilities of pairs are joined as in Wu, Lin, Weng, "Probability Estimates for
/// > Multi-class Classification by Pairwise Coupling", 2004, method 2, with that file's rule when to stop.
enum VectorOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "SVMRegressor": return try regressor(node)
        case "SVMClassifier": return try classifier(node)
        default: return nil
        }
    }

    private struct Kernel {
        enum Form: String { case linear = "LINEAR", poly = "POLY", rbf = "RBF", sigmoid = "SIGMOID" }
        var form: Form
        var gamma: Float = 0
        var offset: Float = 0
        var degree: Float = 0

        init(_ node: OperatorNode) throws(InferenceError) {
            let name = try node.text("kernel_type") ?? "LINEAR"
            guard let form = Form(rawValue: name) else { throw node.unsupported("kernel_type \(name.prefix(20))") }
            let given = try node.floats("kernel_params") ?? []
            guard given.isEmpty || given.count == 3 else {
                throw node.malformed("\(given.count) kernel_params, expected gamma, coef0 and degree")
            }
            self.form = form
            if given.count == 3 { (gamma, offset, degree) = (given[0], given[1], given[2]) }
        }

        /// Of each row with each vector.
        func values(_ x: [Float], _ vectors: [Float], rows: Int, width: Int) -> [Float] {
            let count = vectors.count / max(width, 1)
            guard form != .rbf else { return distances(x, vectors, rows, width, count) }
            let products = denseProduct(x, vectors, rows: rows, inner: width, columns: count, isTransposed: true)
            switch form {
            case .poly: return products.map { pow(gamma * $0 + offset, degree) }
            case .sigmoid: return products.map { tanh(gamma * $0 + offset) }
            default: return products
            }
        }

        private func distances(_ x: [Float], _ vectors: [Float], _ rows: Int, _ width: Int, _ count: Int) -> [Float] {
            var out: [Float] = []
            out.reserveCapacity(rows * count)
            for row in 0..<rows {
                for vector in 0..<count {
                    var sum: Float = 0
                    for k in 0..<width {
                        let gap = x[row * width + k] - vectors[vector * width + k]
                        sum += gap * gap
                    }
                    out.append(exp(-gamma * sum))
                }
            }
            return out
        }
    }

    /// The rows of the only input, as 32-bit numbers.
    private static func rows(_ inputs: [Tensor?], width: Int) throws(OperatorError) -> (values: [Float], rows: Int) {
        let x = try OperatorTable.input(inputs, 0)
        guard let values = x.floats, x.shape.count == 2 || x.shape.count == 1, x.shape.last == width else {
            throw OperatorError("shape \(x.shape.prefix(8)), expected rows of \(width) numbers")
        }
        return (values, x.shape.count == 2 ? x.shape[0] : 1)
    }

    private static func regressor(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        var kernel = try Kernel(node)
        let (coefficients, vectors) = (try node.floats("coefficients") ?? [], try node.floats("support_vectors") ?? [])
        let (count, rho) = (try node.int("n_supports") ?? 0, try node.floats("rho") ?? [])
        guard try PredictorOperators.Transform(node) == .none else { throw node.unsupported("post_transform of an SVMRegressor") }
        guard !coefficients.isEmpty, let bias = rho.first else { throw node.malformed("no coefficients or no rho, expected some") }
        let isOneClass = try node.int("one_class") ?? 0 != 0
        if count > 0 {
            guard coefficients.count == count, !vectors.isEmpty, vectors.count.isMultiple(of: count) else {
                throw node.malformed("\(coefficients.count) coefficients and \(vectors.count) numbers for \(count) support vectors")
            }
        } else {
            kernel.form = .linear
        }
        let (ready, width) = (kernel, count > 0 ? vectors.count / count : coefficients.count)
        return { inputs throws(OperatorError) in
            let (x, rows) = try rows(inputs, width: width)
            let near = count > 0 ? ready.values(x, vectors, rows: rows, width: width) : x
            let sums = denseProduct(near, coefficients, rows: rows, inner: coefficients.count, columns: 1).map { $0 + bias }
            return [Tensor([rows, 1], .float(isOneClass ? sums.map { $0 > 0 ? 1 : -1 } : sums))]
        }
    }

    /// A classifier of every pair of classes, each with the vectors of both.
    private struct Pairs {
        var kernel: Kernel
        var coefficients: [Float]
        var vectors: [Float]
        /// Of each class, the first vector's number and the last one's, plus one.
        var own: [Range<Int>]
        var rho: [Float]
        var slopes: [Float]
        var offsets: [Float]
        var classes: Int { own.count }
        var width: Int { vectors.count / count }
        var count: Int { own.last?.upperBound ?? 0 }

        /// What each pair says, of classes (0, 1), (0, 2), … (1, 2), …; above 0 for the first one.
        func scores(_ near: ArraySlice<Float>) -> [Float] {
            var out: [Float] = []
            for i in 0..<classes {
                for j in i + 1..<max(classes, i + 1) {
                    var sum = 0.0
                    for k in own[i] { sum += Double(coefficients[(j - 1) * count + k] * near[near.startIndex + k]) }
                    for k in own[j] { sum += Double(coefficients[i * count + k] * near[near.startIndex + k]) }
                    out.append(Float(sum + Double(rho[out.count])))
                }
            }
            return out
        }

        func winner(_ scores: [Float]) -> Int {
            var (votes, pair) = ([Float](repeating: 0, count: classes), 0)
            for i in 0..<classes {
                for j in i + 1..<max(classes, i + 1) {
                    votes[scores[pair] > 0 ? i : j] += 1
                    pair += 1
                }
            }
            return PredictorOperators.largest(votes, 0, classes)
        }

        /// Probabilities of the classes from those of the pairs.
        func probabilities(_ scores: [Float]) -> [Float] {
            var r = [Float](repeating: 0, count: classes * classes)
            var pair = 0
            for i in 0..<classes {
                for j in i + 1..<max(classes, i + 1) {
                    let share = 1 - MathOperators.logistic(scores[pair] * slopes[pair] + offsets[pair])
                    r[i * classes + j] = min(max(share, 1e-7), 1 - 1e-7)
                    r[j * classes + i] = 1 - r[i * classes + j]
                    pair += 1
                }
            }
            return joined(r)
        }

        private func joined(_ r: [Float]) -> [Float] {
            var p = [Float](repeating: 1 / Float(classes), count: classes)
            var q = [Float](repeating: 0, count: classes * classes)
            for i in 0..<classes {
                for j in 0..<classes where j != i {
                    q[i * classes + i] += r[j * classes + i] * r[j * classes + i]
                    q[i * classes + j] = -r[j * classes + i] * r[i * classes + j]
                }
            }
            for _ in 0..<100 {
                var products = (0..<classes).map { i in (0..<classes).reduce(Float(0)) { $0 + q[i * classes + $1] * p[$1] } }
                var total = zip(p, products).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                if products.allSatisfy({ abs($0 - total) < 0.005 / Float(classes) }) { break }
                for i in 0..<classes {
                    let step = (total - products[i]) / q[i * classes + i]
                    p[i] += step
                    total = (total + step * (step * q[i * classes + i] + 2 * products[i])) / (1 + step) / (1 + step)
                    for j in 0..<classes {
                        products[j] = (products[j] + step * q[i * classes + j]) / (1 + step)
                        p[j] /= 1 + step
                    }
                }
            }
            return p
        }
    }

    private static func classifier(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        guard let labels = try node.labels() else { throw node.malformed("no class labels, expected some") }
        let classes = Tensor([], labels).count
        guard 2...InferenceLimits.outputs ~= classes else { throw node.malformed("\(classes) classes, expected at least 2") }
        let (coefficients, rho) = (try node.floats("coefficients") ?? [], try node.floats("rho") ?? [])
        guard !coefficients.isEmpty, !rho.isEmpty else { throw node.malformed("no coefficients or no rho, expected some") }
        let transform = try PredictorOperators.Transform(node)
        let isPositive = coefficients.allSatisfy { $0 >= 0 }
        guard let pairs = try pairs(node, classes, coefficients, rho) else {
            guard coefficients.count.isMultiple(of: classes) else {
                throw node.malformed("\(coefficients.count) coefficients of \(classes) classes, expected as many of each")
            }
            let width = coefficients.count / classes
            return { inputs throws(OperatorError) in
                let (x, rows) = try rows(inputs, width: width)
                var scores = denseProduct(x, coefficients, rows: rows, inner: width, columns: classes, isTransposed: true).map {
                    $0 + rho[0]
                }
                let chosen = (0..<rows).map { row in
                    let best = PredictorOperators.largest(scores, row * classes, classes)
                    // Of two classes the second one's name is answered wherever the larger score speaks for any.
                    let isSecond = classes == 2 && (isPositive ? scores[row * 2 + best] >= 0.5 : scores[row * 2 + best] > 0)
                    return isSecond ? 1 : best
                }
                transform.apply(&scores, width: classes)
                return [Tensor(labels, picking: chosen), Tensor([rows, classes], .float(scores))]
            }
        }
        return { inputs throws(OperatorError) in
            let (x, rows) = try rows(inputs, width: pairs.width)
            let near = pairs.kernel.values(x, pairs.vectors, rows: rows, width: pairs.width)
            var (scores, chosen): ([Float], [Int]) = ([], [])
            var width = classes
            for row in 0..<rows {
                let found = pairs.scores(near[row * pairs.count..<(row + 1) * pairs.count])
                chosen.append(pairs.winner(found))
                if !pairs.slopes.isEmpty {
                    scores += pairs.probabilities(found)
                } else if classes == 2 {
                    switch transform {
                    case .none: scores += [-found[0], found[0]]
                    case .logistic: scores += [MathOperators.logistic(-found[0]), MathOperators.logistic(found[0])]
                    default: scores += [1 - found[0], found[0]]
                    }
                } else {
                    scores += found
                    width = found.count
                }
            }
            if classes > 2 || !pairs.slopes.isEmpty { transform.apply(&scores, width: width) }
            return [Tensor(labels, picking: chosen), Tensor([rows, rows == 0 ? classes : scores.count / rows], .float(scores))]
        }
    }

    /// Nil of a linear model, which has no support vectors.
    private static func pairs(
        _ node: OperatorNode, _ classes: Int, _ coefficients: [Float], _ rho: [Float]
    ) throws(InferenceError) -> Pairs? {
        let (sizes, vectors) = (try node.ints("vectors_per_class") ?? [], try node.floats("support_vectors") ?? [])
        guard sizes.allSatisfy({ 0...vectors.count ~= $0 }) else {
            throw node.malformed("vectors_per_class asks for more than there are, expected at most \(vectors.count) each")
        }
        var own: [Range<Int>] = []
        for size in sizes { own.append((own.last?.upperBound ?? 0)..<(own.last?.upperBound ?? 0) + size) }
        let count = own.last?.upperBound ?? 0
        guard count > 0 else { return nil }
        let duels = classes * (classes - 1) / 2
        let (slopes, offsets) = (try node.floats("prob_a") ?? [], try node.floats("prob_b") ?? [])
        guard sizes.count == classes, vectors.count.isMultiple(of: count), !vectors.isEmpty, coefficients.count >= (classes - 1) * count,
            rho.count >= duels, slopes.count == offsets.count, slopes.isEmpty || slopes.count >= duels
        else {
            throw node.malformed(
                "\(classes) classes, \(count) support vectors, \(coefficients.count) coefficients, \(rho.count) rho, \(slopes.count) prob_a, \(offsets.count) prob_b do not fit together"
            )
        }
        return Pairs(
            kernel: try Kernel(node), coefficients: coefficients, vectors: vectors, own: own, rho: rho, slopes: slopes, offsets: offsets)
    }
}
