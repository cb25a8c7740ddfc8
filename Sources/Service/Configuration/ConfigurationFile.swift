internal import Alerting
internal import Collecting
public import Foundation
internal import Monitoring
internal import Profiles
internal import Vocabulary

extension ServiceConfiguration {
    /// Reads a YAML file over the defaults. docs/configuration.md lists the keys.
    ///
    /// - Throws: ``ConfigurationError`` with every problem of the file.
    public init(file: URL, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let text: String
        do { text = try String(contentsOf: file, encoding: .utf8) } catch {
            throw ConfigurationError(["\(file.path): cannot be read, expected a YAML file"])
        }
        try self.init(yaml: text, file: file.lastPathComponent, environment: environment)
    }

    init(yaml: String, file: String, environment: [String: String]) throws {
        self.init()
        let reader = SettingsReader()
        let top = reader.members(
            try YAMLText.parse(yaml, file: file), at: "",
            known: [
                "host", "host_names", "port", "authentication", "tls", "embedded", "data", "database", "connections", "roles",
                "evaluate_every_seconds",
                "deliver_every_seconds", "lease_seconds", "retry_seconds",
                "minutes_kept_hours", "retention", "limits", "spool", "monitors", "policies", "destinations", "kserve", "privacy",
                "shadow", "kafka",
                "outgoing", "maintenance",
            ])
        host = reader.text(top["host"], at: "host") ?? host
        hostNames = reader.texts(top["host_names"], at: "host_names") ?? hostNames
        port = reader.integer(top["port"], at: "port", in: 0...65_535) ?? port
        authentication = reader.choice(top["authentication"], at: "authentication") ?? authentication
        tls = TLSSettings(top["tls"], reader) ?? tls
        connections = reader.integer(top["connections"], at: "connections", in: 1...64) ?? connections
        evaluateEverySeconds =
            reader.number(top["evaluate_every_seconds"], at: "evaluate_every_seconds", in: 0.1...86_400) ?? evaluateEverySeconds
        deliverEverySeconds =
            reader.number(top["deliver_every_seconds"], at: "deliver_every_seconds", in: 0.05...3600) ?? deliverEverySeconds
        leaseSeconds = reader.number(top["lease_seconds"], at: "lease_seconds", in: 1...300) ?? leaseSeconds
        if let waits = reader.list(top["retry_seconds"], at: "retry_seconds") {
            if waits.isEmpty || waits.count > RetrySchedule.attemptsMax {
                reader.problem("retry_seconds", "expected 1 to \(RetrySchedule.attemptsMax) waits")
            }
            retries.delaysSeconds = waits.enumerated().compactMap {
                reader.integer($1, at: "retry_seconds[\($0)]", in: 1...604_800).map(Int64.init)
            }
        }
        minutesKeptHours =
            reader.integer(top["minutes_kept_hours"], at: "minutes_kept_hours", in: 2...87_600).map(Int64.init) ?? minutesKeptHours
        readDatabase(top, reader, environment)
        if let words = reader.list(top["roles"], at: "roles") {
            roles = Set(words.enumerated().compactMap { reader.choice($1, at: "roles[\($0)]") as Role? })
            if roles.contains(.kafka), (top["kafka"] ?? .null) == .null {
                reader.problem("roles", "kafka, and there is no section kafka, expected brokers and topics there")
            }
        }
        readRetention(top["retention"], reader)
        readLimits(top["limits"], reader)
        spool.read(top["spool"], reader)
        readKServe(top["kserve"], reader)
        readKafka(top["kafka"], reader, environment)
        let privacy = reader.members(top["privacy"], at: "privacy", known: ["key"])
        if let secret = Self.secret(privacy["key"], at: "privacy.key", reader, environment) {
            limits.privacyKey = PrivacyKey(secret)
            if limits.privacyKey == nil { reader.problem("privacy.key", PrivacyKey.expected) }
        }
        shadow.read(top["shadow"], reader)
        monitors.read(top["monitors"], at: "monitors", reader)
        readTargets(top["outgoing"], reader)
        readDestinations(top["destinations"], reader, environment)
        readMaintenance(top["maintenance"], reader)
        // Without policies of one's own, every destination hears of everything.
        policies =
            AlertPolicy.read(top["policies"], at: "policies", destinations: destinations, reader)
            ?? [AlertPolicy(name: "default", destinations: destinations.filter(\.format.takesAlerts).map(\.name))]
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(file): \($0)" }) }
    }

    /// Reads `EVENKEEL_PRIVACY_KEY` where the file gave no key: for the service and for every command.
    ///
    /// - Throws: ``ConfigurationError`` for a key that is too short.
    public mutating func readPrivacyKey(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        guard limits.privacyKey == nil, let text = environment[PrivacyKey.environmentName] else { return }
        limits.privacyKey = PrivacyKey(Secret(text))
        if limits.privacyKey == nil { throw ConfigurationError(["\(PrivacyKey.environmentName): \(PrivacyKey.expected)"]) }
    }

    private mutating func readDatabase(_ top: [String: JSON], _ reader: SettingsReader, _ environment: [String: String]) {
        let folder = reader.text(top["data"], at: "data").map { URL(filePath: $0) }
        dataFolder = folder
        let url = Self.secret(top["database"], at: "database", reader, environment)
        let isEmbedded = reader.flag(top["embedded"], at: "embedded") ?? (url == nil)
        switch (isEmbedded, url) {
        case (true, .some): reader.problem("database", "stands beside embedded: true, expected one of the two")
        case (false, nil): reader.problem("database", "missing, expected a connection string, or embedded: true")
        case (true, nil): database = .embedded(folder: folder ?? Self.defaultFolder)
        case (false, .some(let url)): database = .server(url: url)
        }
    }

    /// A secret stands in the file itself, or as `{env: NAME}` or `{file: PATH}`.
    static func secret(_ json: JSON?, at path: String, _ reader: SettingsReader, _ environment: [String: String]) -> Secret? {
        guard let json, json != .null else { return nil }
        if case .string(let text) = json { return Secret(text) }
        let members = reader.members(json, at: path, known: ["env", "file"])
        if let name = reader.text(members["env"], at: path + ".env") {
            guard let value = environment[name] else {
                reader.problem(path + ".env", "the environment has no \(name)")
                return nil
            }
            return Secret(value)
        }
        if let file = reader.text(members["file"], at: path + ".file") {
            guard let value = try? String(contentsOfFile: file, encoding: .utf8) else {
                reader.problem(path + ".file", "\(file) cannot be read")
                return nil
            }
            return Secret(value.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        reader.problem(path, "expected text, {env: NAME} or {file: PATH}")
        return nil
    }

    private mutating func readLimits(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(
            json, at: "limits",
            known: [
                "body_bytes_max", "body_bytes_in_work_max", "records_max", "id_bytes_max", "level_bytes_max", "measures_max",
                "ahead_seconds_max", "head_seconds", "body_seconds", "answer_seconds", "idle_seconds", "connections_max",
                "token_requests_per_second", "token_requests_burst",
            ])
        func value(_ key: String, _ range: ClosedRange<Int>, _ standard: Int) -> Int {
            reader.integer(members[key], at: "limits.\(key)", in: range) ?? standard
        }
        http.read(members, reader)
        limits.bodyBytesMax = value("body_bytes_max", 1024...(1 << 30), limits.bodyBytesMax)
        limits.bodyBytesInWorkMax = value("body_bytes_in_work_max", 1024...(64 << 30), limits.bodyBytesInWorkMax)
        limits.recordsMax = value("records_max", 1...1_000_000, limits.recordsMax)
        limits.idBytesMax = value("id_bytes_max", 1...1000, limits.idBytesMax)
        limits.levelBytesMax = value("level_bytes_max", 1...2000, limits.levelBytesMax)
        limits.measuresMax = value("measures_max", 0...64, limits.measuresMax)
        limits.aheadSecondsMax = Int64(value("ahead_seconds_max", 0...31_536_000, Int(limits.aheadSecondsMax)))
    }
}
