internal import Migrations
public import Vocabulary

/// How long things are kept; nil is for ever. The age of a thing is that of its event time or of its arrival, whichever is later, so that
/// old data which came lately are kept as long as others.
public struct RetentionSettings: Sendable, Equatable {
    /// Raw rows, and the labels of their predictions. A label that comes later waits and is not joined.
    public var rawDays: Int64? = 90
    /// Labels that wait for a prediction.
    public var waitingLabelDays: Int64? = 30
    /// Answers to requests with an `Idempotency-Key`.
    public var receiptDays: Int64? = 30
    /// Profiles of hours; then an hour becomes a part of its day.
    public var hourProfileDays: Int64? = 35
    /// Profiles of days.
    public var profileDays: Int64? = 730
    /// Evaluations, their findings, and changes of errors.
    public var resultDays: Int64? = 730
    /// Alerts that were resolved, silences that ended, and messages that were sent or given up.
    public var alertDays: Int64? = 730

    public init() {}
}

/// What a round of retention removed.
public struct RetentionReport: Sendable, Equatable {
    public var droppedWeeks: [Timestamp] = []
    /// Rows by table.
    public var deleted: [String: Int] = [:]
    public init() {}
}

extension RecordStore {
    /// The weeks of which no more records are taken.
    public var droppedWeeks: DroppedWeeks { tables.partitions.dropped }

    /// Makes the partitions of the coming weeks, and learns what others have dropped.
    public func makePartitions(at now: Timestamp) async throws {
        try await tables.database.run { try tables.partitions.makeAhead(at: now, on: $0) }
    }

    /// Removes what is older than `settings` say. Every step is a short transaction: a crash leaves the rest for the next round.
    ///
    /// - Parameter versions: all that are registered, retired ones too.
    public func keep(_ settings: RetentionSettings, versions: [RegisteredVersion], at now: Timestamp) async throws -> RetentionReport {
        var report = RetentionReport()
        func limit(_ days: Int64?) -> Timestamp? { days.map { now.adding(seconds: -$0 * 86_400) } }
        if let limit = limit(settings.rawDays) { try await dropRaw(before: limit, at: now, &report) }
        func forget(_ table: String, _ query: String, before limit: Timestamp?, _ rest: [Parameter] = []) async throws {
            guard let limit else { return }
            let deleted = try await inSteps(query, [.time(limit), .int(Int64(Self.rowsPerStepMax))] + rest)
            if deleted > 0 { report.deleted[table, default: 0] += deleted }
        }
        try await forget("label_waiting", Queries["forget_waiting"], before: limit(settings.waitingLabelDays))
        try await forget("batch", Queries["forget_receipts"], before: limit(settings.receiptDays))
        for version in versions.flatMap(\.all) {
            let results = limit(settings.resultDays)
            try await forget("result", Queries["forget_results"], before: results, [.int(version.streamID)])
            try await forget("evaluation", Queries["forget_evaluations"], before: results, [.int(version.streamID)])
            try await forget("error_change", Queries["forget_error_changes"], before: results, [.int(version.streamID)])
            if let limit = limit(settings.profileDays) { try await dropProfiles(of: version, before: limit, &report) }
        }
        let alerts = limit(settings.alertDays)
        try await forget("delivery", Queries["forget_deliveries"], before: alerts)
        try await forget("alert", Queries["forget_alerts"], before: alerts)
        try await forget("silence", Queries["forget_silences"], before: alerts)
        return report
    }

    /// Rows deleted in one transaction.
    static let rowsPerStepMax = 5000

    private func inSteps(_ query: String, _ parameters: [Parameter]) async throws -> Int {
        var deleted = 0
        while true {
            let step = try await tables.database.run { try $0.query(query, parameters).affected }
            deleted += step
            if step < Self.rowsPerStepMax { return deleted }
        }
    }

    private func dropRaw(before time: Timestamp, at now: Timestamp, _ report: inout RetentionReport) async throws {
        while let week = try await tables.database.run({ try tables.partitions.dropOldest(before: time, at: now, on: $0) }) {
            report.droppedWeeks.append(week)
        }
        // Labels go after their predictions: a correction of one whose first label had gone would be counted twice.
        let weeks = try await tables.database.run { connection in
            let rows = try connection.query(Queries["weeks_to_clean"])
            return (0..<rows.count).compactMap { rows.time($0, 0) }
        }
        for week in weeks {
            for hour in stride(from: 0, to: Partitions.widthSeconds, by: 3600) {
                let start = week.adding(seconds: hour)
                let deleted = try await tables.database.run {
                    try $0.query(Queries["forget_labels"], [.time(start), .time(start.adding(seconds: 3600))]).affected
                }
                if deleted > 0 { report.deleted["label", default: 0] += deleted }
            }
            try await tables.database.run { _ = try $0.query(Queries["week_cleaned"], [.time(week), .time(now)]) }
        }
    }

    private func dropProfiles(of version: RegisteredVersion, before time: Timestamp, _ report: inout RetentionReport) async throws {
        let limit = time.floored(toSeconds: 86_400)
        while true {
            let deleted = try await tables.database.transaction { connection -> Int in
                let due = try connection.query(Queries["oldest_profile_day"], [.int(version.streamID), .time(limit)])
                guard due.count > 0, let day = due.time(0, 0) else { return 0 }
                let end = day.adding(seconds: 86_400)
                try connection.query(Queries["keep_profiles_from"], [.int(version.streamID), .time(end)])
                try connection.query(Queries["forget_old_marks"], [.int(version.versionID), .time(end)])
                return try connection.query(Queries["forget_profiles"], [.int(version.streamID), .time(day), .time(end)]).affected
            }
            if deleted == 0 { return }
            report.deleted["profile", default: 0] += deleted
        }
    }
}
