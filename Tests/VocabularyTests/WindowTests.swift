import Testing

@testable import Vocabulary

@Suite("Kinds of window and their names")
struct WindowTests {
    private let time = Timestamp(rfc3339: "2026-03-10T13:37:00Z")!

    private func kind(_ name: String) throws -> WindowKind { try #require(WindowKind(rawValue: name)) }

    @Test(
        "a kind has one name",
        arguments: [
            ("hour", "hour"), ("60m", "hour"), ("24h", "day"), ("168h", "7d"), ("7d", "7d"), ("48h", "2d"), ("90m", "90m"), ("1m", "1m"),
            ("24h/1h", "1d/1h"), ("1440m/60m", "1d/1h"), ("7d/1d", "7d/1d"), ("10000rows", "10000rows"), ("custom", "custom"),
        ])
    func names(_ given: String, _ name: String) throws {
        #expect(try kind(given).rawValue == name)
    }

    @Test(
        "what is no name",
        arguments: [
            "", "h", "0h", "-1h", "1w", "1.5h", "1 h", "30s", "hours", "1h/", "/1h", "1h/1h", "1h/2h", "24h/7h", "49h/1h", "1d/1h/1h",
            "rows",
            "0rows", "29rows", "+100rows", "0100rows", "9999999999999999999rows", "1000000d", "367d", "9223372036854775807m",
        ])
    func refused(_ name: String) { #expect(WindowKind(rawValue: name) == nil) }

    @Test("tumbling windows share their ends; a week begins on Monday, other lengths are counted from 1970") func tumbling() throws {
        for (name, start) in [
            ("hour", "2026-03-10T13:00:00Z"), ("day", "2026-03-10T00:00:00Z"), ("week", "2026-03-09T00:00:00Z"),
            ("15m", "2026-03-10T13:30:00Z"),
            ("6h", "2026-03-10T12:00:00Z"), ("7d", "2026-03-05T00:00:00Z"),
        ] {
            let windows = try kind(name).windows(holding: time)
            #expect(windows.map(\.start.rfc3339) == [start], "\(name)")
            #expect(try windows[0].seconds == kind(name).seconds)
            let next = try kind(name).windows(holding: windows[0].end)
            #expect(next.map(\.start) == [windows[0].end])
            #expect(try kind(name).newest(endedBy: windows[0].end) == windows[0])
            #expect(try kind(name).newest(endedBy: windows[0].end.adding(seconds: -1))?.end == windows[0].start)
        }
    }

    @Test("every sliding window that holds a record is named, and no other") func sliding() throws {
        let kind = try kind("6h/2h")
        let windows = kind.windows(holding: time)
        #expect(windows.map(\.start.rfc3339) == ["2026-03-10T08:00:00Z", "2026-03-10T10:00:00Z", "2026-03-10T12:00:00Z"])
        #expect(windows.allSatisfy { $0.start <= time && time < $0.end && $0.seconds == 6 * 3600 && $0.step == 2 * 3600 })
        #expect(kind.windows(holding: windows[2].start).map(\.start) == windows.map(\.start))
        #expect(kind.newest(endedBy: time)?.end.rfc3339 == "2026-03-10T12:00:00Z")
        #expect(Window(kind: kind, holding: time) == windows[0])
    }

    @Test("windows by rows and those asked for by hand follow from no time alone") func others() throws {
        for name in ["100rows", "custom"] {
            #expect(try kind(name).windows(holding: time).isEmpty && kind(name).newest(endedBy: time) == nil)
        }
        #expect(Window(kind: try kind("100rows"), start: time, end: time.adding(seconds: 120)).step == 120)
    }

    @Test("a log is cut into windows that do not overlap") func apart() throws {
        let times = [90, 0, 30, 61, 121, 3].map { time.adding(seconds: $0) }
        #expect(try kind("1m").apart(Array(times.indices), at: times) == [[1, 2, 5], [0, 3], [4]])
        #expect(
            try kind("2m/1m").apart([0, 1, 4], at: times) == [[0, 1], [4]] || kind("2m/1m").apart([0, 1, 4], at: times) == [[1], [0, 4]])
        #expect(try kind("30rows").apart(Array(times.indices), at: times).isEmpty)
        let many = (0..<70).map { time.adding(seconds: Int64(70 - $0)) }
        #expect(try kind("30rows").apart(Array(0..<70), at: many).map { $0.sorted() } == [Array(40..<70), Array(10..<40)])
    }

    @Test("a version has the kinds of its spec beside those of every version") func own() {
        var watch = JSONObject()
        watch["windows"] = .array([.string("6h"), .string("1d/1h")])
        let version = RegisteredVersion(
            key: ModelVersion(model: "m", version: "1"), versionID: 1, streamID: 1, stage: .champion,
            schema: FeatureSchema(features: [], sensitive: []), referenceRows: 0, registeredAt: time, watch: .object(watch))
        #expect(version.windows.map(\.rawValue) == ["hour", "day", "week", "6h", "1d/1h"])
    }
}
