internal import Foundation
internal import Kernels

/// Operators of ai.onnx that work element by element.
enum MathOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "Identity", "Dropout": return { inputs throws(OperatorError) in return [try OperatorTable.input(inputs, 0)] }
        case "Add":
            let work = arithmetic({ $0 + $1 }, { $0 + $1 }, { $0 &+ $1 })
            return { inputs throws(OperatorError) in
                guard let a = inputs.first ?? nil, let b = OperatorTable.optional(inputs, 1), let sum = sum(a, b) else {
                    return try work(inputs)
                }
                return [sum]
            }
        case "Sum": return many(arithmetic({ $0 + $1 }, { $0 + $1 }, { $0 &+ $1 }))
        case "Sub": return arithmetic({ $0 - $1 }, { $0 - $1 }, { $0 &- $1 })
        case "Mul": return arithmetic({ $0 * $1 }, { $0 * $1 }, { $0 &* $1 })
        case "Div": return arithmetic({ $0 / $1 }, { $0 / $1 }, { $1 == 0 || ($0 == .min && $1 == -1) ? 0 : $0 / $1 })
        case "Mean":
            let add = many(arithmetic({ $0 + $1 }, { $0 + $1 }, { $0 &+ $1 }))
            return { inputs throws(OperatorError) in
                let count = Double(inputs.count)
                return try add(inputs).map { sum in sum.like((sum.doubles ?? []).map { $0 / count }) }
            }
        case "Mod":
            let isC = try node.int("fmod") == 1
            return arithmetic(
                { fmod($0, $1) }, { fmod($0, $1) },
                { a, b in
                    // The sign of the divisor, as Python has it, or that of the dividend.
                    guard b != 0, b != -1 else { return 0 }
                    let rest = a % b
                    return isC || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
                })
        case "Pow": return arithmetic({ pow($0, $1) }, { pow($0, $1) }, { Int64(saturating: pow(Double($0), Double($1))) })
        case "Max":
            return many(
                arithmetic(
                    { $0.isNaN ? $0 : $1.isNaN ? $1 : max($0, $1) }, { $0.isNaN ? $0 : $1.isNaN ? $1 : max($0, $1) }, { max($0, $1) }))
        case "Min":
            return many(
                arithmetic(
                    { $0.isNaN ? $0 : $1.isNaN ? $1 : min($0, $1) }, { $0.isNaN ? $0 : $1.isNaN ? $1 : min($0, $1) }, { min($0, $1) }))
        case "Relu":
            let work = single({ $0.isNaN ? $0 : max($0, 0) }, { $0.isNaN ? $0 : max($0, 0) })
            return { inputs throws(OperatorError) in
                guard let x = inputs.first ?? nil, case .float(let values) = x.values else { return try work(inputs) }
                // Of a NaN the comparison is false, too.
                return [Tensor(x.shape, .float(values.map { $0 <= 0 ? 0 : $0 }))]
            }
        case "Sigmoid": return single({ logistic($0) }, { 1 / (1 + exp(-$0)) })
        case "Tanh": return single({ tanh($0) }, { tanh($0) })
        case "Exp": return single({ exp($0) }, { exp($0) })
        case "Log": return single({ log($0) }, { log($0) })
        case "Sqrt": return single({ $0.squareRoot() }, { $0.squareRoot() })
        case "Reciprocal": return single({ 1 / $0 }, { 1 / $0 })
        case "Floor": return single({ $0.rounded(.down) }, { $0.rounded(.down) })
        case "Ceil": return single({ $0.rounded(.up) }, { $0.rounded(.up) })
        case "Round": return single({ $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) })
        case "Erf": return single({ erf($0) }, { erf($0) })
        case "Softplus":
            return single({ $0 > 0 ? $0 + log1p(exp(-$0)) : log1p(exp($0)) }, { ActivationOperators.softplus($0) })
        case "Neg": return single({ -$0 }, { -$0 }, { 0 &- $0 })
        case "Abs": return single({ abs($0) }, { abs($0) }, { $0 == .min ? .max : abs($0) })
        case "LeakyRelu":
            let alpha = try node.float("alpha") ?? 0.01
            return single({ $0 < 0 ? alpha * $0 : $0 }, { $0 < 0 ? Double(alpha) * $0 : $0 })
        case "Elu":
            let alpha = try node.float("alpha") ?? 1
            return single({ $0 < 0 ? alpha * (exp($0) - 1) : $0 }, { $0 < 0 ? Double(alpha) * (exp($0) - 1) : $0 })
        case "Clip": return try clip(node)
        case "Equal": return comparison({ $0 == $1 }, texts: { $0 == $1 })
        case "Less": return comparison { $0 < $1 }
        case "LessOrEqual": return comparison { $0 <= $1 }
        case "Greater": return comparison { $0 > $1 }
        case "GreaterOrEqual": return comparison { $0 >= $1 }
        case "IsNaN":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                return [Tensor(x.shape, .bool((x.doubles ?? []).map(\.isNaN)))]
            }
        case "Not":
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                guard case .bool(let values) = x.values else { throw OperatorError("found numbers, expected booleans") }
                return [Tensor(x.shape, .bool(values.map { !$0 }))]
            }
        case "And": return logical { $0 && $1 }
        case "Or": return logical { $0 || $1 }
        case "Xor": return logical { $0 != $1 }
        case "Where": return choose
        case "Cast": return try cast(try node.int("to") ?? 0, node)
        default: return nil
        }
    }

    /// 1 / (1 + exp(−x)) without an overflow for large −x.
    static func logistic(_ x: Float) -> Float {
        let value = 1 / (1 + exp(-abs(x)))
        return x < 0 ? 1 - value : value
    }

    typealias Pair<T> = @Sendable (T, T) -> T

    private static func arithmetic(_ float: @escaping Pair<Float>, _ double: @escaping Pair<Double>, _ int: @escaping Pair<Int64>)
        -> Graph.Work
    {
        { inputs throws(OperatorError) in
            let (a, b, shape) = try broadcast(inputs)
            switch (a.values, b.values) {
            case (.float(let x), .float(let y)): return [Tensor(shape, .float(paired(x, y, float)))]
            case (.double(let x), .double(let y)): return [Tensor(shape, .double(paired(x, y, double)))]
            case (.int(let x), .int(let y)): return [Tensor(shape, .int(paired(x, y, int)))]
            case (.float(let x), .int(let y)): return [Tensor(shape, .float(paired(x, y.map { Float($0) }, float)))]
            default: throw OperatorError("inputs of different or unfit types, expected two of one type of numbers")
            }
        }
    }

    /// a + b in 32-bit numbers where b is repeated for every row, as a bias is, or has the shape of a; nil where it is neither.
    static func sum(_ a: Tensor, _ b: Tensor) -> Tensor? {
        guard case (.float(let x), .float(let y)) = (a.values, b.values), !y.isEmpty else { return nil }
        let own = Array(b.shape.drop { $0 == 1 })
        guard a.shape.suffix(own.count) == own[...], a.shape.count >= b.shape.count else { return nil }
        return Tensor(a.shape, .float(repeatedSum(x, y)))
    }

    /// One operator after the other over any number of inputs.
    private static func many(_ work: @escaping Graph.Work) -> Graph.Work {
        { inputs throws(OperatorError) in
            var out = try OperatorTable.input(inputs, 0)
            for i in inputs.indices.dropFirst() {
                guard let made = try work([out, inputs[i]]).first else { continue }
                out = made
            }
            return [out]
        }
    }

    /// Two inputs for `paired`: stretched to one shape, except for a single element.
    private static func broadcast(_ inputs: [Tensor?]) throws(OperatorError) -> (Tensor, Tensor, [Int]) {
        let (a, b) = (try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))
        let shape = try Shape.broadcast(a.shape, b.shape)
        return (a.count == 1 ? a : try stretched(a, shape), b.count == 1 ? b : try stretched(b, shape), shape)
    }

    /// Element by element; a single one goes with all of the others.
    private static func paired<T, U>(_ x: [T], _ y: [T], _ join: (T, T) -> U) -> [U] {
        if x.count == y.count { return zip(x, y).map(join) }
        if y.count == 1 { return x.map { join($0, y[0]) } }
        return y.map { join(x[0], $0) }
    }

    static func stretched(_ x: Tensor, _ shape: [Int]) throws(OperatorError) -> Tensor {
        guard let places = try Shape.places(x.shape, in: shape) else { return x }
        return x.picking(places, shape: shape)
    }

    static func single(
        _ float: @escaping @Sendable (Float) -> Float, _ double: @escaping @Sendable (Double) -> Double,
        _ int: (@Sendable (Int64) -> Int64)? = nil
    ) -> Graph.Work {
        { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            switch x.values {
            case .float(let v): return [Tensor(x.shape, .float(v.map(float)))]
            case .double(let v): return [Tensor(x.shape, .double(v.map(double)))]
            case .int(let v): return [Tensor(x.shape, .int(v.map { int?($0) ?? Int64(saturating: double(Double($0))) }))]
            default: throw OperatorError("found no numbers, expected numbers")
            }
        }
    }

    private static func comparison(_ test: @escaping @Sendable (Double, Double) -> Bool, texts: (@Sendable (String, String) -> Bool)? = nil)
        -> Graph.Work
    {
        { inputs throws(OperatorError) in
            let (a, b, shape) = try broadcast(inputs)
            if let texts, case .text(let x) = a.values, case .text(let y) = b.values { return [Tensor(shape, .bool(paired(x, y, texts)))] }
            guard let x = a.doubles, let y = b.doubles else { throw OperatorError("found text, expected numbers") }
            return [Tensor(shape, .bool(paired(x, y, test)))]
        }
    }

    private static func logical(_ test: @escaping @Sendable (Bool, Bool) -> Bool) -> Graph.Work {
        { inputs throws(OperatorError) in
            let (a, b, shape) = try broadcast(inputs)
            guard case .bool(let x) = a.values, case .bool(let y) = b.values else {
                throw OperatorError("found numbers, expected booleans")
            }
            return [Tensor(shape, .bool(paired(x, y, test)))]
        }
    }

    private static let choose: Graph.Work = { inputs throws(OperatorError) in
        let condition = try OperatorTable.input(inputs, 0)
        let (a, b) = (try OperatorTable.input(inputs, 1), try OperatorTable.input(inputs, 2))
        let shape = try Shape.broadcast(condition.shape, try Shape.broadcast(a.shape, b.shape))
        let (x, y) = (try stretched(a, shape), try stretched(b, shape))
        guard case .bool(let tests) = try stretched(condition, shape).values else { throw OperatorError("the condition is no boolean") }
        func mixed<T>(_ x: [T], _ y: [T]) -> [T] { tests.indices.map { tests[$0] ? x[$0] : y[$0] } }
        switch (x.values, y.values) {
        case (.float(let x), .float(let y)): return [Tensor(shape, .float(mixed(x, y)))]
        case (.double(let x), .double(let y)): return [Tensor(shape, .double(mixed(x, y)))]
        case (.int(let x), .int(let y)): return [Tensor(shape, .int(mixed(x, y)))]
        case (.bool(let x), .bool(let y)): return [Tensor(shape, .bool(mixed(x, y)))]
        case (.text(let x), .text(let y)): return [Tensor(shape, .text(mixed(x, y)))]
        default: throw OperatorError("inputs of different types, expected two of one type")
        }
    }

    private static func clip(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (least, most) = (try node.float("min"), try node.float("max"))
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let low = OperatorTable.optional(inputs, 1)?.doubles?.first ?? least.map(Double.init) ?? -.infinity
            let high = OperatorTable.optional(inputs, 2)?.doubles?.first ?? most.map(Double.init) ?? .infinity
            let clipped = { (v: Double) in v.isNaN ? v : min(max(v, low), high) }
            switch x.values {
            case .float(let v): return [Tensor(x.shape, .float(v.map { Float(clipped(Double($0))) }))]
            case .double(let v): return [Tensor(x.shape, .double(v.map(clipped)))]
            case .int(let v): return [Tensor(x.shape, .int(v.map { Int64(saturating: clipped(Double($0))) }))]
            default: throw OperatorError("found no numbers, expected numbers")
            }
        }
    }

    private static func cast(_ to: Int, _ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        guard [1, 6, 7, 8, 9, 11].contains(to) else { throw node.unsupported("a cast to element type \(to)") }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            if to == 8 { return [Tensor(x.shape, .text(texts(x)), keys: x.keys)] }
            var doubles: [Double] = []
            if case .text(let words) = x.values {
                for word in words {
                    guard let number = Double(word) else { throw OperatorError("text that is no number, expected numbers", .row) }
                    doubles.append(number)
                }
            } else {
                if case .float(let v) = x.values, to == 1 { return [Tensor(x.shape, .float(v))] }
                if case .int(let v) = x.values, to == 7 { return [Tensor(x.shape, .int(v))] }
                doubles = x.doubles ?? []
            }
            switch to {
            case 1: return [Tensor(x.shape, .float(doubles.map { Float($0) }))]
            case 11: return [Tensor(x.shape, .double(doubles))]
            case 9: return [Tensor(x.shape, .bool(doubles.map { $0 != 0 }))]
            case 6: return [Tensor(x.shape, .int(doubles.map { Int64(Int32(clamping: Int64(saturating: $0))) }))]
            default: return [Tensor(x.shape, .int(doubles.map { Int64(saturating: $0) }))]
            }
        }
    }

    private static func texts(_ x: Tensor) -> [String] {
        func plain(_ value: Double, _ text: String) -> String { value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : text }
        switch x.values {
        case .text(let v): return v
        case .int(let v): return v.map { "\($0)" }
        case .bool(let v): return v.map { $0 ? "1" : "0" }
        case .float(let v): return v.map { plain(Double($0), "\($0)") }
        case .double(let v): return v.map { plain($0, "\($0)") }
        }
    }
}

extension Int64 {
    /// Decimals cut off, and the ends of the range for what lies beyond it; 0 for NaN.
    init(saturating value: Double) {
        self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int64(value)
    }
}
