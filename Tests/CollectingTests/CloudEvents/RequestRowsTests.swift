import Testing
import Vocabulary

@testable import Collecting

@Suite("The request of an inference becomes rows of features and groups")
struct RequestRowsTests {
    @Test(
        "protocol V1: rows are arrays by place or objects by name",
        arguments: [
            #"{"instances":[[41,"car"],[null,"home"]]}"#, #"{"inputs":[[41,"car"],[null,"home"]]}"#,
            #"{"instances":[{"purpose":"car","age":41},{"purpose":"home"}]}"#,
        ])
    func rows(body: String) throws {
        let batch = try KServe.request(body)
        #expect(batch.ids.elementsEqual(["e1/0", "e1/1"]))
        #expect(batch.numbers(0)[0] == 41 && batch.numbers(0)[1].isNaN)
        #expect(batch.levels(1) == ["car", "home"])
        #expect(batch.timestamps.allSatisfy { $0 == Timestamp(rfc3339: "2026-06-01T11:59:58.461696Z") })
        #expect(batch.scores.allSatisfy(\.isNaN) && batch.errors == [nil, nil])
    }

    @Test("one row has the event's id, and no time means now") func one() throws {
        let batch = try KServe.request(#"{"instances":[[41,"car"]]}"#, ["Ce-Time": nil])
        #expect(batch.ids.elementsEqual(["e1"]))
        #expect(batch.timestamps == [Bench.now])
    }

    /// Each of these stands for the rows (41, car) and (52, home).
    @Test(
        "protocol V2: a tensor for each feature, one of all columns, or one that lists its columns",
        arguments: [
            #"[{"name":"purpose","shape":[2],"datatype":"BYTES","data":["car","home"]},{"name":"age","shape":[2],"datatype":"INT64","data":[41,52]}]"#,
            #"[{"name":"age","shape":[2,1],"datatype":"FP32","data":[[41],[52]]},{"name":"purpose","shape":[2,1],"datatype":"BYTES","data":["car","home"]}]"#,
            #"[{"name":"age","shape":[2],"datatype":"FP64","parameters":{"content_type":"pd"},"data":[41.0,52.0]},{"name":"x","shape":[2,1],"datatype":"BYTES","parameters":{"columns":"purpose"},"data":["car","home"]}]"#,
            #"[{"name":"purpose,age","shape":[2,1],"datatype":"BYTES","parameters":{"columns":["purpose"]},"data":["car","home"]},{"name":"age","shape":[2],"datatype":"UINT8","data":[41,52]}]"#,
        ])
    func tensors(inputs: String) throws {
        let batch = try KServe.request(#"{"id":"x","parameters":{"seed":1},"inputs":\#(inputs),"outputs":[{"name":"predict"}]}"#)
        #expect(batch.numbers(0) == [41, 52])
        #expect(batch.levels(1) == ["car", "home"])
    }

    private let plain = Bench.version(
        "plain", "1", 3, FeatureSchema(features: ["a", "b"].map { Feature(name: $0, kind: .numeric) }, sensitive: ["age_group"]))

    @Test(
        "one tensor holds the features by place, nested or flat, or under its list of names",
        arguments: [
            (#""name":"input-0","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4]]"#, [1.0, 3], [2.0, 4]),
            (#""name":"input-0","shape":[2,2],"datatype":"FP32","data":[1,2,3,4]"#, [1, 3], [2, 4]),
            (#""name":"b, a","shape":[2,2],"datatype":"INT8","data":[1,2,3,4]"#, [2, 4], [1, 3]),
            (#""name":"x","shape":[1,2],"datatype":"BOOL","parameters":{"columns":"b,a"},"data":[true,0]"#, [0], [1]),
        ])
    func single(tensor: String, a: [Double], b: [Double]) throws {
        let batch = try KServe.request(#"{"inputs":[{\#(tensor)}]}"#, of: plain)
        #expect(batch.numbers(0) == a && batch.numbers(1) == b)
    }

    @Test("the binary data behind the object is read without its header") func binary() throws {
        let json =
            #"{"inputs":[{"name":"age","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},"#
            + #"{"name":"purpose","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":15}}],"note":"}\""}"#
        let tail: [UInt8] = [0, 0, 0x24, 0x42, 0, 0, 0xC0, 0x7F, 3, 0, 0, 0] + Array("car".utf8) + [4, 0, 0, 0] + Array("home".utf8)
        let batch = try KServe.request(Array(json.utf8) + tail)
        #expect(batch.numbers(0)[0] == 41 && batch.numbers(0)[1].isNaN)
        #expect(batch.levels(1) == ["car", "home"])
    }

    @Test(
        "every datatype is read from its binary form",
        arguments: [
            ("BOOL", [1], 1), ("UINT8", [200], 200), ("INT8", [0xFE], -2), ("UINT16", [0, 0xFF], 65280), ("INT16", [0xFE, 0xFF], -2),
            ("UINT32", [0, 0, 0, 0x80], 2_147_483_648), ("INT32", [0xFE, 0xFF, 0xFF, 0xFF], -2),
            ("INT64", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -2), ("UINT64", [0, 0, 0, 0, 0, 0, 0, 0x80], 0x1p63),
            ("FP16", [0, 0x3E], 1.5), ("BF16", [0xC0, 0x3F], 1.5), ("FP32", [0, 0, 0xC0, 0x3F], 1.5),
            ("FP64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], 1.5),
        ] as [(String, [UInt8], Double)])
    func datatypes(type: String, bytes: [UInt8], expected: Double) throws {
        let json = #"{"inputs":[{"name":"a","shape":[1],"datatype":"\#(type)","parameters":{"binary_data_size":\#(bytes.count)}}]}"#
        #expect(try KServe.request(Array(json.utf8) + bytes, of: plain).numbers(0) == [expected])
    }

    @Test("groups come from a column, else from the parameters, else from an extension of the event") func groups() throws {
        let fromColumn = try KServe.request(
            #"{"parameters":{"sex":"M"},"instances":[{"age":1,"sex":"F"},{"age":2}]}"#, ["Ce-Sex": "X"])
        #expect(fromColumn.groups[0][0] == "F" && fromColumn.groups[0][1] == "M")
        #expect(try KServe.request(#"{"instances":[[1,"car"]]}"#, ["Ce-Sex": "X"]).groups[0][0] == "X")
        #expect(try KServe.request(#"{"instances":[[1,2]]}"#, of: plain, ["Ce-Agegroup": "30 to 50"]).groups[0][0] == "30 to 50")
        #expect(try KServe.request(#"{"instances":[[1,"car"]]}"#).groups[0][0] == nil)
    }

    @Test("the configuration names the places of a row, and what to leave out") func columns() throws {
        var service = InferenceServices.Service("credit")
        service.columns = ["row_id", "sex", "age", "purpose"]
        service.ignored = ["row_id"]
        let batch = try KServe.request(#"{"instances":[[7,"F",41,"car"]]}"#, service: service)
        #expect(batch.numbers(0) == [41] && batch.levels(1) == ["car"] && batch.groups[0][0] == "F")
        #expect(try KServe.request(#"{"instances":[{"row_id":"z","age":41}]}"#, service: service).numbers(0) == [41])
    }

    @Test("the endpoint that served it is its variant") func variant() throws {
        #expect(try KServe.request(#"{"instances":[[1,"car"]]}"#, ["Ce-Endpoint": "canary"]).variants == ["canary"])
        #expect(try KServe.request(#"{"instances":[[1,"car"]]}"#).variants == [nil])
    }

    private static let unknown =
        "no feature and no sensitive attribute of credit 3 (expected age, purpose, sex): ignore it under kserve.services"

    @Test(
        "a malformed request says where and what was expected",
        arguments: [
            ("", "data: empty (content-type application/json), expected the JSON of an inference"),
            ("<x/>", "data: no JSON object (content-type application/json), expected the JSON of an inference"),
            (#"{"instances":[1,}"#, "data: not JSON: line 1, column 17: expected a value, got '}'"),
            ("{}", "data: no instances and no inputs, expected a request of protocol V1 or V2"),
            (#"{"instances":{}}"#, "data.instances: expected an array, got an object"),
            (#"{"instances":[]}"#, "data: no rows, expected at least one"),
            (#"{"instances":[[1]]}"#, "instances[0]: 1 values for 2 columns, expected age, purpose"),
            (#"{"instances":[[1,"a"],5]}"#, "instances[1]: 1 values for 2 columns, expected age, purpose"),
            (#"{"instances":[["x","a"]]}"#, "instances[0]: features.age: expected a number or null, got a string"),
            (#"{"instances":[[1,["a"]]]}"#, "instances[0]: features.purpose: expected a string or null, got an array"),
            (#"{"instances":[{"agee":1}]}"#, "instances[0].agee: \(unknown)"),
            (#"{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}"#, "inputs[0].name: missing, expected a string"),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP8","data":[1]}]}"#,
                "inputs[0] (age).datatype: \"FP8\", expected one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1,2,3],"datatype":"FP32","data":[1]}]}"#,
                "inputs[0] (age).shape: [1,2,3], expected [rows] or [rows, columns]"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[99999999999,99999999999],"datatype":"FP32","data":[1]}]}"#,
                "inputs[0] (age).shape: [99999999999,99999999999], expected [rows] or [rows, columns]"
            ),
            (
                #"{"inputs":[{"name":"age","datatype":"FP32","data":[1]}]}"#,
                "inputs[0] (age).shape: missing, expected [rows] or [rows, columns]"
            ),
            (#"{"inputs":[{"name":"age","shape":[2],"datatype":"FP32"}]}"#, "inputs[0] (age).data: missing, expected 2 values"),
            (
                #"{"inputs":[{"name":"age","shape":[2,2],"datatype":"FP32","data":[1,2,3]}]}"#,
                "inputs[0] (age).data: 3 values, expected 4 for shape [2, 2]"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"INT32","data":[1.5]}]}"#,
                "inputs[0] (age).data: value 0 is a number, expected a whole number for INT32"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP64","data":["x"]}]}"#,
                "inputs[0] (age).data: value 0 is a string, expected a number for FP64"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"BYTES","data":[1]}]}"#,
                "inputs[0] (age).data: value 0 is a number, expected a string for BYTES"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}"#,
                "inputs[0] (age): 4 bytes of binary data, but 0 are left behind the JSON object"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":2}}]}ab"#,
                "inputs[0] (age): 2 bytes of binary data, expected 4 for 1 values of FP32"
            ),
            (
                #"{"inputs":[{"name":"purpose","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":2}}]}ab"#,
                "inputs[0] (purpose): the binary data ends within a value"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","data":[1]}]}abc"#,
                "data: 3 bytes behind the last tensor's binary data"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","data":[1]},{"name":"purpose","shape":[2],"datatype":"BYTES","data":["a","b"]}]}"#,
                "inputs[1] (purpose): 2 rows, expected 1 as in age"
            ),
            (
                #"{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}]}"#,
                "inputs[0] (x): shape [2], expected [rows, 2], or a tensor for each feature"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","data":[1]},{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#,
                "inputs[1] (x): 2 columns without names, expected parameters.columns, or a tensor for each feature"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP32","data":[1]},{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"#,
                "inputs[1].x: \(unknown)"
            ),
            (
                #"{"inputs":[{"name":"age","shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"columns":"age"}}]}"#,
                "inputs[0] (age): 2 columns, but 1 names of columns"
            ),
        ])
    func malformed(body: String, expected: String) {
        #expect(KServe.fault { try KServe.request(body) } == expected)
    }
}
