import Tables
import TestSupport
import Testing
import Vocabulary

@testable import Collecting

private let search: RegisteredVersion = {
    var schema = FeatureSchema(
        features: [
            Feature(name: "age", kind: .numeric), Feature(name: "embedding", kind: .vector, dimension: 3),
            Feature(name: "purpose", kind: .categorical),
        ])
    schema.dropped = ["secret"]
    return Bench.version("search", "1", 8, schema)
}()

@Suite("Vectors as features")
struct VectorTests {
    private let decoder = PredictionDecoder(limits: CollectorLimits(), now: Bench.now)
    private func record(_ features: String, id: String = "r1") -> String {
        #"{"model":"search","version":"1","id":"\#(id)","features":{\#(features)}}"#
    }
    private func vectors(_ batch: PredictionBatch?) -> [[Double]?] {
        guard case .vector(let column)? = batch?.features[1] else { return [] }
        return (0..<column.count).map { column.isMissing($0) ? nil : Array(column[$0]) }
    }

    @Test("arrays of the declared length become rows; null and nothing are missing") func rows() throws {
        let text =
            "["
            + [#""embedding":[1,-2.5,0]"#, #""embedding":null"#, #""age":3"#, #""embedding":[4,5,6],"secret":[1,2]"#].enumerated()
            .map { record($1, id: "r\($0)") }.joined(separator: ",") + "]"
        let (batches, rejections) = decoder.decode(try Bench.body(text), versions: [search.key: search])
        #expect(rejections.isEmpty && vectors(batches.first?.batch) == [[1, -2.5, 0], nil, nil, [4, 5, 6]])
        for isLines in [false, true] {
            var versions = PredictionReader.Versions()
            versions.known[search.key] = search
            let body = isLines ? String(text.dropFirst().dropLast()).replacing("},{\"m", with: "}\n{\"m") : text
            guard
                case .batches(let quick, _) = try PredictionReader(Array(body.utf8), isLines: isLines, decoder: decoder).read(versions)
            else { Issue.record("expected batches"); return }
            #expect(vectors(quick.first?.batch) == [[1, -2.5, 0], nil, nil, [4, 5, 6]])
        }
        let batch = try #require(batches.first?.batch)
        #expect(vectors(batch.rows(at: [3, 1])) == [[4, 5, 6], nil])
        var joined = batch
        joined.append(batch.rows(at: [0]))
        #expect(vectors(joined).count == 5)
        let write = SpooledWrite.predictions(SpooledPredictions(PredictionWrite(version: search, batch: batch, key: nil)))
        guard case .predictions(let back) = try SpooledWrite(decoding: write.encoded()[...]) else {
            Issue.record("expected predictions"); return
        }
        #expect(vectors(back.batch) == vectors(batch) && back.fits(search))
        var other = search
        other.schema.features[1].dimension = 4
        #expect(!back.fits(other))
    }

    @Test(
        "what is wrong is said with its path",
        arguments: [
            ("[1,2]", "features.embedding: 2 numbers, expected 3"),
            ("[1,null,3]", "features.embedding[1]: expected a number, got null"),
            (#"[1,2,"3"]"#, "features.embedding[2]: expected a number, got a string"),
            ("7", "features.embedding: expected an array of 3 numbers or null, got a number"),
        ])
    func wrong(value: String, error: String) throws {
        let (batches, rejections) = decoder.decode(try Bench.body(record(#""embedding":\#(value)"#)), versions: [search.key: search])
        #expect(batches.isEmpty && rejections.map(\.error) == [error])
    }

    @Test("an inference's request has them by name, in an instance or as a tensor of their own") func kserve() throws {
        let bodies = [
            #"{"instances":[{"age":1,"embedding":[1,2,3],"purpose":"car"},{"age":2}]}"#,
            #"{"inputs":[{"name":"age","shape":[2],"datatype":"FP32","data":[1,2]},{"name":"embedding","shape":[2,3],"datatype":"FP64","data":[1,2,3,4,5,6]}]}"#,
        ]
        let read = try bodies.map { vectors(try KServe.request($0, service: .init("search"), of: search)) }
        #expect(read == [[[1, 2, 3], nil], [[1, 2, 3], [4, 5, 6]]])
    }

    @Test("files have them as JSON arrays or as a column for each coordinate; a bad cell is named") func files() throws {
        let one = try CSVTable(Array("age,embedding,purpose\n1,\"[1,2,3]\",car\n2,,home\n".utf8), file: "f.csv")
        let batch = try TableMapping().batch(one, schema: search.schema, fallbackTime: Bench.now)
        #expect(vectors(batch) == [[1, 2, 3], nil])
        let three = try CSVTable(Array("age,embedding.0,embedding.1,embedding.2,purpose\n1,1,2,3,car\n2,,,,home\n".utf8), file: "f.csv")
        #expect(vectors(try TableMapping().batch(three, schema: search.schema, fallbackTime: Bench.now)) == [[1, 2, 3], nil])
        for (text, message) in [
            ("age,embedding,purpose\n1,\"[1,2]\",car\n", "f.csv:2:2: embedding: 2 numbers, expected 3"),
            ("age,embedding,purpose\n1,soft,car\n", "f.csv:2:2: no JSON array in embedding, expected 3 numbers"),
            (
                "age,embedding.0,embedding.1,embedding.2,purpose\n1,1,,3,car\n",
                "f.csv:2:3: nan in embedding.1, expected a finite number, or none in the whole vector"
            ),
        ] {
            let table = try CSVTable(Array(text.utf8), file: "f.csv")
            let error = #expect(throws: TableError.self) {
                try TableMapping().batch(table, schema: search.schema, fallbackTime: Bench.now)
            }
            #expect(error?.description == message)
        }
    }

    @Test("a schema is read off a file with declared vectors, also of one that is thrown away") func inference() throws {
        let table = try CSVTable(Array("age,e.0,e.1,purpose,f\n1,1,2,car,\"[1,2,3]\"\n2,3,4,home,\n".utf8), file: "f.csv")
        let base = FeatureSchema(features: [])
        let found = try SchemaInference(table, mapping: TableMapping(), base: base, vectors: ["e": 2, "f": 3])
        #expect(found.schema.features.map(\.name) == ["age", "e", "purpose", "f"] && found.schema.offsets == [0, 1, 3, 4])
        #expect(found.columns.map(\.role) == ["numeric", "vector of 2", "categorical", "vector of 3"])
        #expect(FeatureSchema(json: found.schema.json) == found.schema)
        let dropped = try SchemaInference(table, mapping: TableMapping(), base: base, dropped: ["e"], vectors: ["e": 2, "f": 3])
        #expect(dropped.schema.features.map(\.name) == ["age", "purpose", "f"] && dropped.schema.dropped == ["e"])
        #expect(throws: TableError.self) { try SchemaInference(table, mapping: TableMapping(), base: base, vectors: ["e": 3]) }
    }
}
