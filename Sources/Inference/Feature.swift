/// What a model wants in one place of its input.
public struct Feature: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case number
        /// Texts or numbers, of which the model knows the place in this list; numbers are found however they are written.
        case category([String], areNumbers: Bool)
        case text
    }
    /// Nil where the file has no name; then its place counts.
    public var name: String?
    public var kind: Kind

    public init(name: String? = nil, kind: Kind = .number) {
        self.name = name
        self.kind = kind
    }

    public var wantsText: Bool { kind != .number }
}

/// What a model tells.
public enum ModelTask: String, Sendable, Equatable {
    case binary, multiclass, regression, ranking, unknown
}

/// A column of a table, as the model wants it.
public enum InputColumn: Sendable, Equatable {
    /// NaN is missing.
    case numbers([Double])
    /// Nil is missing.
    case texts([String?])

    var count: Int {
        switch self {
        case .numbers(let values): values.count
        case .texts(let values): values.count
        }
    }
}

/// Which column goes where.
public struct InputRequest: Sendable, Equatable {
    public var column: String
    public var feature: Feature
}

/// A column of the answer.
public struct ScoreColumn: Sendable, Equatable {
    public enum Values: Sendable, Equatable {
        case numbers([Double])
        case integers([Int64])
        case texts([String])

        var count: Int {
            switch self {
            case .numbers(let values): values.count
            case .integers(let values): values.count
            case .texts(let values): values.count
            }
        }
    }
    public var name: String
    public var values: Values

    public init(_ name: String, _ values: Values) {
        self.name = name
        self.values = values
    }

    /// A cell as it is printed: the shortest text that is read again as the same number.
    public func cell(_ row: Int) -> String {
        switch values {
        case .numbers(let values): "\(values[row])"
        case .integers(let values): "\(values[row])"
        case .texts(let values): values[row]
        }
    }
}

/// What is asked of a model.
public struct ScoreOptions: Sendable, Equatable {
    public enum Answer: Sendable, Equatable {
        case prediction
        /// The same, but of a model that answers with the number of a class (XGBoost's `multi:softmax`) the probability of each.
        case probabilities
        /// The sums before the link.
        case margin
        /// Where each row ends in every tree.
        case leaves
        /// Every output of a graph.
        case outputs
    }
    public var answer: Answer
    /// Only the first rounds of boosting; nil for all.
    public var rounds: Int?
    public var threads: Int

    public init(_ answer: Answer = .prediction, rounds: Int? = nil, threads: Int = 1) {
        self.answer = answer
        self.rounds = rounds
        self.threads = threads
    }
}

/// Finds categories: a text by its letters (01 is not 1, as postcodes have it), a number by its value (3, 3.0 and 03).
struct CategoryPlaces {
    private var byText: [String: Double] = [:]
    private var byNumber: [Double: Double] = [:]

    /// - Parameter isNumeric: whether the categories, or what is looked up, are numbers.
    init(_ categories: [String], isNumeric: Bool) {
        for (place, category) in categories.enumerated() {
            byText[category] = Double(place)
            if isNumeric, let number = Double(category) { byNumber[number] = Double(place) }
        }
    }

    /// NaN where it is missing or not among them.
    func codes(_ numbers: [Double]) -> [Double] { numbers.map { byNumber[$0] ?? .nan } }

    func codes(_ texts: [String?]) -> [Double] {
        var known: [String: Double] = [:]
        return texts.map { text in
            guard let text else { return .nan }
            if let code = known[text] { return code }
            let code = byText[text] ?? Double(text).flatMap { byNumber[$0] } ?? .nan
            known[text] = code
            return code
        }
    }
}
