/// Reads the plain form of a linear model:
///
///     {"kind": "logistic", "features": ["age", "income"], "coefficients": [0.3, -1.2], "intercept": 0.1}
///
/// `kind` is `linear` (the sum), `logistic` (1 / (1 + exp(−sum))), `poisson` (exp(sum)) or `multinomial` (softmax over the classes, with
/// a list of coefficients for each class and a list of intercepts). `features` may be left out; then columns count by their place.
/// Missing features make the score missing.
struct LinearDocument {
    static func isOne(_ document: Document) -> Bool {
        if case .object(let members) = document, members["kind"] != nil, members["coefficients"] != nil { true } else { false }
    }

    static func read(_ document: Document, file: String) throws(InferenceError) -> Model {
        let root = Part(file: file, document)
        let kind = try root.part("kind").text()
        let links: [String: Link.Kind] = [
            "linear": .identity, "logistic": .logistic(scale: 1), "poisson": .exponential, "multinomial": .softmax,
        ]
        guard let link = links[kind] else {
            throw root.unsupported("kind \"\(kind.prefix(40))\", expected linear, logistic, poisson or multinomial")
        }
        let coefficients = try root.part("coefficients")
        var weights: [[Double]] = []
        var bias: [Double] = []
        if kind == "multinomial" {
            for part in try coefficients.parts() { weights.append(try part.numbers()) }
            bias = try root.optional("intercept")?.numbers() ?? [Double](repeating: 0, count: weights.count)
        } else {
            weights = [try coefficients.numbers()]
            bias = [try root.optional("intercept")?.number() ?? 0]
        }
        guard let width = weights.first?.count, weights.allSatisfy({ $0.count == width }), bias.count == weights.count else {
            throw coefficients.malformed("lists of unequal lengths, expected one coefficient a feature and one intercept a class")
        }
        guard weights.count <= InferenceLimits.outputs, width <= InferenceLimits.features else {
            throw InferenceError(.limit, file: file, place: "coefficients", "more than \(InferenceLimits.outputs) classes")
        }
        var features = [Feature](repeating: Feature(), count: width)
        if let names = try root.optional("features") {
            let texts = try names.texts()
            guard texts.count == width else { throw names.malformed("\(texts.count) names, expected \(width): one a coefficient") }
            features = texts.map { Feature(name: $0) }
        }
        let tasks: [String: ModelTask] = ["logistic": .binary, "multinomial": .multiclass]
        let model = LinearModel(weights: weights, bias: bias, link: Link(kind: link, isSingle: false), skipsMissing: false)
        return Model(
            file: file, format: "linear JSON", task: tasks[kind] ?? .regression, features: features, isSingle: false, body: .linear(model))
    }
}
