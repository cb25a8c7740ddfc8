public import Collecting
public import Tables
internal import Vocabulary

/// A first spec of a model, read off its reference file: what each column seems to be, with the reason, for a person to check.
///
/// Roles that the caller does not name are guessed by name and content; a guess is marked as one.
public struct SpecDraft: Sendable {
    public let text: String

    /// Names that columns of a role mostly have, the likeliest first; compared without case and with `_` for other separators.
    private static let usual: [(role: String, names: [String])] = [
        ("id", ["id", "request_id", "record_id", "prediction_id", "event_id", "uuid", "rid"]),
        ("timestamp", ["timestamp", "ts", "time", "datetime", "created_at", "event_time", "date"]),
        ("label", ["label", "target", "y", "y_true", "outcome", "actual", "ground_truth"]),
        ("score", ["score", "probability", "proba", "y_score", "y_pred_proba", "prob", "p"]),
        ("prediction", ["prediction", "predicted", "y_pred", "decision"]),
    ]
    private static let usuallySensitive: Set<String> = [
        "sex", "gender", "race", "ethnicity", "religion", "nationality", "disability", "marital_status", "age_group", "skin_color",
        "origin",
    ]
    /// Levels that are named in a comment.
    private static let levelsShown = 4

    /// - Parameters:
    ///   - mapping: the roles that are known.
    ///   - command: the command that registers with the spec, without the spec's own name.
    /// - Throws: ``TableError`` when a named column is not in the file.
    public init(_ table: CSVTable, mapping: TableMapping, command: String) throws(TableError) {
        for name in mapping.taken.sorted() { _ = try table.requiredColumn(name) }
        var guesses: Set<String> = []
        var roles: [String: String] = [:]
        for (role, name) in [
            ("id", mapping.id), ("timestamp", mapping.timestamp), ("label", mapping.label), ("score", mapping.score),
            ("prediction", mapping.prediction),
        ] { roles[role] = name }
        for (role, names) in Self.usual where roles[role] == nil {
            let free = table.names.filter { !roles.values.contains($0) && !mapping.sensitive.contains($0) }
            let guess = try names.lazy.compactMap { name in free.first { Self.plain($0) == name } }.first.flatMap {
                name throws(TableError) in try Self.suits(role, table, name) ? name : nil
            }
            if let guess {
                roles[role] = guess
                guesses.insert(role)
            }
        }
        var sensitive = mapping.sensitive
        if sensitive.isEmpty {
            sensitive = table.names.filter { Self.usuallySensitive.contains(Self.plain($0)) && !roles.values.contains($0) }
            if !sensitive.isEmpty { guesses.insert("sensitive") }
        }
        var lines = [
            "# Inferred from \(table.file), \(table.rowCount) rows. Check every line, above all those marked \"guessed\"; then:",
            "#   \(command) --spec THIS_FILE",
        ]
        for (role, _) in Self.usual {
            let name = roles[role].map(Self.quoted)
            let note = name == nil ? "none found: name the column if there is one" : guesses.contains(role) ? "guessed by its name" : nil
            lines.append((name.map { "\(role): \($0)" } ?? "# \(role):") + (note.map { "  # \($0)" } ?? ""))
        }
        let task = try roles["label"].map { name throws(TableError) in try Self.task(table, label: name) } ?? .binary
        lines.append("task: \(task.rawValue)" + (roles["label"] == nil ? "  # guessed: there is no label" : ""))
        if task == .binary { lines += ["positive: \"1\"  # the label that the score is the probability of", "threshold: 0.5"] }
        lines.append(
            "sensitive: [\(sensitive.map(Self.quoted).joined(separator: ", "))]"
                + (guesses.contains("sensitive")
                    ? "  # guessed by their names" : sensitive.isEmpty ? "  # none found: fairness is not watched" : ""))
        let taken = Set(roles.values).union(sensitive)
        var features: [String] = []
        var ignored: [String] = []
        for name in table.names where !taken.contains(name) {
            let kind = try table.kind(name)
            if let feature = kind.feature {
                features.append("  \(Self.quoted(name)): \(feature.rawValue)  # \(try Self.summary(table, name, feature))")
            } else {
                ignored.append("  - \(Self.quoted(name))  # \(kind == .identifier ? "nearly every value differs" : kind.rawValue)")
            }
        }
        if !features.isEmpty { lines += ["features:"] + features }
        if !ignored.isEmpty { lines += ["ignore:"] + ignored }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }

    private static func suits(_ role: String, _ table: CSVTable, _ name: String) throws(TableError) -> Bool {
        let kind = try table.kind(name)
        switch role {
        case "score": return kind == .numeric
        case "label", "prediction": return kind == .numeric || kind == .categorical
        default: return kind != .empty
        }
    }

    private static func task(_ table: CSVTable, label name: String) throws(TableError) -> ModelTask {
        if Set(try table.requiredColumn(name).compactMap { $0 }).count <= 2 { return .binary }
        return try table.kind(name) == .numeric ? .regression : .multiclass
    }

    private static func summary(_ table: CSVTable, _ name: String, _ kind: FeatureKind) throws(TableError) -> String {
        let rows = max(1, table.rowCount)
        func share(_ count: Int) -> String { "\((Double(count) / Double(rows) * 1000).rounded() / 10) %" }
        let words: String
        let missing: Int
        if kind == .numeric {
            let numbers = try table.numbers(name)
            missing = numbers.count { $0.isNaN }
            let finite = numbers.filter(\.isFinite)
            func text(_ x: Double) -> String { x == x.rounded() && abs(x) < 1e15 ? "\(Int64(x))" : "\(x)" }
            words = if let first = finite.min(), let last = finite.max() { "\(text(first)) to \(text(last))" } else { "no finite number" }
        } else {
            let (codes, names) = try table.levels(name)
            var counts = [Int](repeating: 0, count: names.count)
            for code in codes where code >= 0 { counts[Int(code)] += 1 }
            missing = codes.count { $0 < 0 }
            let most = counts.indices.sorted { (counts[$1], names[$0]) < (counts[$0], names[$1]) }.prefix(levelsShown)
            words =
                "\(names.count) level\(names.count == 1 ? "" : "s"): "
                + most.map { "\(quoted(names[$0])) \(share(counts[$0]))" }.joined(separator: ", ")
                + (names.count > levelsShown ? ", …" : "")
        }
        return words + (missing > 0 ? ", \(share(missing)) missing" : "")
    }

    /// As YAML reads it back: in quotes whatever could be anything but a plain word.
    private static func quoted(_ name: String) -> String {
        let isPlain =
            name.first?.isLetter == true && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(name.lowercased())
        return isPlain ? name : JSON.string(name).text
    }
}
