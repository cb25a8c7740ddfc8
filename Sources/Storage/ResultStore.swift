internal import Migrations
public import Vocabulary

/// Evaluations and their findings. Every evaluation of a window is kept, with the time at which it was made.
public struct ResultStore: EvaluationStore, Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    public func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws {
        let key: [Parameter] = [
            .int(version.streamID), .text(evaluation.window.kind.rawValue), .time(evaluation.window.start), .time(evaluation.window.end),
            .time(evaluation.evaluatedAt),
        ]
        try await database.transaction { connection in
            try connection.query(
                Queries["insert_evaluation"], key + [.int(evaluation.rows), .int(evaluation.labelled), .text(evaluation.baseline.rawValue)])
            try connection.copy(Self.copy, Self.rows(evaluation.findings, of: version, evaluation))
        }
    }

    private static let copy = """
        copy evenkeel.result (stream_id, window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name, statistic, value, lower,
        upper, p_value, p_adjusted, reference_count, current_count, verdict, why, drivers) from stdin (format binary)
        """

    /// A window has hundreds of findings, which are half of what an evaluation costs the database: as arrays of texts they took twice as long.
    private static func rows(_ findings: [Finding], of version: RegisteredVersion, _ evaluation: Evaluation) -> [UInt8] {
        var copy = CopyEncoder(fieldCount: 19, reserving: findings.count * 512)
        let kind = Array(evaluation.window.kind.rawValue.utf8)
        for finding in findings {
            copy.startRow()
            copy.int8(version.streamID)
            copy.field(kind[...])
            for time in [evaluation.window.start, evaluation.window.end, evaluation.evaluatedAt] { copy.timestamptz(time) }
            for name in [finding.monitor.rawValue, finding.subject, finding.group, finding.statistic] { copy.textOrNull(name) }
            for number in [finding.value, finding.lower, finding.upper, finding.pValue, finding.adjustedP] {
                if let number { copy.float8(number) } else { copy.null() }
            }
            copy.int8(finding.referenceCount)
            copy.int8(finding.currentCount)
            copy.textOrNull(finding.verdict?.rawValue)
            copy.textOrNull(finding.why)
            if finding.drivers.isEmpty { copy.null() } else { copy.jsonb(JSON.array(finding.drivers.map(\.json))) }
        }
        return copy.finished()
    }

    /// How many windows have ended, have changed since, and are not evaluated.
    public func windowsWaiting(at now: Timestamp) async throws -> Int64 {
        try await database.run { try $0.query(Queries["windows_waiting"], [.time(now)]).int(0, 0) ?? 0 }
    }

    /// The same of one version and one length of window, in a stretch of time.
    public func windowsWaiting(_ kind: WindowKind, of version: RegisteredVersion, from: Timestamp, to: Timestamp) async throws -> Int64 {
        try await database.run {
            let key: [Parameter] = [.int(version.versionID), .text(kind.rawValue), .time(from), .time(to)]
            return try $0.query(Queries["windows_waiting_of"], key).int(0, 0) ?? 0
        }
    }

    public func lastEvaluated(_ kind: WindowKind, of version: RegisteredVersion) async throws -> Timestamp? {
        try await database.run {
            try $0.query(Queries["last_evaluated"], [.int(version.streamID), .text(kind.rawValue)]).time(0, 0)
        }
    }

    public func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation? {
        try await database.run { connection in
            let found = try connection.query(
                Queries["latest_evaluation"], [.int(version.streamID), .text(kind.rawValue), .time(time)])
            guard found.count > 0, let start = found.time(0, 0), let end = found.time(0, 1), let at = found.time(0, 2) else { return nil }
            let rows = try connection.query(
                Queries["results_of_evaluation"],
                [.int(version.streamID), .text(kind.rawValue), .time(start), .time(end), .time(at)])
            return Evaluation(
                version: version.key, window: Window(kind: kind, start: start, end: end), evaluatedAt: at, rows: found.int(0, 3) ?? 0,
                labelled: found.int(0, 4) ?? 0, baseline: found.text(0, 5).flatMap(Baseline.init) ?? .frozen,
                findings: (0..<rows.count).compactMap { Self.finding(rows, $0, from: 0, of: version.segment) })
        }
    }

    /// One stored finding with its window.
    public struct StoredFinding: Sendable, Equatable {
        public var window: Window
        public var evaluatedAt: Timestamp
        public var finding: Finding
    }

    /// What is asked of the stored results; nil means any.
    public struct Filter: Sendable {
        public var statistic: String?
        public var subject: String?
        public var from: Timestamp?
        public var to: Timestamp?
        public var window: WindowKind?
        /// Of each window only what its newest evaluation by this time said.
        public var asOf: Timestamp?
        /// Whether the numbers of single groups are wanted too.
        public var withGroups: Bool
        /// Only what was evaluated by then.
        public var knownBy: Timestamp?
        /// How many of the newest are passed over.
        public var offset: Int
        public var limit: Int
        public init(
            statistic: String? = nil, subject: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil, window: WindowKind? = nil,
            asOf: Timestamp? = nil, withGroups: Bool = true, knownBy: Timestamp? = nil, offset: Int = 0, limit: Int = 1000
        ) {
            self.statistic = statistic
            self.subject = subject
            self.from = from
            self.to = to
            self.window = window
            self.asOf = asOf
            self.withGroups = withGroups
            self.knownBy = knownBy
            self.offset = offset
            self.limit = limit
        }
    }
    /// Results given in one answer.
    public static let resultsMax = 10_000

    public func results(_ filter: Filter, of version: RegisteredVersion) async throws -> [StoredFinding] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["query_results"],
                [
                    .int(version.streamID), .text(filter.statistic), .text(filter.subject), .time(filter.from), .time(filter.to),
                    .text(filter.window?.rawValue), .int(Int64(min(filter.limit, Self.resultsMax))), .time(filter.asOf),
                    .text(filter.withGroups ? "t" : "f"),
                    .time(filter.knownBy), .int(Int64(filter.offset)),
                ])
            return (0..<rows.count).compactMap { row in
                guard let kind = rows.text(row, 0).flatMap(WindowKind.init), let start = rows.time(row, 1), let end = rows.time(row, 2),
                    let at = rows.time(row, 3), let finding = Self.finding(rows, row, from: 4, of: version.segment)
                else { return nil }
                return StoredFinding(window: Window(kind: kind, start: start, end: end), evaluatedAt: at, finding: finding)
            }
        }
    }

    static func finding(_ rows: Rows, _ row: Int, from first: Int, of segment: Segment? = nil) -> Finding? {
        guard let monitor = rows.text(row, first).flatMap(Monitor.init), let statistic = rows.text(row, first + 3) else { return nil }
        var finding = Finding(
            monitor: monitor, subject: rows.text(row, first + 1) ?? "", group: rows.text(row, first + 2) ?? "", statistic: statistic,
            value: rows.double(row, first + 4), lower: rows.double(row, first + 5), upper: rows.double(row, first + 6),
            pValue: rows.double(row, first + 7), adjustedP: rows.double(row, first + 8), referenceCount: rows.int(row, first + 9) ?? 0,
            currentCount: rows.int(row, first + 10) ?? 0, verdict: rows.text(row, first + 11).flatMap(Verdict.init),
            why: rows.text(row, first + 12) ?? "")
        let drivers = rows.text(row, first + 13).flatMap { try? JSON.parse($0) }
        finding.drivers = drivers?.arrayValue?.compactMap(Driver.init) ?? []
        finding.segment = segment?.name ?? ""
        return finding
    }
}
