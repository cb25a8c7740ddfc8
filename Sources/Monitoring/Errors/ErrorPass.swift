public import Vocabulary

/// One round over the versions that have labels: what was joined since is given to their detectors, page by page, and what they saw is stored.
public struct ErrorPass: Sendable {
    private let log: any ErrorLog
    private let directory: any VersionDirectory
    private let settings: @Sendable (RegisteredVersion) -> MonitorSettings
    private let clock: @Sendable () -> Timestamp
    private let report: @Sendable (String) -> Void
    private let rowsMax: Int

    /// Labels in one transaction.
    public static let rowsMax = 2000
    /// Pages of one version in a round, so that a backlog of one holds up no other; the rest waits for the next round.
    static let pagesMax = 50

    public init(
        log: any ErrorLog, directory: any VersionDirectory, settings: @escaping @Sendable (RegisteredVersion) -> MonitorSettings,
        rowsMax: Int = ErrorPass.rowsMax, clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.log = log
        self.directory = directory
        self.settings = settings
        self.rowsMax = rowsMax
        self.clock = clock
        self.report = report
    }

    /// A version that cannot be followed, as one whose writers are busy for too long, is reported and tried again in the next round; the others go on.
    ///
    /// - Returns: the changes that were seen.
    public func run() async throws -> [(version: ModelVersion, change: ErrorChange)] {
        var seen: [(version: ModelVersion, change: ErrorChange)] = []
        for version in try await directory.versions() where version.stage != .retired {
            let detectors = settings(version).detectors.filter { $0.takes(version.schema.task) }
            if detectors.isEmpty { continue }
            do {
                for _ in 0..<Self.pagesMax {
                    let (isBehind, changes) = try await page(version, detectors)
                    seen += changes.map { (version.key, $0) }
                    if !isBehind { break }
                }
            } catch { report("the errors of \(version.key) are not followed: \(error)") }
        }
        return seen
    }

    private func page(_ version: RegisteredVersion, _ detectors: [DetectorSetting]) async throws -> (isBehind: Bool, changes: [ErrorChange])
    {
        let now = clock()
        let report = report
        return try await log.follow(version, limit: rowsMax, at: now) { rows, run in
            if let state = run.state, !ErrorFollower.canRead(state) {
                report("\(version.key): what its detectors remembered cannot be read: they begin anew")
            }
            var follower = ErrorFollower(detectors, schema: version.schema, run: run)
            var changes: [ErrorChange] = []
            for row in rows { changes += follower.follow(row, at: now) }
            return (follower.run, changes)
        }
    }
}
