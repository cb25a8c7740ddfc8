internal import Migrations
public import Vocabulary

/// Sums of rows of one version in a live test that call their variant alike.
public struct ArmPart: Sendable {
    public enum Kind: Sendable, Equatable {
        /// Rows of one combination of groups, segments, label and decision.
        case outcome
        case scoreCell(Int)
        case scoreBin(Int)
        case latencyCell(Int)
    }
    public struct Sums: Sendable, Equatable {
        public var count = 0.0
        public var sum = 0.0
        public var squares = 0.0
    }
    public var kind: Kind
    public var version: String
    public var variant: String?
    /// The values of the sensitive attributes of its version; what is missing is left out.
    public var groups: [(attribute: String, value: String)] = []
    public var segments: [String] = []
    public var isFailed = false
    /// The label, or its place among the classes; 1 for any of a regression, nil for none.
    public var label: Double?
    public var decision: Double?
    public var rows = 0.0
    public var labelled = 0.0
    /// Log loss and Brier score, squared and absolute error, or log loss alone.
    public var losses: [Sums] = []
    public var cost = Sums()
    /// Seconds.
    public var latency = Sums()
    /// Of labelled rows.
    public var scores = 0.0
    public var labels = 0.0
}

extension ShadowStore {
    /// What each version has served in a stretch of event time, by variant: of one moment, without a row leaving the database.
    ///
    /// - Parameter versions: of one model; they have the same task. - Throws: ``StoreError``.
    public func arms(_ versions: [RegisteredVersion], from: Timestamp, to: Timestamp) async throws -> [ArmPart] {
        try await database.snapshot { connection in
            try versions.flatMap { version in
                let schema = version.schema
                let rows = try connection.query(
                    Queries["arm_sums"],
                    [
                        .int(version.streamID), .double(schema.threshold), .time(from), .time(to), .text(schema.task.rawValue),
                        .texts(schema.classes),
                    ])
                let codes = rows.count > 0 ? try LevelDictionary.load(version.streamID, on: connection) : LevelDictionary.Codes()
                return (0..<rows.count).compactMap { Self.part(rows, $0, version, codes) }
            }
        }
    }

    /// nil for a row that counts what is in no cell.
    private static func part(_ rows: Rows, _ row: Int, _ version: RegisteredVersion, _ codes: LevelDictionary.Codes) -> ArmPart? {
        func place(_ column: Int, _ kind: (Int) -> ArmPart.Kind) -> ArmPart.Kind? { rows.int(row, column).map { kind(Int($0)) } }
        let kind: ArmPart.Kind?
        switch rows.int(row, 0) {
        case 7: kind = .outcome
        case 11: kind = place(7) { .scoreCell($0) }
        case 13: kind = place(8) { .scoreBin($0) }
        default: kind = place(9) { .latencyCell($0) }
        }
        guard let kind else { return nil }
        func sums(_ column: Int) -> ArmPart.Sums {
            ArmPart.Sums(
                count: rows.double(row, column) ?? 0, sum: rows.double(row, column + 1) ?? 0, squares: rows.double(row, column + 2) ?? 0)
        }
        var part = ArmPart(kind: kind, version: version.key.version, variant: rows.text(row, 1))
        (part.rows, part.labelled, part.label) = (rows.double(row, 10) ?? 0, rows.double(row, 11) ?? 0, rows.double(row, 5))
        (part.scores, part.labels) = (rows.double(row, 24) ?? 0, rows.double(row, 25) ?? 0)
        guard kind == .outcome else { return part }
        (part.isFailed, part.decision) = (rows.bool(row, 4), rows.double(row, 6))
        (part.losses, part.cost, part.latency) = ([sums(12), sums(15)], sums(18), sums(21))
        let packed = rows.bytes(row, 2) ?? []
        part.groups = version.schema.sensitive.enumerated().compactMap { place, attribute in
            guard packed.count >= 4 * (place + 1) else { return nil }
            let value = codes.byCode[-1 - place]?[Int32(truncatingIfNeeded: packed.bigEndian(4, place))]
            return value.map { (attribute, $0) }
        }
        let bits = SegmentBits(rawValue: Int32(truncatingIfNeeded: rows.int(row, 3) ?? 0))
        part.segments = version.schema.segments.enumerated().filter { bits.contains($0.offset) }.map(\.element.name)
        return part
    }
}
