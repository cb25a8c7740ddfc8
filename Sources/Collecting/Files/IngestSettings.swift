internal import Tables
public import Vocabulary

/// How files are read into a version's records or labels.
public struct IngestSettings: Sendable {
    public var version: RegisteredVersion
    /// Which column is what. In captures `score` and `prediction` name outputs.
    public var mapping = TableMapping()
    /// The time of a label; without it the time of its row.
    public var labelTimestamp: String?
    /// Nil: by each file's name and first line.
    public var form: FileForm?
    /// Whether files hold label events rather than predictions.
    public var isLabels = false
    /// The names of a captured request's columns, where it has none.
    public var inputColumns: [String]?
    public var missing = Table.defaultMissing
    /// Bad rows of a file that are set aside; one more ends the run.
    public var maxErrors = 0
    public var limits = CollectorLimits()
    public var chunks = ChunkLimits()

    public init(version: RegisteredVersion) { self.version = version }

    /// What is wrong with the settings, each as the option that should change.
    ///
    /// - Parameter sensitive: the attributes that the caller believes in.
    public func problems(sensitive: [String] = []) -> [String] {
        var found: [String] = []
        for name in sensitive where !version.schema.sensitive.contains(name) {
            let known = version.schema.sensitive
            found.append(
                "--sensitive: \(name) is no sensitive attribute of \(version.key), expected "
                    + (known.isEmpty ? "none" : known.joined(separator: ", ")))
        }
        for name in mapping.scores.keys.sorted() where version.schema.place(ofClass: name) == nil {
            let expected = version.schema.classes.isEmpty ? "none: it has no classes" : version.schema.classList
            found.append("--scores: \(name) is no class of \(version.key), expected \(expected)")
        }
        if isLabels, form == .csv || form == .rows { found += labelProblems }
        if !isLabels, let problem = limits.keyProblem(of: version) { found.append(problem.description) }
        return found
    }

    /// Labels in columns need to know which.
    var labelProblems: [String] {
        [("--id", mapping.id), ("--label", mapping.label)].filter { $0.1 == nil }.map {
            "\($0.0): missing, expected a column of the labels"
        }
    }

    /// What tells this reading of a file from another one.
    var fingerprint: String {
        let columns: [String?] = [
            mapping.id, mapping.timestamp, mapping.label, mapping.score, mapping.prediction, labelTimestamp, form?.rawValue,
            isLabels ? "labels" : "predictions",
        ]
        let scores = mapping.scores.sorted { $0.key < $1.key }.flatMap { [JSON.string($0.key), .string($0.value)] }
        let lists = JSON.array([
            .array(scores),
            .array(columns.map { JSON($0) }), .array((inputColumns ?? []).map(JSON.string)), .array(missing.sorted().map(JSON.string)),
        ])
        return Digest.hex(Digest.sha256(Array(lists.text.utf8)).prefix(8))
    }
}

/// A row that was not taken, as it stands in the file.
struct BadRow: Sendable, Equatable {
    var error: TableError
    var bytes: [UInt8]
}

/// What a chunk of a file holds.
struct DecodedChunk: Sendable {
    var batch: PredictionBatch?
    var labels = LabelBatch()
    /// Of labels from a table: their rows.
    var labelRows: [Int] = []
    /// Rows of a file of labels that have none yet.
    var unlabelled: Int64 = 0
    var bad: [BadRow] = []
    /// The digest of every row up to here, where rows have no id of their own.
    var chain: [UInt8] = []
}
