import Analysis
import Foundation
import TestSupport
import Testing
import Vocabulary

/// The same log as CSV and as NDJSON, written in every way that must not matter.
private struct Forms {
    let folder: URL
    static let names = [
        "plain.csv", "crlf.csv", "cr.csv", "marked.csv", "open-ended.csv", "quoted.csv", "plain.ndjson", "crlf.ndjson", "marked.ndjson",
        "texts.ndjson",
    ]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "forms-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var random = Seeded(9)
        let names = ["label", "score", "prediction", "g", "x", "at"]
        let rows = (0..<120).map { row -> [String] in
            let score = random.uniform()
            return [
                random.uniform() < score ? "1" : "0", "\(score)", score > 0.5 ? "1" : "0", row % 3 == 0 ? "é" : "b", "\(random.gaussian())",
                "2026-01-\(row / 6 + 10)T00:00:00Z",
            ]
        }
        let lines = [names.joined(separator: ",")] + rows.map { $0.joined(separator: ",") }
        func quoted(_ line: String) -> String { line.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",") }
        func objects(areTexts: Bool) -> String {
            rows.map { row in
                let members = zip(names, row).map { name, cell in
                    "\"\(name)\":" + (areTexts || name == "g" || name == "at" ? "\"\(cell)\"" : cell)
                }
                return "{" + members.joined(separator: ",") + "}\n"
            }.joined()
        }
        let csv = lines.map { $0 + "\n" }.joined()
        let ndjson = objects(areTexts: false)
        let contents = [
            csv, csv.replacingOccurrences(of: "\n", with: "\r\n"), csv.replacingOccurrences(of: "\n", with: "\r"), "\u{FEFF}" + csv,
            lines.joined(separator: "\n"), lines.map { quoted($0) + "\n" }.joined(), ndjson,
            ndjson.replacingOccurrences(of: "\n", with: "\r\n"), "\u{FEFF}" + ndjson, objects(areTexts: true),
        ]
        for (name, content) in zip(Self.names, contents) { try Data(content.utf8).write(to: folder.appending(path: name)) }
    }

    func frame(_ name: String) throws -> Frame { try Frame(path: folder.appending(path: name).path) }
}

@Suite("The same data in another form")
struct FileFormsTests {
    @Test("has the same results, to the last bit")
    func alike() throws {
        let forms = try Forms()
        defer { try? FileManager.default.removeItem(at: forms.folder) }
        func results(_ name: String) throws -> [String] {
            let frame = try forms.frame(name)
            var drift = DriftOptions()
            (drift.chunking, drift.timestamp) = (.period(.week), "at")
            var audit = AuditOptions()
            (audit.score, audit.sensitive, audit.replicates) = ("score", ["g"], 50)
            var performance = PerformanceOptions(label: "label")
            (performance.score, performance.prediction) = ("score", "prediction")
            var estimation = Estimation(label: "label")
            (estimation.score, estimation.chunking, estimation.timestamp) = ("score", .period(.week), "at")
            var loss = Estimation(label: "x")
            loss.prediction = "score"
            let json = [
                try DriftAnalysis.report(reference: frame, current: frame, options: drift).json, try Audit.run(frame, audit).report.json,
                try PerformanceAnalysis(frame, performance).report.json, try estimation.report(reference: frame, current: frame).json,
                try loss.report(reference: frame, current: frame).json,
                try Detection(column: "x", detector: .adwin, stateEvery: 7).report(frame).json,
            ]
            // What tells the files apart is no result.
            return json.map { json in
                json.text.replacingOccurrences(of: frame.file, with: "FILE")
                    .replacing(/"(sha256|bytes)": ?("[0-9a-f]*"|[0-9]+)/, with: "")
            }
        }
        let plain = try results(Forms.names[0])
        for name in Forms.names.dropFirst() { #expect(try results(name) == plain, "\(name)") }
    }
}
