import Foundation

/// What a reference's columns suggest that the command line did not say: a version is frozen, so it is better said at once.
enum RegisterHints {
    private static let usual: [(option: String, names: Set<String>)] = [
        ("--score", ["score", "probability", "proba", "y_score", "y_proba", "y_pred_proba"]),
        ("--prediction", ["prediction", "predicted", "y_pred", "decision"]),
        ("--label", ["label", "target", "outcome", "actual", "y", "y_true", "ground_truth"]),
    ]

    /// - Parameter features: the columns that are watched as features.
    static func text(features: [String], key: String) -> String? {
        let found = usual.compactMap { option, names -> String? in
            features.first { names.contains($0.lowercased()) }.map { "\(option) \($0)" }
        }
        guard !found.isEmpty else { return nil }
        return
            "note: watched as features are columns that look like what the model said or what came true. If they are, register another version than \(key) with \(found.joined(separator: " "))"
    }

    static func tell(features: [String], key: String) {
        guard let text = text(features: features, key: key) else { return }
        Terminal.note(text)
    }
}
