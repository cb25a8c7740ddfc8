import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A model's own windows, through a running service and its database.
@Suite("Windows of other lengths, sliding ones, and by rows", .service)
struct WindowServiceTests {
    private var service: RunningService { RunningService.current }
    private static let start = Timestamp(rfc3339: "2026-02-02T08:00:00Z")!

    private func register(_ model: String, windows: String) async throws {
        let spec = "id: id\nscore: score\nlabel: label\nsensitive: [sex]\nwindows: \(windows)\n"
        let coded = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post(
            "/v1/models/\(model)/versions/1?spec=\(coded)", SmallModel.reference(rows: 300), type: "text/csv")
        try #require(answer.status == 201, "\(answer.text)")
    }

    /// One record a minute.
    private func send(_ model: String, minutes: Range<Int>, name: String = "r") async throws {
        let records = minutes.map { i in
            #"{"model":"\#(model)","version":"1","id":"\#(name)\#(i)","ts":"\#(Self.start.adding(seconds: Int64(i) * 60))","features":{"income":\#(1000 + i % 900),"purpose":"car"},"score":0.\#(10 + i % 80),"groups":{"sex":"F"}}"#
        }
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        try #require(sent.json["accepted"]?.intValue == Int64(minutes.count), "\(sent.text)")
    }

    private struct Judged: Hashable {
        var from: Int
        var to: Int
        var rows: Int
    }

    /// What was evaluated of a kind, in minutes from the start.
    private func judged(_ model: String, _ kind: String) async throws -> Set<Judged> {
        let coded = try #require(kind.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.get("/v1/models/\(model)/results?metric=psi&feature=income&window=\(coded)")
        try #require(answer.status == 200, "\(answer.text)")
        func minute(_ json: JSON?) -> Int {
            Int((Timestamp(rfc3339: json?.stringValue ?? "") ?? .earliest).seconds(since: Self.start) / 60)
        }
        return Set(
            (answer.json["results"]?.arrayValue ?? []).map {
                Judged(from: minute($0["from"]), to: minute($0["to"]), rows: Int($0["n"]?.intValue ?? 0))
            })
    }

    private func eventuallyJudged(_ model: String, _ kind: String, _ expected: Set<Judged>) async throws {
        var found: Set<Judged> = []
        let isThere = try await eventually {
            found = try await judged(model, kind)
            // A window that was evaluated again has both results.
            return found.isSuperset(of: expected) && Set(found.map { [$0.from, $0.to] }) == Set(expected.map { [$0.from, $0.to] })
        }
        #expect(isThere, "\(kind): \(found.sorted { ($0.from, $0.to) < ($1.from, $1.to) })")
    }

    @Test("each is evaluated once it is over, and again when something late comes into it") func all() async throws {
        try await register("windowed", windows: "[30m, 2h/1h, 100rows]")
        try await send("windowed", minutes: 0..<250)
        // Records of months ago: their minutes are not rolled up before they are judged.
        let key = ModelVersion(model: "windowed", version: "1")
        let version = try #require(try await service.engine.registry.version(key))
        try await KeepLoop(engine: service.engine).rollUp(version, at: Engine.systemClock())
        let half = (0..<9).map { Judged(from: $0 * 30, to: $0 * 30 + 30, rows: $0 < 8 ? 30 : 10) }
        try await eventuallyJudged("windowed", "30m", Set(half))
        let sliding = [(-60, 60), (0, 120), (60, 120), (120, 120), (180, 70), (240, 10)].map { Judged(from: $0, to: $0 + 120, rows: $1) }
        try await eventuallyJudged("windowed", "2h/1h", Set(sliding))
        try await eventuallyJudged("windowed", "100rows", [Judged(from: 0, to: 100, rows: 100), Judged(from: 100, to: 200, rows: 100)])

        // Late ones into the first, and enough to fill the third.
        try await send("windowed", minutes: 5..<8, name: "late")
        try await send("windowed", minutes: 250..<310)
        try await eventuallyJudged(
            "windowed", "100rows",
            [Judged(from: 0, to: 100, rows: 103), Judged(from: 100, to: 200, rows: 100), Judged(from: 200, to: 300, rows: 100)])
        #expect(try await judged("windowed", "30m").contains(Judged(from: 0, to: 30, rows: 33)))

        let page = try await service.get("/models/windowed?window=2h%2F1h")
        #expect(page.status == 200 && page.text.contains("<option value=\"2h/1h\" selected>") && page.text.contains("100rows"))
        let metrics = try await service.eventually("/metrics") { $0.text.contains("model=\"windowed\"") }
        #expect(metrics.text.contains(#"evenkeel_window_records{model="windowed",version="1",window="100rows"} 100"#))
    }

    @Test("a policy of the spec looks at a window of its own") func policy() async throws {
        let spec = """
            id: id
            score: score
            label: label
            sensitive: [sex]
            windows: [60rows]
            policies:
              - {name: quick, monitors: [feature_drift], window: 60rows, findings: 1, of: 1, false_alarms: any}
            """
        let coded = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post("/v1/models/quick/versions/1?spec=\(coded)", SmallModel.reference(rows: 300), type: "text/csv")
        try #require(answer.status == 201, "\(answer.text)")
        try await send("quick", minutes: 0..<70)
        let firing = try await service.eventually("/v1/alerts") { answer in
            answer.json["alerts"]?.arrayValue?.contains { $0["model"]?.stringValue == "quick" } == true
        }
        #expect(firing.text.contains("\"kind\":\"60rows\""))
        #expect(try await service.get("/v1/models/quick/results?window=61x").text.contains("24h/1h"))
    }
}
