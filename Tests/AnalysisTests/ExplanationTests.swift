import Foundation
import Tables
import TestSupport
import Testing
import Vocabulary

@testable import Analysis

@Suite("evenkeel explain")
struct ExplanationTests {
    private func frame(_ text: String, _ file: String = "t.csv") throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: file)) }

    private func write(_ text: String, _ form: String = "json") throws -> FileModel {
        let path = FileManager.default.temporaryDirectory.appending(path: "explained-\(UUID().uuidString).\(form)").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try FileModel(path: path)
    }

    private func linear(_ coefficients: String, kind: String = "linear") throws -> FileModel {
        try write(#"{"kind":"\#(kind)","features":["x","z"],"coefficients":[\#(coefficients)],"intercept":1}"#)
    }

    /// 10 for x ≤ 0.5, else 20 or 30 by z.
    private func trees(_ leaves: String = "10 20 30") throws -> FileModel {
        try write(
            """
            tree
            version=v4
            num_class=1
            num_tree_per_iteration=1
            label_index=0
            max_feature_idx=1
            objective=regression
            feature_names=x z
            feature_infos=[0:1] [0:1]

            Tree=0
            num_leaves=3
            num_cat=0
            split_feature=0 1
            threshold=0.5 0.5
            decision_type=2 2
            left_child=-1 -2
            right_child=1 -3
            leaf_value=\(leaves)
            leaf_count=50 25 25
            internal_count=100 50
            shrinkage=1

            end of trees
            """, "txt")
    }

    /// x and z between 0 and 1, moved by so much; labels 1 more often the larger x is.
    private func rows(_ count: Int, x: Double = 0, z: Double = 0, seed: UInt64 = 4) -> String {
        var random = Seeded(seed)
        return "x,z,y\n"
            + (0..<count).map { _ in
                let a = random.uniform()
                return "\(a + x),\(random.uniform() + z),\(random.uniform() < a ? 1 : 0)"
            }.joined(separator: "\n") + "\n"
    }

    private func explain(_ model: FileModel, _ text: String, _ change: (inout ExplainOptions) -> Void = { _ in }) throws -> JSON {
        var options = ExplainOptions(model)
        change(&options)
        return try Explanation(frame(text), options).report.json
    }

    private func value(_ json: JSON, _ feature: String) -> Double {
        json["features"]?.arrayValue?.first { $0["feature"]?.stringValue == feature }?["value"]?.doubleValue ?? .nan
    }

    @Test("what answers depend on: the first feature is the one that counts most") func importance() throws {
        let json = try explain(linear("1,3"), rows(2000))
        #expect(json["question"]?.stringValue == "importance" && json["method"]?.stringValue == "mixing")
        #expect(json["features"]?.arrayValue?.first?["feature"]?.stringValue == "z" && json["n"]?.intValue == 2000)
        #expect(abs(value(json, "z") - 1) < 0.05 && abs(value(json, "x") - 1.0 / 3) < 0.02)
        #expect(json["why"]?.stringValue?.hasPrefix("answers depend most on z (") == true)
        let fewer = try explain(linear("1,0"), rows(2000)) { $0.rowsMax = 100 }
        #expect(fewer["n"]?.intValue == 100 && value(fewer, "z") == 0)
    }

    @Test("of trees contributions are used, exactly; mixing says much the same") func trees() throws {
        let text = rows(2000)
        let json = try explain(trees(), text)
        #expect(json["method"]?.stringValue == "tree_shap" && json["unit"]?.stringValue == "margin")
        // By hand, where half of the rows go each way: φ of x is ±6.25 or ±8.75, of z ±1.25 where x ≤ 0.5 and ±3.75 above.
        #expect(abs(value(json, "x") - 7.5) < 0.1 && abs(value(json, "z") - 2.5) < 0.1)
        #expect(try explain(trees(), text) { $0.method = .mixing }["features"]?.arrayValue?.first?["feature"]?.stringValue == "x")
    }

    @Test("what the loss depends on, from probabilities and from values") func loss() throws {
        let binary = try explain(linear("4,0", kind: "logistic"), rows(2000, x: -0.5)) { $0.question = .loss(label: "y") }
        #expect(binary["unit"]?.stringValue == "log_loss" && value(binary, "x") > 0.1 && value(binary, "z") == 0)
        let values = try explain(linear("2,0"), "x,z,y\n" + (0..<50).map { "\($0),1,\(2 * $0 + 1)\n" }.joined()) {
            $0.question = .loss(label: "y")
        }
        // Its answers are right, so what is lost is the squared distance to another row's: 2 · 4 · variance of 0 … 49.
        #expect(values["unit"]?.stringValue == "squared_error" && abs(value(values, "x") / (8 * 208.25) - 1) < 0.2)
        let missing = try explain(linear("2,0"), "x,z,y\n1,1,3\n2,1,\n,1,5\n3,1,7\n") { $0.question = .loss(label: "y") }
        #expect(missing["n"]?.intValue == 2 && missing["left_out"]?.intValue == 2)
    }

    @Test("what moved the answers: parts add up to the change") func shift() throws {
        let reference = try frame(rows(3000, seed: 8), "january.csv")
        let json = try explain(linear("1,3"), rows(3000, z: 0.5)) { $0.question = .shift(reference) }
        let (before, after) = (json["before"]?.doubleValue ?? .nan, json["after"]?.doubleValue ?? .nan)
        #expect(abs(value(json, "x") + value(json, "z") - (after - before)) < 1e-9)
        #expect(abs(value(json, "z") - 1.5) < 0.1 && abs(value(json, "x")) < 0.05)
        #expect(json["why"]?.stringValue?.contains("z +1.") == true && json["why"]?.stringValue?.contains("x ") == false)
        let calm = try explain(linear("1,3"), rows(3000)) { $0.question = .shift(reference) }
        #expect(calm["why"]?.stringValue?.hasSuffix("no feature surely moved it") == true)

        let moved = try explain(trees(), rows(3000, x: 0.4)) { $0.question = .shift(reference) }
        #expect(moved["method"]?.stringValue == "tree_shap" && value(moved, "x") > 4 && abs(value(moved, "z")) < 1)
        // What TreeSHAP says of the margin adds up as well: 25 · share above 0.5 + 10 · share below, in the mean.
        #expect(abs((moved["change"]?.doubleValue ?? .nan) - 15 * 0.4) < 0.6)
    }

    @Test("where two models differ, also where one lacks a feature") func difference() throws {
        let json = try explain(linear("1,3"), rows(2000)) { $0.question = .difference(try! linear("1,0")) }
        #expect(value(json, "x") < 1e-12 && abs(value(json, "z") - 1) < 0.05)
        let forest = try explain(trees(), rows(2000)) { $0.question = .difference(try! trees("10 20 20")) }
        #expect(forest["method"]?.stringValue == "tree_shap" && value(forest, "z") > 1)
        let narrow = try write(#"{"kind":"linear","features":["x"],"coefficients":[1],"intercept":1}"#)
        #expect(abs(value(try explain(linear("1,3"), rows(2000)) { $0.question = .difference(narrow) }, "z") - 1) < 0.05)
    }

    @Test("several answers: the one that says most, or the one that is asked for") func outputs() throws {
        let model = try write(
            #"{"kind":"multinomial","features":["x","z"],"coefficients":[[0,0],[4,0],[0,0]],"intercept":[0,0,0],"classes":["a","b","c"]}"#)
        let json = try explain(model, rows(500))
        #expect(json["answer"]?.intValue == 1 && value(json, "x") > 0.1 && value(json, "z") == 0)
        #expect(try explain(model, rows(500)) { $0.answer = 2 }["answer"]?.intValue == 2)
        #expect(throws: AnalysisError("--answer 3, expected 0 to 2")) { try explain(model, rows(500)) { $0.answer = 3 } }
    }

    @Test("a reference is read by the columns of the file, in whatever order it has them") func columnsByName() throws {
        let nameless = try write(#"{"kind":"linear","coefficients":[1,0],"intercept":0}"#)
        var options = ExplainOptions(try FileModel(path: nameless.path, features: ["x", "z"]))
        options.question = .shift(try frame("z,x\n5,1\n5,2\n5,3\n"))
        let json = try Explanation(frame("x,z\n2,5\n3,5\n4,5\n"), options).report.json
        #expect(value(json, "z") == 0 && abs(value(json, "x") - 1) < 1e-12)
        options.question = .shift(try frame("a,b\n1,1\n2,2\n"))
        #expect(throws: AnalysisError.self) { try Explanation(frame("x,z\n2,5\n3,5\n"), options) }
        // A column that is named twice is one feature.
        options = ExplainOptions(try FileModel(path: nameless.path, features: ["x", "x"]))
        #expect(try Explanation(frame("x,z\n2,5\n3,5\n4,5\n"), options).report.json["features"]?.arrayValue?.count == 1)
    }

    @Test("losses: classes by their places, shares as values, nothing where nothing helps") func labels() throws {
        let many = try write(
            #"{"kind":"multinomial","features":["x"],"coefficients":\#((0..<12).map { [Double($0)] }),"intercept":\#([Double](repeating: 0, count: 12))}"#
        )
        let text = "x,y\n" + (0..<200).map { "\($0 % 2 == 0 ? 3 : -3),\($0 % 2 == 0 ? 11 : 0)\n" }.joined()
        #expect(value(try explain(many, text) { $0.question = .loss(label: "y") }, "x") > 5)
        let shares = try explain(linear("0.5,0"), "x,z,y\n" + (0..<50).map { "\(-Double($0) / 50),1,\(1 - Double($0) / 100)\n" }.joined()) {
            $0.question = .loss(label: "y")
        }
        #expect(shares["unit"]?.stringValue == "squared_error" && value(shares, "x") > 0)
        let useless = try explain(linear("0,0"), rows(200)) { $0.question = .loss(label: "y") }
        #expect(useless["why"]?.stringValue == "the loss surely grows without the values of no feature")
    }

    @Test("what cannot be explained is said") func refused() throws {
        let model = try linear("1,3")
        #expect(throws: AnalysisError.self) { try explain(model, rows(1)) }
        #expect(throws: AnalysisError.self) { try explain(model, rows(9)) { $0.method = .treeSHAP } }
        #expect(throws: AnalysisError("--repeats 0, expected 1 to 1000")) { try explain(model, rows(9)) { $0.repeats = 0 } }
        #expect(throws: AnalysisError.self) {
            try explain(model, rows(9)) {
                $0.question = .loss(label: "y")
                $0.method = .treeSHAP
            }
        }
        #expect(throws: TableError.self) { try explain(model, rows(9)) { $0.question = .loss(label: "nothing") } }
    }
}
