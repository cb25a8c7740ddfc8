internal import Alerting
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization
internal import Vocabulary

/// The demo's webhook receiver: a real HTTP server that checks the signature and prints what arrives.
final class DemoReceiver: Sendable {
    private let received = Mutex<[String]>([])
    private let secret: Secret
    private let report: @Sendable (String) -> Void

    init(secret: Secret, report: @escaping @Sendable (String) -> Void) {
        self.secret = secret
        self.report = report
    }

    /// The types of the messages whose signature was right.
    var types: [String] { received.withLock { $0 } }

    func application(onReady: @escaping @Sendable (Int) async -> Void) -> some ServiceLifecycle.Service {
        let router = Router(context: ServiceContext.self)
        router.post("hook") { request, _ in
            let body = String(decoding: try await request.bytes(upTo: 1 << 20), as: UTF8.self)
            func header(_ name: String) -> String { HTTPField.Name(name).flatMap { request.headers[$0] } ?? "" }
            let expected = Messages.signature(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"), body: body, secret: self.secret)
            guard header("webhook-signature") == expected else {
                self.report("a message with a wrong signature was refused")
                return problem(.unauthorized, "wrong signature")
            }
            let json = (try? JSON.parse(body)) ?? .null
            let type = json["type"]?.stringValue ?? "?"
            let what = json["data"]?["summary"]?.stringValue ?? json["data"]?["reason"]?.stringValue ?? ""
            self.received.withLock { $0.append(type) }
            self.report("\(type)  \(what)  (signature right, \(header("webhook-id")))")
            return answer(.object(["ok": true]))
        }
        var quiet = Logger(label: "evenkeel.receiver")
        quiet.logLevel = .critical
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) }, logger: quiet)
    }
}
