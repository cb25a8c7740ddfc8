import Testing
import Vocabulary

@testable import Collecting

@Suite("The response of an inference becomes scores and predictions")
struct ResponseRowsTests {
    /// Equal, NaN to NaN.
    private func expect(_ half: ResponseHalf, _ scores: [Double], _ predictions: [Double], _ comment: Comment? = nil) {
        func text(_ values: [Double]) -> [String] { values.map { "\($0)" } }
        #expect(text(half.scores) == text(scores), comment)
        #expect(text(half.predictions) == text(predictions), comment)
        #expect(half.error == nil, comment)
    }

    @Test(
        "protocol V1: floats and lists of two are scores; whole numbers, booleans and texts are classes",
        arguments: [
            ("[0.25,1.0]", [0.25, 1], [.nan, .nan]), ("[[0.25],[0.5]]", [0.25, 0.5], [.nan, .nan]),
            ("[[0.75,0.25],[0.5,0.5]]", [0.25, 0.5], [.nan, .nan]), ("[1,0]", [.nan, .nan], [1, 0]), ("[[1],[0]]", [.nan, .nan], [1, 0]),
            ("[true,false]", [.nan, .nan], [1, 0]), (#"["1","0"]"#, [.nan, .nan], [1, 0]),
            (#"[{"score":0.25,"label":0},{"score":1,"label":1}]"#, [0.25, 1], [0, 1]),
            (#"[{"probabilities":[0.75,0.25],"class":"1"}]"#, [0.25], [1]), (#"[{"0":0.75,"1":0.25}]"#, [0.25], [.nan]),
            (#"[{"label":1,"probability":{"0":0.75,"1":0.25}}]"#, [0.25], [1]), (#"[{"prediction":1}]"#, [.nan], [1]),
            ("[null,0.5]", [.nan, 0.5], [.nan, .nan]),
        ] as [(String, [Double], [Double])])
    func v1(predictions: String, scores: [Double], classes: [Double]) throws {
        expect(try KServe.response(#"{"predictions":\#(predictions)}"#), scores, classes)
    }

    @Test(
        "protocol V2: names and datatypes say which output is which",
        arguments: [
            (#"[{"name":"output-0","shape":[2],"datatype":"INT64","data":[1,0]}]"#, [.nan, .nan], [1, 0]),
            (#"[{"name":"output-0","shape":[2],"datatype":"FP32","data":[1,0.5]}]"#, [1, 0.5], [.nan, .nan]),
            (#"[{"name":"predict","shape":[2,1],"datatype":"INT64","data":[1,0]}]"#, [.nan, .nan], [1, 0]),
            (#"[{"name":"predict_proba","shape":[2,2],"datatype":"FP64","data":[0.75,0.25,0.5,0.5]}]"#, [0.25, 0.5], [.nan, .nan]),
            (
                #"[{"name":"predict","shape":[1],"datatype":"BYTES","data":["1"]},{"name":"predict_proba","shape":[1,2],"datatype":"FP64","data":[[0.75,0.25]]}]"#,
                [0.25], [1]
            ),
            (
                #"[{"name":"scores","shape":[1],"datatype":"FP32","data":[0.25]},{"name":"leaf","shape":[1],"datatype":"INT32","data":[77]}]"#,
                [0.25], [.nan]
            ),
        ] as [(String, [Double], [Double])])
    func v2(outputs: String, scores: [Double], classes: [Double]) throws {
        expect(try KServe.response(#"{"model_name":"credit","id":"x","outputs":\#(outputs)}"#), scores, classes)
    }

    @Test("the configuration names the outputs and the class, against what their kinds say") func configured() throws {
        var service = InferenceServices.Service("credit")
        service.score = "predictions"
        expect(try KServe.response(#"{"predictions":[1,0]}"#, service: service), [1, 0], [.nan, .nan])
        service.positiveClass = 0
        expect(try KServe.response(#"{"predictions":[[0.75,0.25]]}"#, service: service), [0.75], [.nan])
        service.score = nil
        service.prediction = "b"
        expect(try KServe.response(#"{"predictions":[{"a":0.5,"b":1.0}]}"#, service: service), [.nan], [1])
        service.score = "a"
        expect(try KServe.response(#"{"predictions":[{"a":0.5,"b":1.0}]}"#, service: service), [0.5], [1])
    }

    @Test("the value of a regression is its score and its prediction") func regression() throws {
        let schema = Bench.price.schema
        for body in [
            #"{"predictions":[7]}"#, #"{"predictions":[[7.0]]}"#, #"{"outputs":[{"name":"y","shape":[1,1],"datatype":"FP32","data":[7]}]}"#,
        ] {
            expect(try KServe.response(body, schema: schema), [7], [7])
        }
        #expect(
            KServe.fault { try KServe.response(#"{"predictions":[[1.5,2.5]]}"#, schema: schema) }
                == "predictions[0]: 2 values, expected one: it is a regression")
    }

    @Test("a class is positive when it is the positive label") func words() throws {
        let schema = FeatureSchema(features: [], positiveLabel: "repaid")
        expect(try KServe.response(#"{"predictions":["repaid","lost"]}"#, schema: schema), [.nan, .nan], [1, 0])
        expect(try KServe.response(#"{"predictions":[{"repaid":0.25,"lost":0.75}]}"#, schema: schema), [0.25], [.nan])
    }

    @Test("a response that is an error fails its request's rows") func failed() throws {
        #expect(try KServe.response(#"{"error":"no such model"}"#).error == "no such model")
        #expect(try KServe.response("upstream timed out", ["Ce-Statuscode": "504"]).error == "status 504")
        #expect(try KServe.response(#"{"predictions":[0.5]}"#, ["Ce-Statuscode": "200"]).error == nil)
    }

    @Test(
        "a malformed response says where and what was expected",
        arguments: [
            ("{}", "data: no predictions and no outputs, expected a response of protocol V1 or V2"),
            (#"{"predictions":1}"#, "data.predictions: expected an array, got a number"),
            (#"{"predictions":[]}"#, "data: no rows, expected at least one"),
            (#"{"predictions":[0.5,"x"]}"#, "predictions[1]: expected a number or null, got a string"),
            (#"{"predictions":[2]}"#, "predictions[0]: 2, expected 0 or 1"),
            (#"{"predictions":["x"]}"#, "predictions[0]: \"x\", expected 0 or 1"),
            (
                #"{"predictions":[[0.2,0.3,0.5]]}"#,
                "predictions[0]: 3 class probabilities, expected 1 or 2: it is a binary model"
            ),
            (#"{"predictions":[{"a":1},2]}"#, "predictions[1]: expected an object as before, got a number"),
            (#"{"predictions":[{"a":1,"b":2}]}"#, "data: which of a, b is the score? Name it under kserve.services"),
            (#"{"predictions":[{"probability":{"x":1}}]}"#, "probability[0]: no probability of the class 1"),
            (
                #"{"outputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]},{"name":"b","shape":[2],"datatype":"FP32","data":[1,2]}]}"#,
                "outputs[1] (b): 2 rows, expected 1 as in a"
            ),
        ])
    func malformed(body: String, expected: String) {
        #expect(KServe.fault { try KServe.response(body) } == expected)
    }

    @Test("an output that the configuration names must be there") func missing() {
        var service = InferenceServices.Service("credit")
        service.score = "proba"
        #expect(
            KServe.fault { try KServe.response(#"{"predictions":[0.5]}"#, service: service) } == "data: no output proba, got predictions")
    }
}
