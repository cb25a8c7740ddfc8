import Vocabulary

/// A version with an evaluation of an hour that has a finding of every kind.
enum Bench {
    static let now = Timestamp(rfc3339: "2026-06-01T12:00:30Z")!

    static func version(_ model: String = "credit", _ version: String = "3", stage: VersionStage = .champion) -> RegisteredVersion {
        RegisteredVersion(
            key: ModelVersion(model: model, version: version), versionID: 1, streamID: 1, stage: stage, schema: FeatureSchema(features: []),
            referenceRows: 1000, registeredAt: now.adding(seconds: -86_400))
    }

    static func finding(
        _ monitor: Monitor, _ subject: String, _ statistic: String, _ value: Double?, group: String = "", p: Double? = nil,
        _ verdict: Verdict? = nil,
        why: String = ""
    ) -> Finding {
        Finding(
            monitor: monitor, subject: subject, group: group, statistic: statistic, value: value, pValue: p, adjustedP: p,
            referenceCount: 1000,
            currentCount: 200, verdict: verdict, why: why)
    }

    static func evaluation(_ findings: [Finding], _ kind: WindowKind = .hour, rows: Int64 = 200, labelled: Int64 = 50) -> Evaluation {
        let end = Timestamp(rfc3339: "2026-06-01T12:00:00Z")!
        return Evaluation(
            version: version().key, window: Window(kind: kind, start: end.adding(seconds: -(kind.seconds ?? 60)), end: end),
            evaluatedAt: end.adding(seconds: 20), rows: rows, labelled: labelled, findings: findings)
    }

    static let full = evaluation([
        finding(.featureDrift, "age", "ks", 0.25, p: 0.001, .drifted, why: "values up to 30: 10 % in the reference, 35 % now"),
        finding(.featureDrift, "age", "psi", 0.02, p: 0.5, .ok),
        finding(.featureDrift, "age", "missing_ratio", 0.125, p: 0.9, .ok),
        finding(.predictionDrift, "", "psi", 0.0625, p: 0.75, .ok),
        finding(.calibration, "", "ece", 0.03, p: 0.2, .negligible), finding(.calibration, "", "mce", 0.1),
        finding(.performance, "", "roc_auc", 0.875, p: 0.4, .ok), finding(.performance, "", "brier", nil),
        finding(.fairness, "sex", "tpr", 0.5, group: "F"),
        finding(.fairness, "sex", "demographic_parity_difference", 0.3, p: 0.0001, .unfair, why: "lowest for F, highest for M"),
    ])
}
