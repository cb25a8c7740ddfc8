import Foundation
import Testing

@testable import EvenkeelClient

/// What an answer means, how long to wait, and what is written.
@Suite("The client's decisions") struct VerdictTests {
    static func verdict(_ status: Int, _ body: String, retryAfter: String? = nil) -> Verdict {
        Verdict(.answered(status: status, retryAfter: retryAfter, body: Data(body.utf8)))
    }

    @Test("counts are believed with 202 and 400 only") func taken() {
        let body = #"{"accepted":1,"duplicates":0,"rejected":[{"index":1,"error":"id: missing"}]}"#
        #expect(Self.verdict(202, body) == .taken(status: 202, [.init(index: 1, error: "id: missing")]))
        #expect(Self.verdict(400, body) == .taken(status: 400, [.init(index: 1, error: "id: missing")]))
        #expect(Self.verdict(413, body) == .refused(status: 413, body))
    }

    @Test("a page of some other server is no acknowledgement") func otherServer() {
        #expect(
            Self.verdict(200, "<html>sign in</html>") == .retry(status: 200, after: nil, "not an answer of Evenkeel: <html>sign in</html>"))
    }

    @Test("what will not become better is not sent again", arguments: [301, 400, 401, 404, 413, 415, 422])
    func refused(status: Int) {
        #expect(Self.verdict(status, #"{"detail":"the words"}"#) == .refused(status: status, "the words"))
    }

    @Test("what may become better is sent again", arguments: [408, 429, 500, 502, 503, 504])
    func retried(status: Int) {
        #expect(
            Self.verdict(status, #"{"detail":"busy"}"#, retryAfter: "7") == .retry(status: status, after: .seconds(7), "busy"))
        #expect(Self.verdict(status, "busy", retryAfter: "Wed, 21 Oct") == .retry(status: status, after: nil, "busy"))
    }

    @Test("waits are drawn below a ceiling that doubles up to a limit") func backoff() {
        var limits = ClientLimits()
        limits.retryDelayBase = .milliseconds(100)
        limits.retryDelayMax = .milliseconds(500)
        let ceilings = (0..<5).map { limits.retryDelay(after: $0, retryAfter: nil, random: 1) }
        #expect(ceilings == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(500), .milliseconds(500)])
        #expect(limits.retryDelay(after: 2, retryAfter: nil, random: 0) == .zero)
        #expect(limits.retryDelay(after: .max, retryAfter: nil, random: 0.5) == .milliseconds(250))
    }

    @Test("the service's wait comes before the jitter, up to a limit") func retryAfter() {
        let limits = ClientLimits()
        #expect(limits.retryDelay(after: 0, retryAfter: .seconds(2), random: 0.5) == .milliseconds(2100))
        #expect(limits.retryDelay(after: 0, retryAfter: .seconds(86_400), random: 0) == limits.retryAfterMax)
    }

    @Test("a prediction is one line of JSON, whatever its texts hold") func line() throws {
        let id = "a\"\\\n\u{1}\u{1f}é🙂"
        var record = EvenkeelClient.Prediction(
            id: id, features: ["income": 1e-7, "whole": 3, "purpose": "car", "own": true, "gone": nil, "nan": .number(.nan)],
            at: Date(timeIntervalSince1970: 1_767_607_200.25))
        record.score = 0.25
        record.prediction = "yes"
        record.groups = ["sex": "F"]
        record.latency = .microseconds(12_500)
        record.cost = .infinity
        record.measures = ["tokens": 12, "bad": .nan]
        let bytes = record.line(model: "m", version: "1")
        #expect(bytes.firstIndex(of: UInt8(ascii: "\n")) == bytes.count - 1)
        let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary
        let expected: NSDictionary = [
            "model": "m", "version": "1", "id": id, "ts": 1_767_607_200_250,
            "features": ["income": 1e-7, "whole": 3, "purpose": "car", "own": true, "gone": NSNull(), "nan": NSNull()] as NSDictionary,
            "score": 0.25, "prediction": "yes", "groups": ["sex": "F"] as NSDictionary, "latency_ms": 12.5,
            "measures": ["tokens": 12] as NSDictionary,
        ]
        #expect(object == expected)
    }

    @Test("vectors are arrays, scores of several classes an object") func classes() {
        var record = EvenkeelClient.Prediction(id: "a", features: ["text": [0.5, -1e-300, 3]], at: Date(timeIntervalSince1970: 1))
        (record.score, record.scores) = (0.7, ["cat": 0.7])
        let head = "{\"model\":\"m\",\"version\":\"1\",\"id\":\"a\",\"ts\":1000,\"features\":"
        #expect(
            String(decoding: record.line(model: "m", version: "1"), as: UTF8.self) == head
                + "{\"text\":[0.5,-1e-300,3.0]},\"score\":{\"cat\":0.7}}\n")
        record.features = ["text": [1, .nan]]
        record.scores = [:]
        #expect(String(decoding: record.line(model: "m", version: "1"), as: UTF8.self) == head + "{\"text\":null},\"score\":0.7}\n")
    }

    @Test("a time that is no time is sent as 1970, which the service refuses", arguments: [Double.nan, .infinity, -1e300])
    func badTime(seconds: Double) {
        let line = EvenkeelClient.labelLine(model: "m", id: "a", label: true, at: Date(timeIntervalSince1970: seconds))
        #expect(String(decoding: line, as: UTF8.self) == "{\"model\":\"m\",\"id\":\"a\",\"label\":true,\"ts\":0}\n")
    }
}
