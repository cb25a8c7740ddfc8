public import Vocabulary

/// A first spec from the baseline files of SageMaker Model Monitor: `constraints.json`, and `statistics.json` for comments.
///
/// What SageMaker states of the columns becomes features and floors. What it has no word for (label, score, sensitive attributes) is left for a person,
/// and what Evenkeel measures otherwise is said in a comment.
/// > Source: Amazon SageMaker Developer Guide, "Schema for Constraints (constraints.json file)" and "Schema for Statistics (statistics.json file)", 2024.
public struct SageMakerSpec: Sendable {
    public let text: String

    static let featuresMax = FeatureSchema.featuresMax

    /// - Throws: ``ConfigurationError`` with every problem, with its path.
    public init(constraints: JSON, statistics: JSON?, file: String) throws {
        let reader = SettingsReader()
        let config = constraints["monitoring_config"]
        let distribution = config?["distribution_constraints"]
        var lines = [
            "# From \(file) of SageMaker Model Monitor. Name the roles that it has no word for, then check it against a reference:",
            "#   evenkeel model spec --check THIS_FILE --reference reference.csv",
            "# id:", "# timestamp:", "# label:", "# score:", "# sensitive: []", "task: binary  # guessed: constraints do not say",
            "monitors:",
        ]
        var floors: [String] = []
        let share = 0.0...1.0
        if let limit = reader.number(
            distribution?["comparison_threshold"], at: "monitoring_config.distribution_constraints.comparison_threshold", in: share)
        {
            floors.append("  ks_floor: \(limit)  # comparison_threshold: the largest distance of two distribution functions, as there")
        }
        if let limit = reader.number(
            distribution?["categorical_comparison_threshold"],
            at: "monitoring_config.distribution_constraints.categorical_comparison_threshold", in: share)
        {
            floors.append(
                "  # categorical_comparison_threshold \(limit): of the largest change of a level; here PSI and chi-squared judge levels")
        }
        if let known = reader.number(config?["domain_content_threshold"], at: "monitoring_config.domain_content_threshold", in: share),
            known < 1
        {
            floors.append("  data_quality_floor: \(Self.short(1 - known))  # domain_content_threshold \(known): values of the known domain")
        }
        if distribution?["perform_comparison"]?.stringValue == "Disabled" {
            floors.append("  # perform_comparison was Disabled: leave feature_drift out of your policies for the same")
        }
        lines += floors.isEmpty ? ["  {}"] : floors
        let named = Self.byName(statistics?["features"])
        guard let features = reader.list(constraints["features"], at: "features"), !features.isEmpty else {
            throw ConfigurationError((reader.problems + ["features: expected a list with the columns"]).map { "\(file): \($0)" })
        }
        if features.count > Self.featuresMax { reader.problem("features", "\(features.count), expected at most \(Self.featuresMax)") }
        lines.append("features:")
        for (place, feature) in features.prefix(Self.featuresMax).enumerated() {
            let path = "features[\(place)]"
            guard let name = reader.text(feature["name"], at: path + ".name") else {
                reader.problem(path + ".name", "missing, expected the column's name")
                continue
            }
            let words = ["Integral": "numeric", "Fractional": "numeric", "String": "categorical", "Unknown": "categorical"]
            guard let type = reader.text(feature["inferred_type"], at: path + ".inferred_type"), let kind = words[type] else {
                reader.problem(path + ".inferred_type", "expected one of \(words.keys.sorted().joined(separator: ", "))")
                continue
            }
            let notes = Self.notes(feature, statistics: named[name])
            lines.append("  \(JSON.string(name).text): \(kind)" + (notes.isEmpty ? "" : "  # " + notes.joined(separator: "; ")))
        }
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(file): \($0)" }) }
        text = lines.joined(separator: "\n").replacing("monitors:\n  {}", with: "monitors: {}") + "\n"
    }

    private static func byName(_ features: JSON?) -> [String: JSON] {
        Dictionary(
            (features?.arrayValue ?? []).compactMap { feature in feature["name"]?.stringValue.map { ($0, feature) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// What SageMaker knows of a column, for the person who checks.
    private static func notes(_ feature: JSON, statistics: JSON?) -> [String] {
        var notes: [String] = []
        if let complete = feature["completeness"]?.doubleValue, complete < 1 {
            notes.append("completeness \(short(complete)): here the share of missing values is compared with the reference's")
        }
        if feature["num_constraints"]?["is_non_negative"]?.boolValue == true { notes.append("not negative") }
        if let levels = feature["string_constraints"]?["domains"]?.arrayValue { notes.append("\(levels.count) known levels") }
        if let numbers = statistics?["numerical_statistics"], let least = numbers["min"]?.doubleValue,
            let most = numbers["max"]?.doubleValue
        {
            notes.append("\(short(least)) to \(short(most))")
        }
        if let count = statistics?["string_statistics"]?["distinct_count"]?.doubleValue { notes.append("\(short(count)) levels seen") }
        return notes
    }

    private static func short(_ x: Double) -> String { x == x.rounded() && abs(x) < 1e15 ? "\(Int64(x))" : "\((x * 1e6).rounded() / 1e6)" }
}
