import Analysis
import Foundation
import Reporting
import Tables
import Testing
import Vocabulary

@Suite("What is needed to repeat a result") struct RepeatingTests {
    private func frame(_ text: String, _ name: String = "log.csv") throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: name)) }

    @Test("stands in the JSON: version, settings with the seed, files") func json() throws {
        let input = try frame("x\n" + (0..<100).map { "\($0 < 50 ? 0 : 1)\n" }.joined())
        let detection = Detection(column: "x", detector: .adwin, settings: ["delta=0.01"], seed: 7)
        let report = try detection.report(input).repeatable(detection.allSettings, from: [input])
        #expect(report.json["command"] == "detect" && report.json["version"]?.stringValue == Build.version)
        #expect(report.json["settings"]?["seed"] == 7 && report.json["settings"]?["set"] == ["delta=0.01"])
        #expect(report.json["inputs"]?.arrayValue?.first?["file"] == "log.csv")
        #expect(report.json["changes"] != nil)
    }

    @Test("settings that a report has already are kept") func kept() throws {
        let text = "x\n" + (0..<100).map { "\($0)\n" }.joined()
        let (reference, current) = (try frame(text, "a.csv"), try frame(text, "b.csv"))
        let options = DriftOptions()
        let report = try DriftAnalysis.report(reference: reference, current: current, options: options)
            .repeatable(options.settings, from: [reference, current])
        #expect(report.json["settings"]?["psi_floor"] == 1e-4 && report.json["settings"]?["confidence"] == 0.95)
        #expect(report.json["inputs"]?.arrayValue?.count == 2)
    }

    @Test("a file has the SHA-256 of its bytes, in every format") func digests() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: path) }
        let text = "label,score\n" + (0..<60).map { "\($0 % 2),0.\($0 % 9 + 1)\n" }.joined()
        try Data(text.utf8).write(to: path)
        let input = try Frame(path: path.path)
        var options = CalibrationOptions(label: "label")
        options.score = "score"
        let report = try CalibrationAnalysis(input, options).report.repeatable(options.settings, from: [input])
        let digest = Digest.hex(Digest.sha256(Array(text.utf8)))
        #expect(report.json["inputs"]?.arrayValue?.first?["sha256"]?.stringValue == digest)
        #expect(report.json["inputs"]?.arrayValue?.first?["bytes"]?.intValue == Int64(text.utf8.count))
        for format in ReportFormat.allCases { #expect(ReportText.render(report, as: format).contains(digest), "\(format)") }
    }

    @Test("a seed beyond JSON's integers is kept as its digits") func seeds() {
        var settings = Settings()
        settings.set(seed: .max)
        #expect(settings.object["seed"] == "18446744073709551615")
    }
}
