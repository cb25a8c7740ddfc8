/// What a model wants in one place of its input.
public struct Feature: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case number
        /// Texts or numbers, of which the model knows the place in this list.
        case category([String])
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

/// A category as a text or a number: 3, "3" and 3.0 are the same.
enum CategoryKey {
    static func key(_ text: String) -> String {
        guard let number = Double(text), number == number.rounded(), abs(number) < 0x1p53 else { return text }
        return "\(Int64(number))"
    }

    /// The place of each text among the categories; NaN where it is missing or not among them.
    static func codes(_ texts: [String?], _ categories: [String]) -> [Double] {
        var places: [String: Double] = [:]
        for (i, category) in categories.enumerated() { places[key(category)] = Double(i) }
        var known: [String: Double] = [:]
        return texts.map { text in
            guard let text else { return .nan }
            if let code = known[text] { return code }
            let code = places[key(text)] ?? .nan
            known[text] = code
            return code
        }
    }
}
