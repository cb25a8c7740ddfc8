import Alerting
import Testing
import Vocabulary

@Suite("Messages are signed as the Standard Webhooks specification says")
struct SignatureTests {
    /// The example of the specification and its libraries; the value was computed again with Python's hmac.
    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    @Test("the published example")
    func published() {
        let signature = Messages.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body: #"{"test": 2432232314}"#, secret: Self.secret)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("the body is signed as its bytes, whatever the script")
    func unicode() {
        let signature = Messages.signature(id: "msg_1", timestamp: "1614265330", body: #"{"a":"Köln 日本"}"#, secret: Self.secret)
        #expect(signature == "v1,KmX2czd8LiEyO5fpX/4Vx79b1UTnsIwQrJkwhA21Z5U=")
    }

    @Test("a secret may be any text; one that only looks like base64 is taken as it is")
    func plainSecrets() {
        func signature(_ secret: String) -> String {
            Messages.signature(id: "msg_1", timestamp: "1614265330", body: #"{"a":1}"#, secret: Secret(secret))
        }
        #expect(signature("plain secret") == "v1,bBEMmSbAE6fqKEXkhBVAOUGA6Khr873Y3VSUam0gsQ8=")
        #expect(signature("whsec_!not base64") == "v1,nX0brBiO0uXbv7rsIp9Vcn/EaXelt07itf8OufgQhxQ=")
    }

    @Test("headers carry id, time in seconds and signature")
    func headers() {
        let message = OutgoingMessage(
            destination: "d", messageID: "msg_p5jXN8AQM9LWM0D4loKWxJek", type: "alert.firing", body: #"{"test": 2432232314}"#)
        let at = Timestamp(microseconds: 1_614_265_330_999_999)
        let headers = Messages.headers(message, secrets: [Self.secret], at: at).map { "\($0.name): \($0.value)" }
        #expect(
            headers == [
                "content-type: application/json", "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
        #expect(Messages.headers(message, secrets: [], at: at).map(\.name) == ["content-type", "webhook-id", "webhook-timestamp"])
    }

    @Test("random ids differ and can stand in a header")
    func ids() {
        let ids = (0..<100).map { _ in Messages.randomID() }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.hasPrefix("msg_") && $0.utf8.count == 36 && $0.dropFirst(4).allSatisfy(\.isHexDigit) })
    }

    @Test("a destination does not print its address or its secret")
    func secrets() {
        let destination = Destination(name: "ops", url: Secret("https://example.org/T0KEN"), secret: Secret("whsec_abc"))
        #expect(!"\(destination)".contains("T0KEN") && !"\(destination)".contains("whsec"))
        #expect(!String(reflecting: destination).contains("T0KEN"))
    }
}

@Suite("The bodies of webhooks")
struct MessageBodyTests {
    private func message(_ alert: Alert, _ policy: AlertPolicy) -> [OutgoingMessage] {
        // The ids in the order of asking.
        final class Counter { var next = 0 }
        let counter = Counter()
        return Messages.messages(for: alert, policy: policy) {
            counter.next += 1
            return "msg_\(counter.next)"
        }
    }

    @Test("a firing alert")
    func firing() {
        #expect(
            Messages.body(Bench.alert()).text
                == #"{"type":"alert.firing","timestamp":"2026-06-01T02:00:00Z","data":{"id":7,"model":"credit","version":"3","#
                + #""monitor":"feature_drift","policy":"default","severity":"critical","state":"firing","summary":"credit 3 feature_drift: age rose","#
                + #""started_at":"2026-06-01T00:00:00Z","fired_at":"2026-06-01T02:00:00Z","resolved_at":null,"acknowledged_at":null,"reminders":0,"flapping":false,"detail":{"rows":1000}}}"#
        )
    }

    @Test("a resolved alert is dated by its end and keeps when it fired")
    func resolved() {
        let body = Messages.body(Bench.alert(.resolved))
        #expect(body["type"] == "alert.resolved")
        #expect(body["timestamp"] == "2026-06-01T02:30:00Z")
        #expect(body["data"]?["fired_at"] == "2026-06-01T02:00:00Z")
        #expect(body["data"]?["resolved_at"] == "2026-06-01T02:30:00Z")
        #expect(body["data"]?["state"] == "resolved")
    }

    @Test("an alert that is not stored yet has no id, and no key is left out")
    func withoutID() {
        var alert = Bench.alert(.pending)
        alert.id = nil
        let body = Messages.body(alert)
        #expect(body["data"]?["id"] == .null)
        #expect(body["data"]?["fired_at"] == .null)
        #expect(body["timestamp"] == "2026-06-01T00:00:00Z")
        #expect(body["data"]?.objectValue?.members.count == Messages.body(Bench.alert())["data"]?.objectValue?.members.count)
    }

    @Test("a request to retrain says which model, why, and which alert asked")
    func retraining() {
        #expect(
            Messages.retrainingBody(Bench.alert()).text
                == #"{"type":"retraining.requested","timestamp":"2026-06-01T02:00:00Z","data":{"model":"credit","version":"3","#
                + #""reason":"credit 3 feature_drift: age rose","alert_id":7,"monitor":"feature_drift","detail":{"rows":1000}}}"#)
    }

    @Test("every destination of the policy gets a message with an id of its own")
    func destinations() throws {
        let messages = message(Bench.alert(), AlertPolicy(name: "p", destinations: ["ops", "data"], retraining: "pipeline"))
        #expect(messages.map(\.destination) == ["ops", "data", "pipeline"])
        #expect(messages.map(\.messageID) == ["msg_1", "msg_2", "msg_3"])
        #expect(messages[0].body == Messages.body(Bench.alert()).text && messages[1].body == messages[0].body)
        let manifest = try #require(messages[2].retraining?.manifest)
        #expect(messages[2].body == Messages.retrainingBody(Bench.alert(), manifest: manifest).text)
        #expect(manifest["retraining_id"] == "msg_3" && manifest["callback"] == "/v1/retraining/msg_3" && manifest["rows"] == 1000)
        #expect(manifest["deadline"] == "2026-06-02T02:00:00Z")
    }

    @Test("retraining is asked for when an alert fires, not when it resolves")
    func retrainingOnce() {
        let policy = AlertPolicy(name: "p", destinations: ["ops"], retraining: "pipeline")
        #expect(message(Bench.alert(.resolved), policy).map(\.destination) == ["ops"])
        #expect(message(Bench.alert(), AlertPolicy(name: "p", retraining: "pipeline")).map(\.destination) == ["pipeline"])
        #expect(message(Bench.alert(), AlertPolicy(name: "p")).isEmpty)
    }

    @Test("only the request to retrain has a cooldown: one a day and model, unless the policy says otherwise")
    func cooldown() {
        var policy = AlertPolicy(name: "p", destinations: ["ops"], retraining: "pipeline")
        #expect(message(Bench.alert(), policy).map(\.cooldownSeconds) == [0, 86_400])
        policy.retrainingCooldownSeconds = 60
        #expect(message(Bench.alert(), policy).map(\.cooldownSeconds) == [0, 60])
    }

    @Test("a body is JSON, whatever stands in the names")
    func hostileNames() throws {
        var alert = Bench.alert()
        alert.version.model = "a\"b\\c\n\u{1}日本"
        alert.summary = "line\nbreak \"quoted\""
        let parsed = try JSON.parse(Messages.body(alert).text)
        #expect(parsed["data"]?["model"] == .string(alert.version.model))
        #expect(parsed["data"]?["summary"] == .string(alert.summary))
    }
}
