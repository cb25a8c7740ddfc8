import Analysis
import Tables
import TestSupport
import Testing
import Vocabulary

private func slices(_ text: String, _ change: (inout SliceOptions) -> Void = { _ in }) throws -> JSON {
    var outcome = PerformanceOptions(label: "y")
    outcome.score = "p"
    var options = SliceOptions(outcome)
    change(&options)
    return try SliceAnalysis(Frame(try CSVTable(Array(text.utf8), file: "t.csv")), options).report.json
}

/// 1,200 rows; wrong in half of those of older people with a car, else in one of ten.
private let loans: String = {
    var random = Seeded(12)
    var text = "id,y,p,age,purpose,when\n"
    for i in 0..<1200 {
        let (age, purpose) = (20 + i % 50, ["car", "home", ""][i / 50 % 3])
        let isWrong = random.uniform() < (age >= 60 && purpose == "car" ? 0.5 : 0.1)
        let label = i % 2
        text += "r\(i),\(label),\((label == 1) != isWrong ? 0.9 : 0.2),\(age),\(purpose),2026-01-01T00:00:00Z\n"
    }
    return text
}()

@Suite("evenkeel slices") struct SliceAnalysisTests {
    @Test("the slice that is worst comes first, as words and as the rule of a segment") func worst() throws {
        let json = try slices(loans)
        #expect(json["verdict"]?.stringValue == "worse" && json["metric"]?.stringValue == "error" && json["n"]?.intValue == 1200)
        #expect(json["columns"]?.arrayValue == ["age", "purpose"])
        let worst = json["slices"]?.arrayValue?.first
        #expect(worst?["where"] == .object(["age": "> 59", "purpose": "car"]) && worst?["verdict"]?.stringValue == "worse")
        #expect(json["why"]?.stringValue?.hasPrefix("age > 59, purpose = car: error 0.") == true)
        let interval = worst?["interval"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        #expect(interval.count == 2 && interval[0] > 0.1 && interval[0] < 0.4 && interval[1] > 0.4)
    }

    @Test("each metric has its loss, its rows and its task") func metrics() throws {
        func loss(_ metric: SliceOptions.Metric) throws -> (Double?, Int64?) {
            let json = try slices("y,p,a\n1,0.5,x\n1,0.25,x\n0,0.75,x\n0,0.25,x\n") { ($0.metric, $0.columns) = (metric, ["a"]) }
            return (json["loss"]?.doubleValue, json["n"]?.intValue)
        }
        #expect(try loss(.error) == (0.5, 4))
        #expect(try loss(.falsePositive) == (0.5, 2))
        #expect(try loss(.falseNegative) == (0.5, 2))
        #expect(try loss(.brier).0 == (0.25 + 0.5625 + 0.5625 + 0.0625) / 4)
        let logLoss = try loss(.logLoss).0 ?? 0
        #expect(abs(logLoss - (0.693147180559945 + 2 * 1.386294361119891 + 0.287682072451781) / 4) < 1e-12)
        #expect(throws: AnalysisError("--metric absolute_error is not for --task binary")) { try loss(.absoluteError) }
        let regression = try slices("y,d,a\n1.5,2,x\n4,2.5,x\n3,3.5,x\n") {
            $0.outcome.score = nil
            $0.outcome.prediction = "d"
        }
        #expect(regression["metric"]?.stringValue == "absolute_error" && regression["loss"]?.doubleValue == 2.5 / 3)
        #expect(regression["verdict"]?.stringValue == "insufficient")
    }

    @Test("few numbers are levels, missing cells one more; rows of too few are in no slice") func levels() throws {
        var text = "y,p,a\n"
        for i in 0..<600 { text += "\(i % 3 == 1 ? i % 2 : 0),\(i % 9 == 0 ? 0.9 : 0.1),\(["1", "2", ""][i % 3])\n" }
        let json = try slices(text) { $0.limit = 5 }
        #expect(json["searched"]?.intValue == 3)
        let rules = json["slices"]?.arrayValue?.compactMap { $0["where"]?["a"]?.text } ?? []
        #expect(Set(rules).isSubset(of: ["1", "2", "null"]) && !rules.isEmpty)
    }

    @Test("what cannot be searched is said") func refused() {
        #expect(throws: AnalysisError("t.csv: no column to cut by, expected --columns or features beside the label")) {
            try slices("y,p\n1,0.5\n0,0.2\n")
        }
        #expect(throws: AnalysisError("--bins 1, expected 2 to 100")) { try slices("y,p,a\n1,0.5,x\n") { $0.bins = 1 } }
        #expect(throws: TableError.self) { try slices("y,p,a\n1,0.5,x\n") { $0.columns = ["b"] } }
        #expect(throws: AnalysisError("--metric brier needs --score")) {
            try slices("y,d,a\n1,1,x\n0,0,x\n") {
                $0.outcome.score = nil
                $0.outcome.prediction = "d"
                $0.metric = .brier
            }
        }
    }
}
