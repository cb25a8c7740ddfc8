internal import Foundation
internal import Kernels

/// Operators of ai.onnx.ml that predict: linear models and tree ensembles.
enum PredictorOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "LinearRegressor": return try linearRegressor(node)
        case "LinearClassifier": return try linearClassifier(node)
        case "TreeEnsembleRegressor": return try TreeOperators.regressor(node)
        case "TreeEnsembleClassifier": return try TreeOperators.classifier(node)
        default: return nil
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

        /// Changes one row's scores.
        func apply(_ row: inout ArraySlice<Float>) {
            switch self {
            case .none, .probit: break
            case .logistic: for i in row.indices { row[i] = MathOperators.logistic(row[i]) }
            case .softmax, .softmaxZero:
                let most = row.max() ?? 0
                var total: Float = 0
                for i in row.indices {
                    // Scores of nothing stay nothing with SOFTMAX_ZERO.
                    row[i] = self == .softmaxZero && abs(row[i]) < 1e-7 ? 0 : exp(row[i] - most)
                    total += row[i]
                }
                if total != 0 { for i in row.indices { row[i] /= total } }
            }
        }

        func apply(_ scores: inout [Float], width: Int) {
            guard self != .none, width > 0 else { return }
            for from in stride(from: 0, to: scores.count, by: width) { apply(&scores[from..<from + width]) }
        }
    }

    /// x · coefficientsᵀ + intercepts, one row of coefficients a target.
    private static func linear(_ x: Tensor, _ coefficients: [Float], _ intercepts: [Float], targets: Int) throws(OperatorError) -> (
        scores: [Float], rows: Int
    ) {
        guard let values = x.floats, x.shape.count == 2 || x.shape.count == 1 else {
            throw OperatorError("shape \(x.shape), expected rows of numbers")
        }
        let (rows, width) = (x.shape.count == 2 ? x.shape[0] : 1, x.shape[x.shape.count - 1])
        guard width * targets == coefficients.count else {
            throw OperatorError("\(coefficients.count) coefficients for \(width) columns and \(targets) targets")
        }
        let products = denseProduct(values, coefficients, rows: rows, inner: width, columns: targets, isTransposed: true)
        let added = (0..<targets).map { $0 < intercepts.count ? intercepts[$0] : 0 }
        return (repeatedSum(products, added), rows)
    }

    private static func linearRegressor(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (coefficients, intercepts) = (try node.floats("coefficients") ?? [], try node.floats("intercepts") ?? [])
        let targets = try node.int("targets") ?? 1
        let transform = try Transform(node)
        guard 1...InferenceLimits.outputs ~= targets else { throw node.malformed("\(targets) targets, expected at least one") }
        return { inputs throws(OperatorError) in
            var (scores, rows) = try linear(try OperatorTable.input(inputs, 0), coefficients, intercepts, targets: targets)
            transform.apply(&scores, width: targets)
            return [Tensor([rows, targets], .float(scores))]
        }
    }

    private static func linearClassifier(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (coefficients, intercepts) = (try node.floats("coefficients") ?? [], try node.floats("intercepts") ?? [])
        let transform = try Transform(node)
        guard let labels = try node.labels() else { throw node.malformed("no class labels, expected some") }
        let classes = Tensor([], labels).count
        let targets = max(intercepts.count, 1)
        guard targets <= InferenceLimits.outputs, classes == targets || (classes == 2 && targets == 1) || targets == 1 else {
            throw node.malformed("\(classes) labels for \(targets) classes")
        }
        return { inputs throws(OperatorError) in
            var (scores, rows) = try linear(try OperatorTable.input(inputs, 0), coefficients, intercepts, targets: targets)
            var chosen: [Int] = []
            if targets > 1 {
                for row in 0..<rows { chosen.append(largest(scores, row * targets, targets)) }
                transform.apply(&scores, width: targets)
                return [Tensor(labels, picking: chosen), Tensor([rows, targets], .float(scores))]
            }
            for row in 0..<rows { chosen.append(scores[row] > 0 && classes > 1 ? 1 : 0) }
            transform.apply(&scores, width: 1)
            guard classes == 2 else { return [Tensor(labels, picking: chosen), Tensor([rows, 1], .float(scores))] }
            return [Tensor(labels, picking: chosen), Tensor([rows, 2], .float(scores.flatMap { [1 - $0, $0] }))]
        }
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
