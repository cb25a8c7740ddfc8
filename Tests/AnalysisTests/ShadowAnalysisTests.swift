import Analysis
import Foundation
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("Model files over tables")
struct ShadowAnalysisTests {
    private func frame(_ text: String) throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: "t.csv")) }

    private func model(_ coefficients: String, kind: String = "logistic") throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString).json").path
        try #"{"kind":"\#(kind)","features":["x","z"],"coefficients":[\#(coefficients)],"intercept":0}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Rows whose label follows x.
    private func rows(_ count: Int) -> String {
        var random = Seeded(7)
        return "z,x,y,sex\n"
            + (0..<count).map { row in
                let x = 4 * random.uniform() - 2
                let y = random.uniform() < 1 / (1 + exp(-2 * x)) ? 1 : 0
                return "\(random.uniform()),\(x),\(y),\(row % 2 == 0 ? "F" : "M")"
            }.joined(separator: "\n") + "\n"
    }

    @Test("scores are one line a row, whatever the order of the columns; margins are the sums") func score() throws {
        let file = try FileModel(path: try model("1,-2"))
        let table = try frame("id,z,x\na,0.5,1\nb,0,2\n")
        #expect(try file.csv(table) == "prediction\n0.5\n0.8807970779778823\n")
        #expect(try file.csv(table, .margins) == "prediction\n0.0\n2.0\n")
        #expect(throws: AnalysisError.self) { try file.csv(table, .leaves) }
        #expect(throws: AnalysisError.self) { try file.csv(try frame("id,x\na,1\n")) }
        #expect(throws: AnalysisError.self) { try FileModel(path: "/nowhere/model.json") }
    }

    @Test("a candidate that knows more is promoted, and every number has its place") func shadow() throws {
        var options = ShadowOptions(
            champion: .model(try FileModel(path: try model("0.3,0"))), candidate: .model(try FileModel(path: try model("2,0"))))
        options.label = "y"
        options.sensitive = ["sex"]
        let json = try ShadowAnalysis(try frame(rows(4000)), options).report.json
        #expect(json["verdict"]?.stringValue == "promote" && json["n"]?.intValue == 4000 && json["task"]?.stringValue == "binary")
        for metric in ["log_loss", "brier", "accuracy", "roc_auc"] {
            let difference = try #require(json["differences"]?[metric])
            let (was, now) = (json["champion"]?[metric]?.doubleValue, json["candidate"]?[metric]?.doubleValue)
            #expect(difference["interval"]?.arrayValue?.count == 2)
            #expect(isNear(difference["value"]?.doubleValue ?? .nan, (now ?? .nan) - (was ?? .nan)))
        }
        #expect(json["sequential"]?["log_loss"]?["decided"]?.boolValue == true)
        #expect(json["fairness"]?["sex"]?["groups"]?.arrayValue?.map { $0["group"]?.stringValue } == ["F", "M"])
        #expect(json["latency"]?["champion_seconds_per_row"]?.doubleValue ?? 0 > 0)
        #expect(json["reasons"]?.arrayValue?.isEmpty == false)
    }

    @Test("scores may stand in columns; without labels there is agreement only") func columns() throws {
        let options = ShadowOptions(champion: .column("p"), candidate: .column("q"))
        let json = try ShadowAnalysis(try frame("p,q\n0.1,0.2\n0.9,0.4\n"), options).report.json
        #expect(json["agreement"]?["decisions"]?.doubleValue == 0.5 && json["verdict"]?.stringValue == "hold")
        #expect(json["differences"]?.objectValue?.members.isEmpty == true)
    }

    @Test("a metric that is not there, and labels of another kind, are refused in a line") func refused() throws {
        var options = ShadowOptions(champion: .column("p"), candidate: .column("q"))
        options.label = "y"
        options.policy.primary = "gini"
        #expect(throws: AnalysisError.self) { try ShadowAnalysis(try frame("p,q,y\n0.1,0.2,1\n0.9,0.4,0\n"), options) }
        options.policy.primary = nil
        #expect(throws: TableError.self) { try ShadowAnalysis(try frame("p,q,y\n0.1,0.2,a\n0.9,0.4,b\n0.9,0.4,c\n"), options) }
    }

    /// XGBoost's `multi:softmax` of Tests/Models, and the same trees with another objective.
    private func classes(_ objective: String) throws -> FileModel {
        let written = try JSONSerialization.jsonObject(
            with: Data(contentsOf: SharedFiles.package.appending(path: "Tests/Models/models.json")))
        let cases = try #require((written as? [String: Any])?["cases"] as? [[String: Any]])
        let one = try #require(cases.first { $0["name"] as? String == "softmax, three classes" }?["model"] as? String)
        let text = String(decoding: try #require(Data(base64Encoded: one)), as: UTF8.self)
        let path = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString).json").path
        try text.replacing("multi:softmax", with: objective).write(toFile: path, atomically: true, encoding: .utf8)
        return try FileModel(path: path)
    }

    private func threeClasses(_ count: Int) throws -> Frame {
        var random = Seeded(3)
        let lines = (0..<count).map { row in
            let x = (0..<3).map { _ in (1000 * random.gaussian()).rounded() / 1000 }
            return (x + [Double(row % 3)]).map { "\($0)" }.joined(separator: ",")
        }
        return try frame("a,b,c,y\n" + lines.joined(separator: "\n") + "\n")
    }

    @Test("a model that answers with numbers of classes is compared by the probabilities of its classes") func classNumbers() throws {
        func source(_ objective: String) throws -> ShadowOptions.Source {
            .model(try FileModel(path: try classes(objective).path, features: ["a", "b", "c"]))
        }
        var options = ShadowOptions(champion: try source("multi:softprob"), candidate: try source("multi:softmax"))
        options.label = "y"
        let json = try ShadowAnalysis(try threeClasses(600), options).report.json
        #expect(json["task"]?.stringValue == "multiclass")
        #expect(json["agreement"]?["decisions"]?.doubleValue == 1 && json["agreement"]?["largest_difference"]?.doubleValue == 0)
        #expect(json["candidate"]?["log_loss"]?.doubleValue == json["champion"]?["log_loss"]?.doubleValue)
        // Scored by itself it answers as XGBoost does.
        let model = try FileModel(path: try classes("multi:softmax").path, features: ["a", "b", "c"])
        let lines = try model.csv(try threeClasses(20)).split(separator: "\n")
        #expect(lines.count == 21 && lines.dropFirst().allSatisfy { ["0.0", "1.0", "2.0"].contains($0) })
    }

    @Test("columns that the candidate misses are said before the champion scores") func missingColumns() throws {
        let wide = try FileModel(path: try model("1,2"), features: ["x", "q"])
        let options = ShadowOptions(champion: .model(try FileModel(path: try model("1,2"))), candidate: .model(wide))
        #expect { try ShadowAnalysis(try frame(rows(50)), options) } throws: { "\($0)".contains("no column \"q\"") }
    }
}
