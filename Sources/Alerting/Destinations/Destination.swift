public import Vocabulary

/// Where messages go, and what they look like there.
public struct Destination: Sendable, Equatable {
    public var name: String
    public var url: Secret
    public var format: Format
    /// Signs every message of the standard format (Standard Webhooks): `whsec_` and base64, or any text.
    public var secret: Secret?
    /// The secret before, while receivers are told of the new one: every message then has two signatures, and either is right.
    public var formerSecret: Secret?
    /// The body of the format `template`.
    public var template: Template?
    public var contentType = "application/json"
    /// The whole value of the `authorization` header: `Bearer …`, `GenieKey …`.
    public var authorization: Secret?
    /// PagerDuty's integration key.
    public var routingKey: Secret?
    public var timeoutSeconds: Int
    /// A PEM file of the authorities that may have signed the receiver's certificate, instead of the system's; read anew within a minute.
    public var authoritiesFile: String?

    /// The bodies that a receiver understands.
    public enum Format: String, Sendable, CaseIterable {
        /// Our own, as Standard Webhooks has it.
        case standard
        case alertmanager, slack, pagerduty, opsgenie
        /// These start a job, and know nothing of alerts.
        case github, airflow
        /// A body of one's own, also for jobs.
        case template

        public var takesAlerts: Bool { self != .github && self != .airflow }
        public var startsRetraining: Bool { self == .standard || self == .template || !takesAlerts }
        /// Their messages are about one alert each: an incident has one beginning and one end.
        public var takesSingles: Bool { self == .pagerduty || self == .opsgenie }
        public var isSigned: Bool { self == .standard || self == .template }
    }

    public init(
        name: String, url: Secret, format: Format = .standard, secret: Secret? = nil, authorization: Secret? = nil,
        routingKey: Secret? = nil, timeoutSeconds: Int = 10
    ) {
        self.name = name
        self.url = url
        self.format = format
        self.secret = secret
        self.authorization = authorization
        self.routingKey = routingKey
        self.timeoutSeconds = timeoutSeconds
    }
}

/// What is sent for one message.
struct DestinationRequest {
    var url: Secret
    var headers: [(name: String, value: String)]
    var body: String
    /// An answer that means that the receiver has had the message before.
    var knownStatus: Int?
}

extension Destination {
    /// The request of a message, whose body is in our own format.
    ///
    /// - Throws: ``UnfitMessage`` for one that this format has no words for.
    func request(for message: OutgoingMessage, at now: Timestamp) throws(UnfitMessage) -> DestinationRequest {
        if format == .standard { return request(message, message.body, at: now) }
        guard let json = try? JSON.parse(message.body), let data = json["data"] else { throw UnfitMessage("the message is damaged") }
        let isRetraining = message.type == Messages.retrainingType
        guard isRetraining ? format.startsRetraining : format.takesAlerts else {
            throw UnfitMessage("a destination of the format \(format.rawValue) has no words for \(message.type)")
        }
        if format == .template { return self.request(message, template?.render(json) ?? message.body, at: now) }
        var request = self.request(message, "", at: now)
        switch format {
        case .standard, .template: break
        case .alertmanager: request.body = DestinationBodies.alertmanager(data, at: now).text
        case .slack: request.body = DestinationBodies.slack(data).text
        case .pagerduty: request.body = DestinationBodies.pagerDuty(data, routingKey: routingKey?.reveal() ?? "").text
        case .opsgenie:
            let isResolved = data["state"]?.stringValue == AlertState.resolved.rawValue
            if isResolved { request.url = Secret("\(url.reveal())/\(DestinationBodies.key(data))/close?identifierType=alias") }
            request.body = DestinationBodies.opsgenie(data, isResolved: isResolved).text
        case .github:
            request.headers.append((name: "accept", value: "application/vnd.github+json"))
            request.body = DestinationBodies.gitHub(data).text
        case .airflow:
            request.knownStatus = 409
            request.body =
                JSON.object([
                    "dag_run_id": .string(message.messageID), "logical_date": json["timestamp"] ?? .null, "conf": data,
                ]).text
        }
        return request
    }

    private func request(_ message: OutgoingMessage, _ body: String, at now: Timestamp) -> DestinationRequest {
        let secrets = format.isSigned ? [secret, formerSecret].compactMap { $0 } : []
        var headers = Messages.headers(message, body: body, contentType: contentType, secrets: secrets, at: now)
        if let authorization { headers.append((name: "authorization", value: authorization.reveal())) }
        return DestinationRequest(url: url, headers: headers, body: body)
    }
}

/// A message that a destination's format cannot carry: it is given up at once.
struct UnfitMessage: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
