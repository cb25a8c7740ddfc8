/// Operators of ai.onnx.ml that prepare features and name answers.
enum PipelineOperators {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        switch node.node.type {
        case "Scaler": return try scaler(node)
        case "Imputer": return try imputer(node)
        case "OneHotEncoder": return try oneHot(node)
        case "Normalizer": return try normalizer(node)
        case "LabelEncoder": return try labelEncoder(node)
        case "ZipMap": return try zipMap(node)
        case "Binarizer":
            let threshold = Double(try node.float("threshold") ?? 0)
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                return [x.like((x.doubles ?? []).map { $0 > threshold ? 1 : 0 })]
            }
        case "ArrayFeatureExtractor":
            return { inputs throws(OperatorError) in
                let (x, indices) = (try OperatorTable.input(inputs, 0), try OperatorTable.input(inputs, 1))
                guard let places = indices.integers, !x.shape.isEmpty else { throw OperatorError("indices are no whole numbers") }
                let shape = x.shape.count == 1 ? [1, x.shape[0]] : x.shape
                return [try ShapeOperators.gathered(x.reshaped(shape), places, -1, [places.count])]
            }
        case "FeatureVectorizer":
            return { inputs throws(OperatorError) in
                var parts: [Tensor] = []
                for input in inputs.compactMap({ $0 }) {
                    guard let floats = input.floats else { throw OperatorError("found text, expected numbers") }
                    let rows = input.shape.first ?? 1
                    parts.append(
                        Tensor(input.shape.count == 2 ? input.shape : [rows, rows == 0 ? 0 : floats.count / rows], .float(floats)))
                }
                return [try ShapeOperators.concatenated(parts, 1)]
            }
        default: return nil
        }
    }

    private static func width(_ x: Tensor) -> Int { x.shape.last ?? 1 }

    /// (x − offset) · scale, each for a column or for all.
    private static func scaler(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (offset, scale) = (try node.floats("offset") ?? [0], try node.floats("scale") ?? [1])
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let width = width(x)
            guard [1, width].contains(offset.count), [1, width].contains(scale.count), let values = x.floats else {
                throw OperatorError("\(offset.count) offsets and \(scale.count) scales for \(width) columns of numbers")
            }
            let (o, s) = (offset.count == 1 ? 0 : 1, scale.count == 1 ? 0 : 1)
            return [Tensor(x.shape, .float(values.indices.map { (values[$0] - offset[$0 % width * o]) * scale[$0 % width * s] }))]
        }
    }

    private static func imputer(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (floats, ints) = (try node.floats("imputed_value_floats") ?? [], try node.ints("imputed_value_int64s") ?? [])
        let replaced = try node.float("replaced_value_float") ?? .nan
        let replacedInt = Int64(try node.int("replaced_value_int64") ?? 0)
        guard !floats.isEmpty || !ints.isEmpty else { throw node.malformed("no imputed values, expected some") }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let width = width(x)
            if case .int(let v) = x.values, !ints.isEmpty {
                guard [1, width].contains(ints.count) else { throw OperatorError("\(ints.count) values for \(width) columns") }
                return [
                    Tensor(x.shape, .int(v.indices.map { v[$0] == replacedInt ? Int64(ints[ints.count == 1 ? 0 : $0 % width]) : v[$0] }))
                ]
            }
            guard [1, width].contains(floats.count), let v = x.floats else {
                throw OperatorError("\(floats.count) values for \(width) columns of numbers")
            }
            return [
                Tensor(
                    x.shape,
                    .float(
                        v.indices.map { i in
                            let isMissing = replaced.isNaN ? v[i].isNaN : v[i] == replaced
                            return isMissing ? floats[floats.count == 1 ? 0 : i % width] : v[i]
                        }))
            ]
        }
    }

    private static func oneHot(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let (texts, ints) = (try node.texts("cats_strings"), try node.ints("cats_int64s"))
        let allowsUnknown = try node.int("zeros") ?? 1 != 0
        let count = texts?.count ?? ints?.count ?? 0
        guard count > 0 else { throw node.malformed("no categories, expected some") }
        var textPlaces: [String: Int] = [:]
        for (i, text) in (texts ?? []).enumerated() where textPlaces[text] == nil { textPlaces[text] = i }
        var intPlaces: [Int64: Int] = [:]
        for (i, int) in (ints ?? []).enumerated() where intPlaces[Int64(int)] == nil { intPlaces[Int64(int)] = i }
        let (byText, byInt) = (textPlaces, intPlaces)
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            var places: [Int?]
            switch x.values {
            case .text(let v): places = v.map { byText[$0] }
            case .int(let v): places = v.map { byInt[$0] }
            default: places = (x.doubles ?? []).map { byInt[Int64(saturating: $0)] }
            }
            if !allowsUnknown, places.contains(nil) { throw OperatorError("a category that the model does not know", .row) }
            let shape = x.shape + [count]
            var out = [Float](repeating: 0, count: try Shape.checked(shape))
            for (i, place) in places.enumerated() { if let place { out[i * count + place] = 1 } }
            return [Tensor(shape, .float(out))]
        }
    }

    private static func normalizer(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let norm = try node.text("norm") ?? "MAX"
        guard ["MAX", "L1", "L2"].contains(norm) else { throw node.unsupported("norm \(norm.prefix(20))") }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let width = width(x)
            guard var values = x.floats else { throw OperatorError("found text, expected numbers") }
            for from in stride(from: 0, to: values.count, by: max(width, 1)) {
                let range = from..<from + width
                let size: Float =
                    switch norm {
                    case "MAX": values[range].max() ?? 0
                    case "L1": values[range].reduce(0) { $0 + abs($1) }
                    default: values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
                    }
                if size != 0 { for i in range { values[i] /= size } }
            }
            return [Tensor(x.shape, .float(values))]
        }
    }

    private static func labelEncoder(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        // Version 1 maps texts to their places and back.
        if let classes = try node.texts("classes_strings") {
            let unknown = (text: try node.text("default_string") ?? "_Unused", int: Int64(try node.int("default_int64") ?? -1))
            var places: [String: Int64] = [:]
            for (i, text) in classes.enumerated() { places[text] = Int64(i) }
            let byText = places
            return { inputs throws(OperatorError) in
                let x = try OperatorTable.input(inputs, 0)
                if case .text(let v) = x.values { return [Tensor(x.shape, .int(v.map { byText[$0] ?? unknown.int }))] }
                guard let v = x.integers else { throw OperatorError("found decimals, expected texts or whole numbers") }
                return [Tensor(x.shape, .text(v.map { classes.indices.contains($0) ? classes[$0] : unknown.text }))]
            }
        }
        let (keys, values) = (try list(node, "keys"), try list(node, "values"))
        guard let keys, let values, keys.count == values.count, !values.isEmpty else {
            throw node.malformed("keys and values, expected as many of each")
        }
        let unknown = try fallback(node, values)
        var places: [String: Int] = [:]
        for (i, key) in keyed(keys).enumerated() where places[key] == nil { places[key] = i }
        let (byKey, all) = (places, append(values, unknown))
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            let chosen = keyed(Tensor([x.count], x.values)).map { byKey[$0] ?? all.count - 1 }
            return [all.picking(chosen, shape: x.shape)]
        }
    }

    private static func keyed(_ list: Tensor) -> [String] {
        switch list.values {
        case .text(let v): v
        case .int(let v): v.map { "\($0)" }
        case .bool(let v): v.map { $0 ? "1" : "0" }
        case .float(let v): v.map { $0.isNaN ? "nan" : "\($0 == 0 ? 0 : $0)" }
        case .double(let v): v.map { $0.isNaN ? "nan" : "\($0 == 0 ? 0 : $0)" }
        }
    }

    private static func list(_ node: OperatorNode, _ name: String) throws(InferenceError) -> Tensor? {
        if let texts = try node.texts("\(name)_strings") { return Tensor([texts.count], .text(texts)) }
        if let ints = try node.ints("\(name)_int64s") { return Tensor([ints.count], .int(ints.map { Int64($0) })) }
        if let floats = try node.floats("\(name)_floats") { return Tensor([floats.count], .float(floats)) }
        return try node.tensor("\(name)_tensor")
    }

    private static func fallback(_ node: OperatorNode, _ values: Tensor) throws(InferenceError) -> Tensor {
        if let tensor = try node.tensor("default_tensor"), tensor.count == 1 { return tensor }
        switch values.values {
        case .text: return Tensor([1], .text([try node.text("default_string") ?? "_Unused"]))
        case .int: return Tensor([1], .int([Int64(try node.int("default_int64") ?? -1)]))
        case .double: return Tensor([1], .double([Double(try node.float("default_float") ?? -0.0)]))
        default: return Tensor([1], .float([try node.float("default_float") ?? -0.0]))
        }
    }

    private static func append(_ list: Tensor, _ one: Tensor) -> Tensor {
        switch (list.values, one.values) {
        case (.text(let a), .text(let b)): Tensor([a.count + 1], .text(a + b))
        case (.int(let a), .int(let b)): Tensor([a.count + 1], .int(a + b))
        case (.float(let a), .float(let b)): Tensor([a.count + 1], .float(a + b))
        case (.double(let a), .double(let b)): Tensor([a.count + 1], .double(a + b))
        default: Tensor([list.count + 1], .double((list.doubles ?? []) + (one.doubles ?? [])))
        }
    }

    /// Columns named by their classes.
    private static func zipMap(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let keys = try node.labels().map { keyed(Tensor([], $0)) }
        return { inputs throws(OperatorError) in
            let x = try OperatorTable.input(inputs, 0)
            guard let keys, keys.count == width(x) else { throw OperatorError("\(keys?.count ?? 0) keys for \(width(x)) columns") }
            return [Tensor(x.shape, x.values, keys: keys)]
        }
    }
}

extension Tensor {
    var isEmpty: Bool { count == 0 }
}
