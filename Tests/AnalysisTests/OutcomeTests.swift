import Analysis
import Tables
import TestSupport
import Testing
import Vocabulary

/// Every command that reads labels and decisions, on one file.
private func answers(_ text: String, positive: String?) -> [(name: String, answer: String)] {
    func said(_ name: String, _ make: (Frame) throws -> String) -> (String, String) {
        do { return (name, try make(Frame(try CSVTable(Array(text.utf8), file: "t.csv")))) } catch { return (name, "\(error)") }
    }
    return [
        said("performance") { frame in
            var options = PerformanceOptions(label: "label")
            (options.score, options.prediction, options.positive) = ("score", "prediction", positive)
            let json = try PerformanceAnalysis(frame, options).report.json
            return "\(json["confusion"]?["tp"]?.text ?? "") \(json["confusion"]?["tn"]?.text ?? "")"
        },
        said("audit") { frame in
            var options = AuditOptions()
            (options.prediction, options.sensitive, options.positive) = ("prediction", ["g"], positive)
            let json = try Audit.run(frame, options).report.json
            return "\(json["overall"]?["tp"]?.text ?? "") \(json["overall"]?["tn"]?.text ?? "")"
        },
        said("estimate") { frame in
            var options = Estimation(label: "label")
            (options.score, options.prediction, options.positive, options.chunking) = ("score", "prediction", positive, .count(1))
            let json = try options.report(reference: frame, current: frame).json["chunks"]?.arrayValue?.first?["realized"]
            return "\(json?["true_positive"]?.text ?? "") \(json?["true_negative"]?.text ?? "")"
        },
        said("calibration") { frame in
            var options = CalibrationOptions(label: "label")
            (options.score, options.positive) = ("score", positive)
            let json = try CalibrationAnalysis(frame, options).report.json
            return json["base_rate"]?.doubleValue == 0.5 ? "2 2" : "\(json["base_rate"]?.text ?? "")"
        },
    ]
}

private func file(_ yes: [String], _ no: [String]) -> String {
    let rows = (0..<4).map { row -> String in
        let isPositive = row % 2 == 0
        let words = isPositive ? yes : no
        return "\(words[row / 2 % words.count]),\(isPositive ? 0.9 : 0.2),\(words[0]),\(row < 2 ? "a" : "b")\n"
    }
    return "label,score,prediction,g\n" + rows.joined()
}

@Suite("Labels and decisions read alike by every command")
struct OutcomeTests {
    @Test(
        "numbers in any spelling, true and false in any case, words with --positive",
        arguments: [
            (["1"], ["0"], nil), (["1.0", "1"], ["0", "0.0"], nil), (["true"], ["false"], nil),
            (["True", "TRUE"], ["False", "false"], nil),
            (["true", "1"], ["0", "False"], nil), (["TRUE"], ["FALSE"], "true"), (["true"], ["false"], "1"), (["false"], ["true"], "False"),
            (["yes"], ["no"], "yes"), (["2"], ["1"], "2"), (["a"], ["b", "c"], "a"),
        ] as [([String], [String], String?)])
    func alike(yes: [String], no: [String], positive: String?) {
        for (name, answer) in answers(file(yes, no), positive: positive) { #expect(answer == "2 2", "\(name)") }
    }

    @Test(
        "what cannot be meant is refused with its place",
        arguments: [
            (["yes"], ["no"], nil, "t.csv:2:1: \"yes\" in label, expected 1 in some row; --positive names another"),
            (["1"], ["0", "2"], nil, "t.csv:5:1: \"2\" in label, expected two values, or --positive to name the one that counts"),
            (["2"], ["2"], nil, "t.csv:2:1: \"2\" in label, expected 1 in some row; --positive names another"),
            (["1"], ["0"], "yes", "t.csv:2:1: \"1\" in label, expected yes in some row; --positive names another"),
        ] as [([String], [String], String?, String)])
    func refused(yes: [String], no: [String], positive: String?, message: String) {
        for (name, answer) in answers(file(yes, no), positive: positive) { #expect(answer == message, "\(name)") }
    }

    @Test("the task of boolean columns is binary, be they written as they may")
    func task() throws {
        let frame = Frame(try CSVTable(Array("label,prediction\nTrue,1\nfalse,0\nTRUE,0\n".utf8), file: "t.csv"))
        var options = PerformanceOptions(label: "label")
        options.prediction = "prediction"
        #expect(try PerformanceAnalysis(frame, options).report.json["task"]?.stringValue == "binary")
    }
}
