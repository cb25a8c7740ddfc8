internal import Alerting
internal import Foundation
internal import Reporting
public import Storage
internal import Vocabulary

/// Looks at an installation and changes nothing of it: what is wrong, and how to mend it.
public struct Doctor: Sendable {
    private let engine: Engine
    public init(_ engine: Engine) { self.engine = engine }

    /// Less than this free is wrong: PostgreSQL stops when it cannot write.
    static let freeBytesMin: Int64 = 1 << 30
    /// A certificate that ends sooner is wrong.
    static let certificateDaysMin = 14.0
    /// A receiver is waited for this long.
    static let reachSecondsMax = 5

    /// - Returns: what was looked at, and whether the database can be asked more.
    public func checks() async -> (checks: [HealthCheck], hasDatabase: Bool) {
        // Before the embedded database is joined, which sets the mode of its folder right.
        let ofFolders = folders.flatMap { folderChecks($0.what, $0.folder) }
        let database = await databaseChecks()
        return (database.checks + ofFolders + standing() + (await reached()), database.isThere)
    }

    /// The same of a running service, as its health page lists it. It has an answer while the database has none.
    ///
    /// - Parameters:
    ///   - newestEvaluation: when the newest result was made.
    ///   - reached: what is known of the destinations.
    func ofRunning(newestEvaluation: Timestamp?, reached: [HealthCheck]) async -> [HealthCheck] {
        let doctor = self
        let seconds = HealthRoutes.answerSeconds
        let answer = try? await within(seconds: seconds) { await doctor.asked() }
        let database =
            (answer ?? nil)?.checks
            ?? [HealthCheck("database", .wrong, "it does not answer within \(Int(seconds)) s", mend: Self.mendDatabase)]
        return database + folders.flatMap { folderChecks($0.what, $0.folder) } + standing(newestEvaluation: newestEvaluation) + reached
    }

    /// What needs no database: the spool, the loops of this configuration, the door.
    private func standing(newestEvaluation: Timestamp? = nil) -> [HealthCheck] {
        [spoolCheck()] + loopChecks(newestEvaluation) + doorChecks()
    }

    /// Whether Kafka and each destination are reached. Nothing is sent.
    func reached() async -> [HealthCheck] {
        async let kafka = kafkaChecks(engine.configuration)
        let destinations = await withTaskGroup(of: (Int, HealthCheck).self) { group in
            for (place, destination) in engine.configuration.destinations.enumerated() {
                group.addTask { (place, await reach(destination)) }
            }
            var found: [(Int, HealthCheck)] = []
            for await one in group { found.append(one) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return await kafka + destinations
    }

    private func spoolCheck() -> HealthCheck {
        let configuration = engine.configuration
        guard configuration.roles.contains(.collect) else { return HealthCheck("spool", .unknown, "not in this process (roles)") }
        guard configuration.spool.bytesMax > 0 else {
            return HealthCheck("spool", .unknown, "none here: while the database is away records are refused with 503")
        }
        let folder = engine.spoolFolder
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let kept = names.filter { $0.hasPrefix("refused-") || $0.hasPrefix("damaged-") }.count
        if let waiting = engine.spooledBytes {
            return HealthCheck(
                "spool", .wrong, "\(waiting) bytes wait: the database is away, and records are kept here until it is back",
                mend: Self.mendDatabase)
        }
        if kept > 0 {
            return HealthCheck(
                "spool", .wrong, "\(kept) files of refused or damaged writes are kept in \(folder.path)",
                mend: "docs/operations.md says what to do with each")
        }
        let waiting = engine.spoolBytes.map { "\($0.waiting) bytes wait, " } ?? ""
        return HealthCheck("spool", .well, waiting + "nothing was refused or damaged")
    }

    private func loopChecks(_ newestEvaluation: Timestamp?) -> [HealthCheck] {
        let configuration = engine.configuration
        func elsewhere(_ name: String, _ role: ServiceConfiguration.Role) -> HealthCheck {
            HealthCheck(name, .unknown, "not in this process (roles): look at the one that has the role \(role.rawValue)")
        }
        let age = newestEvaluation.map { "; the newest result was made at \($0.rfc3339.prefix(19))Z" } ?? ""
        let count = configuration.destinations.count
        return [
            configuration.roles.contains(.evaluate)
                ? HealthCheck("evaluation loop", .well, "looks every \(shortNumber(configuration.evaluateEverySeconds)) s\(age)")
                : elsewhere("evaluation loop", .evaluate),
            configuration.roles.contains(.notify)
                ? HealthCheck(
                    "delivery loop", .well,
                    count == 0
                        ? "no destination is configured: nobody is told of alerts"
                        : "\(count) \(count == 1 ? "destination" : "destinations")")
                : elsewhere("delivery loop", .notify),
        ]
    }

    private static let mendDatabase = "is it running, and are address, user and password of the connection right?"

    private func databaseChecks() async -> (checks: [HealthCheck], isThere: Bool) {
        func away(_ detail: String, mend: String) -> (checks: [HealthCheck], isThere: Bool) {
            ([HealthCheck("database", .wrong, detail, mend: mend)], false)
        }
        if let cluster = engine.cluster {
            guard FileManager.default.fileExists(atPath: cluster.folder.path) else {
                return away(
                    "there is no folder \(cluster.folder.path)",
                    mend: "evenkeel serve makes it; or name another one with --data or --database")
            }
            do { try await cluster.startOrJoin() } catch {
                return away("the embedded database does not start: \(error)", mend: "docs/operations.md; its log is in the folder")
            }
        }
        return await asked()
    }

    /// What the database says of itself.
    private func asked() async -> (checks: [HealthCheck], isThere: Bool) {
        func away(_ detail: String, mend: String) -> (checks: [HealthCheck], isThere: Bool) {
            ([HealthCheck("database", .wrong, detail, mend: mend)], false)
        }
        do {
            let plan = try await Migrator(database: engine.database).plan()
            guard plan.pending.isEmpty else {
                return away(
                    "the schema is at version \(plan.current), these are missing: \(plan.pending.joined(separator: ", "))",
                    mend: "evenkeel migrate, or start evenkeel serve")
            }
            var checks = try await engine.records.facts().checks(now: Engine.systemClock())
            if engine.configuration.asksForTokens {
                let count = try await engine.tokens.count(at: Engine.systemClock())
                checks.append(
                    HealthCheck(
                        "tokens", count > 0 ? .well : .wrong, "\(count) may be used",
                        mend: "evenkeel token create --name NAME --roles admin"))
            }
            return (checks, true)
        } catch {
            return away("it cannot be asked: \(error)", mend: Self.mendDatabase)
        }
    }

    private var folders: [(what: String, folder: URL)] {
        var folders: [(what: String, folder: URL)] = []
        if let cluster = engine.cluster { folders.append(("data", cluster.folder)) }
        if engine.configuration.roles.contains(.collect), engine.configuration.spool.bytesMax > 0 {
            folders.append(("spool", engine.spoolFolder))
        }
        return folders
    }

    private func folderChecks(_ what: String, _ folder: URL) -> [HealthCheck] {
        let files = FileManager.default
        var place = folder
        while !files.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        var checks: [HealthCheck] = []
        if let free = (try? files.attributesOfFileSystem(forPath: place.path))?[.systemFreeSize] as? NSNumber {
            let gigabytes = (free.doubleValue / Double(1 << 30) * 10).rounded(.down) / 10
            checks.append(
                HealthCheck(
                    "disk of \(what)", free.int64Value >= Self.freeBytesMin ? .well : .wrong, "\(gigabytes) GiB are free at \(place.path)",
                    mend: "make room: see retention in docs/configuration.md, or a larger disk"))
        }
        guard place == folder else {
            checks.append(
                files.isWritableFile(atPath: place.path)
                    ? HealthCheck("permissions of \(what)", .well, "\(folder.path) is not there yet and can be made")
                    : HealthCheck(
                        "permissions of \(what)", .wrong, "\(folder.path) is not there, and \(place.path) cannot be written",
                        mend: "make the folder and give it to the user \(NSUserName())"))
            return checks
        }
        let attributes = (try? files.attributesOfItem(atPath: folder.path)) ?? [:]
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
        let mask = String(mode & 0o777, radix: 8)
        if !files.isWritableFile(atPath: folder.path) {
            checks.append(
                HealthCheck(
                    "permissions of \(what)", .wrong, "\(folder.path) cannot be written by \(NSUserName())", mend: "chown it to that user"))
        } else if mode & 0o077 != 0 {
            // Records lie in it in the clear.
            checks.append(
                HealthCheck(
                    "permissions of \(what)", .wrong, "\(folder.path) has the mode \(mask): others may read it",
                    mend: "chmod 700 \(folder.path)"))
        } else {
            checks.append(HealthCheck("permissions of \(what)", .well, "\(folder.path) has the mode \(mask)"))
        }
        return checks
    }

    private func doorChecks() -> [HealthCheck] {
        let configuration = engine.configuration
        var checks: [HealthCheck] = []
        if !configuration.asksForTokens, !configuration.isLoopback {
            checks.append(
                HealthCheck(
                    "authentication", .unknown, "\(configuration.host) asks for no tokens: is there a proxy that asks?",
                    mend: "authentication: tokens"))
        }
        guard let tls = configuration.tls else { return checks }
        do {
            let days = try TLSIdentity(tls).expiresAt.seconds(since: Engine.systemClock()) / 86_400
            checks.append(
                HealthCheck(
                    "certificate", days >= Self.certificateDaysMin ? .well : .wrong,
                    days < 0 ? "it has expired" : "it is good for \(Int(days)) days", mend: "replace \(tls.certificate.path)"))
        } catch { checks.append(HealthCheck("certificate", .wrong, "\(error)", mend: "docs/security.md#tls")) }
        let mode = ((try? FileManager.default.attributesOfItem(atPath: tls.key.path))?[.posixPermissions] as? NSNumber)?.intValue ?? 0
        if mode & 0o007 != 0 {
            checks.append(
                HealthCheck("key", .wrong, "\(tls.key.path) may be read by everybody", mend: "chmod 600 \(tls.key.path)"))
        }
        return checks
    }

    /// Connects, and sends nothing.
    private func reach(_ destination: Destination) async -> HealthCheck {
        let failure = await HTTPPoster(targets: engine.configuration.targets).reach(
            destination.url, timeoutSeconds: min(destination.timeoutSeconds, Self.reachSecondsMax),
            authoritiesFile: destination.authoritiesFile)
        return HealthCheck(
            "destination \(destination.name)", failure == nil ? .well : .wrong,
            failure.map { "not reached: \($0)" } ?? "reached; evenkeel alerts test sends it a message",
            mend: failure?.description.hasPrefix("SSL certificate problem") == true
                ? "whoever signed the certificate is unknown here: name its file with ca_file"
                : "is its url right, and does a firewall or the name's resolution stand between?")
    }
}
