public import Alerting
public import Collecting
public import Foundation
public import Monitoring
public import Storage
public import Vocabulary

/// What a service does: the defaults beside the fields, a YAML file over them, the command line over that.
public struct ServiceConfiguration: Sendable {
    /// The jobs that one process may have; by default all of them.
    public enum Role: String, Sendable, CaseIterable { case collect, evaluate, notify, web, shadow, kafka }

    public enum DatabaseChoice: Sendable {
        /// A private cluster in this folder.
        case embedded(folder: URL)
        /// Any server, by connection string.
        case server(url: Secret)
    }

    public enum Authentication: String, Sendable, CaseIterable { case tokens, none }

    public var host = "127.0.0.1"
    /// nil: tokens, unless only this machine can reach us.
    public var authentication: Authentication?
    /// 0 takes any free port.
    public var port = 8080
    public var database = DatabaseChoice.embedded(folder: ServiceConfiguration.defaultFolder)
    public var connections = 4
    public var tls: TLSSettings?
    public var http = HTTPLimits()
    public var roles = Set(Role.allCases)
    public var evaluateEverySeconds = 30.0
    public var deliverEverySeconds = 1.0
    /// Of several services on one database another one leads this long after the leader was heard of last.
    public var leaseSeconds = 15.0
    /// Minute profiles older than this become hours.
    public var minutesKeptHours: Int64 = 72
    public var retention = RetentionSettings()
    public var limits = CollectorLimits()
    /// Names under which a service on loopback is asked for beside its own, as by a proxy on the same machine.
    public var hostNames: [String] = []
    public var spool = SpoolSettings()
    /// The folder of an embedded database; also where the spool is by default.
    public var dataFolder: URL?
    public var kserve = InferenceServices()
    /// Topics that the role `kafka` reads; without them it has nothing to do.
    public var kafka: KafkaSettings?
    public var monitors = MonitorSettings()
    public var policies = [AlertPolicy(name: "default")]
    public var shadow = ShadowSettings()
    public var destinations: [Destination] = []
    public var retries = RetrySchedule()
    /// Hours that come again in which nobody is told of alerts.
    public var maintenance: [MaintenanceWindow] = []
    /// Where messages may go.
    public var targets = TargetRules()

    public init() {}

    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.wholeMatch(of: #/127(\.[0-9]{1,3}){3}/#) != nil }
    public var asksForTokens: Bool { (authentication ?? (isLoopback ? .none : .tokens)) == .tokens }

    /// `/var/lib/evenkeel` for root, else `$XDG_DATA_HOME/evenkeel` or `~/.local/share/evenkeel`.
    public static var defaultFolder: URL {
        if geteuid() == 0 { return URL(filePath: "/var/lib/evenkeel") }
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], !data.isEmpty { return URL(filePath: data).appending(path: "evenkeel") }
        return FileManager.default.homeDirectoryForCurrentUser.appending(path: ".local/share/evenkeel")
    }
}

/// Where records wait while the database is away.
public struct SpoolSettings: Sendable, Equatable {
    /// By default `spool` in the data folder.
    public var folder: URL?
    /// Bytes of the spool; 0 for none: then records are refused while the database is away.
    public var bytesMax = 1 << 30
    /// A write that the database has not answered by then is spooled.
    public var afterSeconds = 5.0
    public init() {}
}

/// Every problem of a configuration at once, each with its path and what was expected.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    public var problems: [String]
    public init(_ problems: [String]) { self.problems = problems }
    public var description: String { problems.joined(separator: "\n") }
}
