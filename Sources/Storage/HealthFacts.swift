internal import Migrations
public import Vocabulary

/// One thing that was looked at, and whether it is well.
public struct HealthCheck: Sendable, Equatable {
    public enum State: String, Sendable {
        case well = "ok"
        case unknown = "?"
        case wrong = "wrong"
    }
    public var name: String
    public var state: State
    public var detail: String
    /// What to do about it; nil for what is well, and where `detail` says it.
    public var mend: String?

    public init(_ name: String, _ state: State, _ detail: String, mend: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.mend = state == .well ? nil : mend
    }
}

/// What the database says of itself.
public struct HealthFacts: Sendable {
    var serverVersion: String
    public internal(set) var serverTime: Timestamp
    var deadDeliveries: Int64
    var waitingDeliveries: Int64
    /// When the oldest window was marked that ended and was not evaluated since.
    var oldestMark: Timestamp?
    var weeksAhead: Int64

    /// A difference of clocks up to this is none.
    static let skewSecondsMax = 5.0
    /// A window that waits longer than this for its evaluation is late.
    static let markSecondsMax = 3600.0

    public func checks(now: Timestamp) -> [HealthCheck] {
        let skew = serverTime.seconds(since: now)
        let age = oldestMark.map { now.seconds(since: $0) }
        return [
            HealthCheck("database", .well, "PostgreSQL \(serverVersion), schema \(Migrator.latestVersion)"),
            HealthCheck(
                "clock", abs(skew) <= Self.skewSecondsMax ? .well : .wrong,
                "the database's is \(Int(abs(skew).rounded())) s \(skew < 0 ? "behind" : "ahead of") ours, expected at most \(Int(Self.skewSecondsMax))",
                mend: "run NTP on both machines"),
            HealthCheck(
                "evaluation", (age ?? 0) <= Self.markSecondsMax ? .well : .wrong,
                age.map { "the oldest changed window waits since \(Int($0)) s" } ?? "every window that ended and changed was evaluated",
                mend: "run a service with the role evaluate, and look at its log"),
            HealthCheck(
                "deliveries", deadDeliveries == 0 ? .well : .wrong,
                "\(waitingDeliveries) wait, \(deadDeliveries) were given up",
                mend: "evenkeel alerts deliveries --state dead says why; evenkeel alerts replay --all sends them again"),
            HealthCheck(
                "partitions", weeksAhead > 0 ? .well : .unknown,
                "\(weeksAhead) weeks are made ahead", mend: "a service with the role evaluate makes them"),
        ]
    }
}

extension RecordStore {
    public func facts() async throws -> HealthFacts {
        try await tables.database.run { connection in
            let rows = try connection.query(Queries["server_facts"])
            guard let version = rows.text(0, 0), let seconds = rows.double(0, 1) else { throw StoreError(.failed, "no facts") }
            return HealthFacts(
                serverVersion: version, serverTime: Timestamp(microseconds: Int64(seconds * 1e6)), deadDeliveries: rows.int(0, 2) ?? 0,
                waitingDeliveries: rows.int(0, 3) ?? 0, oldestMark: rows.time(0, 4), weeksAhead: rows.int(0, 5) ?? 0)
        }
    }
}
