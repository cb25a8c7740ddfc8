internal import Kernels

/// Reads LightGBM models from text, versions 3 and 4.
///
/// > Source: LightGBM, src/boosting/gbdt_model_text.cpp and src/io/tree.cpp, 4.x.
struct LightGBMReader {
    private var text: LightGBMText
    private let file: String

    init(_ bytes: [UInt8], file: String) {
        text = LightGBMText(bytes, file: file)
        self.file = file
    }

    mutating func read() throws(InferenceError) -> Model {
        let (head, blocks) = try text.blocks()
        let outputs = try text.integer(head, "num_tree_per_iteration", in: 1...InferenceLimits.outputs)
        let count = try text.integer(head, "max_feature_idx", in: 0...InferenceLimits.features - 1) + 1
        let objective = text.optional(head, "objective") ?? ""
        guard let (link, task) = Self.link(objective) else {
            throw InferenceError(
                .unsupported, file: file, place: "line \(head.values["objective"]?.line ?? 0)", "objective \"\(objective.prefix(60))\"")
        }
        try check(head, trees: blocks.count, outputs: outputs, features: count, objective)
        var ensemble = TreeEnsemble(trees: [], featureCount: count, outputCount: outputs, isSingle: false)
        var linear: [[TreeModel.LinearLeaf]] = []
        var reader = LightGBMTreeReader(text: text, featureCount: count)
        for (i, block) in blocks.enumerated() {
            let (tree, leaves) = try reader.read(block, output: i % outputs)
            ensemble.trees.append(tree)
            linear.append(leaves)
        }
        ensemble.sets = reader.sets
        for (tree, block) in zip(ensemble.trees, blocks) {
            if let defect = ensemble.defect(in: tree) { throw defect.error(file: file, place: "line \(block.line): \(block.name)") }
        }
        let ends = Array(stride(from: outputs, through: blocks.count, by: outputs))
        var model = try TreeModel(
            ensemble, base: [Double](repeating: 0, count: outputs), link: link, roundEnds: ends, file: file)
        model.isAveraged = head.values["average_output"] != nil
        model.leavesByNumber = true
        if linear.contains(where: { $0.contains { !$0.terms.isEmpty } }) { model.linearLeaves = linear }
        return Model(
            file: file, format: "LightGBM text", task: task, features: try features(head, count), isSingle: false, body: .trees(model))
    }

    /// What the head says of the trees, which a file put together by hand may get wrong.
    private func check(
        _ head: LightGBMText.Block, trees: Int, outputs: Int, features: Int, _ objective: String
    ) throws(InferenceError) {
        func wrong(_ key: String, _ message: String) -> InferenceError { text.malformed(head.values[key]?.line ?? 0, message) }
        let classes = try text.integer(head, "num_class", in: 1...InferenceLimits.outputs, or: outputs)
        guard classes == outputs else { throw wrong("num_class", "num_class=\(classes), expected num_tree_per_iteration=\(outputs)") }
        if let word = objective.split(separator: " ").first(where: { $0.hasPrefix("num_class:") }), word != "num_class:\(outputs)" {
            throw wrong("objective", "\(word.prefix(40)), expected num_tree_per_iteration=\(outputs)")
        }
        guard trees.isMultiple(of: outputs) else {
            throw wrong("num_tree_per_iteration", "\(trees) trees, expected num_tree_per_iteration=\(outputs) in each iteration")
        }
        if let sizes = text.optional(head, "tree_sizes")?.split(separator: " "), sizes.count != trees {
            throw wrong("tree_sizes", "tree_sizes of \(sizes.count) trees, expected the \(trees) that follow")
        }
        if let infos = text.optional(head, "feature_infos")?.split(separator: " "), infos.count != features {
            throw wrong("feature_infos", "feature_infos of \(infos.count) features, expected max_feature_idx=\(features - 1) and one more")
        }
    }

    private mutating func features(_ head: LightGBMText.Block, _ count: Int) throws(InferenceError) -> [Feature] {
        var out = [Feature](repeating: Feature(), count: count)
        if let line = text.optional(head, "feature_names") {
            let names = line.split(separator: " ").map(String.init)
            guard names.count == count else {
                throw text.malformed(head.values["feature_names"]?.line ?? 0, "\(names.count) feature names, expected \(count)")
            }
            for (i, name) in names.enumerated() { out[i].name = name }
        }
        // The categories of a data frame's columns follow the trees, in the order of the columns that have categories.
        guard let tail = text.tail("pandas_categorical"), tail != "null", !tail.isEmpty else { return out }
        let lists = try Part(file: file, path: "pandas_categorical", JSONDocument.read(Array(tail.utf8), file: file)).parts()
        let infos = (text.optional(head, "feature_infos")?.split(separator: " ") ?? []).prefix(count).map(String.init)
        let categories = try lists.map { (list) throws(InferenceError) in try names(list) }
        guard let places = PandasCategories.places(infos, sizes: categories.map(\.names.count)) else {
            throw text.malformed(
                head.values["feature_infos"]?.line ?? 0,
                "\(lists.count) lists in pandas_categorical, which do not say of which features they are: train with as many categorical columns as categorical features"
            )
        }
        for (i, info) in infos.enumerated() where info == "none" {
            // No tree asks for it, and it may hold anything.
            out[i].kind = .category([], areNumbers: false)
        }
        for (place, list) in zip(places, categories) {
            if let place { out[place].kind = .category(list.names, areNumbers: list.areNumbers) }
        }
        return out
    }

    private func names(_ list: Part) throws(InferenceError) -> (names: [String], areNumbers: Bool) {
        var areNumbers = true
        let names = try list.parts().map { (part) throws(InferenceError) -> String in
            switch part.value {
            case .number(let number): return "\(number)"
            case .bool(let isTrue):
                areNumbers = false
                return isTrue ? "True" : "False"
            default:
                areNumbers = false
                return try part.text()
            }
        }
        return (names, areNumbers)
    }

    /// The link and the task of an objective with its parameters, such as `binary sigmoid:1`.
    static func link(_ objective: String) -> (Link, ModelTask)? {
        let words = objective.split(separator: " ").map(String.init)
        func parameter(_ name: String) -> Double {
            words.first { $0.hasPrefix("\(name):") }.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 1
        }
        func made(_ kind: Link.Kind, _ task: ModelTask) -> (Link, ModelTask) { (Link(kind: kind, isSingle: false), task) }
        switch words.first ?? "" {
        case "": return made(.identity, .unknown)
        case "binary": return made(.logistic(scale: parameter("sigmoid")), .binary)
        case "multiclass", "softmax": return made(.softmax, .multiclass)
        case "multiclassova", "multiclass_ova", "ova", "ovr": return made(.logistic(scale: parameter("sigmoid")), .multiclass)
        case "cross_entropy", "xentropy": return made(.logistic(scale: 1), .regression)
        case "cross_entropy_lambda", "xentlambda": return made(.softplus, .regression)
        case "poisson", "gamma", "tweedie": return made(.exponential, .regression)
        case "lambdarank", "rank_xendcg": return made(.identity, .ranking)
        case "regression", "regression_l2", "mean_squared_error", "mse", "l2":
            return made(words.contains("sqrt") ? .signedSquare : .identity, .regression)
        case "regression_l1", "l1", "mae", "huber", "fair", "quantile", "mape":
            return made(words.contains("sqrt") ? .signedSquare : .identity, .regression)
        case "custom", "none", "null": return made(.identity, .unknown)
        default: return nil
        }
    }
}
