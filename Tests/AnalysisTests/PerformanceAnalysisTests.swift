import Analysis
import Tables
import TestSupport
import Testing
import Vocabulary

private func frame(_ text: String, file: String = "t.csv") throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: file)) }

private func performance(_ text: String, _ change: (inout PerformanceOptions) throws -> Void) throws -> JSON {
    var options = PerformanceOptions(label: "y")
    try change(&options)
    return try PerformanceAnalysis(try frame(text), options).report.json
}

@Suite("evenkeel performance")
struct PerformanceAnalysisTests {
    @Test("a prediction is score ≥ threshold, unless it is given")
    func threshold() throws {
        let text = "y,p,d\n1,0.6,0\n0,0.5,1\n1,0.2,1\n0,0.1,0\n"
        let byScore = try performance(text) { $0.score = "p" }
        #expect(byScore["confusion"] == .object(["tp": 1, "fp": 1, "fn": 1, "tn": 1]))
        let given = try performance(text) { ($0.score, $0.prediction) = ("p", "d") }
        #expect(given["confusion"]?["fn"]?.intValue == 1 && given["metrics"]?["roc_auc"]?["value"]?.doubleValue == 0.75)
        let alone = try performance(text) { $0.prediction = "d" }
        #expect(alone["metrics"]?["roc_auc"]?["value"] == .null)
        #expect(alone["metrics"]?["roc_auc"]?["why"]?.stringValue == "no score was given")
    }

    @Test("the task is taken from the columns when nobody says")
    func task() throws {
        let regression = try performance("y,p\n1.5,2\n2,2.5\n") { $0.prediction = "p" }
        let classes = try performance("y,p\na,b\nb,b\nc,a\n") { $0.prediction = "p" }
        #expect(regression["task"]?.stringValue == "regression" && classes["task"]?.stringValue == "multiclass")
        #expect(classes["classes"]?.arrayValue?.compactMap(\.stringValue) == ["a", "b", "c"])
        #expect(classes["per_class"]?.arrayValue?[2]["precision"] == .null)
        #expect(try performance("y,p\n1,0\n0,0\n") { $0.prediction = "p" }["task"]?.stringValue == "binary")
    }

    @Test("words are labels too, with --positive")
    func positive() throws {
        let text = "y,p\nyes,0.9\nno,0.1\n"
        #expect(throws: TableError.self) { try performance(text) { $0.score = "p" } }
        let json = try performance(text) { ($0.score, $0.positive) = ("p", "yes") }
        #expect(json["metrics"]?["accuracy"]?["value"]?.doubleValue == 1)
        #expect(try performance("y,p\n1.0,0.9\n0.0,0.1\n") { $0.score = "p" }["confusion"]?["tp"]?.intValue == 1)
        #expect(try performance("y,p\nTrue,0.9\nFalse,0.1\n") { $0.score = "p" }["confusion"]?["tp"]?.intValue == 1)
    }

    @Test("no usable row, or no weight, is no result")
    func empty() throws {
        #expect(throws: AnalysisError("t.csv: no row has a value in each of y, p, expected at least one of 2")) {
            try performance("y,p\n,0.9\n1,\n") { $0.score = "p" }
        }
        #expect(throws: AnalysisError("t.csv: no rows, expected at least one")) { try performance("y,p\n") { $0.score = "p" } }
        #expect(throws: AnalysisError("t.csv: every weight in w is 0, expected some above 0")) {
            try performance("y,p,w\n1,0.9,0\n0,0.2,0\n") { ($0.score, $0.weights) = ("p", "w") }
        }
    }

    @Test("chunks: the reference's first, thresholds are mean ∓ 3 population standard deviations within the range")
    func chunks() throws {
        func rows(_ right: [Int]) -> String {
            "y,p\n" + right.map { count in (0..<10).map { $0 < count ? "1,1\n" : "1,0\n" }.joined() }.joined()
        }
        let reference = try frame(rows([8, 9, 8, 9]), file: "r.csv")
        let json = try performance(rows([8, 2]) + "0,0\n,1\n") {
            ($0.prediction, $0.chunking, $0.reference) = ("p", .size(10), reference)
        }
        let chunks = try #require(json["chunks"]?.arrayValue)
        #expect(
            chunks.map { $0["period"]?.stringValue } == [
                "reference", "reference", "reference", "reference", "analysis", "analysis", "analysis",
            ])
        #expect(chunks.map { $0["alerts"]?["accuracy"]?.boolValue } == [false, false, false, false, false, true, false])
        #expect(isNear(chunks[0]["lower_threshold"]?["accuracy"]?.doubleValue ?? .nan, 0.85 - 0.15))
        #expect(chunks[0]["upper_threshold"]?["accuracy"]?.doubleValue == 1)
        #expect(isNear(chunks[4]["sampling_error"]?["accuracy"]?.doubleValue ?? .nan, (0.85 * 0.15 / 10).squareRoot()))
        #expect(chunks[6]["label_missing"]?.doubleValue == 0.5 && chunks[6]["start"]?.intValue == 20 && chunks[6]["end"]?.intValue == 21)
        #expect(
            chunks[6]["realized"]?["recall"] == .null
                && chunks[6]["realized"]?["why"]?.stringValue?.contains("no label is positive") == true)
    }

    @Test("label events: the last one known counts; orphans, repeats and corrections are counted")
    func labelEvents() throws {
        let events = try frame(
            """
            id,y,at
            a,1,2026-01-02T00:00:00Z
            b,0,2026-01-02T00:00:00Z
            a,0,2026-01-03T00:00:00Z
            b,0,2026-01-03T00:00:00Z
            z,1,2026-01-03T00:00:00Z
            z,1,2026-01-03T00:00:00Z
            ,1,2026-01-03T00:00:00Z
            c,1,2026-01-09T00:00:00Z

            """, file: "e.csv")
        let json = try performance("id,d,t\na,0,2026-01-01\nb,1,2026-01-01\nc,1,2026-01-02\nd,1,2026-01-08\n") {
            ($0.prediction, $0.task, $0.id, $0.timestamp, $0.labelEvents) = ("d", .binary, "id", "t", events)
            ($0.asOf, $0.labelTimestamp) = ("2026-01-05T00:00:00Z", "at")
        }
        let wanted: JSON = .object([
            "events": 6, "labelled": 2, "unlabelled": 2, "unlabelled_due": 1, "orphans": 1, "resent": 2, "corrected": 1, "incomplete": 1,
            "positives": 0,
        ])
        #expect(json["labels"] == wanted)
        #expect(json["metrics"]?["accuracy"]?["value"]?.doubleValue == 0.5)
    }

    @Test("names of rows are no classes")
    func tooMany() throws {
        let text = "y,p\n" + (0..<1001).map { "a\($0),a\($0)\n" }.joined()
        #expect(throws: AnalysisError("t.csv: 1001 classes in y, expected at most 1000")) { try performance(text) { $0.prediction = "p" } }
    }

    @Test("options that do not go together are said")
    func usage() throws {
        let text = "y,p\n1,0.9\n0,0.1\n"
        #expect(throws: AnalysisError.self) { try performance(text) { _ in } }
        #expect(throws: AnalysisError.self) { try performance(text) { ($0.score, $0.maxFPR) = ("p", 0) } }
        #expect(throws: AnalysisError.self) { try performance(text) { ($0.score, $0.reference) = ("p", try frame(text)) } }
        #expect(throws: AnalysisError.self) { try performance(text) { ($0.score, $0.labelEvents) = ("p", try frame(text)) } }
        #expect(throws: AnalysisError.self) { try performance(text) { ($0.score, $0.task) = ("p", .regression) } }
        #expect(throws: TableError.self) { try performance("y,p\na,a\nd,b\n") { ($0.prediction, $0.classes) = ("p", ["a", "b"]) } }
        #expect(throws: AnalysisError("--scores x, expected CLASS=column")) { try ClassScore.list(["x"]) }
    }
}
