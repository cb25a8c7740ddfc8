import Analysis
import Reporting
import Tables
import Testing
import Vocabulary

@Suite("evenkeel detect")
struct DetectionTests {
    private func frame(_ values: [String]) throws -> Frame {
        Frame(try CSVTable(Array(("v\n" + values.joined(separator: "\n") + "\n").utf8), file: "s.csv"))
    }
    private let step = [String](repeating: "0", count: 300) + [String](repeating: "1", count: 300)

    @Test("changes are rows of the file, with the mean before and after; missing values are left out")
    func rows() throws {
        let report = try Detection(column: "v", detector: .cusum, settings: ["threshold=20"]).report(frame(["NA", "NA"] + step))
        let change = try #require(report.json["changes"]?.arrayValue?.first?.intValue)
        #expect(change > 302 && change < 340 && report.hasFinding)
        #expect(report.json["missing"]?.intValue == 2 && report.json["detector"]?.stringValue == "cusum")
        let segments = try #require(report.json["segments"]?.arrayValue)
        #expect(segments.count == 2 && segments[0]["start"]?.intValue == 2 && segments[0]["end"]?.intValue == change)
        #expect(segments[1]["mean"]?.doubleValue == 1 && segments[1]["end"]?.intValue == 601)
        #expect(report.json["warnings"]?.arrayValue?.isEmpty == true && report.json["state"] == nil)
        for format in ReportFormat.allCases { #expect(ReportText.render(report, as: format).contains("\(change)")) }
    }

    @Test("the state comes after every n-th value, by the names of River")
    func state() throws {
        let json = try Detection(column: "v", detector: .adwin, stateEvery: 100).report(frame(step)).json
        let states = try #require(json["state"]?.arrayValue)
        #expect(states.count == 6 && states[0]["after"]?.intValue == 100 && states[0]["width"]?.doubleValue == 100)
        #expect(states[0]["estimation"]?.doubleValue == 0 && states[0]["n_detections"]?.doubleValue == 0)
    }

    @Test("every detector takes its own parameters, and says which they are when it gets another", arguments: DetectorKind.allCases)
    func parameters(kind: DetectorKind) throws {
        #expect(
            throws: AnalysisError(
                "--set x=1: \(kind.rawValue) has no parameter x, expected one of \(kind.parameters.joined(separator: ", "))")
        ) {
            try Detection(column: "v", detector: kind, settings: ["x=1"]).report(frame(step))
        }
        for name in kind.parameters where !["mode", "sampling", "two_sided_test"].contains(name) {
            #expect(throws: AnalysisError.self) {
                try Detection(column: "v", detector: kind, settings: ["\(name)=much"]).report(frame(step))
            }
        }
        _ = try Detection(column: "v", detector: kind).report(frame(step))
    }

    @Test("values that a detector cannot take are refused with their row")
    func refused() throws {
        #expect(throws: TableError(file: "s.csv", line: 3, message: "2.0 in v, expected a number from 0 to 1 (1 for an error) for ddm")) {
            try Detection(column: "v", detector: .ddm).report(frame(["0", "2"]))
        }
        #expect(throws: TableError.self) { try Detection(column: "v", detector: .eddm).report(frame(["0.5"])) }
        #expect(throws: TableError.self) { try Detection(column: "v", detector: .adwin).report(frame(["inf"])) }
        #expect(throws: TableError.self) { try Detection(column: "v", detector: .adwin).report(frame(["abc"])) }
        #expect(throws: TableError.self) { try Detection(column: "w", detector: .adwin).report(frame(["1"])) }
        #expect(throws: AnalysisError.self) { try Detection(column: "v", detector: .adwin, stateEvery: 0).report(frame(["1"])) }
    }

    @Test("one value is no change, none is no stream")
    func small() throws {
        let report = try Detection(column: "v", detector: .kswin).report(frame(["1"]))
        #expect(report.json["changes"]?.arrayValue?.isEmpty == true && !report.hasFinding)
        for format in ReportFormat.allCases { #expect(!ReportText.render(report, as: format).isEmpty) }
        #expect(throws: AnalysisError("s.csv: no row has a value in v, expected at least one of 2")) {
            try Detection(column: "v", detector: .kswin).report(frame(["NA", "NA"]))
        }
        #expect(throws: TableError(file: "s.csv", line: 3, message: "2.0 in v, expected 1 for an error or 0 for none for eddm")) {
            try Detection(column: "v", detector: .eddm).report(frame(["1", "2"]))
        }
    }
}
