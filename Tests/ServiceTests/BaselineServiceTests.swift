import Foundation
import Monitoring
import Service
import Testing
import Vocabulary

/// Registration, windows and findings through a running service and its database.
@Suite("What windows are compared with, in the service", .service)
struct BaselineServiceTests {
    private var service: RunningService { RunningService.current }
    private static let start = Timestamp(seconds: 1_770_000_000).floored(toSeconds: 86_400)

    /// Ten days of forty rows; the mean wanders from day to day.
    private var reference: String {
        var text = "id,ts,income,purpose,score\n"
        for row in 0..<400 {
            let (day, slot) = (row / 40, row % 40)
            let time = Self.start.adding(seconds: Int64(day) * 86_400 + Int64(slot) * 2160)
            text +=
                "r\(row),\(time),\(1000 + day * day % 7 * 40 + slot * 13 % 400),\(["car", "home", "debt"][row % 3]),0.\(10 + row % 80)\n"
        }
        return text
    }

    private func register(_ model: String, timestamp: Bool) async throws -> RegisteredVersion {
        let answer = try await service.post(
            "/v1/models/\(model)/versions/1?id=id&score=score" + (timestamp ? "&timestamp=ts" : "&ignore=ts"), reference, type: "text/csv")
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(try await service.engine.registry.version(ModelVersion(model: model, version: "1")))
    }

    @Test("how far days of the reference differ is measured at registration, where it has times and enough days") func variation()
        async throws
    {
        let version = try await register("natural", timestamp: true)
        let variations = try await service.engine.profiles.reference(of: version).variations
        #expect(Set(variations.keys) == [.day])
        let day = try #require(variations[.day])
        #expect(day.windows == 10)
        let spread = try #require(day.spreads[.init(monitor: .featureDrift, subject: "income", statistic: "ks")])
        #expect(spread.count == 10 && spread.largest > 0)
        let timeless = try await register("timeless", timestamp: false)
        #expect(try await service.engine.profiles.reference(of: timeless).variations.isEmpty)
    }

    @Test("a finding keeps its baseline and what drove it") func drivers() async throws {
        let version = try await register("drivers", timestamp: false)
        let day = Self.start.adding(seconds: 60 * 86_400)
        let records = (0..<200).map { i in
            """
            {"model":"drivers","version":"1","id":"n\(i)","ts":"\(day.adding(seconds: Int64(i) * 60))","features":{"income":\(1000 + i % 400),"purpose":"boat"},"score":0.\(10 + i % 80)}
            """
        }
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 200)
        let window = Window(kind: .custom, start: day, end: day.adding(seconds: 86_400))
        let made = try await service.engine.evaluation.evaluate(version, window)
        #expect(made.baseline == .frozen)
        let answer = try await service.get("/v1/models/drivers/results?metric=psi&feature=purpose&window=custom")
        let drivers = try #require(answer.json["results"]?.arrayValue?.first?["drivers"]?.arrayValue)
        #expect(drivers.first?["what"]?.stringValue == "levels that the reference does not have (\"boat\")")
        #expect(drivers.first?["before"]?.doubleValue == 0 && drivers.first?["after"]?.doubleValue == 1)
        #expect(drivers.first?["n"]?.intValue == 200)
    }
}
