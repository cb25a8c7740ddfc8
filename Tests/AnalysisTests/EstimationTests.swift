import Analysis
import Reporting
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("evenkeel estimate")
struct EstimationTests {
    private func frame(_ text: String, _ file: String = "f.csv") throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: file)) }

    /// A model whose scores are true chances.
    private func log(_ count: Int, seed: UInt64, hasLabels: Bool = true) throws -> Frame {
        var random = Seeded(seed)
        var text = "label,score,a,b,c,kind,y,yhat\n"
        for _ in 0..<count {
            let score = random.uniform()
            let label = random.uniform() < score ? "1" : "0"
            let rest = 1 - score
            let y = 10 + random.gaussian()
            text += "\(hasLabels ? label : ""),\(score),\(score),\(rest / 2),\(rest / 2),\(score > 0.5 ? "a" : "b"),\(y),10\n"
        }
        return try frame(text)
    }

    @Test("weights are refused, with the reason and what to do instead")
    func weights() throws {
        var estimation = Estimation(label: "label")
        estimation.score = "score"
        estimation.weights = "w"
        let some = try log(20, seed: 1)
        #expect { try estimation.report(reference: some, current: some) } throws: { error in
            "\(error)".hasPrefix("unsupported: --weights w of estimate") && "\(error)".contains("performance --weights")
        }
    }

    @Test("chunks of the reference come first; estimates, bounds and thresholds have every metric")
    func shape() throws {
        var estimation = Estimation(label: "label")
        estimation.score = "score"
        estimation.chunking = .size(400)
        let report = try estimation.report(reference: log(2000, seed: 1), current: log(1000, seed: 2, hasLabels: false))
        let chunks = try #require(report.json["chunks"]?.arrayValue)
        #expect(
            chunks.map { $0["period"]?.stringValue } == Array(repeating: "reference", count: 5) + Array(repeating: "analysis", count: 3))
        #expect(chunks.map { $0["start"]?.intValue } == [0, 400, 800, 1200, 1600, 0, 400, 800])
        let last = chunks[7]
        #expect(last["end"]?.intValue == 999 && last["n"]?.intValue == 200 && last["label_missing"]?.intValue == 200)
        let metrics = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision", "true_positive"]
        for metric in metrics {
            let value = try #require(last["estimated"]?[metric]?.doubleValue)
            let error = try #require(last["sampling_error"]?[metric]?.doubleValue)
            #expect(last["realized"]?[metric] == .null && chunks[0]["realized"]?[metric]?.doubleValue != nil)
            #expect(isNear(try #require(last["lower_bound"]?[metric]?.doubleValue), max(0, value - 3 * error)))
            #expect(try #require(last["lower_threshold"]?[metric]?.doubleValue) <= #require(last["upper_threshold"]?[metric]?.doubleValue))
            #expect(last["alerts"]?[metric]?.boolValue != nil)
        }
        #expect(isNear(try #require(last["estimated"]?["accuracy"]?.doubleValue), 0.75, absolute: 0.1))
        #expect(last["realized"]?["why"]?.stringValue == "no labels" && chunks[0]["without_itself"]?["alerts"] != nil)
        for format in ReportFormat.allCases { #expect(ReportText.render(report, as: format).contains("precision")) }
    }

    @Test("several classes: the highest score is the prediction unless a column says otherwise")
    func classes() throws {
        var estimation = Estimation(label: "kind")
        estimation.scores = [("a", "a"), ("b", "b")]
        estimation.calibration = .none
        let json = try estimation.report(reference: log(500, seed: 3), current: log(500, seed: 4)).json
        #expect(json["task"]?.stringValue == "multiclass" && json["calibrated"]?.boolValue == false)
        let chunk = try #require(json["chunks"]?.arrayValue?.last)
        #expect(chunk["estimated"]?["true_positive"] == nil && chunk["estimated"]?["accuracy"]?.doubleValue != nil)
        estimation.scores = [("a", "a"), ("x", "b")]
        #expect(throws: TableError.self) { try estimation.report(reference: log(50, seed: 3), current: log(5, seed: 4)) }
        estimation.classes = ["a"]
        #expect(throws: AnalysisError("--classes and --scores name different classes")) {
            try estimation.report(reference: log(50, seed: 3), current: log(5, seed: 4))
        }
    }

    @Test("a regression takes the features it is given, or all that can be one")
    func regression() throws {
        var estimation = Estimation(label: "y")
        estimation.prediction = "yhat"
        let json = try estimation.report(reference: log(600, seed: 5), current: log(300, seed: 6)).json
        #expect(json["method"]?.stringValue == "dle" && json["task"]?.stringValue == "regression")
        #expect(json["features"]?.arrayValue?.compactMap(\.stringValue) == ["label", "score", "a", "b", "c", "kind"])
        let chunk = try #require(json["chunks"]?.arrayValue?.last)
        // The mean absolute error of a normal error is √(2/π).
        #expect(isNear(try #require(chunk["estimated"]?["mae"]?.doubleValue), 0.8, absolute: 0.3))
        #expect(json["chunks"]?.arrayValue?.count == 20)
        estimation.features = ["kind"]
        #expect(try estimation.report(reference: log(60, seed: 5), current: log(30, seed: 6)).json["features"]?.arrayValue?.count == 1)
        estimation.features = ["y"]
        #expect(throws: AnalysisError.self) { try estimation.report(reference: log(60, seed: 5), current: log(30, seed: 6)) }
    }

    @Test("what cannot be judged says why")
    func refused() throws {
        var estimation = Estimation(label: "label")
        estimation.score = "score"
        let good = try log(20, seed: 8)
        let outside = try frame("label,score\n1,3\n0,-2\n")
        #expect(throws: AnalysisError("e.csv: no rows, expected at least one")) {
            try estimation.report(reference: frame("label,score\n", "e.csv"), current: good)
        }
        #expect(throws: AnalysisError("f.csv: no row has a label, expected labelled rows")) {
            try estimation.report(reference: log(5, seed: 1, hasLabels: false), current: good)
        }
        #expect(throws: AnalysisError("f.csv: no label is 1, expected some; there are 0. Say which with --positive")) {
            try estimation.report(reference: frame("label,score\n0,0.1\n0,0.2\n"), current: good)
        }
        #expect(throws: TableError(file: "f.csv", line: 2, message: "\"yes\" in label, expected 1 in some row; --positive names another")) {
            try estimation.report(reference: frame("label,score\nyes,0.1\nno,0.2\n"), current: good)
        }
        #expect(throws: TableError(file: "f.csv", line: 2, column: 2, message: "inf in score, expected a finite number")) {
            try estimation.report(reference: frame("label,score\n1,inf\n"), current: good)
        }
        #expect(throws: TableError.self) { try estimation.report(reference: good, current: frame("x\n1\n")) }
        #expect(try estimation.report(reference: outside, current: outside).json["calibrated"]?.boolValue == true)
        estimation.calibration = .none
        #expect(throws: AnalysisError.self) { try estimation.report(reference: outside, current: outside) }
        estimation.task = .multiclass
        #expect(throws: AnalysisError.self) { try estimation.report(reference: good, current: good) }
        estimation.task = .binary
        estimation.score = nil
        estimation.prediction = "score"
        #expect(throws: AnalysisError("--task binary needs --score")) { try estimation.report(reference: good, current: good) }
        (estimation.task, estimation.prediction) = (nil, nil)
        #expect(
            throws: AnalysisError("nothing to judge by, expected --score or --scores (of a classifier) or --prediction (of a regression)")
        ) { try estimation.report(reference: good, current: good) }
    }

    @Test("an empty current file and one without a complete row are refused")
    func empty() throws {
        var estimation = Estimation(label: "label")
        estimation.score = "score"
        for text in ["label,score\n", "label,score\n,\n1,\n"] {
            #expect(throws: AnalysisError.self) { try estimation.report(reference: log(20, seed: 8), current: frame(text)) }
        }
    }
}
