import Analysis
import Tables
import TestSupport
import Testing
import Vocabulary

/// Where in a result something is null without a word of why.
private func unexplained(_ json: JSON, _ path: String = "") -> [String] {
    switch json {
    case .object(let object):
        object.unexplained.map { "\(path).\($0)" } + object.members.flatMap { unexplained($0.value, "\(path).\($0.key)") }
    case .array(let items): items.flatMap { unexplained($0, path + "[]") }
    default: []
    }
}

/// A log of a model; `change` spoils a row's cells: label, score, prediction, group, weight, x, y, prediction of y.
private func log(_ rows: Int, seed: UInt64 = 1, _ change: (Int, inout [String]) -> Void = { _, _ in }) throws -> Frame {
    var random = Seeded(seed)
    var text = "label,score,prediction,g,w,x,y,z,k\n"
    for row in 0..<rows {
        let score = random.uniform()
        var cells = [
            random.uniform() < score ? "1" : "0", "\(score)", score > 0.5 ? "1" : "0", row % 3 == 0 ? "a" : "b", "\(random.uniform())",
            "\(random.gaussian())", "\(random.gaussian())", "\(random.gaussian())", row % 2 == 0 ? "p" : "q",
        ]
        change(row, &cells)
        text += cells.joined(separator: ",") + "\n"
    }
    return Frame(try CSVTable(Array(text.utf8), file: "t.csv"))
}

@Suite("What cannot be computed is null and says why")
struct UndefinedTests {
    /// Logs in which much has no value, each in its own way.
    private static func nasty() throws -> [Frame] {
        [
            try log(60), try log(1), try log(3),
            try log(60) { row, cells in (cells[0], cells[1], cells[2]) = ("0", "0.2", "0") },
            try log(60) { row, cells in if cells[3] == "a" { (cells[0], cells[4]) = ("1", "0") } },
            try log(60) { row, cells in if row < 40 { cells[0] = "" } },
            try log(60) { row, cells in (cells[5], cells[6]) = (row % 2 == 0 ? "inf" : "-inf", row < 30 ? "" : "7") },
            try log(60) { row, cells in cells[5] = "" },
            try log(60) { row, cells in cells[1] = "\(row)" },
            try log(60) { row, cells in (cells[0], cells[2]) = ("1", "0") },
        ]
    }

    private func check(_ name: String, _ make: () throws -> Report) throws {
        do {
            let found = unexplained(try make().json)
            #expect(found.isEmpty, "\(name): \(Set(found).sorted().prefix(5))")
        } catch is AnalysisError {} catch is TableError {}
    }

    @Test("drift, with chunks by both conventions and every test") func drift() throws {
        let reference = try log(90, seed: 2)
        for current in try Self.nasty() {
            for isNannyML in [false, true] {
                var options = DriftOptions()
                options.isNannyML = isNannyML
                options.chunking = .size(20)
                if !isNannyML { options.tests = DriftTest.allCases }
                try check("drift") { try DriftAnalysis.report(reference: reference, current: current, options: options) }
                try check("drift") { try DriftAnalysis.report(reference: current, current: reference, options: options) }
            }
        }
    }

    @Test("audit, by every convention and task") func audit() throws {
        for frame in try Self.nasty() {
            for convention in AuditOptions.Convention.allCases {
                for isWeighted in [false, true] {
                    var options = AuditOptions()
                    (options.prediction, options.sensitive, options.convention) = ("prediction", ["g"], convention)
                    (options.referenceGroups, options.stratum) = (["g": "a"], "k")
                    if isWeighted { (options.weights, options.score, options.mitigation) = ("w", "score", .thresholds) }
                    try check("audit \(convention)") { try Audit.run(frame, options).report }
                }
            }
            var options = AuditOptions()
            (options.prediction, options.sensitive, options.task) = ("prediction", ["g", "k"], .multiclass)
            try check("audit multiclass") { try Audit.run(frame, options).report }
            (options.label, options.prediction, options.task) = ("y", "z", .regression)
            try check("audit regression") { try Audit.run(frame, options).report }
        }
    }

    @Test("calibration and performance, with chunks and curves") func performance() throws {
        let reference = try log(90, seed: 2)
        for frame in try Self.nasty() {
            var calibration = CalibrationOptions(label: "label")
            (calibration.score, calibration.by, calibration.recalibrate) = ("score", ["g"], "platt")
            try check("calibration") { try CalibrationAnalysis(frame, calibration).report }
            for other in [nil, reference, frame] {
                var options = PerformanceOptions(label: "label")
                (options.score, options.chunking, options.reference, options.hasCurves) = ("score", .size(7), other, true)
                try check("performance") { try PerformanceAnalysis(frame, options).report }
                (options.weights, options.prediction, options.hasCurves) = ("w", "prediction", false)
                try check("performance weighted") { try PerformanceAnalysis(frame, options).report }
                options = PerformanceOptions(label: "k")
                (options.prediction, options.task, options.chunking, options.reference) = ("g", .multiclass, .size(7), other)
                options.classes = ["a", "b", "p", "q"]
                try check("performance multiclass") { try PerformanceAnalysis(frame, options).report }
                options = PerformanceOptions(label: "y")
                (options.prediction, options.task, options.chunking, options.reference) = ("z", .regression, .size(7), other)
                try check("performance regression") { try PerformanceAnalysis(frame, options).report }
            }
        }
    }

    @Test("estimate, both ways") func estimate() throws {
        let reference = try log(90, seed: 2)
        for frame in try Self.nasty() {
            for (first, second) in [(reference, frame), (frame, reference)] {
                var options = Estimation(label: "label")
                (options.score, options.chunking) = ("score", .size(7))
                try check("estimate") { try options.report(reference: first, current: second) }
                options = Estimation(label: "y")
                (options.prediction, options.chunking, options.features) = ("z", .size(7), ["x", "k"])
                try check("estimate regression") { try options.report(reference: first, current: second) }
            }
        }
    }

    @Test("the state of every detector, from the first value on", arguments: DetectorKind.allCases) func detect(kind: DetectorKind) throws {
        for frame in try Self.nasty() {
            for column in ["label", "x"] {
                try check(kind.rawValue) { try Detection(column: column, detector: kind, stateEvery: 1).report(frame) }
            }
        }
    }

    @Test("reasons are told once, after the names that they hold for") func sentence() {
        let object = JSONObject([("a", nil), ("b", 1), ("c", .array([1, nil])), ("d", nil)])
        #expect(object.unexplained == ["a", "c", "d"])
        #expect(object.explained { _ in "no rows" }["why"]?.stringValue == "no rows")
        #expect(object.explained { $0 == "d" ? "one label" : "no rows" }["why"]?.stringValue == "a, c: no rows; d: one label")
        let said = JSONObject([("a", nil), ("b", nil), ("why", "known")]).explained { $0 == "a" ? nil : "no rows" }
        #expect(said["why"]?.stringValue == "known; b: no rows" && said.unexplained.isEmpty)
    }
}
