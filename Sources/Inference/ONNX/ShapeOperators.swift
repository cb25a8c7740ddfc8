/// Operators of ai.onnx that move elements.
enum ShapeOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "Constant":
            let tensor = try constant(node)
            return { _ throws(OperatorError) in [tensor] }
        case "Shape":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                return [Tensor([x.shape.count], .int(x.shape.map { Int64($0) }))]
            }
        case "Reshape": return try reshape(node)
        case "Flatten":
            let axis = try node.int("axis") ?? 1
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                let cut = axis < 0 ? axis + x.shape.count : axis
                guard (0...x.shape.count).contains(cut) else { throw OperatorError("axis \(axis) of a tensor of rank \(x.shape.count)") }
                return [x.reshaped([x.shape[..<cut].reduce(1, *), x.shape[cut...].reduce(1, *)])]
            }
        case "Squeeze", "Unsqueeze": return try squeeze(node, adds: node.node.type == "Unsqueeze")
        case "Concat":
            let axis = try node.int("axis") ?? 1
            return { inputs throws(OperatorError) in [try concatenated(inputs.compactMap { $0 }, axis)] }
        case "Transpose":
            let order = try node.ints("perm")
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                let order = order ?? Array(x.shape.indices.reversed())
                guard order.sorted() == Array(x.shape.indices) else { throw OperatorError("perm \(order), expected an order of the axes") }
                let strides = Shape.strides(x.shape)
                let shape = order.map { x.shape[$0] }
                return [x.picking(Shape.walk(shape, order.map { strides[$0] }, start: 0, total: x.count), shape: shape)]
            }
        case "Gather":
            let axis = try node.int("axis") ?? 0
            // Fixed indices are wrong for all rows, others for some.
            let cause: OperatorError.Cause = try node.constant(1) == nil ? .row : .shape
            return { inputs throws(OperatorError) in
                let (x, indices) = (try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))
                guard let places = indices.integers else { throw OperatorError("indices are no whole numbers") }
                return [try gathered(x, places, axis, indices.shape, cause)]
            }
        case "Slice": return try slice(node)
        case "ConstantOfShape":
            let value = try node.tensor("value") ?? Tensor([1], .float([0]))
            guard value.count == 1 else { throw node.malformed("a value of \(value.count) elements, expected one") }
            return { inputs throws(OperatorError) in
                guard let shape = try OperatorTable.input(inputs, 0).integers else { throw OperatorError("the shape is no whole numbers") }
                return [value.picking([Int](repeating: 0, count: try Shape.checked(shape)), shape: shape)]
            }
        case "Expand":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                guard let wanted = try OperatorTable.input(inputs, 1).integers else { throw OperatorError("the shape is no whole numbers") }
                let shape = try Shape.broadcast(x.shape, wanted)
                return [try MathOperators.stretched(x, shape)]
            }
        default: return nil
        }
    }

    static func constant(_ node: OperatorNode) throws(InferenceError) -> Tensor {
        if let tensor = try node.tensor("value") { return tensor }
        if let value = try node.float("value_float") { return Tensor([], .float([value])) }
        if let value = try node.int("value_int") { return Tensor([], .int([Int64(value)])) }
        if let value = try node.text("value_string") { return Tensor([], .text([value])) }
        if let values = try node.floats("value_floats") { return Tensor([values.count], .float(values)) }
        if let values = try node.ints("value_ints") { return Tensor([values.count], .int(values.map { Int64($0) })) }
        if let values = try node.texts("value_strings") { return Tensor([values.count], .text(values)) }
        throw node.unsupported("a constant that is no dense tensor")
    }

    private static func reshape(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (fixed, keepsZero) = (try node.ints("shape"), try node.int("allowzero") == 1)
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let given = fixed == nil ? try OperatorTable.input(inputs, 1).integers : fixed
            guard var shape = given else { throw OperatorError("the shape is no whole numbers") }
            for i in shape.indices where shape[i] == 0 && !keepsZero && i < x.shape.count { shape[i] = x.shape[i] }
            if let open = shape.firstIndex(of: -1) {
                shape[open] = 1
                let rest = try Shape.checked(shape)
                shape[open] = rest == 0 ? 0 : x.count / rest
            }
            guard try Shape.checked(shape) == x.count else { throw OperatorError("\(x.count) elements do not fill shape \(shape)") }
            return [x.reshaped(shape)]
        }
    }

    private static func squeeze(_ node: OperatorNode, adds: Bool) throws(InferenceError) -> Graph.Work {
        let fixed = try node.ints("axes")
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axes = fixed ?? OperatorTable.optional(inputs, 1)?.integers
            if adds {
                guard let axes, axes.count < 64 else { throw OperatorError("axes are missing") }
                let rank = x.shape.count + axes.count
                var places = Set<Int>()
                for axis in axes { places.insert(try Shape.axis(axis, rank: rank)) }
                guard places.count == axes.count else { throw OperatorError("axes \(axes), expected each once") }
                var rest = x.shape.makeIterator()
                return [x.reshaped((0..<rank).map { places.contains($0) ? 1 : rest.next() ?? 1 })]
            }
            var places = Set(x.shape.indices.filter { x.shape[$0] == 1 })
            if let axes {
                places = []
                for axis in axes { places.insert(try Shape.axis(axis, rank: x.shape.count)) }
            }
            guard places.allSatisfy({ $0 < x.shape.count && x.shape[$0] == 1 }) else {
                throw OperatorError("an axis of another size than 1 of \(x.shape)")
            }
            return [x.reshaped(x.shape.indices.filter { !places.contains($0) }.map { x.shape[$0] })]
        }
    }

    static func concatenated(_ list: [Tensor], _ axis: Int) throws(OperatorError) -> Tensor {
        guard let first = list.first else { throw OperatorError("no inputs, expected some") }
        let axis = try Shape.axis(axis, rank: first.shape.count)
        guard axis < first.shape.count else { throw OperatorError("a single number, expected lists") }
        var shape = first.shape
        shape[axis] = 0
        for x in list {
            guard x.shape.count == shape.count, x.shape.indices.allSatisfy({ $0 == axis || x.shape[$0] == first.shape[$0] }) else {
                throw OperatorError("shapes \(first.shape) and \(x.shape) do not fit together")
            }
            shape[axis] += x.shape[axis]
        }
        _ = try Shape.checked(shape)
        let outer = shape[..<axis].reduce(1, *)
        func joined<T>(_ parts: [[T]]) -> [T] {
            let sizes = list.map { $0.shape[axis...].reduce(1, *) }
            var out: [T] = []
            out.reserveCapacity(parts.reduce(0) { $0 + $1.count })
            for i in 0..<outer {
                for (part, size) in zip(parts, sizes) {
                    if size == 1 { out.append(part[i]) } else { out += part[i * size..<(i + 1) * size] }
                }
            }
            return out
        }
        let count = list.count
        let floats = list.compactMap { if case .float(let v) = $0.values { v } else { nil } }
        if floats.count == count { return Tensor(shape, .float(joined(floats))) }
        let doubles = list.compactMap { if case .double(let v) = $0.values { v } else { nil } }
        if doubles.count == count { return Tensor(shape, .double(joined(doubles))) }
        let ints = list.compactMap { if case .int(let v) = $0.values { v } else { nil } }
        if ints.count == count { return Tensor(shape, .int(joined(ints))) }
        let bools = list.compactMap { if case .bool(let v) = $0.values { v } else { nil } }
        if bools.count == count { return Tensor(shape, .bool(joined(bools))) }
        let texts = list.compactMap { if case .text(let v) = $0.values { v } else { nil } }
        if texts.count == count { return Tensor(shape, .text(joined(texts))) }
        throw OperatorError("inputs of different types, expected one type")
    }

    /// - Parameter cause: what an index beyond the axis is due to.
    static func gathered(
        _ x: Tensor, _ indices: [Int], _ axis: Int, _ indexShape: [Int], _ cause: OperatorError.Cause = .shape
    ) throws(OperatorError) -> Tensor {
        let axis = try Shape.axis(axis, rank: x.shape.count)
        guard axis < x.shape.count else { throw OperatorError("a single number, expected a list") }
        let size = x.shape[axis]
        let shape = Array(x.shape[..<axis]) + indexShape + Array(x.shape[(axis + 1)...])
        let (outer, inner) = (x.shape[..<axis].reduce(1, *), x.shape[(axis + 1)...].reduce(1, *))
        var places: [Int] = []
        places.reserveCapacity(try Shape.checked(shape))
        for i in 0..<outer {
            for index in indices {
                let at = index < 0 ? index + size : index
                guard (0..<size).contains(at) else { throw OperatorError("index \(index) beyond \(size) elements", cause) }
                let from = (i * size + at) * inner
                if inner == 1 { places.append(from) } else { places += from..<from + inner }
            }
        }
        return x.picking(places, shape: shape)
    }

    private static func slice(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (oldStarts, oldEnds, oldAxes) = (try node.ints("starts"), try node.ints("ends"), try node.ints("axes"))
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let (given, until) =
                oldStarts == nil
                ? (try OperatorTable.input(inputs, 1).integers, try OperatorTable.input(inputs, 2).integers) : (oldStarts, oldEnds)
            guard let starts = given, let ends = until, starts.count == ends.count else {
                throw OperatorError("starts and ends do not fit together")
            }
            let axes = oldAxes ?? OperatorTable.optional(inputs, 3)?.integers ?? Array(starts.indices)
            let steps = OperatorTable.optional(inputs, 4)?.integers ?? [Int](repeating: 1, count: starts.count)
            guard axes.count == starts.count, steps.count == starts.count else {
                throw OperatorError("axes or steps do not fit to the starts")
            }
            var (shape, strides, place) = (x.shape, Shape.strides(x.shape), 0)
            for i in starts.indices {
                let axis = try Shape.axis(axes[i], rank: shape.count)
                guard axis < shape.count, steps[i] != 0, steps[i] > -(1 << 31), steps[i] < 1 << 31 else {
                    throw OperatorError("a step of \(steps[i])")
                }
                let size = shape[axis]
                let range = steps[i] > 0 ? 0...size : -1...size - 1
                func kept(_ value: Int) -> Int {
                    let positive = value < 0 ? value &+ size : value
                    return min(max(positive, range.lowerBound), max(range.upperBound, range.lowerBound))
                }
                let (from, to) = (kept(starts[i]), steps[i] < 0 && ends[i] < -size ? -1 : kept(ends[i]))
                shape[axis] = max(0, (to - from + steps[i] - steps[i].signum()) / steps[i])
                place += from * strides[axis]
                strides[axis] *= steps[i]
            }
            let total = try Shape.checked(shape)
            return [x.picking(Shape.walk(shape, strides, start: place, total: total), shape: shape)]
        }
    }
}
