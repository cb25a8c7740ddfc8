import Collecting
import Testing
import Vocabulary

@Suite("Label events become a batch a model")
struct LabelDecoderTests {
    private func decode(_ text: String, positive: String = "1") throws -> (
        batches: [(model: String, batch: LabelBatch)], rejections: [Rejection]
    ) {
        var credit = Bench.credit.schema
        credit.positiveLabel = positive
        return LabelDecoder(limits: CollectorLimits(), now: Bench.now)
            .decode(try Bench.body(text), schemas: ["credit": credit, "price": Bench.price.schema])
    }
    /// What one label value becomes; nil when it is rejected.
    private func label(_ value: String, positive: String = "1") throws -> Double? {
        try decode(#"{"model":"credit","id":"a","label":\#(value)}"#, positive: positive).batches.first?.batch.labels.first
    }

    @Test("id, label and time of every event, by model")
    func batches() throws {
        let (batches, rejections) = try decode(
            """
            [{"model":"price","id":"p","label":12.5},{"model":"credit","id":"a","label":1,"ts":"2026-05-01T00:00:00Z"},
             {"model":"credit","version":"3","id":7,"label":0,"ts":1780000000000}]
            """)
        #expect(rejections.isEmpty)
        #expect(batches.map(\.model) == ["credit", "price"])
        #expect(batches[0].batch.ids == ["a", "7"])
        #expect(batches[0].batch.labels == [1, 0])
        #expect(batches[0].batch.timestamps == [Timestamp(rfc3339: "2026-05-01T00:00:00Z"), Timestamp(seconds: 1_780_000_000)])
        #expect(batches[1].batch.labels == [12.5])
        #expect(batches[1].batch.timestamps == [Bench.now])
    }

    @Test("0 and 1, true and false are labels of a binary model, also as 1.0")
    func binary() throws {
        #expect(try label("1") == 1)
        #expect(try label("0") == 0)
        #expect(try label("1.0") == 1)
        #expect(try label("true") == 1)
        #expect(try label("false") == 0)
    }

    @Test("a text is positive when it is the positive label")
    func texts() throws {
        #expect(try label(#""yes""#, positive: "yes") == 1)
        #expect(try label(#""no""#, positive: "yes") == 0)
        #expect(try label("1", positive: "yes") == 1)
        #expect(try label("0", positive: "yes") == 0)
        #expect(try label("2", positive: "yes") == nil)
    }

    @Test("classes may be numbers other than 0 and 1")
    func otherNumbers() throws {
        #expect(try label("2", positive: "2") == 1)
        #expect(try label("3", positive: "2") == 0)
        #expect(try label("-1", positive: "2") == 0)
    }

    /// Goal: classes 1 and 2 with 2 as the positive one (the German credit data) are told apart.
    @Test("when the positive label is a number, another number is the negative one, also when it is 1")
    func positiveIsANumber() throws {
        #expect(try label("2", positive: "2") == 1)
        #expect(try label("1", positive: "2") == 0)
        #expect(try label("0", positive: "0") == 1)
        #expect(try label("1", positive: "0") == 0)
    }

    @Test(
        "what is wrong with a label event",
        arguments: [
            (#"{"id":"a","label":1}"#, "model: missing, expected a string"),
            (#"{"model":"fraud","id":"a","label":1}"#, "model: fraud is not registered"),
            (#"{"model":"credit","label":1}"#, "id: missing, expected a string"),
            (#"{"model":"credit","id":"a"}"#, "label: missing, expected 0 or 1"),
            (#"{"model":"credit","id":"a","label":null}"#, "label: missing, expected 0 or 1"),
            (#"{"model":"credit","id":"a","label":2}"#, "label: 2, expected 0 or 1"),
            (#"{"model":"credit","id":"a","label":0.5}"#, "label: 0.5, expected 0 or 1"),
            (#"{"model":"credit","id":"a","label":[1]}"#, "label: expected 0 or 1, got an array"),
            (#"{"model":"price","id":"a"}"#, "label: missing, expected a number"),
            (#"{"model":"price","id":"a","label":"12"}"#, "label: expected a number, got a string"),
            (#"{"model":"credit","id":"a","label":1,"ts":"x"}"#, "ts: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"x\""),
            (
                #"{"model":"credit","id":"a","label":1,"ts":1780000000}"#,
                "ts: 1970-01-21T14:26:40Z is too early, expected milliseconds since 1970 or RFC 3339, from 1990-01-01T00:00:00Z on"
            ),
            (#"{"model":"credit","id":"a","label":1,"score":0.5}"#, "score: unknown key, expected one of id, label, model, ts, version"),
            ("7", "expected an object, got a number"),
        ])
    func wrong(record: String, error: String) throws {
        let (batches, rejections) = try decode("[\(record)]")
        #expect(rejections == [Rejection(index: 0, error: error)])
        #expect(batches.isEmpty)
    }

    @Test("a bad event is rejected alone, with its index")
    func alone() throws {
        let (batches, rejections) = try decode(
            #"[{"model":"credit","id":"a","label":1},{"model":"credit","id":"b","label":"\#(String(repeating: "n", count: 3))","x":1},{"model":"credit","id":"c","label":0}]"#
        )
        #expect(rejections.map(\.index) == [1])
        #expect(batches[0].batch.ids == ["a", "c"])
        #expect(batches[0].batch.labels == [1, 0])
        #expect(batches[0].batch.timestamps.count == 2)
    }
}
