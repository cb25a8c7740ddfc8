public import Vocabulary

/// What a run over files has done.
public struct IngestResult: Sendable, Equatable {
    public var files: Int64 = 0
    /// Files in which there was nothing that an earlier run had not taken.
    public var unchanged: Int64 = 0
    /// Bytes that were read.
    public var bytes: Int64 = 0
    /// Rows that were read: accepted, duplicates, rejected, late and (of labels) unlabelled ones.
    public var rows: Int64 = 0
    /// Rows that were stored for the first time.
    public var accepted: Int64 = 0
    /// Rows that were stored before.
    public var duplicates: Int64 = 0
    public var rejected: Int64 = 0
    /// Rows that came too late: retention has dropped the rows of their weeks.
    public var tooLate: Int64 = 0
    /// Rows of label files whose label is missing.
    public var unlabelled: Int64 = 0
    public var labels = LabelReceipt()

    public init() {}

    mutating func add(_ chunk: DecodedChunk, _ stored: PredictionReceipt?, _ labelled: LabelReceipt?) {
        if let stored {
            accepted += Int64(stored.stored.count)
            duplicates += stored.accepted - Int64(stored.stored.count)
            tooLate += stored.refused
        }
        rejected += Int64(chunk.bad.count)
        unlabelled += chunk.unlabelled
        rows += chunk.rows
        guard let labelled else { return }
        labels.accepted += labelled.accepted
        labels.joined += labelled.joined
        labels.corrected += labelled.corrected
        labels.resent += labelled.resent
        labels.waiting += labelled.waiting
    }

    public func json(seconds: Double, of version: ModelVersion) -> JSON {
        .object([
            "command": "ingest", "model": .string(version.model), "version": .string(version.version), "files": .integer(files),
            "unchanged": .integer(unchanged), "bytes": .integer(bytes), "rows": .integer(rows), "accepted": .integer(accepted),
            "duplicates": .integer(duplicates), "rejected": .integer(rejected), "too_late": .integer(tooLate),
            "unlabelled": .integer(unlabelled),
            "labels": .object([
                "accepted": .integer(labels.accepted), "joined": .integer(labels.joined), "corrected": .integer(labels.corrected),
                "resent": .integer(labels.resent), "waiting": .integer(labels.waiting),
            ]),
            "seconds": .number((seconds * 1000).rounded() / 1000),
        ])
    }
}

extension DecodedChunk {
    /// All rows of the chunk: in a file of predictions labels are no rows of their own.
    var rows: Int64 { Int64(batch?.count ?? labels.count) + Int64(bad.count) + unlabelled }
}

/// How far a run is, for the person who waits.
public struct IngestProgress: Sendable, Equatable {
    public var file: String
    public var rows: Int64
    /// Bytes of all files that are done, and that there are; nil where a stream has no end yet.
    public var bytes: Int64
    public var bytesTotal: Int64?

    /// `412000 rows, 51500 rows/s, 41%, 12 s left`; what is left shows only where the end is known.
    public func text(seconds: Double) -> String {
        var text = "\(rows) rows, \(seconds > 0 ? Int64(Double(rows) / seconds) : 0) rows/s"
        if let bytesTotal, bytesTotal > 0, bytes > 0 {
            let share = min(1, Double(bytes) / Double(bytesTotal))
            text += ", \(Int(share * 100))%, \(Int((seconds * (1 - share) / share).rounded(.up))) s left"
        }
        return text
    }
}
