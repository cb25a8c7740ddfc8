/// Operators of ai.onnx that choose, count and repeat elements.
///
/// > Source: onnx/docs/Operators.md.
enum SelectionOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "TopK": return try topK(node)
        case "Compress": return try compress(node)
        case "Split": return try split(node)
        case "NonZero":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                guard let values = x.doubles else { throw OperatorError("found text, expected numbers") }
                let (found, strides) = (values.indices.filter { values[$0] != 0 }, Shape.strides(x.shape))
                let axes = x.shape.indices.flatMap { axis in found.map { Int64($0 / strides[axis] % x.shape[axis]) } }
                return [Tensor([x.shape.count, found.count], .int(axes))]
            }
        case "Tile":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                guard let times = try OperatorTable.input(inputs, 1).integers, times.count == x.shape.count, times.allSatisfy({ $0 >= 0 })
                else { throw OperatorError("repeats do not fit shape \(x.shape.prefix(8)), expected a number for each axis") }
                var out = x
                for (axis, count) in times.enumerated() where count != 1 {
                    var shape = out.shape
                    shape[axis] = out.shape[axis].multipliedReportingOverflow(by: count).partialValue
                    guard out.shape[axis] == 0 || count <= InferenceLimits.tensorNumbers, Shape.count(shape) != nil else {
                        throw OperatorError("repeats \(times.prefix(8)), expected at most \(InferenceLimits.tensorNumbers) elements")
                    }
                    let order = (0..<count).flatMap { _ in 0..<out.shape[axis] }
                    out = try ShapeOperators.gathered(out, order, axis, [order.count])
                }
                return [out]
            }
        case "GatherElements": return try gatherElements(node)
        case "CumSum":
            let (isExclusive, isReverse) = (try node.int("exclusive") == 1, try node.int("reverse") == 1)
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                guard let given = try OperatorTable.input(inputs, 1).integers, given.count == 1, var values = x.doubles else {
                    throw OperatorError("an axis is missing, expected one whole number, and numbers to add")
                }
                let axis = try Shape.axis(given[0], rank: x.shape.count)
                guard axis < x.shape.count else { throw OperatorError("a single number, expected a list") }
                x.alongAxis(axis) { places in
                    var total = 0.0
                    for place in isReverse ? places.reversed() : Array(places) {
                        let value = values[place]
                        values[place] = isExclusive ? total : total + value
                        total += value
                    }
                }
                return [x.like(values)]
            }
        case "Size":
            return { inputs throws(OperatorError) in [Tensor([], .int([Int64(try OperatorTable.input(inputs, 0).count)]))] }
        default: return nil
        }
    }

    /// The largest (or smallest) of an axis in their order, of equals the first; NaN counts as less than any number.
    private static func topK(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (axis, fixed) = (try node.int("axis") ?? -1, try node.int("k"))
        let isLargest = try node.int("largest") ?? 1 != 0
        let given = try node.constant(1)
        if let count = fixed ?? given?.integers?.first, !(0...InferenceLimits.tensorNumbers ~= count) {
            throw node.malformed("k is \(count), expected at most as many as there are columns")
        }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axis = try Shape.axis(axis, rank: x.shape.count)
            let list = fixed.map { [$0] } ?? OperatorTable.optional(inputs, 1)?.integers
            let wanted = list.flatMap { $0.count == 1 ? $0[0] : nil }
            guard let values = x.doubles, axis < x.shape.count, let wanted, 0...x.shape[axis] ~= wanted else {
                throw OperatorError("k is \(wanted.map { "\($0)" } ?? "no number"), of an axis of shape \(x.shape.prefix(8))")
            }
            var shape = x.shape
            shape[axis] = wanted
            let inner = x.shape[(axis + 1)...].reduce(1, *)
            let total = try Shape.checked(shape)
            var (places, numbers) = ([Int](repeating: 0, count: total), [Int64](repeating: 0, count: total))
            var line = 0
            x.alongAxis(axis) { own in
                let ranked = own.enumerated().sorted { a, b in
                    let (x, y) = (values[a.element], values[b.element])
                    if x.isNaN || y.isNaN { return x.isNaN == y.isNaN ? a.offset < b.offset : y.isNaN }
                    return x == y ? a.offset < b.offset : isLargest ? x > y : x < y
                }
                let from = line / inner * wanted * inner + line % inner
                for (rank, chosen) in ranked.prefix(wanted).enumerated() {
                    places[from + rank * inner] = chosen.element
                    numbers[from + rank * inner] = Int64(chosen.offset)
                }
                line += 1
            }
            return [x.picking(places, shape: shape), Tensor(shape, .int(numbers))]
        }
    }

    private static func compress(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let axis = try node.int("axis")
        return { inputs throws(OperatorError) in
            var x = try OperatorTable.input(inputs, 0)
            let condition = try OperatorTable.input(inputs, 1)
            if axis == nil { x = x.reshaped([x.count]) }
            let axis = try Shape.axis(axis ?? 0, rank: x.shape.count)
            guard case .bool(let tests) = condition.values, axis < x.shape.count, tests.count <= x.shape[axis] else {
                throw OperatorError("\(condition.count) conditions for shape \(x.shape.prefix(8)), expected at most one an element")
            }
            let kept = tests.indices.filter { tests[$0] }
            return [try ShapeOperators.gathered(x, kept, axis, [kept.count])]
        }
    }

    /// Pieces of an axis: of these sizes, or of equal ones, of which the last may be smaller.
    private static func split(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (axis, fixed, count) = (try node.int("axis") ?? 0, try node.ints("split"), node.node.outputs.count)
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let axis = try Shape.axis(axis, rank: x.shape.count)
            guard axis < x.shape.count, count > 0 else { throw OperatorError("a single number, expected a list") }
            let size = x.shape[axis]
            let equal = (size + count - 1) / count
            let sizes =
                fixed ?? OperatorTable.optional(inputs, 1)?.integers ?? (0..<count).map { max(0, min(equal, size - $0 * equal)) }
            guard sizes.count == count, sizes.allSatisfy({ 0...size ~= $0 }), sizes.reduce(0, +) == size else {
                throw OperatorError("pieces \(sizes.prefix(8)) of \(size) elements, expected \(count) that add up to them")
            }
            var (out, from): ([Tensor], Int) = ([], 0)
            for size in sizes {
                out.append(try ShapeOperators.gathered(x, Array(from..<from + size), axis, [size]))
                from += size
            }
            return out
        }
    }

    private static func gatherElements(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let axis = try node.int("axis") ?? 0
        return { inputs throws(OperatorError) in
            let (x, indices) = (try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))
            let axis = try Shape.axis(axis, rank: x.shape.count)
            guard let wanted = indices.integers, axis < x.shape.count, indices.shape.count == x.shape.count,
                x.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= x.shape[$0] })
            else { throw OperatorError("indices of shape \(indices.shape.prefix(8)) do not fit \(x.shape.prefix(8))") }
            var strides = Shape.strides(x.shape)
            let step = strides[axis]
            strides[axis] = 0
            var places = Shape.walk(indices.shape, strides, start: 0, total: wanted.count)
            for (i, index) in wanted.enumerated() {
                let at = index < 0 ? index &+ x.shape[axis] : index
                guard (0..<x.shape[axis]).contains(at) else {
                    throw OperatorError("index \(index) beyond \(x.shape[axis]) elements", .row)
                }
                places[i] += at * step
            }
            return [x.picking(places, shape: indices.shape)]
        }
    }
}
