internal import Foundation
internal import Kernels

/// Operators of ai.onnx that join elements of rows: products, reductions, softmax.
enum MatrixOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "MatMul":
            return { inputs throws(OperatorError) in
                [try product(try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))]
            }
        case "Gemm": return try gemm(node)
        case "Softmax": return try softmax(node, isLog: false)
        case "LogSoftmax": return try softmax(node, isLog: true)
        case "ReduceSum": return try reduce(node) { $0.reduce(0, +) }
        case "ReduceMean": return try reduce(node) { $0.reduce(0, +) / Double($0.count) }
        case "ReduceMax": return try reduce(node) { $0.reduce(-.infinity) { $1.isNaN ? $1 : max($0, $1) } }
        case "ReduceMin": return try reduce(node) { $0.reduce(.infinity) { $1.isNaN ? $1 : min($0, $1) } }
        case "ReduceProd": return try reduce(node) { $0.reduce(1, *) }
        case "ReduceSumSquare": return try reduce(node) { $0.reduce(0) { $0 + $1 * $1 } }
        case "ReduceL1": return try reduce(node) { $0.reduce(0) { $0 + abs($1) } }
        case "ReduceL2": return try reduce(node) { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        case "ReduceLogSum": return try reduce(node) { log($0.reduce(0, +)) }
        case "ReduceLogSumExp":
            return try reduce(node) { values in
                let most = values.max() ?? 0
                return most.isFinite ? most + log(values.reduce(0) { $0 + exp($1 - most) }) : most
            }
        case "ArgMax": return try argument(node) { $0 > $1 }
        case "ArgMin": return try argument(node) { $0 < $1 }
        default: return nil
        }
    }

    /// A product of matrices in 32-bit (or 64-bit) numbers; leading axes of the left side are rows.
    /// - Parameter isTransposed: whether the right side is to be read by columns.
    static func product(_ a: Tensor, _ b: Tensor, isTransposed: Bool = false) throws(OperatorError) -> Tensor {
        if isTransposed, b.shape.count == 2 {
            guard case (.float(let x), .float(let y)) = (a.values, b.values), a.shape.count == 2, a.shape[1] == b.shape[1] else {
                return try product(a, transposed(b))
            }
            let shape = [a.shape[0], b.shape[0]]
            _ = try Shape.checked(shape)
            return Tensor(
                shape, .float(denseProduct(x, y, rows: shape[0], inner: a.shape[1], columns: shape[1], isTransposed: true)))
        }
        guard a.shape.count >= 1, b.shape.count == 1 || b.shape.count == 2 else {
            throw OperatorError("shapes \(a.shape) and \(b.shape), expected a matrix on the right", .unsupported)
        }
        let inner = a.shape[a.shape.count - 1]
        let columns = b.shape.count == 2 ? b.shape[1] : 1
        guard b.shape[0] == inner else { throw OperatorError("shapes \(a.shape) and \(b.shape) do not fit together") }
        let shape = Array(a.shape.dropLast()) + (b.shape.count == 2 ? [columns] : [])
        let total = try Shape.checked(shape)
        switch (a.values, b.values) {
        case (.float(let x), .float(let y)):
            let rows = a.shape.dropLast().reduce(1, *)
            return Tensor(shape, .float(denseProduct(x, y, rows: rows, inner: inner, columns: columns)))
        case (.double(let x), .double(let y)): return Tensor(shape, .double(multiplied(x, y, total: total, inner: inner, columns: columns)))
        default: throw OperatorError("inputs of different or unfit types, expected two of one type of numbers")
        }
    }

    private static func multiplied(_ x: [Double], _ y: [Double], total: Int, inner: Int, columns: Int) -> [Double] {
        var out = [Double](repeating: 0, count: total)
        guard columns > 0 else { return out }
        for row in 0..<total / columns {
            for k in 0..<inner {
                let value = x[row * inner + k]
                for column in 0..<columns { out[row * columns + column] += value * y[k * columns + column] }
            }
        }
        return out
    }

    private static func transposed(_ x: Tensor) -> Tensor {
        guard x.shape.count == 2 else { return x }
        let shape = [x.shape[1], x.shape[0]]
        return x.picking(Shape.walk(shape, [1, x.shape[1]], start: 0, total: x.count), shape: shape)
    }

    /// alpha · A · B + beta · C.
    private static func gemm(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (alpha, beta) = (try node.float("alpha") ?? 1, try node.float("beta") ?? 1)
        let (isLeft, isRight) = (try node.int("transA") == 1, try node.int("transB") == 1)
        return { inputs throws(OperatorError) in
            var a = try OperatorTable.input(inputs, 0)
            let b = try OperatorTable.input(inputs, 1)
            guard a.shape.count == 2, b.shape.count == 2 else { throw OperatorError("shapes \(a.shape) and \(b.shape), expected matrices") }
            if isLeft { a = transposed(a) }
            let made = try product(a, b, isTransposed: isRight)
            let isPlain = alpha == 1 && beta == 1
            if isPlain, let c = OperatorTable.optional(inputs, 2), let sum = MathOperators.sum(made, c) { return [sum] }
            if isPlain, OperatorTable.optional(inputs, 2) == nil { return [made] }
            let added = try OperatorTable.optional(inputs, 2).map { c throws(OperatorError) in try MathOperators.stretched(c, made.shape) }
            switch (made.values, added?.values) {
            case (.float(let x), nil): return [Tensor(made.shape, .float(x.map { alpha * $0 }))]
            case (.float(let x), .float(let c)): return [Tensor(made.shape, .float(zip(x, c).map { alpha * $0 + beta * $1 }))]
            case (.double(let x), nil): return [Tensor(made.shape, .double(x.map { Double(alpha) * $0 }))]
            case (.double(let x), .double(let c)):
                return [Tensor(made.shape, .double(zip(x, c).map { Double(alpha) * $0 + Double(beta) * $1 }))]
            default: throw OperatorError("inputs of different types, expected one type")
            }
        }
    }

    /// Over one axis; before opset 13, over all axes from `axis` on as one.
    private static func softmax(_ node: OperatorNode, isLog: Bool) throws(InferenceError) -> Graph.Work {
        let isOld = node.opset < 13
        let axis = try node.int("axis") ?? (isOld ? 1 : -1)
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let cut = try Shape.axis(axis, rank: x.shape.count)
            guard var out = x.doubles else { throw OperatorError("found text, expected numbers") }
            let rows = isOld || x.shape.isEmpty ? x.reshaped([x.shape[..<cut].reduce(1, *), x.shape[cut...].reduce(1, *)]) : x
            rows.alongAxis(isOld || x.shape.isEmpty ? 1 : cut) { places in
                let most = places.reduce(-Double.infinity) { max($0, out[$1]) }
                let total = places.reduce(0) { $0 + exp(out[$1] - most) }
                for i in places { out[i] = isLog ? out[i] - most - log(total) : exp(out[i] - most) / total }
            }
            return [x.like(out)]
        }
    }

    private static func reduce(_ node: OperatorNode, _ join: @escaping @Sendable ([Double]) -> Double) throws(InferenceError) -> Graph.Work
    {
        let (fixed, keeps) = (try node.ints("axes"), try node.int("keepdims") ?? 1 == 1)
        let isIdle = try node.int("noop_with_empty_axes") == 1
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axes = fixed ?? OperatorTable.optional(inputs, 1)?.integers ?? []
            if axes.isEmpty, isIdle { return [x] }
            var chosen = Set(axes.isEmpty ? Array(x.shape.indices) : [])
            for axis in axes { chosen.insert(try Shape.axis(axis, rank: x.shape.count)) }
            guard let values = x.doubles else { throw OperatorError("found text, expected numbers") }
            let strides = Shape.strides(x.shape)
            let (outer, inner) = (x.shape.indices.filter { !chosen.contains($0) }, x.shape.indices.filter { chosen.contains($0) })
            let starts = Shape.walk(
                outer.map { x.shape[$0] }, outer.map { strides[$0] }, start: 0, total: outer.reduce(1) { $0 * x.shape[$1] })
            let steps = Shape.walk(
                inner.map { x.shape[$0] }, inner.map { strides[$0] }, start: 0, total: inner.reduce(1) { $0 * x.shape[$1] })
            let shape = x.shape.indices.compactMap { chosen.contains($0) ? (keeps ? 1 : nil) : x.shape[$0] }
            return [x.like(starts.map { start in join(steps.map { values[start + $0] }) }, shape)]
        }
    }

    private static func argument(_ node: OperatorNode, _ isBetter: @escaping @Sendable (Double, Double) -> Bool) throws(InferenceError)
        -> Graph.Work
    {
        let (axis, keeps) = (try node.int("axis") ?? 0, try node.int("keepdims") ?? 1 == 1)
        let takesLast = try node.int("select_last_index") == 1
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axis = try Shape.axis(axis, rank: x.shape.count)
            guard let values = x.doubles, axis < x.shape.count, x.shape[axis] > 0 else {
                throw OperatorError("shape \(x.shape), expected numbers")
            }
            let (size, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
            var out: [Int64] = []
            out.reserveCapacity(values.count / size)
            for i in 0..<x.shape[..<axis].reduce(1, *) {
                for j in 0..<inner {
                    var (best, most) = (0, values[i * size * inner + j])
                    for k in 1..<size {
                        let value = values[(i * size + k) * inner + j]
                        if isBetter(value, most) || (takesLast && value == most) { (best, most) = (k, value) }
                    }
                    out.append(Int64(best))
                }
            }
            var shape = x.shape
            if keeps { shape[axis] = 1 } else { shape.remove(at: axis) }
            return [Tensor(shape, .int(out))]
        }
    }
}

extension Tensor {
    /// These numbers in the type of this tensor.
    func like(_ numbers: [Double], _ shape: [Int]? = nil) -> Tensor {
        let shape = shape ?? self.shape
        switch values {
        case .double: return Tensor(shape, .double(numbers))
        case .int: return Tensor(shape, .int(numbers.map { Int64(saturating: $0) }))
        default: return Tensor(shape, .float(numbers.map { Float($0) }))
        }
    }
}
