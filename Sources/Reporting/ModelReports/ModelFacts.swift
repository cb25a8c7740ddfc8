public import Vocabulary

/// What reports of a model are made of: stored results of a stretch of time, and the sums of all of it judged as one window.
public struct ModelFacts: Sendable {
    public var version: RegisteredVersion
    /// The stretch: `from ≤ t < to`.
    public var from: Timestamp
    public var to: Timestamp
    public var generatedAt: Timestamp
    /// The length of the windows side by side.
    public var kind: WindowKind
    /// The newest evaluation of each window, the earliest first.
    public var windows: [EvaluationHead] = []
    /// There are more windows than a report shows; the newest are here.
    public var isCut = false
    /// Windows of the stretch that have ended, have changed since, and are still to be evaluated.
    public var waiting: Int64 = 0
    public var marks: [VerdictMark] = []
    /// The findings that weigh most, of each window some.
    public var worst: [PlacedFinding] = []
    /// The same of each segment.
    public var segments: [SegmentFacts] = []
    /// What outcomes say of each window.
    public var statistics: [PlacedFinding] = []
    /// The stretch as one window.
    public var whole: Evaluation?
    /// Why there is none.
    public var wholeProblem: String?
    /// Scores and reliability of the stretch.
    public var pictures: [Report.Chart] = []
    /// Alerts that lasted in the stretch, newest first.
    public var alerts: [Alert] = []
    /// Of the reference and of the stretch, column by column.
    public var columns: [ColumnFacts] = []
    /// Rows of the stretch by group, label and decision.
    public var counts: [OutcomeCount] = []
    /// How the results were made, for who repeats it.
    public var conventions: AuditConventions
    public var digests = AuditDigests()
    /// What the owners of the model say of it: section and text.
    public var notes: [ReportNote] = []

    public init(
        version: RegisteredVersion, from: Timestamp, to: Timestamp, kind: WindowKind, conventions: AuditConventions,
        generatedAt: Timestamp
    ) {
        (self.version, self.from, self.to, self.kind) = (version, from, to, kind)
        (self.conventions, self.generatedAt) = (conventions, generatedAt)
    }

    var key: ModelVersion { version.key }
    var stretch: String { span(Window(kind: .custom, start: from, end: to)) }
    var predictions: Int64 { whole?.rows ?? windows.reduce(0) { $0 + $1.rows } }
    var labelled: Int64 { whole?.labelled ?? windows.reduce(0) { $0 + $1.labelled } }

    /// What stands first in every report.
    func head(_ kind: String) -> JSONObject {
        JSONObject([
            ("command", "report"), ("kind", .string(kind)), ("evenkeel", .string(Build.version)), ("model", .string(key.model)),
            ("version", .string(key.version)), ("stage", .string(version.stage.rawValue)),
            ("task", .string(version.schema.task.rawValue)), ("from", .string(from.rfc3339)), ("to", .string(to.rfc3339)),
            ("generated_at", .string(generatedAt.rfc3339)),
        ])
    }

    var origin: Report.Block {
        .footnote(
            "Made by evenkeel \(Build.version) at \(generatedAt.rfc3339.prefix(19))Z from the results and sums in its database. Times are UTC. \(conventions.words) Reference: SHA-256 \(digests.reference.isEmpty ? "not read" : digests.reference)."
        )
    }
}

/// What the owners of a model say of it in a card or a datasheet.
public struct ReportNote: Sendable, Equatable {
    public var section: String
    public var text: String
    public init(_ section: String, _ text: String) { (self.section, self.text) = (section, text) }
}

/// A column in the reference and in the stretch.
public struct ColumnFacts: Sendable, Equatable {
    public struct Side: Sendable, Equatable {
        public var rows: Int64
        public var missing: Int64
        /// In words: mean and range, or the commonest levels.
        public var values: String
        public init(rows: Int64, missing: Int64, values: String) { (self.rows, self.missing, self.values) = (rows, missing, values) }
        var missingShare: Double? { rows > 0 ? Double(missing) / Double(rows) : nil }
        var json: JSON {
            .object(["rows": .integer(rows), "missing": .integer(missing), "missing_share": JSON(missingShare), "values": .string(values)])
        }
    }
    public var name: String
    public var kind: String
    /// hashed, bucketed: how it is kept; empty where it is kept as it is.
    public var privacy: String
    public var reference: Side
    /// nil where the sums of the stretch are not kept.
    public var current: Side?
    public init(name: String, kind: String, privacy: String, reference: Side, current: Side?) {
        (self.name, self.kind, self.privacy, self.reference, self.current) = (name, kind, privacy, reference, current)
    }
}

/// Rows of one kind: of a group, with a label, with a decision.
public struct OutcomeCount: Sendable, Equatable {
    public enum Label: String, Sendable, CaseIterable { case positive, negative, any }
    /// The value of every sensitive attribute in the order of the schema; nil is missing.
    public var group: [String?]
    public var label: Label
    /// nil where there was neither a prediction nor a score.
    public var decision: Bool?
    public var rows: Int64
    public init(group: [String?], label: Label, decision: Bool?, rows: Int64) {
        (self.group, self.label, self.decision, self.rows) = (group, label, decision, rows)
    }
}

/// SHA-256, in hexadecimal digits, of what the figures were made of.
public struct AuditDigests: Sendable, Equatable {
    public var schema = ""
    /// Of the frozen grid and the reference's sums.
    public var reference = ""
    /// Of the sums of the stretch; nil where they are not kept.
    public var sums: String?
    public init() {}
    public init(schema: String, reference: String, sums: String?) { (self.schema, self.reference, self.sums) = (schema, reference, sums) }
}

/// The settings that verdicts depend on.
public struct AuditConventions: Sendable, Equatable {
    public var alpha: Double
    public var confidence: Double
    public var differenceFloor: Double
    public var ratioFloor: Double
    /// Of a regression: of the difference of errors between groups.
    public var errorFloor: Double
    public var rowsMin: Int64
    public var groupRowsMin: Int64

    public init(
        alpha: Double, confidence: Double, differenceFloor: Double, ratioFloor: Double, errorFloor: Double, rowsMin: Int64,
        groupRowsMin: Int64
    ) {
        (self.alpha, self.confidence, self.differenceFloor, self.ratioFloor) = (alpha, confidence, differenceFloor, ratioFloor)
        (self.errorFloor, self.rowsMin, self.groupRowsMin) = (errorFloor, rowsMin, groupRowsMin)
    }

    /// Everything that is drawn at random is drawn at registration, from this seed: projections and the windows of natural variation.
    public static let seed: Int64 = 1

    var words: String {
        "A finding needs a p-value of at most \(shortNumber(alpha)) after Benjamini-Hochberg within its monitor, and an effect at or above its floor; intervals have a level of \(shortNumber(confidence * 100)) %."
    }

    public var json: JSON {
        .object([
            "alpha": .number(alpha), "confidence": .number(confidence), "correction": "benjamini_hochberg",
            "difference": "largest rate minus smallest rate over the groups", "ratio": "smallest rate divided by largest rate",
            "equalized_odds": "the worse of tpr and fpr", "undefined": "a rate without rows is null, and its group takes no part",
            "interval": "wilson for rates; of the two groups farthest apart newcombe for differences, katz for ratios",
            "difference_floor": .number(differenceFloor), "ratio_floor": .number(ratioFloor), "error_floor": .number(errorFloor),
            "rows_min": .integer(rowsMin), "group_rows_min": .integer(groupRowsMin), "baseline": "frozen", "seed": .integer(Self.seed),
        ])
    }

    public init?(json: JSON) {
        guard let alpha = json["alpha"]?.doubleValue, let confidence = json["confidence"]?.doubleValue,
            let difference = json["difference_floor"]?.doubleValue, let ratio = json["ratio_floor"]?.doubleValue,
            let error = json["error_floor"]?.doubleValue, let rows = json["rows_min"]?.intValue,
            let groupRows = json["group_rows_min"]?.intValue, (0...1).contains(alpha), confidence > 0, confidence < 1
        else { return nil }
        self.init(
            alpha: alpha, confidence: confidence, differenceFloor: difference, ratioFloor: ratio, errorFloor: error, rowsMin: rows,
            groupRowsMin: groupRows)
    }
}
