internal import Foundation

/// Operators of ai.onnx that bend single numbers, beyond those of ``MathOperators``: what networks have between their layers.
///
/// > Source: onnx/docs/Operators.md.
enum ActivationOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "PRelu": return parametric
        case "ThresholdedRelu":
            let alpha = try node.float("alpha") ?? 1
            return bent { $0 > Double(alpha) || $0.isNaN ? $0 : 0 }
        case "Selu":
            // Klambauer and others, "Self-Normalizing Neural Networks", 2017.
            let alpha = Double(try node.float("alpha") ?? 1.67326319217681884765625)
            let gamma = Double(try node.float("gamma") ?? 1.05070102214813232421875)
            return bent { gamma * ($0 > 0 ? $0 : alpha * expm1($0)) }
        case "Celu":
            let alpha = Double(try node.float("alpha") ?? 1)
            guard alpha != 0 else { throw node.malformed("alpha is 0, expected another number") }
            return bent { $0.isNaN ? $0 : max($0, 0) + min(alpha * expm1($0 / alpha), 0) }
        case "Gelu":
            switch try node.text("approximate") ?? "none" {
            case "none": return bent { 0.5 * $0 * (1 + erf($0 * 0.5.squareRoot())) }
            case "tanh": return bent { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
            case let other: throw node.unsupported("approximate \(other.prefix(20)), expected none or tanh")
            }
        case "HardSigmoid":
            let (alpha, beta) = (Double(try node.float("alpha") ?? 0.2), Double(try node.float("beta") ?? 0.5))
            return bent { clamped(alpha * $0 + beta) }
        case "HardSwish": return bent { $0 * clamped($0 / 6 + 0.5) }
        case "Softsign": return bent { $0 / (1 + abs($0)) }
        case "Mish": return bent { $0 * tanh(softplus($0)) }
        case "Swish":
            let alpha = Double(try node.float("alpha") ?? 1)
            return bent { $0 / (1 + exp(-alpha * $0)) }
        case "Sign": return MathOperators.single({ sign($0) }, { sign($0) }, { $0.signum() })
        case "Sin": return bent { sin($0) }
        case "Cos": return bent { cos($0) }
        case "Atan": return bent { atan($0) }
        default: return nil
        }
    }

    static func softplus(_ x: Double) -> Double { x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)) }

    private static func clamped(_ x: Double) -> Double { x.isNaN ? x : min(max(x, 0), 1) }
    private static func sign<T: BinaryFloatingPoint>(_ x: T) -> T { x > 0 ? 1 : x < 0 ? -1 : x }

    /// In 64-bit arithmetic whatever the type.
    private static func bent(_ curve: @escaping @Sendable (Double) -> Double) -> Graph.Work {
        MathOperators.single({ Float(curve(Double($0))) }, curve)
    }

    /// x, below 0 times a slope of its own, which is stretched to the shape of x.
    private static let parametric: Graph.Work = { inputs throws(OperatorError) in
        let (x, given) = (try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))
        guard try Shape.broadcast(x.shape, given.shape) == x.shape else {
            throw OperatorError("slopes of shape \(given.shape.prefix(8)) do not fit \(x.shape.prefix(8))")
        }
        let slope = try MathOperators.stretched(given, x.shape)
        switch (x.values, slope.values) {
        case (.float(let x), .float(let s)): return [Tensor(slope.shape, .float(zip(x, s).map { $0 < 0 ? $0 * $1 : $0 }))]
        case (.double(let x), .double(let s)): return [Tensor(slope.shape, .double(zip(x, s).map { $0 < 0 ? $0 * $1 : $0 }))]
        default: throw OperatorError("inputs of different or unfit types, expected two of one type of numbers")
        }
    }
}
