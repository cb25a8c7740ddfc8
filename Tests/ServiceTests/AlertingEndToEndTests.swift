import Alerting
import Foundation
import Service
import Synchronization
import Testing
import Vocabulary

@testable import Service

/// Drift in, signed webhook out, through the whole service.
@Suite("From a prediction to a webhook") struct AlertingEndToEndTests {
    @Test("drift fires one alert, asks once for retraining, and is signed; calm resolves it") func wholeWay() async throws {
        let secret = Secret("whsec_" + Digest.base64(Array("a secret of the test".utf8)))
        let receiver = DemoReceiver(secret: secret) { _ in }
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let receiverService = receiver.application { ready.yield($0) }
        let receiving = Task { try await receiverService.run() }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        let service = try await RunningService.start { configuration in
            let hook = Secret("http://127.0.0.1:\(port)/hook")
            configuration.destinations = [
                Destination(name: "people", url: hook, secret: secret), Destination(name: "trainer", url: hook, secret: secret),
            ]
            configuration.policies = [
                AlertPolicy(
                    name: "p", monitors: [.featureDrift, .fairness], findings: 2, of: 3, resolveAfter: 2, destinations: ["people"],
                    retraining: "trainer")
            ]
        }
        do {
            try await SmallModel.register("e2e", on: service)
            for hour in 0..<6 {
                // Two drifted hours, then calm ones.
                let records = (0..<300).map { i in
                    let income = hour < 2 ? 5000 + Double(i) : 1000 + Double(i * 7 % 911)
                    let purpose = hour < 2 ? "car" : ["car", "home", "debt"][i % 3]
                    return """
                        {"model":"e2e","version":"1","id":"h\(hour)-\(i)","ts":"2026-02-0\(1)T0\(hour):30:00Z","features":{"income":\(income),"purpose":"\(purpose)"},"score":0.\(10 + i % 80),"groups":{"sex":"\(i % 2 == 0 ? "F" : "M")"}}
                        """
                }
                let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
                #expect(sent.json["accepted"]?.intValue == 300)
                _ = try await service.eventually("/v1/models/e2e/results?metric=psi&feature=income&window=hour") {
                    $0.json["results"]?.arrayValue?.contains { $0["from"]?.stringValue == "2026-02-01T0\(hour):00:00Z" } == true
                }
            }
            let alerts = try await service.eventually("/v1/alerts") { answer in
                receiver.types.filter { $0 == "alert.resolved" }.count == 1
                    && answer.json["alerts"]?.arrayValue?.first { $0["monitor"]?.stringValue == "feature_drift" }?["state"]?.stringValue
                        == "resolved"
            }
            let alert = try #require(alerts.json["alerts"]?.arrayValue?.first { $0["monitor"]?.stringValue == "feature_drift" })
            #expect(alert["state"]?.stringValue == "resolved")
            #expect(alert["summary"]?.stringValue?.contains("income") == true)
            #expect(receiver.types.filter { $0 == "alert.firing" }.count == 1)
            #expect(receiver.types.filter { $0 == "retraining.requested" }.count == 1)
            #expect(receiver.types.filter { $0 == "alert.resolved" }.count == 1)
            let metrics = try await service.get("/metrics").text
            #expect(metrics.contains("evenkeel_webhook_deliveries_total{destination=\"people\",outcome=\"sent\"} 2\n"))
        } catch {
            receiving.cancel()
            await service.stop()
            throw error
        }
        receiving.cancel()
        await service.stop()
    }
}
