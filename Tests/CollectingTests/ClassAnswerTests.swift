import Tables
import TestSupport
import Testing
import Vocabulary

@testable import Collecting

private let animal: RegisteredVersion = {
    var schema = FeatureSchema(features: [Feature(name: "age", kind: .numeric)], sensitive: ["sex"], task: .multiclass)
    schema.classes = ["cat", "dog", "7"]
    return Bench.version("animal", "1", 9, schema)
}()

private func record(_ members: String, id: String = "r1") -> String {
    #"{"model":"animal","version":"1","id":"\#(id)",\#(members)}"#
}

@Suite("Records of a model with several classes")
struct ClassAnswerTests {
    private let decoder = PredictionDecoder(limits: CollectorLimits(), now: Bench.now)

    private func decode(_ text: String) throws -> (batch: PredictionBatch?, errors: [String]) {
        let (batches, rejections) = decoder.decode(try Bench.body(text), versions: [animal.key: animal])
        return (batches.first?.batch, rejections.map(\.error))
    }

    @Test("scores by class give the predicted class and its score; a class that is left out has 0") func scores() throws {
        let (batch, errors) = try decode(record(#""score":{"dog":0.7,"cat":0.2}"#))
        #expect(errors.isEmpty)
        #expect(batch?.scores == [0.7] && batch?.predictions == [1] && batch?.classScores == [[0.2, 0.7, 0]])
        let list = try decode(record(#""score":[0.1,0.2,0.7]"#)).batch
        #expect(list?.scores == [0.7] && list?.predictions == [2] && list?.classScores == [[0.1, 0.2, 0.7]])
        let tied = try decode(record(#""score":{"7":0.5,"dog":0.5}"#)).batch
        #expect(tied?.predictions == [1])
    }

    @Test("a record's own prediction stays, and its score is that of this class") func ownPrediction() throws {
        let batch = try decode(record(#""score":{"dog":0.7,"cat":0.3},"prediction":"cat""#)).batch
        #expect(batch?.scores == [0.3] && batch?.predictions == [0] && batch?.classScores == [[0.3, 0.7, 0]])
    }

    @Test("a single number is the score of the prediction; a class may be a number") func number() throws {
        let batch = try decode(record(#""score":0.9,"prediction":7"#)).batch
        #expect(batch?.scores == [0.9] && batch?.predictions == [2] && batch?.classScores == [])
        #expect(try decode(record(#""prediction":"7.0""#)).batch?.predictions == [2])
        let bare = try decode(record(#""score":0.9"#)).batch
        #expect(bare?.scores == [0.9] && bare?.predictions.first?.isNaN == true)
        let empty = try decode(record(#""score":null,"prediction":null"#)).batch
        #expect(empty?.scores.first?.isNaN == true && empty?.predictions.first?.isNaN == true)
    }

    @Test(
        "what is wrong is said with its path",
        arguments: [
            (#""score":{"bird":0.5}"#, "score.bird: not a class of this version, expected one of cat, dog, 7"),
            (#""score":{"cat":-0.5}"#, "score.cat: expected a number of at least 0, got -0.5"),
            (#""score":{"cat":null}"#, "score.cat: expected a number of at least 0, got null"),
            (#""score":{"cat":"NaN"}"#, "score.cat: expected a number of at least 0, got a string"),
            (#""score":{}"#, "score: no class, expected one of cat, dog, 7"),
            (#""score":[0.5,0.5]"#, "score: 2 numbers, expected 3, one for each class"),
            (#""score":[0.5,0.5,-1]"#, "score[2]: expected a number of at least 0, got -1"),
            (#""score":-1"#, "score: expected a number of at least 0, got -1"),
            (#""score":"high""#, "score: expected a number, or an object of numbers by class, got a string"),
            (#""prediction":"bird""#, #"prediction: "bird", expected one of cat, dog, 7"#),
            (#""prediction":["cat"]"#, "prediction: expected one of cat, dog, 7, got an array"),
        ])
    func wrong(members: String, error: String) throws {
        let (batch, errors) = try decode(record(members))
        #expect(batch == nil && errors == [error])
    }

    @Test("the quick reader gives the same, to the record and to the word") func quickReader() throws {
        let lines = [
            #""score":{"dog":0.7},"features":{"age":3}"#, #""score":0.5"#, #""score":-0.5"#, #""prediction":"cat""#, #""prediction":7"#,
            #""features":{"age":1},"groups":{"sex":"F"}"#, #""score":[1,0,0],"prediction":"bird""#, #""score":"0.5""#,
        ].enumerated().map { record($1, id: "r\($0)") }
        for (text, isLines) in [(lines.joined(separator: "\n"), true), ("[" + lines.joined(separator: ",") + "]", false)] {
            var versions = PredictionReader.Versions()
            versions.known[animal.key] = animal
            let body = try RequestBody(Array(text.utf8), isLines: isLines, limits: CollectorLimits())
            let expected = decoder.decode(body, versions: [animal.key: animal])
            guard
                case .batches(let batches, let rejections) = try PredictionReader(Array(text.utf8), isLines: isLines, decoder: decoder)
                    .read(versions)
            else { Issue.record("expected batches"); return }
            #expect(rejections == expected.rejections && rejections.count == 3)
            let (a, b) = (try #require(batches.first?.batch), try #require(expected.batches.first?.batch))
            #expect(a.ids == b.ids && a.classScores == b.classScores)
            #expect(a.predictions.map(\.bitPattern) == b.predictions.map(\.bitPattern))
            #expect(a.scores.map(\.bitPattern) == b.scores.map(\.bitPattern))
        }
    }

    @Test("a label is one of the classes") func labels() throws {
        func decode(_ label: String) throws -> (labels: [Double], errors: [String]) {
            let body = try Bench.body(#"{"model":"animal","id":"r1","label":\#(label)}"#)
            let (batches, rejections) = LabelDecoder(limits: CollectorLimits(), now: Bench.now).decode(
                body, schemas: ["animal": animal.schema])
            return (batches.first?.batch.labels ?? [], rejections.map(\.error))
        }
        #expect(try decode(#""dog""#).labels == [1])
        #expect(try decode("7").labels == [2])
        #expect(try decode(#""bird""#).errors == [#"label: "bird", expected one of cat, dog, 7"#])
        #expect(try decode("null").errors == ["label: missing, expected one of cat, dog, 7"])
    }

    @Test("the rows of a batch keep their scores when they are picked, joined and spooled") func rows() throws {
        let text = "[" + record(#""score":{"dog":1}"#) + "," + record(#""score":0.5,"prediction":"cat""#, id: "r2") + "]"
        let batch = try #require(try decode(text).batch)
        #expect(batch.classScores == [[0, 1, 0], []])
        #expect(batch.rows(at: [1, 0]).classScores == [[], [0, 1, 0]])
        var joined = batch.rows(at: [1])
        joined.classScores = []
        joined.append(batch)
        #expect(joined.classScores == [[], [0, 1, 0], []])
        let write = SpooledWrite.predictions(SpooledPredictions(PredictionWrite(version: animal, batch: batch, key: nil)))
        guard case .predictions(let back) = try SpooledWrite(decoding: write.encoded()[...]) else {
            Issue.record("expected predictions"); return
        }
        #expect(back.batch.classScores == batch.classScores && back.batch.predictions == batch.predictions)
    }

    @Test("columns of a file: a score column for each class, and classes as words") func table() throws {
        let text = "age,sex,a,b,guess,truth\n1,F,0.2,0.8,,dog\n2,M,,,cat,cat\n3,F,0.5,,,7\n"
        let table = try CSVTable(Array(text.utf8), file: "f.csv")
        var mapping = TableMapping(label: "truth", prediction: "guess", sensitive: ["sex"])
        mapping.scores = ["cat": "a", "dog": "b"]
        let batch = try mapping.batch(table, schema: animal.schema, fallbackTime: Bench.now)
        #expect(batch.predictions == [1, 0, 0] && batch.classScores == [[0.2, 0.8, 0], [], [0.5, 0, 0]])
        #expect(batch.scores[0] == 0.8 && batch.scores[1].isNaN && batch.scores[2] == 0.5)
        #expect(try mapping.labels(table, schema: animal.schema) == [1, 0, 2])
        var base = FeatureSchema(features: [], task: .multiclass)
        #expect(try SchemaInference(table, mapping: mapping, base: base).schema.classes == ["7", "cat", "dog"])
        base.classes = ["dog", "cat"]
        #expect(try SchemaInference(table, mapping: mapping, base: base).schema.classes == ["dog", "cat"])
        let bad = try CSVTable(Array("age,sex,a,b,guess,truth\n1,F,-1,0.8,,bird\n".utf8), file: "f.csv")
        #expect(throws: TableError.self) { try mapping.batch(bad, schema: animal.schema, fallbackTime: Bench.now) }
        let error = #expect(throws: TableError.self) { try mapping.labels(bad, schema: animal.schema) }
        #expect(error?.description == #"f.csv:2:6: "bird" in truth, expected one of cat, dog, 7"#)
    }
}

@Suite("Responses of a model with several classes")
struct ClassResponseTests {
    private func read(_ body: String) throws -> ResponseHalf {
        let event = try KServe.event(KServe.responseType, Array(body.utf8))
        return try ResponseRows(schema: animal.schema, service: InferenceServices.Service("animal")).read(event)
    }

    @Test(
        "probabilities as lists, as objects, or classes",
        arguments: [
            #"{"predictions":[[0.1,0.7,0.2],[0.5,0.3,0.2]]}"#,
            #"{"predictions":[{"cat":0.1,"dog":0.7,"7":0.2},{"cat":0.5,"dog":0.3,"7":0.2}]}"#,
            #"{"outputs":[{"name":"proba","datatype":"FP64","shape":[2,3],"data":[0.1,0.7,0.2,0.5,0.3,0.2]}]}"#,
        ])
    func forms(body: String) throws {
        let half = try read(body)
        #expect(half.scores == [0.7, 0.5] && half.predictions == [1, 0])
        #expect(half.classScores == [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    }

    @Test("classes alone, and what is no class") func classes() throws {
        let half = try read(#"{"predictions":["dog",7]}"#)
        #expect(half.predictions == [1, 2] && half.classScores == [] && half.scores.allSatisfy(\.isNaN))
        #expect(throws: RecordError.self) { try read(#"{"predictions":["bird"]}"#) }
        #expect(throws: RecordError.self) { try read(#"{"predictions":[[0.5,0.5]]}"#) }
    }
}
