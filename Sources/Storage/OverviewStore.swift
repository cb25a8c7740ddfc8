internal import Migrations
public import Vocabulary

/// What pages show of many windows or many models. Each answer is bounded, and takes the same few queries however many features there are.
public struct OverviewStore: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// Versions on the first page.
    public static let versionsMax = 500
    /// Windows side by side.
    public static let windowsMax = 60
    /// Marks of one page: features times windows, and the other monitors.
    public static let marksMax = 20_000
    /// Statistics of one page.
    public static let statisticsMax = 5000

    public func versions() async throws -> [FleetVersion] {
        try await database.run { connection in
            let rows = try connection.query(Queries["fleet_versions"], [.int(Int64(Self.versionsMax))])
            return (0..<rows.count).compactMap { row in
                guard let model = rows.text(row, 0), let version = rows.text(row, 1),
                    let stage = rows.text(row, 2).flatMap(VersionStage.init),
                    let stream = rows.int(row, 3), let registered = rows.time(row, 5)
                else { return nil }
                return FleetVersion(
                    key: ModelVersion(model: model, version: version), stage: stage, streamID: stream, features: rows.int(row, 4) ?? 0,
                    registeredAt: registered)
            }
        }
    }

    /// The names and streams of the segments of each of these streams, in the order of their declaration.
    public func segments(of streams: [Int64]) async throws -> [Int64: [(name: String, streamID: Int64)]] {
        try await database.run { connection in
            let rows = try connection.query(Queries["fleet_segments"], [.ints(streams)])
            var found: [Int64: [(name: String, streamID: Int64)]] = [:]
            for row in 0..<rows.count {
                guard let whole = rows.int(row, 0), let name = rows.text(row, 1), let stream = rows.int(row, 2) else { continue }
                found[whole, default: []].append((name, stream))
            }
            return found
        }
    }

    /// The versions of one model, newest first.
    public func versions(of model: String) async throws -> [RegisteredVersion] {
        try await database.run { connection in
            let rows = try connection.query(Queries["versions_of_model"], [.text(model), .int(Int64(Self.versionsMax))])
            return try (0..<rows.count).map { try RegistryStore.version(rows, $0) }
        }
    }

    /// One short query for each stream, all on one connection.
    public func heads(of streams: [Int64], kinds: [WindowKind] = WindowKind.scheduled) async throws -> [StreamHead] {
        try await database.run { connection in
            try streams.map { stream in
                let rows = try connection.query(Queries["stream_head"], [.int(stream), .texts(kinds.map(\.rawValue))])
                var head = StreamHead()
                for row in 0..<rows.count {
                    if let evaluation = Self.head(rows, row, stream) {
                        head.evaluations.append(evaluation)
                    } else {
                        head.newest = rows.time(row, 1)
                    }
                }
                return head
            }
        }
    }

    /// The newest evaluations of the windows that overlap a stretch of time, the earliest window first.
    public func windows(_ kind: WindowKind, of stream: Int64, from: Timestamp, to: Timestamp, limit: Int) async throws -> [EvaluationHead] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["windows_in_range"],
                [.int(stream), .text(kind.rawValue), .time(from), .time(to), .int(Int64(min(limit, Self.windowsMax + 2)))])
            return (0..<rows.count).compactMap { Self.head(rows, $0, stream) }.reversed()
        }
    }

    /// The findings of each of these evaluations, without their reasons: names, values, p-values and verdicts.
    public func numbers(_ heads: [EvaluationHead]) async throws -> [[Finding]] {
        guard !heads.isEmpty else { return [] }
        return try await database.run { connection in
            let rows = try connection.query(Queries["numbers_of_evaluations"], Self.keys(heads), binary: true)
            var findings = heads.map { _ in [Finding]() }
            for row in 0..<rows.count {
                guard let place = rows.int(row, 0), let monitor = rows.text(row, 1).flatMap(Monitor.init), let subject = rows.text(row, 2),
                    let group = rows.text(row, 3), let statistic = rows.text(row, 4)
                else { continue }
                findings[Int(place)].append(
                    Finding(
                        monitor: monitor, subject: subject, group: group, statistic: statistic, value: rows.double(row, 5),
                        pValue: rows.double(row, 6), referenceCount: 0, currentCount: 0,
                        verdict: rows.text(row, 7).flatMap(Verdict.init)))
            }
            return findings
        }
    }

    /// What each monitor says of each subject in these windows.
    public func marks(_ heads: [EvaluationHead]) async throws -> [VerdictMark] {
        guard !heads.isEmpty else { return [] }
        return try await database.run { connection in
            let rows = try connection.query(Queries["marks_of_evaluations"], Self.keys(heads) + [.int(Int64(Self.marksMax))])
            return (0..<rows.count).compactMap { row in
                guard let place = rows.int(row, 0), let monitor = rows.text(row, 1).flatMap(Monitor.init),
                    let verdict = Self.verdict(other: rows.int(row, 3), missing: rows.int(row, 4), monitor)
                else { return nil }
                return VerdictMark(place: Int(place), monitor: monitor, subject: rows.text(row, 2) ?? "", verdict: verdict)
            }
        }
    }

    /// That a feature's values are there says nothing of what they are, unless it is a finding: as ``Evaluation/verdict(of:)`` has it.
    private static func verdict(other: Int64?, missing: Int64?, _ monitor: Monitor) -> Verdict? {
        let informed: Int64 = 10
        let rank = other.map { other in missing.map { other >= informed || $0 == 14 ? max(other, $0) : other } ?? other } ?? missing
        switch rank {
        case 14: return monitor == .fairness ? .unfair : .drifted
        case 11: return .negligible
        case 10: return monitor == .fairness ? .fair : .ok
        case 3: return .insufficient
        case 2: return .noData
        default: return nil
        }
    }

    /// The findings with a verdict that weigh most, of each evaluation at most `limit`.
    public func worst(_ heads: [EvaluationHead], subject: String? = nil, limit: Int) async throws -> [PlacedFinding] {
        guard !heads.isEmpty else { return [] }
        return try await database.run { connection in
            Self.placed(
                try connection.query(Queries["findings_of_evaluations"], Self.keys(heads) + [.int(Int64(limit)), .text(subject)]))
        }
    }

    /// Of each monitor and subject the finding that weighs most over all these windows.
    public func worstOfEach(_ heads: [EvaluationHead]) async throws -> [PlacedFinding] {
        guard !heads.isEmpty else { return [] }
        return try await database.run { connection in
            Self.placed(try connection.query(Queries["worst_findings"], Self.keys(heads) + [.int(Int64(Self.marksMax))]))
        }
    }

    /// What these monitors say of these windows.
    ///
    /// - Parameter includesGroups: also the rates of each group.
    public func statistics(
        _ monitors: [Monitor], of heads: [EvaluationHead], subject: String? = nil, includesGroups: Bool = false
    ) async throws -> [PlacedFinding] {
        guard !heads.isEmpty else { return [] }
        return try await database.run { connection in
            Self.placed(
                try connection.query(
                    Queries["statistics_of_evaluations"],
                    Self.keys(heads) + [
                        .texts(monitors.map(\.rawValue)), .text(subject), .text(includesGroups ? "true" : "false"),
                        .int(Int64(Self.statisticsMax)),
                    ]))
        }
    }

    /// The values along each trail, in the order of time.
    public func values(_ trails: [ValueTrail]) async throws -> [[WindowValue]] {
        var out = [[WindowValue]](repeating: [], count: trails.count)
        guard !trails.isEmpty else { return out }
        let found = try await database.run { connection in
            let rows = try connection.query(
                Queries["recent_values"],
                [
                    .ints(trails.map(\.head.streamID)), .texts(trails.map(\.head.window.kind.rawValue)), .times(trails.map(\.first)),
                    .times(trails.map(\.head.window.start)), .texts(trails.map(\.finding.monitor.rawValue)),
                    .texts(trails.map(\.finding.subject)), .texts(trails.map(\.finding.statistic)),
                ])
            return (0..<rows.count).compactMap { row -> (Int, WindowValue)? in
                guard let place = rows.int(row, 0), let start = rows.time(row, 1) else { return nil }
                let verdict = rows.text(row, 3).flatMap(Verdict.init)
                return (Int(place), WindowValue(start: start, value: rows.double(row, 2), isFinding: verdict?.isFinding ?? false))
            }
        }
        for (place, value) in found where out.indices.contains(place) { out[place].append(value) }
        return out
    }

    private static func keys(_ heads: [EvaluationHead]) -> [Parameter] {
        [
            .ints(heads.map(\.streamID)), .texts(heads.map(\.window.kind.rawValue)), .times(heads.map(\.window.start)),
            .times(heads.map(\.window.end)), .times(heads.map(\.evaluatedAt)),
        ]
    }

    private static func placed(_ rows: Rows) -> [PlacedFinding] {
        (0..<rows.count).compactMap { row in
            guard let place = rows.int(row, 0), let finding = ResultStore.finding(rows, row, from: 1) else { return nil }
            return PlacedFinding(place: Int(place), finding: finding)
        }
    }

    private static func head(_ rows: Rows, _ row: Int, _ stream: Int64) -> EvaluationHead? {
        guard let kind = rows.text(row, 0).flatMap(WindowKind.init), let start = rows.time(row, 1), let end = rows.time(row, 2),
            let at = rows.time(row, 3)
        else { return nil }
        return EvaluationHead(
            streamID: stream, window: Window(kind: kind, start: start, end: end), evaluatedAt: at, rows: rows.int(row, 4) ?? 0,
            labelled: rows.int(row, 5) ?? 0)
    }
}
