import Analysis
import Reporting
import Tables
import TestSupport
import Testing
import Vocabulary

private func frame(_ text: String) throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: "t.csv")) }

private func options(_ change: (inout CalibrationOptions) -> Void = { _ in }) -> CalibrationOptions {
    var options = CalibrationOptions(label: "y")
    options.score = "p"
    change(&options)
    return options
}

@Suite("evenkeel calibration")
struct CalibrationAnalysisTests {
    @Test("a row without a needed cell, or without weight, is left out and counted")
    func leftOut() throws {
        let file = try frame("y,p,w\n1,0.9,1\n,0.5,1\n0,NA,1\n0,0.2,\n1,0.8,0\n0,0.3,2\n")
        let json = try CalibrationAnalysis(file, options { $0.weights = "w" }).report.json
        #expect(json["rows"]?.intValue == 6 && json["n"]?.intValue == 2 && json["left_out"]?.intValue == 4)
        #expect(isNear(json["brier"]?["value"]?.doubleValue ?? .nan, (0.01 + 2 * 0.09) / 3))
        #expect(json["verdict"]?.stringValue == "insufficient")
    }

    @Test("groups come in the order of their code points, each with every statistic")
    func groups() throws {
        let file = try frame("y,p,g,h\n1,0.9,b,x\n0,0.2,a,x\n1,0.6,B,y\n0,0.4,b,x\n0,0.4,,x\n")
        let json = try CalibrationAnalysis(file, options { $0.by = ["g", "h"] }).report.json
        let groups = try #require(json["groups"]?.arrayValue)
        #expect(groups.map { $0["group"]?.stringValue } == ["B*y", "a*x", "b*x"])
        #expect(groups.allSatisfy { $0["hosmer_lemeshow"]?["groups"]?.arrayValue != nil })
        #expect(json["by"]?.stringValue == "g*h" && json["n"]?.intValue == 4)
    }

    @Test("what has no value is null, and says why")
    func undefined() throws {
        let json = try CalibrationAnalysis(try frame("y,p\n1,1\n1,1\n"), options()).report.json
        #expect(json["spiegelhalter"]?["z"] == .null && json["spiegelhalter"]?["why"]?.stringValue != nil)
        #expect(json["brier"]?["skill_score"] == .null && json["brier"]?["why"]?.stringValue != nil)
        #expect(json["recalibration"]?["slope"] == .null && json["recalibration"]?["why"]?.stringValue == "all labels are equal")
        #expect(json["hosmer_lemeshow"]?["p_value"] == .null)
    }

    @Test(
        "bad input is one line with its place",
        arguments: [
            ("y,p\n1,1.2\n", "t.csv:2:2: 1.2 in p, expected a probability from 0 to 1"),
            ("y,p\n1,x\n", "t.csv:2:2: \"x\" in p, expected a number"),
            ("y,p\n1,0.2\n0,0.3\n2,0.1\n", "t.csv:4:1: \"2\" in y, expected two values, or --positive to name the one that counts"),
            ("y,p\nno,0.2\nyes,0.3\n", "t.csv:2:1: \"no\" in y, expected 1 in some row; --positive names another"),
        ])
    func refused(text: String, message: String) {
        #expect(throws: TableError.self) { try CalibrationAnalysis(try frame(text), options()) }
        do { _ = try CalibrationAnalysis(try frame(text), options()) } catch { #expect("\(error)" == message) }
    }

    @Test("no rows, unknown words and options that exclude each other are said")
    func usage() throws {
        let file = try frame("y,p\n1,0.2\n0,0.3\n")
        #expect(throws: AnalysisError("t.csv: no row has a value in each of y, p, expected at least one of 1")) {
            try CalibrationAnalysis(try frame("y,p\n,0.2\n"), options())
        }
        #expect(throws: AnalysisError.self) { try CalibrationAnalysis(file, options { $0.binning = "round" }) }
        #expect(throws: AnalysisError.self) { try CalibrationAnalysis(file, options { $0.recalibrate = "magic" }) }
        #expect(throws: AnalysisError.self) { try CalibrationAnalysis(file, options { $0.bins = 0 }) }
        #expect(throws: AnalysisError.self) { try CalibrationAnalysis(file, options { $0.scores = [ClassScore(name: "a", column: "p")] }) }
        #expect(throws: TableError.self) { try CalibrationAnalysis(file, options { $0.score = "q" }) }
    }

    @Test("recalibrated scores come for every row that has a score, labelled or not")
    func recalibrated() throws {
        let rows = (0..<60).map { "\($0 % 3 == 0 ? 1 : 0),\(Double($0 % 10) / 10 + 0.05)\n" }.joined()
        let result = try CalibrationAnalysis(try frame("y,p\n,0.5\n1,\n" + rows), options { $0.recalibrate = "isotonic" })
        let scores = try #require(result.recalibratedScores)
        #expect(scores.count == 62 && !scores[0].isNaN && scores[1].isNaN)
        #expect(result.report.json["recalibration_map"]?["method"]?.stringValue == "isotonic")
    }

    @Test("several classes: top label, every class, and the order of --scores")
    func classes() throws {
        let file = try frame("y,a,b,c\nb,0.2,0.7,0.1\na,0.6,0.3,0.1\nc,0.3,0.3,0.4\nb,0.5,0.4,0.1\n")
        let json = try CalibrationAnalysis(
            file,
            options {
                $0.score = nil
                $0.scores = ["b", "a", "c"].map { ClassScore(name: $0, column: $0) }
            }
        ).report.json
        #expect(json["classes"]?.arrayValue?.compactMap(\.stringValue) == ["b", "a", "c"])
        #expect(json["accuracy"]?.doubleValue == 0.75)
        #expect(json["classwise"]?["ece"]?.arrayValue?.count == 3)
    }

    @Test("every format shows the diagram")
    func formats() throws {
        let report = try CalibrationAnalysis(try frame("y,p\n1,0.9\n0,0.2\n1,0.6\n0,0.4\n"), options()).report
        for format in ReportFormat.allCases where format != .json {
            #expect(ReportText.render(report, as: format).contains("Reliability diagram"))
        }
    }
}
