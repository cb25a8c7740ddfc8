internal import Foundation
internal import Kernels

/// Operators of ai.onnx.ml that predict: linear models and tree ensembles.
enum PredictorOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "LinearRegressor", "LinearClassifier": return try linear(node)
        case "TreeEnsembleRegressor": return try TreeOperators.regressor(node)
        case "TreeEnsembleClassifier": return try TreeOperators.classifier(node)
        default:
            let (vectors, trees) = (try VectorOperators.work(node), try TreeEnsembleOperator.work(node))
            return vectors ?? trees
        }
    }

    enum Transform: String {
        case none = "NONE"
        case softmax = "SOFTMAX"
        case logistic = "LOGISTIC"
        case softmaxZero = "SOFTMAX_ZERO"
        case probit = "PROBIT"

        init(_ node: OperatorNode) throws(InferenceError) {
            let name = try node.text("post_transform") ?? "NONE"
            guard let found = Transform(rawValue: name), found != .probit else {
                throw node.unsupported("post_transform \(name.prefix(20))")
            }
            self = found
        }

        /// Changes the scores of rows of this width.
        func apply(_ scores: inout [Float], width: Int) {
            guard width > 0 else { return }
            switch self {
            case .none, .probit: break
            case .logistic: for i in scores.indices { scores[i] = MathOperators.logistic(scores[i]) }
            case .softmax, .softmaxZero: for from in stride(from: 0, to: scores.count, by: width) { soften(&scores, from..<from + width) }
            }
        }

        private func soften(_ scores: inout [Float], _ row: Range<Int>) {
            let most = scores[row].max() ?? 0
            var total: Float = 0
            for i in row {
                // Scores of nothing stay nothing with SOFTMAX_ZERO.
                scores[i] = self == .softmaxZero && abs(scores[i]) < 1e-7 ? 0 : exp(scores[i] - most)
                total += scores[i]
            }
            if total != 0 { for i in row { scores[i] /= total } }
        }
    }

    /// x · coefficientsᵀ + intercepts, one row of coefficients a target.
    private struct Linear {
        private let coefficients: [Float]
        private let added: [Float]
        /// The same, laid out for the kernels, where there is anything to multiply.
        private let layers: DenseLayers?

        init(_ coefficients: [Float], _ intercepts: [Float], targets: Int) {
            self.coefficients = coefficients
            added = (0..<targets).map { $0 < intercepts.count ? intercepts[$0] : 0 }
            var layer = DenseLayers.Layer(weights: coefficients, inner: coefficients.count / targets, columns: targets)
            layer.isTransposed = true
            layer.bias = added
            layers = DenseLayers([layer])
        }

        func scores(_ x: Tensor) throws(OperatorError) -> (scores: [Float], rows: Int) {
            guard let values = x.floats, x.shape.count == 2 || x.shape.count == 1 else {
                throw OperatorError("shape \(x.shape), expected rows of numbers")
            }
            let (rows, width, targets) = (x.shape.count == 2 ? x.shape[0] : 1, x.shape[x.shape.count - 1], added.count)
            try check(width: width)
            if let layers { return (layers.output(values, rows: rows), rows) }
            return (
                repeatedSum(denseProduct(values, coefficients, rows: rows, inner: width, columns: targets, isTransposed: true), added), rows
            )
        }

        /// The same of a table's columns, as 32-bit numbers.
        func scores(_ columns: [[Double]], _ rows: Range<Int>) throws(OperatorError) -> [Float] {
            try check(width: columns.count)
            if let layers { return layers.output(columns: columns, rows: rows) }
            return try scores(Tensor([rows.count, columns.count], .float(rowFloats(columns, rows: rows)))).scores
        }

        private func check(width: Int) throws(OperatorError) {
            guard width * added.count == coefficients.count else {
                throw OperatorError("\(coefficients.count) coefficients for \(width) columns and \(added.count) targets")
            }
        }
    }

    /// A linear model and what becomes of its scores.
    private struct Predictor {
        let linear: Linear
        let finish: @Sendable (_ scores: [Float], _ rows: Int) -> [Tensor]

        init?(_ node: OperatorNode) throws(InferenceError) {
            guard ["LinearRegressor", "LinearClassifier"].contains(node.node.type) else { return nil }
            let (coefficients, intercepts) = (try node.floats("coefficients") ?? [], try node.floats("intercepts") ?? [])
            let transform = try Transform(node)
            let targets: Int
            switch node.node.type {
            case "LinearRegressor":
                targets = try node.int("targets") ?? 1
                guard 1...InferenceLimits.outputs ~= targets else { throw node.malformed("\(targets) targets, expected at least one") }
                let width = targets
                finish = { scores, rows in
                    var scores = scores
                    transform.apply(&scores, width: width)
                    return [Tensor([rows, width], .float(scores))]
                }
            case "LinearClassifier":
                targets = max(intercepts.count, 1)
                guard let labels = try node.labels() else { throw node.malformed("no class labels, expected some") }
                let (classes, width) = (Tensor([], labels).count, targets)
                guard targets <= InferenceLimits.outputs, classes == targets || (classes == 2 && targets == 1) || targets == 1 else {
                    throw node.malformed("\(classes) labels for \(targets) classes")
                }
                finish = { scores, rows in PredictorOperators.classified(scores, rows, labels, classes, width: width, transform) }
            default: return nil
            }
            linear = Linear(coefficients, intercepts, targets: targets)
        }
    }

    private static func classified(
        _ sums: [Float], _ rows: Int, _ labels: Tensor.Values, _ classes: Int, width: Int, _ transform: Transform
    ) -> [Tensor] {
        var scores = sums
        transform.apply(&scores, width: width)
        if width > 1 {
            let chosen = Tensor(labels, picking: (0..<rows).map { largest(sums, $0 * width, width) })
            return [chosen, Tensor([rows, width], .float(scores))]
        }
        let chosen = Tensor(labels, picking: sums.map { $0 > 0 && classes > 1 ? 1 : 0 })
        guard classes == 2 else { return [chosen, Tensor([rows, 1], .float(scores))] }
        var both = [Float](repeating: 0, count: 2 * rows)
        for row in 0..<rows { (both[2 * row], both[2 * row + 1]) = (1 - scores[row], scores[row]) }
        return [chosen, Tensor([rows, 2], .float(both))]
    }

    private static func linear(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        guard let predictor = try Predictor(node) else { return nil }
        return { inputs throws(OperatorError) in
            let (scores, rows) = try predictor.linear.scores(try OperatorTable.input(inputs, 0))
            return predictor.finish(scores, rows)
        }
    }

    /// The same over columns of 64-bit numbers, for a linear model that reads the table; nil for all other operators.
    static func columnWork(_ node: OperatorNode) throws(InferenceError) -> Graph.ColumnWork? {
        guard node.node.domain == "ai.onnx.ml", let predictor = try Predictor(node) else { return nil }
        return { columns, rows throws(OperatorError) in predictor.finish(try predictor.linear.scores(columns, rows), rows.count) }
    }

    /// The first of the largest.
    static func largest(_ scores: [Float], _ from: Int, _ count: Int) -> Int {
        var best = 0
        for k in 1..<max(count, 1) where scores[from + k] > scores[from + best] { best = k }
        return best
    }
}

extension Tensor {
    /// A label for each row.
    init(_ labels: Values, picking places: [Int]) {
        self = Tensor([], labels).picking(places, shape: [places.count])
    }
}
