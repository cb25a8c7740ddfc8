import Alerting
import Foundation
import Logging
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// Our webhooks over HTTPS to a receiver that is not ours: Python's TLS and HMAC, certificates by the openssl command.
@Suite("Webhooks over HTTPS") struct WebhookTLSTests {
    private static let python = "/usr/bin/python3"
    private static let openssl = "/usr/bin/openssl"
    static var isPossible: Bool {
        let missing = [python, openssl].filter { !FileManager.default.isExecutableFile(atPath: $0) }
        if !missing.isEmpty { print("skipped: no \(missing.joined(separator: ", no ")), so no webhook went over HTTPS") }
        return missing.isEmpty
    }
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "scripts/receiver.py").path
    private static let secret = "whsec_" + Digest.base64(Array("a secret of the test".utf8))
    private let folder = URL(filePath: "/tmp/ek-webhooks-\(UInt32.random(in: 0...UInt32.max))")

    /// An authority, and a certificate for `localhost` alone that it signed.
    private func makeCertificates() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func openssl(_ arguments: String...) async throws {
            let made = try await runProgram(Self.openssl, arguments)
            try #require(made.status == 0, "\(made.text)")
        }
        let key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        func make(_ arguments: [String]) async throws {
            let made = try await runProgram(Self.openssl, key + arguments)
            try #require(made.status == 0, "\(made.text)")
        }
        try await make(["-x509", "-days", "2", "-subj", "/CN=an authority", "-keyout", path("ca.key"), "-out", path("ca.crt")])
        try await make(["-subj", "/CN=receiver", "-keyout", path("tls.key"), "-out", path("tls.csr")])
        try "subjectAltName=DNS:localhost\n".write(toFile: path("names"), atomically: true, encoding: .utf8)
        try await openssl(
            "x509", "-req", "-in", path("tls.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2",
            "-extfile", path("names"), "-out", path("tls.crt"))
    }
    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// What the receiver says of the requests to a path.
    private func told(_ receiver: LoggedProgram, _ name: String) -> [JSON] {
        receiver.lines.compactMap { try? JSON.parse(Array($0.utf8)[...]) }.filter { $0["path"]?.stringValue == "/\(name)" }
    }

    @Test("who has our secret and a certificate that is believed gets the alert; to any other nothing is sent", .enabled(if: isPossible))
    func believed() async throws {
        try await makeCertificates()
        let receiver = try LoggedProgram(
            Self.python, ["-B", Self.script, "--secret", Self.secret, "--certificate", path("tls.crt"), "--key", path("tls.key")],
            in: folder, name: "receiver")
        let outcome: Result<Void, any Error>
        do {
            try await tell(receiver)
            outcome = .success(())
        } catch { outcome = .failure(error) }
        await receiver.end()
        try? FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    private func tell(_ receiver: LoggedProgram) async throws {
        let port = try await receiver.port(after: "ready on ")
        // As a file says it, so that the key is read too.
        let file = try ServiceConfiguration(
            yaml: """
                outgoing: {allow: [loopback]}
                destinations:
                  - {name: believed, url: "https://localhost:\(port)/believed", secret: "\(Self.secret)", ca_file: \(path("ca.crt"))}
                  - {name: forged, url: "https://localhost:\(port)/forged", secret: another, ca_file: \(path("ca.crt"))}
                  - {name: unknown, url: "https://localhost:\(port)/unknown", secret: "\(Self.secret)"}
                  - {name: misnamed, url: "https://127.0.0.1:\(port)/misnamed", secret: "\(Self.secret)", ca_file: \(path("ca.crt"))}
                policies:
                  - {name: p, monitors: [feature_drift], findings: 1, of: 1, false_alarms: any, destinations: [believed, forged, unknown, misnamed]}
                """, file: "evenkeel.yaml", environment: [:])
        let service = try await RunningService.start {
            $0.destinations = file.destinations
            $0.policies = file.policies
            $0.targets = file.targets
        }
        let outcome: Result<Void, any Error>
        do {
            try await drift(service, receiver)
            outcome = .success(())
        } catch { outcome = .failure(error) }
        await service.stop()
        try outcome.get()
    }

    private func drift(_ service: RunningService, _ receiver: LoggedProgram) async throws {
        // The doctor sees it before the first alert does, and sends nothing.
        let checks = Dictionary(await Doctor(service.engine).reached().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        #expect(checks["destination believed"]?.state == .well && checks["destination misnamed"]?.state == .wrong)
        #expect(checks["destination unknown"]?.state == .wrong)
        #expect(checks["destination unknown"]?.mend?.contains("ca_file") == true, "\(checks)")
        #expect(told(receiver, "believed").isEmpty)

        try await SmallModel.register("https", on: service)
        let records = (0..<300).map { SmallModel.prediction("https", id: "x\($0)", income: 5000 + Double($0)) }
        _ = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        func deliveries() async throws -> [String: DeliveryRecord] {
            Dictionary(try await service.engine.alerts.deliveries().map { ($0.destination, $0) }, uniquingKeysWith: { first, _ in first })
        }
        // An attempt is noted when it has ended.
        let haveEnded = try await eventually {
            let found = try await deliveries()
            return found.count == 4 && found.values.allSatisfy { $0.lastStatus != nil || $0.lastError != nil }
        }
        let found = try await deliveries()
        #expect(haveEnded, "\(found) \(receiver.text)")

        #expect(found["believed"]?.state == .sent && found["believed"]?.lastStatus == 204)
        let arrived = try #require(told(receiver, "believed").first)
        #expect(told(receiver, "believed").count == 1)
        #expect(arrived["problem"] == .null && arrived["id"]?.stringValue == found["believed"]?.messageID)
        #expect(arrived["type"] == "alert.firing" && arrived["model"] == "https")

        // A wrong secret is the receiver's to refuse.
        #expect(found["forged"]?.state == .waiting && found["forged"]?.lastStatus == 401)
        #expect(told(receiver, "forged").allSatisfy { $0["problem"] == "wrong signature" } && !told(receiver, "forged").isEmpty)

        // A certificate that is not believed: it is tried again, the reason is said, and the other side has seen no byte of HTTP.
        #expect(found["unknown"]?.state == .waiting && found["unknown"]?.lastStatus == nil)
        #expect(found["unknown"]?.lastError == "SSL certificate problem: unable to get local issuer certificate")
        #expect(found["misnamed"]?.state == .waiting && found["misnamed"]?.lastError == "SSL certificate problem: it names another host")
        #expect(told(receiver, "unknown").isEmpty && told(receiver, "misnamed").isEmpty)
        #expect(receiver.text.contains("handshake"))
    }

    @Test("an authority's file that cannot be used is told when the configuration is read") func mistakes() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "no certificate".write(toFile: path("empty.crt"), atomically: true, encoding: .utf8)
        func problems(_ url: String, _ file: String) -> [String] {
            let text = "destinations: [{name: a, url: '\(url)', ca_file: \(file)}]"
            do { _ = try ServiceConfiguration(yaml: text, file: "x", environment: [:]) } catch {
                return (error as? ConfigurationError)?.problems ?? ["\(error)"]
            }
            return []
        }
        #expect(
            problems("https://example.com/", "/nowhere.crt") == [
                "x: destinations[0].ca_file: /nowhere.crt cannot be read, expected a PEM file"
            ])
        #expect(
            problems("https://example.com/", path("empty.crt")) == [
                "x: destinations[0].ca_file: \(path("empty.crt")) holds no certificate in PEM"
            ])
        #expect(
            problems("http://example.com/", "/etc/ssl/certs/ca-certificates.crt") == [
                "x: destinations[0].ca_file: is for https, and this URL is http"
            ])
    }
}
