internal import Kernels

/// A model file, read: what it wants, what it answers, and how to score rows with it.
///
/// ```swift
/// let model = try Model(bytes, file: "credit.json")
/// let wanted = try model.inputs(among: table.names)
/// let columns = wanted.map { $0.feature.wantsText ? .texts(table.texts($0.column)) : .numbers(table.numbers($0.column)) }
/// let scores = try model.score(columns, rows: table.rowCount)
/// ```
///
/// ## Topics
/// ### Reading — ``init(_:file:)``
/// ### Matching a table — ``features``, ``inputs(among:features:)``
/// ### Scoring — ``score(_:rows:options:)``
public struct Model: Sendable {
    enum Body: Sendable {
        case trees(TreeModel)
        case linear(LinearModel)
        case graph(Graph)
    }

    public let file: String
    /// What the file is, for people.
    public let format: String
    public let task: ModelTask
    public let features: [Feature]
    /// The round that early stopping chose, counted from 0, where the file says so. Scores are of the rounds up to it unless options say
    /// otherwise, as those of XGBoost's scikit-learn classes.
    public private(set) var bestRound: Int?
    /// Whether inputs are rounded to 32 bits, as in training.
    let isSingle: Bool
    private(set) var body: Body
    /// All rounds, where `body` has those up to the best one.
    private var allRounds: TreeModel?
    /// Whether a feature's categories must be looked up.
    private let hasCategories: Bool

    init(file: String, format: String, task: ModelTask, features: [Feature], isSingle: Bool, body: Body) {
        self.file = file
        self.format = format
        self.task = task
        self.features = features
        self.isSingle = isSingle
        self.body = body
        hasCategories = features.contains { if case .category = $0.kind { true } else { false } }
    }

    /// Reads a model; what kind of file it is, its bytes tell.
    ///
    /// - Parameters:
    ///   - file: how errors name it.
    ///   - runtime: where ONNX Runtime's library is, for graphs with operators that we have no kernels for; nil for none.
    /// - Throws: ``InferenceError`` when the file is none of the kinds, breaks its format, or asks for what is not there.
    public init(_ bytes: [UInt8], file: String, runtime: String? = Model.runtimePath) throws(InferenceError) {
        func dump(_ library: String) -> InferenceError {
            InferenceError(
                .malformed, file: file, "a dump of \(library)'s dump_model, for people to read, expected a file of its save_model")
        }
        guard bytes.count <= InferenceLimits.fileBytes else {
            throw InferenceError(.limit, file: file, "\(bytes.count) bytes, expected at most \(InferenceLimits.fileBytes)")
        }
        let start = bytes.prefix(64)
        let first = start.first { $0 > 32 }
        if first == UInt8(ascii: "{") {
            // In UBJSON a type or a length follows the brace, in JSON space, a quote or the end.
            let rest = start.drop { $0 <= 32 }
            let second = rest.dropFirst().first
            let isJSON = second.map { $0 <= 32 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "}") } ?? true
            let document = isJSON ? try JSONDocument.read(bytes, file: file) : try UBJSONDocument.read(bytes, file: file)
            if case .object(let members) = document, members["tree_info"] != nil, members["learner"] == nil { throw dump("LightGBM") }
            if LinearDocument.isOne(document) {
                self = try LinearDocument.read(document, file: file)
            } else {
                self = try XGBoostReader(file: file, isBinary: !isJSON).read(document)
            }
        } else if start.starts(with: "booster[".utf8) || (first == UInt8(ascii: "[") && bytes.prefix(512).contains("nodeid".utf8)) {
            throw dump("XGBoost")
        } else if start.starts(with: "tree".utf8) {
            var reader = LightGBMReader(bytes, file: file)
            self = try reader.read()
        } else if first != nil, ONNXReader.isLikely(bytes) {
            self = try ONNXReader(file: file, runtime: runtime).read(bytes)
        } else {
            throw InferenceError(
                .malformed, file: file, "not a model that is known, expected XGBoost JSON or UBJSON, LightGBM text, ONNX or linear JSON")
        }
    }

    /// Keeps the rounds up to the one that early stopping chose.
    mutating func keepRounds(upTo best: Int) throws(InferenceError) {
        bestRound = best
        guard case .trees(let whole) = body, best + 1 < whole.roundEnds.count else { return }
        body = .trees(try whole.prefix(rounds: best + 1, file: file))
        allRounds = whole
    }

    /// How many of the file's rounds scores are of, where that is not all: of early stopping.
    public var roundsUsed: (used: Int, all: Int)? {
        guard let allRounds, case .trees(let trees) = body else { return nil }
        return (trees.roundEnds.count, allRounds.roundEnds.count)
    }

    /// `EVENKEEL_ONNXRUNTIME`, or `libonnxruntime.so` where libraries are found; nil where that is empty.
    public static var runtimePath: String? { ONNXRuntime.defaultPath }

    /// Which columns of a table the model wants, in its order.
    ///
    /// Columns are found by the model's names; where it has none, or the table has none of them, by their place, if there are as many as
    /// the model wants.
    /// - Parameters:
    ///   - columns: the table's names. - names: those that the user gives, in the model's order.
    public func inputs(among columns: [String], features names: [String]? = nil) throws(InferenceError) -> [InputRequest] {
        let known = Set(columns)
        if isOpen {
            let chosen = names ?? columns
            if let absent = chosen.first(where: { !known.contains($0) }) {
                throw input("the table has no column \"\(absent)\", expected one")
            }
            if case .graph(let graph) = body { try graph.probe(columns: chosen.count) }
            return chosen.map { InputRequest(column: $0, feature: Feature()) }
        }
        if let names {
            guard names.count == features.count else {
                throw input("\(names.count) features are named, expected \(features.count)")
            }
            if let absent = names.first(where: { !known.contains($0) }) {
                throw input("the table has no column \"\(absent)\", expected one")
            }
            return zip(names, features).map { InputRequest(column: $0, feature: $1) }
        }
        let own = features.compactMap(\.name)
        if own.count == features.count {
            let absent = own.filter { !known.contains($0) }
            if absent.isEmpty { return zip(own, features).map { InputRequest(column: $0, feature: $1) } }
            // LightGBM writes the spaces of names as underscores.
            let spaced = Dictionary(columns.map { (String($0.map { $0 == " " ? "_" : $0 }), $0) }, uniquingKeysWith: { first, _ in first })
            let found = own.map { known.contains($0) ? $0 : spaced[$0] }
            if Set(found.compactMap(\.self)).count == own.count {
                return zip(found, features).compactMap { name, feature in name.map { InputRequest(column: $0, feature: feature) } }
            }
            if absent.count < own.count || columns.count != features.count {
                throw input(
                    "the table has no column \"\(absent[0])\", expected the model's features as columns, or --features in its order")
            }
        }
        guard columns.count == features.count else {
            throw input(
                "the table has \(columns.count) columns and the model \(features.count) features without names, expected --features")
        }
        return zip(columns, features).map { InputRequest(column: $0, feature: $1) }
    }

    /// Whether the file leaves the number of columns to the table: some graphs do.
    private var isOpen: Bool { if case .graph(let graph) = body { graph.isOpen } else { false } }

    private func input(_ message: String) -> InferenceError { InferenceError(.input, file: file, message) }

    /// Scores rows.
    ///
    /// - Parameter columns: one for each feature, as ``inputs(among:features:)`` says.
    public func score(_ columns: [InputColumn], rows: Int, options: ScoreOptions = ScoreOptions()) throws(InferenceError) -> [ScoreColumn] {
        guard columns.count == features.count || isOpen, columns.allSatisfy({ $0.count == rows }) else {
            throw input("\(columns.count) columns, expected \(features.count) of \(rows) rows")
        }
        if let rounds = options.rounds, rounds < 0 { throw input("\(rounds) rounds, expected a number from 0") }
        if case .graph(let graph) = body { return try graph.score(columns, rows: rows, options: options, task: task) }
        if options.answer == .outputs { throw unsupported("--outputs of a model that is no graph, expected an ONNX model") }
        switch body {
        case .trees(let whole):
            if rows == 1, options.rounds == nil, options.answer != .leaves, let row = plainRow(columns),
                let margins = whole.margins(row: row)
            {
                return ScoreColumn.predictions(answers(margins, options.answer, whole.link) { whole.predictions($0) })
            }
            // The kernels round where the ensemble says so.
            let numbers = try numbers(columns, isSingle: false)
            let model =
                try options.rounds.map { rounds throws(InferenceError) in
                    try (allRounds ?? whole).prefix(rounds: rounds, file: file)
                } ?? whole
            if options.answer == .leaves {
                return model.leaves(numbers, rows: rows).enumerated().map { ScoreColumn("leaf_\($0.offset)", .integers($0.element)) }
            }
            let margins = model.margins(numbers, rows: rows, threads: options.threads)
            return ScoreColumn.predictions(answers(margins, options.answer, model.link) { model.predictions($0) })
        case .linear(let model):
            let numbers = try numbers(columns, isSingle: isSingle)
            if options.answer == .leaves { throw unsupported("--leaves of a linear model, expected a model of trees") }
            let margins = model.margins(numbers, rows: rows)
            return ScoreColumn.predictions(answers(margins, options.answer, model.link) { model.link.predictions($0) })
        case .graph: return []
        }
    }

    private func answers(
        _ margins: [[Double]], _ answer: ScoreOptions.Answer, _ link: Link, _ predictions: ([[Double]]) -> [[Double]]
    ) -> [[Double]] {
        switch answer {
        case .margin: margins
        case .probabilities where link.kind == .largest: Link(kind: .softmax, isSingle: link.isSingle).predictions(margins)
        default: predictions(margins)
        }
    }

    /// The first row, where it consists of numbers that are taken as they are.
    private func plainRow(_ columns: [InputColumn]) -> [Double]? {
        if hasCategories { return nil }
        var out: [Double] = []
        out.reserveCapacity(columns.count)
        for column in columns {
            guard case .numbers(let values) = column else { return nil }
            out.append(values[0])
        }
        return out
    }

    private func unsupported(_ message: String) -> InferenceError { InferenceError(.unsupported, file: file, message) }

    /// Features as numbers, categories as their places.
    /// - Parameter isSingle: whether they are rounded to 32 bits, as a model that was trained on such numbers wants it.
    func numbers(_ columns: [InputColumn], isSingle: Bool) throws(InferenceError) -> [[Double]] {
        var out: [[Double]] = []
        for (column, feature) in zip(columns, features) {
            switch (column, feature.kind) {
            case (.numbers(let values), .category(let categories, _)):
                out.append(CategoryPlaces(categories, isNumeric: true).codes(values))
            case (.numbers(let values), _): out.append(isSingle ? values.map { Double(Float($0)) } : values)
            case (.texts(let texts), .category(let categories, let areNumbers)):
                out.append(CategoryPlaces(categories, isNumeric: areNumbers).codes(texts))
            case (.texts(let texts), _):
                var values: [Double] = []
                values.reserveCapacity(texts.count)
                for (row, text) in texts.enumerated() {
                    guard let number = text.map({ decimalNumber($0) }) ?? .nan else {
                        throw input("\"\(feature.name ?? "a feature")\" in row \(row + 1) is text, expected a number")
                    }
                    values.append(isSingle ? Double(Float(number)) : number)
                }
                out.append(values)
            }
        }
        return out
    }
}

extension ScoreColumn {
    /// `prediction`, or `prediction_0`, `prediction_1`, … where there are several.
    static func predictions(_ columns: [[Double]]) -> [ScoreColumn] {
        columns.enumerated().map { ScoreColumn(columns.count == 1 ? "prediction" : "prediction_\($0.offset)", .numbers($0.element)) }
    }
}
