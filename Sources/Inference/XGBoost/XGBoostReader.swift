internal import Kernels

/// Reads XGBoost models from JSON or UBJSON, which hold the same document.
///
/// > Source: XGBoost documentation, "Introduction to Model IO" and its JSON schema (doc/model.schema), versions 1.0 to 3.2.
struct XGBoostReader {
    let file: String
    let isBinary: Bool

    func read(_ document: Document) throws(InferenceError) -> Model {
        let learner = try Part(file: file, document).part("learner")
        let parameters = try learner.part("learner_model_param")
        let classes = try parameters.optional("num_class")?.integer(in: 0...InferenceLimits.outputs) ?? 0
        let targets = try parameters.optional("num_target")?.integer(in: 0...InferenceLimits.outputs) ?? 1
        let outputs = max(classes, targets, 1)
        let featureCount = try parameters.part("num_feature").integer(in: 0...InferenceLimits.features)
        let name = try learner.part("objective").part("name").text()
        guard let objective = XGBoostObjective(name, outputs: outputs) else {
            throw InferenceError(.unsupported, file: file, place: "learner.objective.name", "objective \"\(name.prefix(60))\"")
        }
        let base = try base(try parameters.part("base_score"), outputs, objective)
        let booster = try learner.part("gradient_booster")
        let link = Link(kind: objective.link, isSingle: true)
        let features = try features(learner, booster, count: featureCount)
        let body: Model.Body
        switch try booster.part("name").text() {
        case "gbtree":
            body = .trees(try trees(booster.part("model"), nil, featureCount, outputs, base, link))
        case "dart":
            body = .trees(
                try trees(
                    booster.part("gbtree").part("model"), booster.part("weight_drop").numbers(), featureCount, outputs, base, link))
        case "gblinear":
            body = .linear(try linear(booster.part("model").part("weights"), featureCount, outputs, base, link))
        case let other:
            throw InferenceError(.unsupported, file: file, place: "learner.gradient_booster.name", "booster \"\(other.prefix(60))\"")
        }
        var model = Model(
            file: file, format: isBinary ? "XGBoost UBJSON" : "XGBoost JSON", task: objective.task, features: features, isSingle: true,
            body: body)
        if let best = try learner.optional("attributes")?.optional("best_iteration"), let round = try? best.integer(in: 0...Int(Int32.max))
        {
            try model.keepRounds(upTo: round)
        }
        return model
    }

    /// `base_score` is a number, a text such as "5E-1", or since 3.0 a text with a list such as "[4.9E-1]".
    private func base(_ part: Part, _ outputs: Int, _ objective: XGBoostObjective) throws(InferenceError) -> [Double] {
        var values: [Float] = []
        if case .text(let text) = part.value {
            for word in text.split(whereSeparator: { "[], ".contains($0) }) {
                guard let value = Float(word) else {
                    throw part.malformed("\"\(text.prefix(40))\", expected a number or a list of numbers")
                }
                values.append(value)
            }
        } else {
            values = [Float(try part.number())]
        }
        guard values.count == 1 || values.count == outputs else {
            throw part.malformed("\(values.count) numbers, expected 1 or \(outputs)")
        }
        let margins = values.map(objective.margin)
        guard values.allSatisfy(\.isFinite), !margins.contains(where: \.isNaN) else {
            throw part.malformed("\(values.map { "\($0)" }.joined(separator: ", ").prefix(80)), expected what the objective may predict")
        }
        return margins.count == outputs ? margins : [Double](repeating: margins[0], count: outputs)
    }

    private func features(_ learner: Part, _ booster: Part, count: Int) throws(InferenceError) -> [Feature] {
        var out = [Feature](repeating: Feature(), count: count)
        if let part = try learner.optional("feature_names") {
            let names = try part.texts()
            guard names.isEmpty || names.count == count else { throw part.malformed("\(names.count) names, expected \(count)") }
            for (i, name) in names.enumerated() { out[i].name = name }
        }
        // Since 3.1 the categories of data frames are in the file.
        let inner = try booster.optional("gbtree")
        let model = try (inner == nil ? booster : inner)?.optional("model")
        guard let encodings = try model?.optional("cats")?.optional("enc")?.parts() else { return out }
        guard encodings.count <= count else {
            throw encodings[count].malformed("categories of a feature that is not there, expected \(count)")
        }
        for (i, encoding) in encodings.enumerated() {
            let (categories, areNumbers) = try categories(encoding)
            if !categories.isEmpty { out[i].kind = .category(categories, areNumbers: areNumbers) }
        }
        return out
    }

    /// Texts as one list of bytes with their offsets, or numbers.
    private func categories(_ encoding: Part) throws(InferenceError) -> ([String], areNumbers: Bool) {
        let values = try encoding.part("values").numbers()
        guard let part = try encoding.optional("offsets") else { return (values.map { "\($0)" }, true) }
        let offsets = try part.integers().map(Int.init)
        let bytes = values.map { UInt8(truncatingIfNeeded: Int(exactly: $0) ?? 63) }
        var out: [String] = []
        for (from, to) in zip(offsets, offsets.dropFirst()) {
            guard 0 <= from, from <= to, to <= bytes.count else {
                throw part.malformed("offset \(to), expected ascending ones up to \(bytes.count)")
            }
            guard let text = String(validating: bytes[from..<to], as: UTF8.self) else {
                throw part.malformed(
                    "category \(out.count) is no UTF-8: XGBoost cuts names that are not ASCII when it saves a model; give the categories other names"
                )
            }
            out.append(text)
        }
        return (out, false)
    }

    private func trees(
        _ model: Part, _ weights: [Double]?, _ featureCount: Int, _ outputs: Int, _ base: [Double], _ link: Link
    ) throws(InferenceError) -> TreeModel {
        let parts = try model.part("trees").parts()
        let groups = try model.part("tree_info").integers()
        guard parts.count <= InferenceLimits.parts else {
            throw model.malformed("\(parts.count) trees, expected at most \(InferenceLimits.parts)")
        }
        guard groups.count == parts.count else { throw model.malformed("tree_info has \(groups.count) entries, expected \(parts.count)") }
        if let weights, weights.count != parts.count {
            throw model.malformed("weight_drop has \(weights.count) entries, expected \(parts.count)")
        }
        var reader = XGBoostTreeReader(featureCount: featureCount, outputs: outputs)
        var ensemble = TreeEnsemble(trees: [], featureCount: featureCount, outputCount: outputs, isSingle: true)
        ensemble.roundsInputs = true
        for (i, part) in parts.enumerated() {
            guard 0 <= groups[i], Int(groups[i]) < outputs else {
                throw model.malformed("tree_info[\(i)] is \(groups[i]), expected below \(outputs)")
            }
            var tree = try reader.read(part, output: Int(groups[i]))
            if let weights { tree.leafValues = tree.leafValues.map { Double(Float($0) * Float(weights[i])) } }
            ensemble.trees.append(tree)
        }
        ensemble.sets = reader.sets
        ensemble.targets = reader.targets ?? 1
        for (i, tree) in ensemble.trees.enumerated() {
            if let defect = ensemble.defect(in: tree) { throw defect.error(file: file, place: parts[i].path) }
        }
        let ends = try roundEnds(model, parts.count, outputs: reader.targets == nil || reader.targets == 1 ? outputs : 1)
        return try TreeModel(ensemble, base: base, link: link, roundEnds: ends, file: file)
    }

    private func roundEnds(_ model: Part, _ trees: Int, outputs: Int) throws(InferenceError) -> [Int] {
        if let part = try model.optional("iteration_indptr") {
            let ends = try part.integers().map(Int.init)
            guard ends.first ?? 0 == 0, zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 }), ends.last ?? 0 == trees else {
                throw part.malformed("expected ascending numbers from 0 to \(trees)")
            }
            return Array(ends.dropFirst())
        }
        let parallel = try model.optional("gbtree_model_param")?.optional("num_parallel_tree")?.integer(in: 0...InferenceLimits.parts) ?? 1
        let size = max(parallel, 1) * outputs
        return Array(stride(from: size, through: trees, by: size))
    }

    /// Weights feature by feature, each with one number an output; the bias is last. XGBoost 3.2 starts all outputs from the first one's
    /// base.
    private func linear(_ part: Part, _ features: Int, _ outputs: Int, _ base: [Double], _ link: Link) throws(InferenceError) -> LinearModel
    {
        let all = try part.numbers()
        guard all.count == (features + 1) * outputs else {
            throw part.malformed("\(all.count) weights, expected \((features + 1) * outputs)")
        }
        let weights = (0..<outputs).map { output in (0..<features).map { all[$0 * outputs + output] } }
        let bias = (0..<outputs).map { Double(Float(all[features * outputs + $0]) + Float(base[0])) }
        return LinearModel(weights: weights, bias: bias, link: link, skipsMissing: true)
    }
}

extension TreeDefect {
    func error(file: String, place: String) -> InferenceError {
        let what =
            switch self {
            case .empty: "no nodes, expected a root"
            case .childOutOfRange(let n): "node \(n) has a child that is not there, expected the number of a node"
            case .notATree(let n): "two nodes lead to node \(n), expected a tree"
            case .featureOutOfRange(let n): "node \(n) splits on a feature that is not there, expected one of the model's"
            case .setOutOfRange(let n): "node \(n) asks for a set of categories that is not there"
            case .thresholdNotANumber(let n): "node \(n) has NaN as its threshold, expected a number"
            case .unreachable(let n): "no node leads to node \(n), expected a tree"
            case .leafOutOfRange(let n): "node \(n) is a leaf without a value"
            }
        return InferenceError(.malformed, file: file, place: place, what)
    }
}
