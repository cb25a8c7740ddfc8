import Testing
import Vocabulary

@testable import Collecting

@Suite("CloudEvents come in three modes")
struct CloudEventTests {
    private func decode(
        _ body: String, _ type: String, headers: [(name: String, value: String)] = [], limits: CollectorLimits = CollectorLimits()
    ) throws -> [Result<CloudEvent, RecordError>] {
        try CloudEventRequest(Array(body.utf8), contentType: type, headers: headers, limits: limits, now: Bench.now).events.map(\.event)
    }
    /// A structured event with these members beside the usual ones.
    private func structured(_ members: String) -> String {
        """
        {"specversion":"1.0","type":"\(KServe.requestType)","id":"e1","source":"http://localhost:9081/","inferenceservicename":"credit",
        "namespace":"default"\(members.isEmpty ? "" : ",")\(members)}
        """
    }

    @Test("in the binary mode the headers describe the body")
    func binary() throws {
        let event = try KServe.event(KServe.requestType, Array("{}".utf8), ["Ce-Agegroup": "30%20to%2050", "Ce-Note": "\"a \\\"b\\\"\""])
        #expect(event.id == "e1" && event.isRequest && event.service == "credit")
        #expect(event.time == Timestamp(rfc3339: "2026-06-01T11:59:58.461696Z"))
        #expect(event.payload == .bytes(Array("{}".utf8)))
        #expect(event.attributes["namespace"] == "default" && event.attributes["agegroup"] == "30 to 50")
        #expect(event.attributes["note"] == "a \"b\"" && event.attributes["datacontenttype"] == "application/json")
        #expect(try !KServe.event(KServe.responseType, []).isRequest)
    }

    @Test("in the structured mode the event is one object, its data JSON, text or base64")
    func structured() throws {
        let cases: [(String, CloudEvent.Payload)] = [
            (#""data":{"instances":[]}"#, .json(.object(["instances": []]))), (#""data":"{}""#, .bytes([123, 125])),
            (#""data_base64":"e30=""#, .bytes([123, 125])),
        ]
        for (members, payload) in cases {
            let events = try decode(structured(members), "application/cloudevents+json; charset=utf-8")
            #expect(events.count == 1)
            #expect(try events[0].get().payload == payload)
            #expect(try events[0].get().time == nil)
        }
    }

    @Test("in the batched mode a bad event is refused alone")
    func batched() throws {
        let events = try decode("[\(structured(#""data":{}"#)),3,\(structured(""))]", "application/cloudevents-batch+json")
        #expect(try events[0].get().id == "e1")
        #expect(KServe.fault { try events[1].get() } == "expected an event, which is an object, got a number")
        #expect(KServe.fault { try events[2].get() } == "data: missing, expected the body of the inference, or data_base64")
        #expect(try decode("[]", "application/cloudevents-batch+json").isEmpty)
    }

    @Test(
        "a bad attribute is named with what was expected",
        arguments: [
            ("Ce-Specversion", nil, "ce-specversion: missing, expected 1.0"),
            ("Ce-Specversion", "0.3", "ce-specversion: \"0.3\", expected 1.0"),
            ("Ce-Type", nil, "ce-type: missing, expected org.kubeflow.serving.inference.request or .response"),
            ("Ce-Type", "a.b", "ce-type: \"a.b\", expected org.kubeflow.serving.inference.request or .response"),
            ("Ce-Id", nil, "ce-id: missing, expected the id that request and response share"),
            ("Ce-Id", "", "ce-id: missing, expected the id that request and response share"),
            ("Ce-Id", "a%00b", "ce-id: holds a NUL character"),
            ("Ce-Id", String(repeating: "x", count: 257), "ce-id: 257 bytes, expected 1 to 256"),
            ("Ce-Source", nil, "ce-source: missing, expected a URI"),
            ("Ce-Inferenceservicename", nil, "ce-inferenceservicename: missing, expected the name of the InferenceService"),
            ("Ce-Time", "noon", "ce-time: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"noon\""),
            ("Ce-Time", "2026-06-03T00:00:00Z", "ce-time: 2026-06-03T00:00:00Z is more than 24 hours ahead of 2026-06-01T12:00:00Z"),
        ] as [(String, String?, String)])
    func badAttribute(name: String, value: String?, expected: String) {
        #expect(KServe.fault { try KServe.event(KServe.requestType, [], [name: value]) } == expected)
    }

    @Test(
        "a bad member of a structured event is named with what was expected",
        arguments: [
            (#""data":1,"data_base64":"""#, "data_base64: stands beside data, expected one of the two"),
            (#""data_base64":"*""#, "data_base64: expected base64 text"), (#""data_base64":3"#, "data_base64: expected base64 text"),
            (#""data":1,"group":["a"]"#, "group: expected a string, a number or a boolean, got an array"),
            (#""data":1,"time":"x""#, "time: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"x\""),
        ])
    func badMember(members: String, expected: String) throws {
        let events = try decode(structured(members), "application/cloudevents+json")
        #expect(KServe.fault { try events[0].get() } == expected)
    }

    @Test(
        "a body that is no event says what was expected",
        arguments: [
            (
                "{}", "application/json",
                "no header ce-specversion, expected the headers ce-* of a CloudEvent or content-type application/cloudevents+json"
            ),
            (
                "{}", "application/cloudevents+avro",
                "content-type application/cloudevents+avro, expected application/cloudevents+json, application/cloudevents-batch+json, or headers ce-*"
            ),
            ("{", "application/cloudevents+json", "the body is not JSON: line 1, column 2: expected a key in quotes, got the end"),
            (
                "{}", "application/cloudevents-batch+json",
                "the body is no array, expected an array of events as content-type application/cloudevents-batch+json says"
            ),
        ])
    func noEvent(body: String, type: String, expected: String) {
        #expect(throws: RequestError(.malformed, expected)) { try decode(body, type) }
    }

    @Test("a batch has as many events as a request has records") func tooMany() {
        var limits = CollectorLimits()
        limits.recordsMax = 1
        #expect(throws: RequestError(.tooLarge, "more than 1 records, send them in several requests")) {
            try decode("[1,2]", "application/cloudevents-batch+json", limits: limits)
        }
    }
}
