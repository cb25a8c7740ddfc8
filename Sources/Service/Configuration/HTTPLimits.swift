public import Foundation
internal import Vocabulary

/// How long requests may take to come, and how many connections there may be.
public struct HTTPLimits: Sendable, Equatable {
    /// From the opening of a connection to the end of its first request's head.
    public var headSeconds = 10.0
    /// For a body; one that comes fast enough may take longer.
    public var bodySeconds = 60.0
    /// For an answer to be taken; one that is taken fast enough may take longer.
    public var answerSeconds = 60.0
    /// From an answer to the next request's head on the same connection.
    public var idleSeconds = 75.0
    /// Beyond, connections wait until another one ends.
    public var connectionsMax = 1000
    /// Requests of one token at one process, on average; 0 for as many as it likes. Beyond, 429.
    public var tokenRequestsPerSecond = 1000.0
    /// …and at once.
    public var tokenRequestsBurst = 10_000
    public init() {}

    mutating func read(_ members: [String: JSON], _ reader: SettingsReader) {
        headSeconds = reader.number(members["head_seconds"], at: "limits.head_seconds", in: 0.1...3600) ?? headSeconds
        bodySeconds = reader.number(members["body_seconds"], at: "limits.body_seconds", in: 0.1...86_400) ?? bodySeconds
        answerSeconds = reader.number(members["answer_seconds"], at: "limits.answer_seconds", in: 0.1...86_400) ?? answerSeconds
        idleSeconds = reader.number(members["idle_seconds"], at: "limits.idle_seconds", in: 0.1...86_400) ?? idleSeconds
        connectionsMax = reader.integer(members["connections_max"], at: "limits.connections_max", in: 1...1_000_000) ?? connectionsMax
        tokenRequestsPerSecond =
            reader.number(members["token_requests_per_second"], at: "limits.token_requests_per_second", in: 0...1_000_000)
            ?? tokenRequestsPerSecond
        tokenRequestsBurst =
            reader.integer(members["token_requests_burst"], at: "limits.token_requests_burst", in: 1...10_000_000) ?? tokenRequestsBurst
    }
}

/// The PEM files of the certificate and its key.
public struct TLSSettings: Sendable, Equatable {
    public var certificate: URL
    public var key: URL
    public init(certificate: URL, key: URL) {
        self.certificate = certificate
        self.key = key
    }

    /// nil when there is no TLS.
    init?(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(json, at: "tls", known: ["certificate", "key"])
        let files = ["certificate", "key"].map { reader.text(members[$0], at: "tls.\($0)") }
        guard let certificate = files[0], let key = files[1] else {
            if files[0] != nil { reader.problem("tls.key", "missing, expected a PEM file") }
            if files[1] != nil { reader.problem("tls.certificate", "missing, expected a PEM file") }
            return nil
        }
        self.init(certificate: URL(filePath: certificate), key: URL(filePath: key))
    }
}
