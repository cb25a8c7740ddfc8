import Collecting
import Tables
import Testing
import Vocabulary

@Suite("A file's rows become a batch by a mapping of its columns")
struct TableMappingTests {
    private let schema = FeatureSchema(
        features: [Feature(name: "age", kind: .numeric), Feature(name: "city", kind: .categorical)], sensitive: ["sex"])
    private let text = """
        rid,when,age,city,sex,p,decision,y
        a,2026-05-01T00:00:00Z,37,Oslo,F,0.25,0,1
        b,1780000000000,,NA,,inf,1,0
        c,,-inf,Lima,M,,,
        """
    private let mapping = TableMapping(id: "rid", timestamp: "when", label: "y", score: "p", prediction: "decision", sensitive: ["sex"])

    private func refusal(_ text: String, _ mapping: TableMapping, _ schema: FeatureSchema? = nil) -> String {
        do throws(TableError) {
            _ = try mapping.batch(try table(text), schema: schema ?? self.schema, fallbackTime: Bench.now)
            return "taken"
        } catch { return error.description }
    }

    @Test("every mapped column has its place, row by row")
    func columns() throws {
        let batch = try mapping.batch(try table(text), schema: schema, fallbackTime: Bench.now)
        #expect(batch.count == 3)
        #expect(batch.ids == ["a", "b", "c"])
        #expect(batch.timestamps == [Timestamp(rfc3339: "2026-05-01T00:00:00Z"), Timestamp(seconds: 1_780_000_000), Bench.now])
        #expect(batch.numbers(0)[0] == 37 && batch.numbers(0)[1].isNaN && batch.numbers(0)[2] == -.infinity)
        #expect(batch.levels(1) == ["Oslo", nil, "Lima"])
        #expect((0..<3).map { batch.groups[0][$0] } == ["F", nil, "M"])
        #expect(batch.scores[0] == 0.25 && batch.scores[1] == .infinity && batch.scores[2].isNaN)
        #expect(batch.predictions[0] == 0 && batch.predictions[1] == 1 && batch.predictions[2].isNaN)
        #expect(batch.errors == [nil, nil, nil] && batch.variants == [nil, nil, nil])
    }

    @Test("labels are 1 for the positive one, 0 for the others, NaN where there is none")
    func labels() throws {
        let log = try table(text)
        let labels = try mapping.labels(log, schema: schema)
        #expect(labels[0] == 1 && labels[1] == 0 && labels[2].isNaN)
        #expect(try TableMapping().labels(log, schema: schema).allSatisfy(\.isNaN))
        #expect(try TableMapping().labels(log, schema: schema).count == 3)
    }

    @Test(
        "what is neither is refused with its place; true and false are 1 and 0; words stand against one another",
        arguments: [
            ("1", "0,1.0,true,False", [0, 1, 1, 0]), ("true", "1,0,true", [1, 0, 1]), ("yes", "yes,no,maybe", [1, 0, 0]),
            ("1", "0,7", nil), ("1", "yes", nil), ("0", "1,0,2", nil), ("2", "2,1,3", [1, 0, 0]),
        ] as [(String, String, [Double]?)])
    func outcomes(positive: String, cells: String, expected: [Double]?) throws {
        var schema = schema
        schema.positiveLabel = positive
        let log = try table("y,n\n" + cells.split(separator: ",").map { "\($0),1\n" }.joined())
        if let expected {
            #expect(try TableMapping(label: "y").labels(log, schema: schema) == expected)
        } else {
            let error = #expect(throws: TableError.self) { try TableMapping(label: "y").labels(log, schema: schema) }
            #expect(error?.description.contains("in y, expected 0 or 1") == true, "\(error?.description ?? "")")
        }
    }

    @Test("without an id column a row is named by its file and line, without a time it has the fallback")
    func defaults() throws {
        let batch = try TableMapping(sensitive: ["sex"]).batch(
            try table("age,city,sex\n1,x,F\n\n2,y,M\n"), schema: schema, fallbackTime: Bench.now)
        #expect(batch.ids == ["ref.csv:2", "ref.csv:4"])
        #expect(batch.timestamps == [Bench.now, Bench.now])
        #expect(batch.scores.allSatisfy(\.isNaN) && batch.predictions.allSatisfy(\.isNaN))
    }

    @Test("the columns that are taken are no features")
    func taken() {
        #expect(mapping.taken == ["rid", "when", "y", "p", "decision", "sex"])
        #expect(TableMapping().taken.isEmpty)
    }

    @Test("a cell of the wrong kind is refused with file, line and column")
    func wrongCells() {
        #expect(refusal("age,city,sex\n1,x,F\nold,y,M\n", TableMapping()) == "ref.csv:3:1: \"old\" in age, expected a number")
        #expect(refusal("age,city,sex,p\n1,x,F,high\n", TableMapping(score: "p")) == "ref.csv:2:4: \"high\" in p, expected a number")
        #expect(
            refusal("age,city,sex,t\n1,x,F,noon\n", TableMapping(timestamp: "t"))
                == "ref.csv:2:4: \"noon\" in t, expected RFC 3339 or epoch milliseconds")
        #expect(
            refusal("age,city,sex,t\n1,x,F,1.5e12\n", TableMapping(timestamp: "t"))
                == "ref.csv:2:4: \"1.5e12\" in t, expected RFC 3339 or epoch milliseconds")
    }

    @Test("a row without its id is refused where the id should be")
    func noID() {
        #expect(refusal("age,city,sex,rid\n1,x,F,a\n2,y,M,\n", TableMapping(id: "rid")).hasPrefix("ref.csv:3:4: no id in rid"))
    }

    @Test("a column that is not in the file is refused with those that are")
    func absent() {
        #expect(refusal("age,city\n1,x\n", TableMapping()) == "ref.csv:1:1: no column sex, expected one of age, city")
        #expect(refusal("age,city,sex\n1,x,F\n", TableMapping(id: "rid")) == "ref.csv:1:1: no column rid, expected one of age, city, sex")
        #expect(
            refusal("age,city,sex\n1,x,F\n", TableMapping(timestamp: "t")) == "ref.csv:1:1: no column t, expected one of age, city, sex")
    }

    /// In a process of its own, because it trapped.
    @Test("a time beyond what can be held is refused; it does not end the program")
    func hugeTime() async {
        await #expect(processExitsWith: .success) {
            for text in ["9223372036854775807", "-9223372036854775808"] {
                let log = try CSVTable(Array("t\n\(text)\n".utf8), file: "ref.csv")
                do {
                    _ = try TableMapping(timestamp: "t").batch(
                        log, schema: FeatureSchema(features: []), fallbackTime: Timestamp(seconds: 0))
                    fatalError("taken")
                } catch is TableError {}
            }
        }
    }

    @Test("a regression's predictions and labels are numbers")
    func regression() throws {
        let schema = FeatureSchema(features: [], task: .regression)
        let mapping = TableMapping(label: "y", prediction: "yhat")
        let log = try table("yhat,y\n1.5,2\n-3,\n")
        #expect(try mapping.batch(log, schema: schema, fallbackTime: Bench.now).predictions == [1.5, -3])
        #expect(try mapping.labels(log, schema: schema)[0] == 2)
        #expect(refusal("yhat,y\nlow,2\n", mapping, schema) == "ref.csv:2:1: \"low\" in yhat, expected a number")
    }

    @Test("a positive label may be written in any form of the same number, or be a word")
    func positiveLabel() throws {
        func labels(_ column: String, positive: String) throws -> [Double] {
            var schema = self.schema
            schema.positiveLabel = positive
            return try TableMapping(label: "y").labels(try table("y\n" + column), schema: schema)
        }
        #expect(try labels("1\n1.0\n01\n0\n", positive: "1") == [1, 1, 1, 0])
        #expect(try labels("yes\nno\nYes\n", positive: "yes") == [1, 0, 0])
        #expect(try labels("2\n1\n", positive: "2") == [1, 0])
        #expect(try labels("0\n1\n", positive: "0") == [1, 0])
    }

    /// Goal: the reference is read from a file, live labels come as JSON; both must agree on what is positive.
    @Test(
        "a label means the same in a file and in a request",
        arguments: [
            ("1", "1"), ("1", "0"), ("2", "1"), ("2", "2"), ("2", "3"), ("0", "0"), ("0", "1"), ("yes", "yes"), ("yes", "no"), ("-1", "1"),
        ])
    func fileAndRequest(positive: String, value: String) throws {
        let schema = FeatureSchema(features: [], positiveLabel: positive)
        let fromFile = try TableMapping(label: "y").labels(try table("y\n\(value)\n"), schema: schema)
        let decoder = LabelDecoder(limits: CollectorLimits(), now: Bench.now)
        let json = Double(value) == nil ? "\"\(value)\"" : value
        for json in [json, "\"\(value)\""] {
            let body = try Bench.body(#"{"model":"m","id":"a","label":\#(json)}"#)
            #expect(
                decoder.decode(body, schemas: ["m": schema]).batches.first?.batch.labels == fromFile, "label \(json), positive \(positive)")
        }
    }
}
