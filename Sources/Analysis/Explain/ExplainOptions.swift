internal import Vocabulary

/// What `evenkeel explain` is asked.
public struct ExplainOptions: Sendable {
    /// Where the numbers come from.
    public enum Method: String, Sendable, CaseIterable {
        /// Exact contributions to the margin of trees that know how many training rows their nodes had.
        case treeSHAP = "tree_shap"
        /// Answers to rows that are mixed of others: of any model.
        case mixing
    }
    public enum Question: Sendable {
        /// What the model's answers depend on.
        case importance
        /// What its loss depends on: the column of labels.
        case loss(label: String)
        /// What moved its answers since the rows of this file.
        case shift(Frame)
        /// In what it differs from another one.
        case difference(FileModel)
    }
    public var model: FileModel
    public var question = Question.importance
    /// Nil: contributions where the model has them.
    public var method: Method?
    /// Of several answers the one that is explained, counted from 0; nil for the one that says most.
    public var answer: Int?
    public var positive: String?
    public var classes: [String]?
    /// Of more rows as many are drawn.
    public var rowsMax = 10_000
    public var repeats = 5
    public var confidence = 0.95
    public var seed: UInt64 = 1
    public init(_ model: FileModel) { self.model = model }

    func check() throws {
        guard (2...1_000_000).contains(rowsMax) else { throw AnalysisError("--rows \(rowsMax), expected 2 to 1000000") }
        guard (1...1000).contains(repeats) else { throw AnalysisError("--repeats \(repeats), expected 1 to 1000") }
        if case .loss = question, method == .treeSHAP {
            throw AnalysisError("--method tree_shap says nothing of losses, expected mixing with --label")
        }
    }

    public var settings: Settings {
        var out = Settings()
        out["model"] = model.path
        out.set("features", model.features ?? [])
        switch question {
        case .importance: break
        case .loss(let label): out["label"] = label
        case .shift(let frame): out["reference"] = frame.file
        case .difference(let other):
            out["against"] = other.path
            out.set("against_features", other.features ?? [])
        }
        out["positive"] = positive
        out.set("classes", classes ?? [])
        out["method"] = method?.rawValue
        if let answer { out.set("answer", answer) }
        out.set("rows", rowsMax)
        out.set("repeats", repeats)
        out.set("confidence", confidence)
        out.set(seed: seed)
        return out
    }

    /// The files beside the one whose rows are explained.
    public var inputs: [Frame] { if case .shift(let frame) = question { [frame] } else { [] } }
}
