internal import Foundation

/// Operators of ai.onnx that bring rows or channels to one scale.
enum NormalizationOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "BatchNormalization": return try batch(node)
        case "LayerNormalization": return try layer(node)
        case "LpNormalization": return try lp(node)
        default: return nil
        }
    }

    /// (x − mean) / √(variance + ε) · scale + bias, for each channel (axis 1).
    private static func batch(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let epsilon = Double(try node.float("epsilon") ?? 1e-5)
        guard try node.int("training_mode") ?? 0 == 0 else { throw node.unsupported("training_mode, expected a model for inference") }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            var lists: [[Double]] = []
            for i in 1...4 { lists.append(try OperatorTable.input(inputs, i).doubles ?? []) }
            guard let values = x.doubles, x.shape.count >= 2, lists.allSatisfy({ $0.count == x.shape[1] }) else {
                throw OperatorError("shape \(x.shape), expected one scale, bias, mean and variance a channel")
            }
            let inner = x.shape[2...].reduce(1, *)
            let (scale, bias, mean, variance) = (lists[0], lists[1], lists[2], lists[3])
            return [
                x.like(
                    values.enumerated().map { place, value in
                        let c = place / max(inner, 1) % x.shape[1]
                        return (value - mean[c]) / (variance[c] + epsilon).squareRoot() * scale[c] + bias[c]
                    })
            ]
        }
    }

    /// (x − mean) / √(variance + ε) · scale + bias over all axes from `axis` on as one; then the means and 1 / √(variance + ε).
    private static func layer(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (axis, epsilon) = (try node.int("axis") ?? -1, Double(try node.float("epsilon") ?? 1e-5))
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let cut = try Shape.axis(axis, rank: x.shape.count)
            let own = Array(x.shape[cut...])
            func list(_ tensor: Tensor) throws(OperatorError) -> [Double] {
                guard try Shape.broadcast(tensor.shape, own) == own, let numbers = try MathOperators.stretched(tensor, own).doubles else {
                    throw OperatorError("a scale or bias of shape \(tensor.shape.prefix(8)), expected \(own.prefix(8))")
                }
                return numbers
            }
            let scale = try list(try OperatorTable.input(inputs, 1))
            let bias = try OperatorTable.optional(inputs, 2).map { tensor throws(OperatorError) in try list(tensor) }
            let size = own.reduce(1, *)
            guard var values = x.doubles, size > 0 else { throw OperatorError("shape \(x.shape.prefix(8)), expected numbers") }
            var (means, deviations): ([Double], [Double]) = ([], [])
            for from in stride(from: 0, to: values.count, by: size) {
                let mean = values[from..<from + size].reduce(0, +) / Double(size)
                let variance = values[from..<from + size].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
                let inverse = 1 / (variance + epsilon).squareRoot()
                for i in 0..<size { values[from + i] = (values[from + i] - mean) * inverse * scale[i] + (bias?[i] ?? 0) }
                means.append(mean)
                deviations.append(inverse)
            }
            let rows = x.shape[..<cut] + own.map { _ in 1 }
            return [x.like(values), x.like(means, Array(rows)), x.like(deviations, Array(rows))]
        }
    }

    /// x divided by the length of its axis; what has no length stays 0.
    private static func lp(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (axis, power) = (try node.int("axis") ?? -1, try node.int("p") ?? 2)
        guard power == 1 || power == 2 else { throw node.malformed("p is \(power), expected 1 or 2") }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axis = try Shape.axis(axis, rank: x.shape.count)
            guard var values = x.doubles, axis < x.shape.count else { throw OperatorError("shape \(x.shape.prefix(8)), expected lists") }
            x.alongAxis(axis) { places in
                let length =
                    power == 1 ? places.reduce(0) { $0 + abs(values[$1]) } : places.reduce(0) { $0 + values[$1] * values[$1] }.squareRoot()
                for place in places { values[place] = length == 0 ? 0 : values[place] / length }
            }
            return [x.like(values)]
        }
    }
}

extension Tensor {
    /// Hands over the places of the elements that differ in this axis only, list after list.
    func alongAxis(_ axis: Int, _ work: (StrideTo<Int>) -> Void) {
        let (size, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        for i in 0..<shape[..<axis].reduce(1, *) {
            for j in 0..<inner { work(stride(from: i * size * inner + j, to: (i * size + size) * inner + j, by: inner)) }
        }
    }
}
