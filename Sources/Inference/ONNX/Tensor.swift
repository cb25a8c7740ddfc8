/// Numbers or texts in a row-major shape.
struct Tensor: Sendable, Equatable {
    enum Values: Sendable, Equatable {
        case float([Float])
        case double([Double])
        case int([Int64])
        case bool([Bool])
        case text([String])
    }
    var shape: [Int]
    var values: Values
    /// What its columns are called, after a ZipMap.
    var keys: [String]?

    init(_ shape: [Int], _ values: Values, keys: [String]? = nil) {
        self.shape = shape
        self.values = values
        self.keys = keys
    }

    var count: Int {
        switch values {
        case .float(let v): v.count
        case .double(let v): v.count
        case .int(let v): v.count
        case .bool(let v): v.count
        case .text(let v): v.count
        }
    }

    /// As 64-bit numbers; texts have none.
    var doubles: [Double]? {
        switch values {
        case .float(let v): v.map(Double.init)
        case .double(let v): v
        case .int(let v): v.map(Double.init)
        case .bool(let v): v.map { $0 ? 1 : 0 }
        case .text: nil
        }
    }

    var floats: [Float]? {
        switch values {
        case .float(let v): v
        case .double(let v): v.map { Float($0) }
        case .int(let v): v.map { Float($0) }
        case .bool(let v): v.map { $0 ? 1 : 0 }
        case .text: nil
        }
    }

    var integers: [Int]? {
        switch values {
        case .int(let v): v.map { Int($0) }
        case .bool(let v): v.map { $0 ? 1 : 0 }
        default: nil
        }
    }

    func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape, values, keys: keys) }

    /// The elements at these places, in a new shape: what transposing, gathering, slicing and broadcasting come down to.
    func picking(_ places: [Int], shape: [Int]) -> Tensor {
        switch values {
        case .float(let v): Tensor(shape, .float(places.map { v[$0] }))
        case .double(let v): Tensor(shape, .double(places.map { v[$0] }))
        case .int(let v): Tensor(shape, .int(places.map { v[$0] }))
        case .bool(let v): Tensor(shape, .bool(places.map { v[$0] }))
        case .text(let v): Tensor(shape, .text(places.map { v[$0] }))
        }
    }
}

/// Why an operator cannot work on what it was given.
struct OperatorError: Error {
    enum Cause: Sendable {
        /// The operator's inputs do not fit together, whatever is in the rows.
        case shape
        /// What is in a row: other rows may be fine.
        case row
        /// The format allows it, and this build does not have it.
        case unsupported
    }
    var message: String
    var cause: Cause
    init(_ message: String, _ cause: Cause = .shape) {
        self.message = message
        self.cause = cause
    }
}

enum Shape {
    /// The number of elements, when it is within the limit.
    static func count(_ shape: [Int]) -> Int? {
        var out = 1
        for size in shape {
            let (product, isOver) = out.multipliedReportingOverflow(by: size)
            guard size >= 0, !isOver, product <= InferenceLimits.tensorNumbers else { return nil }
            out = product
        }
        return out
    }

    static func checked(_ shape: [Int]) throws(OperatorError) -> Int {
        guard let count = count(shape) else {
            throw OperatorError("a tensor of shape \(shape.prefix(8)), expected at most \(InferenceLimits.tensorNumbers) elements")
        }
        return count
    }

    static func axis(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
        let positive = axis < 0 ? axis + rank : axis
        guard (0..<max(rank, 1)).contains(positive) else { throw OperatorError("axis \(axis) of a tensor of rank \(rank)") }
        return positive
    }

    /// NumPy's rule: shapes are aligned at their ends, and a 1 stretches.
    static func broadcast(_ a: [Int], _ b: [Int]) throws(OperatorError) -> [Int] {
        let rank = max(a.count, b.count)
        var out: [Int] = []
        for i in 0..<rank {
            let (x, y) = (i < rank - a.count ? 1 : a[i - rank + a.count], i < rank - b.count ? 1 : b[i - rank + b.count])
            guard x == y || x == 1 || y == 1 else { throw OperatorError("shapes \(a) and \(b) do not fit together") }
            out.append(x == 1 ? y : x)
        }
        _ = try checked(out)
        return out
    }

    /// Where each element of the broadcast shape is in a tensor of `shape`; nil when they are the same.
    /// - Throws: where the one does not stretch to the other.
    static func places(_ shape: [Int], in target: [Int]) throws(OperatorError) -> [Int]? {
        if shape == target { return nil }
        let total = try checked(target)
        let offset = target.count - shape.count
        guard offset >= 0, shape.indices.allSatisfy({ shape[$0] == 1 || shape[$0] == target[$0 + offset] }) else {
            throw OperatorError("shape \(shape.prefix(8)) does not stretch to \(target.prefix(8))")
        }
        var strides = [Int](repeating: 0, count: target.count)
        var step = 1
        for i in shape.indices.reversed() {
            strides[i + offset] = shape[i] == 1 ? 0 : step
            step *= shape[i]
        }
        return walk(target, strides, start: 0, total: total)
    }

    /// The places of all elements of a view with these strides, in row-major order.
    static func walk(_ shape: [Int], _ strides: [Int], start: Int, total: Int) -> [Int] {
        var out: [Int] = []
        out.reserveCapacity(total)
        guard total > 0 else { return out }
        var index = [Int](repeating: 0, count: shape.count)
        var place = start
        for _ in 0..<total {
            out.append(place)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return out
    }

    static func strides(_ shape: [Int]) -> [Int] {
        var out = [Int](repeating: 1, count: shape.count)
        for i in shape.indices.dropLast().reversed() { out[i] = out[i + 1] * shape[i + 1] }
        return out
    }
}
