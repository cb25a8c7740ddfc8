import Collecting
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("A schema is read off a reference file")
struct SchemaInferenceTests {
    private let text = """
        rid,when,age,city,sex,note,p,y
        a,2026-05-01T00:00:00Z,37,Oslo,F,,0.25,1
        b,2026-05-02T00:00:00Z,41,Lima,M,,0.5,0
        """
    private let mapping = TableMapping(id: "rid", timestamp: "when", label: "y", score: "p", sensitive: ["sex"])
    private let base = FeatureSchema(features: [Feature(name: "old", kind: .numeric)], sensitive: ["old"], threshold: 0.7, currency: "EUR")

    private func roles(_ inference: SchemaInference) -> [String] { inference.columns.map { "\($0.name): \($0.role)" } }

    @Test("every column is a feature, a role, or not watched, and the answer says which")
    func columns() throws {
        let inference = try SchemaInference(try table(text), mapping: mapping, base: base)
        #expect(
            roles(inference) == [
                "rid: id", "when: timestamp", "age: numeric", "city: categorical", "sex: sensitive", "note: not watched: empty", "p: score",
                "y: label",
            ])
        #expect(inference.schema.features == [Feature(name: "age", kind: .numeric), Feature(name: "city", kind: .categorical)])
        #expect(inference.schema.sensitive == ["sex"])
    }

    @Test("what is not in the file comes from the base")
    func fromTheBase() throws {
        let schema = try SchemaInference(try table(text), mapping: mapping, base: base).schema
        #expect(schema.threshold == 0.7 && schema.currency == "EUR" && schema.task == .binary)
    }

    @Test("a declared kind wins over the inferred one")
    func declared() throws {
        let inference = try SchemaInference(
            try table("zip,note,when\n1234,,2026-05-01\n5678,,2026-05-02\n"), mapping: TableMapping(), base: base,
            declared: ["zip": .categorical, "note": .numeric, "when": .categorical])
        #expect(roles(inference) == ["zip: categorical (declared)", "note: numeric (declared)", "when: categorical (declared)"])
        #expect(inference.schema.features.map(\.kind) == [.categorical, .numeric, .categorical])
    }

    @Test("ignored columns are left out")
    func ignored() throws {
        let inference = try SchemaInference(try table(text), mapping: mapping, base: base, ignored: ["city", "note"])
        #expect(inference.schema.features.map(\.name) == ["age"])
        #expect(roles(inference).contains("city: ignored"))
        #expect(roles(inference).contains("note: ignored"))
    }

    @Test("when features are named, only they are taken, even a column that looks like a name of the row")
    func named() throws {
        let rows = (0..<60).map { "key\($0),\($0),x" }.joined(separator: "\n")
        let log = try table("key,n,c\n" + rows)
        #expect(
            roles(try SchemaInference(log, mapping: TableMapping(), base: base)) == [
                "key: not watched: identifier", "n: numeric", "c: categorical",
            ])
        let inference = try SchemaInference(log, mapping: TableMapping(), base: base, features: ["key", "n"])
        #expect(inference.schema.features == [Feature(name: "key", kind: .categorical), Feature(name: "n", kind: .numeric)])
        #expect(roles(inference).last == "c: ignored")
    }

    @Test("a column that is not in the file is refused, wherever it is named")
    func absent() throws {
        let log = try table("a,b\n1,2\n")
        let expected = TableError(file: "ref.csv", line: 1, message: "no column z, expected one of a, b")
        #expect(throws: expected) { try SchemaInference(log, mapping: TableMapping(score: "z"), base: base) }
        #expect(throws: expected) { try SchemaInference(log, mapping: TableMapping(sensitive: ["z"]), base: base) }
        #expect(throws: expected) { try SchemaInference(log, mapping: TableMapping(), base: base, declared: ["z": .numeric]) }
        #expect(throws: expected) { try SchemaInference(log, mapping: TableMapping(), base: base, ignored: ["z"]) }
        #expect(throws: expected) { try SchemaInference(log, mapping: TableMapping(), base: base, features: ["z"]) }
    }

    @Test("a column declared numeric that holds text is refused at the cell")
    func declaredText() throws {
        let log = try table("a,b\n1,2\n1,low\n")
        #expect(throws: TableError(file: "ref.csv", line: 3, column: 2, message: "\"low\" in b, expected a number")) {
            try SchemaInference(log, mapping: TableMapping(), base: base, declared: ["b": .numeric])
        }
    }

    @Test("the schema of a real file", .enabled(if: SharedFiles.isPresent))
    func realFile() throws {
        let log = try CSVTable(try SharedFiles.bytes("data/compas.csv"), file: "compas.csv")
        let mapping = TableMapping(
            id: "request_id", timestamp: "timestamp", label: "label", score: "score", prediction: "prediction", sensitive: ["sex", "race"])
        let inference = try SchemaInference(log, mapping: mapping, base: base, ignored: ["propublica_keep"])
        let kinds = Dictionary(uniqueKeysWithValues: inference.schema.features.map { ($0.name, $0.kind) })
        #expect(kinds["age"] == .numeric && kinds["age_cat"] == .categorical && kinds["c_charge_degree"] == .categorical)
        #expect(kinds["label_time"] == nil && kinds["race"] == nil && kinds["propublica_keep"] == nil)
        #expect(inference.schema.problems.isEmpty)
        let batch = try mapping.batch(log, schema: inference.schema, fallbackTime: Bench.now)
        #expect(batch.count == 7214)
        #expect(batch.groups[1].levels.count == 6)
        // Two of five reoffended within two years: 3,251 of 7,214 labels are 1.
        #expect(try mapping.labels(log, schema: inference.schema).count { $0 == 1 } == 3251)
    }
}
