import Analysis
import Tables
import TestSupport
import Testing
import Vocabulary

private func frame(_ text: String) throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: "t.csv")) }

/// Two groups of the given size; the second is selected less often.
private func loans(_ n: Int, apart: Double) throws -> Frame {
    var random = Seeded(2)
    var text = "label,prediction,score,sex,race\n"
    for row in 0..<n {
        let isSecond = row % 2 == 1
        let score = random.uniform()
        let label = random.uniform() < score ? 1 : 0
        text += "\(label),\(score > 0.5 + (isSecond ? apart : 0) ? 1 : 0),\(score),\(isSecond ? "F" : "M"),\(row % 3 == 0 ? "x" : "y")\n"
    }
    return try frame(text)
}

private func options(_ sensitive: [String] = ["sex"]) -> AuditOptions {
    var out = AuditOptions()
    out.prediction = "prediction"
    out.sensitive = sensitive
    return out
}

private func attribute(_ json: JSON, _ name: String) -> JSON? {
    json["attributes"]?.arrayValue?.first { $0["attribute"]?.stringValue == name }
}

@Suite("The audit of a file")
struct AuditTests {
    @Test("groups that are decided alike are fair, groups far apart unfair, few rows insufficient")
    func verdicts() throws {
        func verdict(_ n: Int, _ apart: Double) throws -> String? {
            let report = try Audit.run(try loans(n, apart: apart), options()).report
            let metric = attribute(report.json, "sex")?["metrics"]?["demographic_parity_difference"]
            #expect(report.hasFinding == (report.json["verdict"]?.stringValue == "unfair"))
            return metric?["verdict"]?.stringValue
        }
        #expect(try verdict(6000, 0) == "fair")
        #expect(try verdict(6000, 0.3) == "unfair")
        #expect(try verdict(60_000, 0.05) == "negligible")
        #expect(try verdict(100, 0) == "insufficient")
    }

    @Test("the intersection joins the values, leaves empty cells out, and comes last")
    func intersection() throws {
        let text = "label,prediction,a,b\n1,1,x,1\n0,1,x,1\n1,0,y,2\n0,0,y,2\n1,1,y,2\n"
        let json = try Audit.run(try frame(text), options(["a", "b"])).report.json
        #expect(json["attributes"]?.arrayValue?.compactMap { $0["attribute"]?.stringValue } == ["a", "b", "a*b"])
        let groups = attribute(json, "a*b")?["groups"]?.arrayValue?.compactMap { $0["group"]?.stringValue }
        #expect(groups == ["x*1", "y*2"])
        #expect(json["overall"]?["n"]?.intValue == 5)
    }

    @Test("three attributes cross in the order of their values; 1.0 and 0.0 are a yes and a no")
    func threeAttributes() throws {
        let text = "label,prediction,a,b,c\n1.0,1,y,2,q\n0.0,0,x,2,p\n1.0,1,x,10,q\n,1,z,1,r\n0.0,1,x,2,p\n"
        let json = try Audit.run(try frame(text), options(["a", "b", "c"])).report.json
        let groups = attribute(json, "a*b*c")?["groups"]?.arrayValue
        #expect(groups?.compactMap { $0["group"]?.stringValue } == ["x*10*q", "x*2*p", "y*2*q"])
        #expect(groups?.compactMap { $0["fp"]?.doubleValue } == [0, 1, 0])
        // The group of the row that was left out is no group.
        #expect(attribute(json, "c")?["groups"]?.arrayValue?.compactMap { $0["group"]?.stringValue } == ["p", "q"])
    }

    @Test("rows with a missing cell are left out and counted; undefined is null and says why")
    func missing() throws {
        let text = "label,prediction,g\n1,1,a\n,1,a\n0,NA,b\n0,1,\n0,1,b\n"
        let json = try Audit.run(
            try frame(text),
            {
                var o = options(["g"]); o.minRows = 1; return o
            }()
        ).report.json
        #expect(json["rows"]?.intValue == 2)
        #expect(json["rows_left_out"]?.intValue == 3)
        let b = attribute(json, "g")?["groups"]?.arrayValue?.last
        #expect(b?["tpr"] == .null)
        #expect(b?["why"]?.stringValue?.contains("tpr, fnr: no positive labels in the group") == true)
        let metric = attribute(json, "g")?["metrics"]?["equal_opportunity_difference"]
        #expect(metric?["value"] == .null)
        #expect(metric?["verdict"]?.stringValue == "insufficient")
        #expect(metric?["why"]?.stringValue?.contains("fewer than two groups") == true)
    }

    @Test("small groups keep their numbers, take no part in four fifths, and learn what they would need")
    func small() throws {
        var text = "label,prediction,g\n"
        for row in 0..<100 { text += "\(row % 2),\(row % 4 < 2 ? 1 : 0),\(row < 60 ? "a" : row < 98 ? "b" : "tiny")\n" }
        let sex = attribute(try Audit.run(try frame(text), options(["g"])).report.json, "g")
        #expect(sex?["insufficient_groups"]?.arrayValue == ["tiny"])
        #expect(sex?["four_fifths"]?["groups"]?.arrayValue == ["a", "b"])
        #expect(sex?["rows_needed"]?.arrayValue?.first?["needed"]?.intValue == 193)
        #expect(sex?["groups"]?.arrayValue?.last?["n"]?.intValue == 2)
        #expect(sex?["metrics"]?["demographic_parity_difference"]?["judged"]?["worst_pair"]?.arrayValue?.contains("tiny") == false)
    }

    @Test("the same seed gives the same bytes")
    func repeatable() throws {
        var o = options(["sex", "race"])
        o.score = "score"
        o.stratum = "race"
        let data = try loans(500, apart: 0.1)
        let first = try Audit.run(data, o).report.json.text
        #expect(try Audit.run(data, o).report.json.text == first)
        o.seed = 2
        #expect(try Audit.run(data, o).report.json.text != first)
    }

    @Test("what cannot be audited says what was expected")
    func refused() throws {
        func message(_ text: String, _ change: (inout AuditOptions) -> Void = { _ in }) -> String {
            var o = options(["g"])
            change(&o)
            do {
                _ = try Audit.run(try frame(text), o)
                return "no error"
            } catch { return "\(error)" }
        }
        let good = "label,prediction,score,g\n1,1,0.4,a\n0,0,0.3,b\n"
        #expect(message(good) == "no error")
        #expect(message("label,prediction,g\n") == "t.csv: no rows, expected at least one")
        #expect(
            message("label,prediction,g\nyes,no,a\nno,no,b\n")
                == "t.csv:2:1: \"yes\" in label, expected 1 in some row; --positive names another")
        #expect(message(good) { $0.prediction = "score" }.hasPrefix("t.csv:2:3: \"0.4\" in score, expected 1 in some row"))
        #expect(message(good) { $0.sensitive = ["nope"] }.hasPrefix("t.csv:1:1: no column nope"))
        #expect(message(good) { $0.sensitive = ["g", "g"] }.contains("twice"))
        #expect(message(good) { $0.convention = .aif360 }.contains("--reference-group"))
        #expect(
            message(good) {
                $0.convention = .clarify; $0.referenceGroups = ["g": "z"]
            }.contains("expected one of a, b"))
        #expect(message(good) { $0.referenceGroups = ["h": "z"] }.contains("expected one of the attributes g"))
        #expect(message(good) { $0.prediction = nil }.contains("neither --prediction nor --score"))
        #expect(
            message("label,prediction,w,g\n1,1,1,a\n0,0,-1,b\n") { $0.weights = "w" }
                == "t.csv:3:3: -1.0 in w, expected a weight: 0, or from 1e-100 to 1e+100")
        #expect(
            message("label,prediction,w,g\n1,1,0,a\n0,0,0,b\n") { $0.weights = "w" }
                == "t.csv: every weight in w is 0, expected some above 0")
        #expect(message(good) { $0.tau = 0 }.contains("--tau"))
        #expect(message(good) { $0.favorable = "0" }.contains("expected --positive 0, or --convention aif360 or clarify"))
        #expect(message(good) { $0.favorable = "1.0" } == "no error")  // the positive label, in other words
        #expect(
            message(good) {
                $0.favorable = "0"; $0.convention = .aif360; $0.referenceGroups = ["g": "a"]
            } == "no error")
        #expect(
            message(good) {
                $0.task = .regression; $0.convention = .aequitas
            }.hasPrefix("unsupported:"))
    }

    @Test(
        "one row, one group, all alike: an answer without numbers out of nothing",
        arguments: [
            "label,prediction,score,g\n1,1,0.5,a\n", "label,prediction,score,g\n0,0,0.5,a\n0,0,0.5,b\n",
            "label,prediction,score,g\n1,1,inf,a\n0,0,-inf,b\n", "label,prediction,score,g\n1,0,0.1,a\n1,0,0.1,b\n",
        ])
    func nasty(text: String) throws {
        for convention in AuditOptions.Convention.allCases {
            var o = options(["g"])
            o.convention = convention
            o.score = "score"
            o.referenceGroups = ["g": "a"]
            o.minRows = 0
            let json = try Audit.run(try frame(text), o).report.json.text
            #expect(!json.contains("nan"))
            #expect(json.contains("\"attribute\":\"g\""))
        }
    }

    @Test("reweighing gives a weight for every row that was used, thresholds one for every group")
    func mitigation() throws {
        var o = options(["g"])
        o.mitigation = .reweigh
        let weights = try #require(try Audit.run(try frame("label,prediction,g\n1,1,a\n0,1,a\n,1,a\n1,0,b\n"), o).weights)
        #expect(weights.count == 4)
        #expect(weights[2] == nil)
        #expect(isNear(weights[0] ?? 0, 2.0 * 2 / 3 / 1))
        var t = options()
        t.mitigation = .thresholds
        t.score = "score"
        let json = try Audit.run(try loans(1000, apart: 0.2), t).report.json
        #expect(json["mitigation"]?["thresholds"]?.objectValue?.members.count == 2)
        #expect(json["mitigation"]?["curve"]?.arrayValue?.count == 101)
    }

    @Test("several classes are audited one against the others, numbers by their errors")
    func tasks() throws {
        var o = options(["g"])
        o.task = .multiclass
        let classes = try Audit.run(try frame("label,prediction,g\nx,x,a\ny,x,a\nz,z,b\nx,y,b\n"), o).report.json
        #expect(classes["attributes"]?.arrayValue?.compactMap { $0["class"]?.stringValue } == ["x", "y", "z"])
        #expect(classes["overall"]?["accuracy"]?.doubleValue == 0.5)
        // A number is one class however it is written.
        let numbers = try Audit.run(try frame("label,prediction,g\n0.0,0,a\n1.0,1,a\n2.0,2,b\n1.0,0,b\n"), o).report.json
        #expect(numbers["classes"] == ["0", "1", "2"] && numbers["overall"]?["accuracy"]?.doubleValue == 0.75)
        o.task = .regression
        let errors = try Audit.run(try frame("label,prediction,g\n1,2,a\n2,2,a\n3,5,b\n"), o).report.json
        #expect(attribute(errors, "g")?["groups"]?.arrayValue?.last?["mae"]?.doubleValue == 2)
        #expect(attribute(errors, "g")?["metrics"]?["mae_difference"]?["value"]?.doubleValue == 1.5)
        let bias = attribute(errors, "g")?["groups"]?.arrayValue?.first?["intervals"]?["bias"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        #expect(bias.count == 2 && isNear(bias[0], 0.5 - 0.9799819922700269) && isNear(bias[1], 0.5 + 0.9799819922700269))
        #expect(attribute(errors, "g")?["groups"]?.arrayValue?.last?["intervals"] == .object(JSONObject()))
        let needed = attribute(errors, "g")?["rows_needed"]?.arrayValue?.last
        #expect(needed?["group"]?.stringValue == "b" && needed?["n"]?.intValue == 1 && needed?["needed"]?.intValue == 769)
    }
}
