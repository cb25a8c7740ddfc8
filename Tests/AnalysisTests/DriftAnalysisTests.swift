import Analysis
import Foundation
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("evenkeel drift") struct DriftAnalysisTests {
    private func frame(_ text: String, _ file: String = "ref.csv") throws -> Frame { Frame(try CSVTable(Array(text.utf8), file: file)) }

    private func table(_ header: String, _ count: Int, _ row: (Int) -> String) -> String {
        header + "\n" + (0..<count).map(row).joined(separator: "\n") + "\n"
    }

    private func report(_ reference: String, _ current: String, _ change: (inout DriftOptions) -> Void = { _ in }) throws -> Report {
        var options = DriftOptions()
        change(&options)
        return try DriftAnalysis.report(reference: frame(reference), current: frame(current, "cur.csv"), options: options)
    }

    private func column(_ report: Report, _ name: String) throws -> JSON {
        try #require(report.json["columns"]?.arrayValue?.first { $0["name"]?.stringValue == name })
    }

    @Test("a shifted column has drifted, an equal one is ok, and the report says so") func verdicts() throws {
        let reference = table("moved,calm", 2000) { "\($0 % 200),\($0 % 97)" }
        let current = table("moved,calm", 2000) { "\($0 % 200 + 60),\(($0 + 13) % 97)" }
        let result = try report(reference, current)
        #expect(try column(result, "moved")["verdict"]?.stringValue == "drifted")
        #expect(try column(result, "calm")["verdict"]?.stringValue == "ok")
        #expect(result.json["dataset"]?["drifted_columns"]?.intValue == 1)
        #expect(result.json["dataset"]?["share"]?.doubleValue == 0.5)
        #expect(result.hasFinding)
        let ks = try #require(try column(result, "moved")["tests"]?["ks"])
        #expect(ks["statistic"]?.doubleValue == 0.3)
        #expect(ks["p_adjusted"]?.doubleValue.map { $0 < 0.001 } == true)
    }

    @Test("times and names of rows are compared when they are asked for") func asked() throws {
        func day(_ row: Int) -> String { "2026-0\(1 + row % 60 / 30)-\(10 + row % 18)" }
        let reference = table("t,id", 400) { "\(day($0)),a\($0)" }
        let current = table("t,id", 400) { "2026-05-\(10 + $0 % 20),b\($0)" }
        #expect(try report(reference, current).json["columns"]?.arrayValue?.isEmpty == true)
        for (name, change) in [("t", { $0.columns = ["t", "id"] }), ("t", { $0.numeric = ["t"] })]
            as [(String, (inout DriftOptions) -> Void)]
        {
            let compared = try column(try report(reference, current, change), name)
            #expect(compared["kind"]?.stringValue == "numeric" && compared["verdict"]?.stringValue == "drifted")
            #expect(compared["tests"]?["ks"]?["statistic"]?.doubleValue == 1)
        }
        #expect(try column(try report(reference, current) { $0.columns = ["id"] }, "id")["kind"]?.stringValue == "categorical")
    }

    @Test("tables of two levels have Yates' correction beside") func yates() throws {
        let reference = table("c", 100) { $0 < 60 ? "x" : "y" }
        let current = table("c", 100) { $0 < 40 ? "x" : "y" }
        let tests = try column(try report(reference, current) { $0.tests = [.chiSquared, .gTest] }, "c")["tests"]
        // scipy.stats.chi2_contingency([[60, 40], [40, 60]]) with correction False and True.
        #expect(isNear(tests?["chi_squared"]?["statistic"]?.doubleValue ?? 0, 8))
        #expect(isNear(tests?["chi_squared"]?["statistic_yates"]?.doubleValue ?? 0, 7.22))
        #expect(isNear(tests?["chi_squared"]?["p_value_yates"]?.doubleValue ?? 0, 0.007209570764742524, relative: 1e-9))
        #expect(tests?["g_test"]?["p_value_yates"]?.doubleValue ?? 0 > tests?["g_test"]?["p_value"]?.doubleValue ?? 1)
    }

    @Test("a row that is left over at the end of the reference sets no threshold") func leftOver() throws {
        var reference = table("x", 300) { "\($0 * 37 % 100)" }
        reference += "999\n"
        let current = table("x", 300) { "\($0 * 37 % 100 + 40)" }
        let chunks =
            try column(
                try report(reference, current) {
                    $0.chunking = .count(3); $0.columns = ["x"]
                }, "x")["chunks"]?.arrayValue ?? []
        let analysis = chunks.filter { $0["period"]?.stringValue == "analysis" }
        #expect(analysis.count == 3 && analysis.allSatisfy { $0["tests"]?["ks"]?["alert"]?.boolValue == true })
        #expect(chunks.filter { $0["period"]?.stringValue == "reference" }.count == 4)
    }

    @Test("files without a common column are refused, with the likely reason") func nothingInCommon() throws {
        let error = #expect(throws: AnalysisError.self) { try report("a,b\n1,2\n", "a;b\n1;2\n") }
        #expect(error?.description.hasSuffix("expected the same names; fields are separated by commas, not by ;") == true)
    }

    @Test("significant but small is negligible; too few rows are insufficient") func negligible() throws {
        let reference = table("x", 40_000) { "\($0 % 1000)" }
        let current = table("x", 40_000) { "\($0 % 1000 + 30)" }
        #expect(try column(try report(reference, current), "x")["verdict"]?.stringValue == "negligible")
        let few = table("x", 20) { "\($0)" }
        let result = try column(try report(few, few), "x")
        #expect(result["verdict"]?.stringValue == "insufficient")
        #expect(result["why"]?.stringValue?.contains("too few") == true)
    }

    @Test("missing values are a share of their own, with a test") func missing() throws {
        let reference = table("x,y", 1000) { "\($0),a" }
        let current = table("x,y", 1000) { $0 % 3 == 0 ? ",a" : "\($0),a" }
        let result = try column(try report(reference, current), "x")
        #expect(result["missing"]?["reference"]?.doubleValue == 0)
        #expect(result["missing"]?["current"]?.doubleValue == 0.334)
        #expect(result["verdict"]?.stringValue == "drifted")
        #expect(result["why"]?.stringValue?.contains("missing values went from 0.0 % to 33.4 %") == true)
        let gone = try column(try report(reference, table("x,y", 1000) { _ in ",a" }), "x")
        #expect(gone["verdict"]?.stringValue == "drifted")
        #expect(gone["tests"]?["ks"]?["statistic"] == .null)
    }

    @Test("levels that are new or gone are named") func levels() throws {
        let reference = table("city", 300) { ["a", "b", "c"][$0 % 3] }
        let current = table("city", 300) { ["a", "b", "d"][$0 % 3] }
        let result = try column(try report(reference, current), "city")
        #expect(result["unseen_levels"] == .array(["d"]))
        #expect(result["vanished_levels"] == .array(["c"]))
        #expect(result["cells"]?["levels"] == .array(["a", "b", "c", "d"]))
        #expect(result["cells"]?["reference"] == .array([100, 100, 100, 0]))
        #expect(result["tests"]?["chi_squared"]?["degrees_of_freedom"]?.intValue == 3)
    }

    @Test("what cannot be compared is named with its reason") func leftOut() throws {
        let reference = table("id,when,old,blank,zero", 100) { "\($0),2026-01-01T00:00:\($0 % 50 + 10)Z,1.5,,0" }
        let current = table("id,when,new,blank,zero", 100) { "\($0 + 100),2026-02-01T00:00:\($0 % 50 + 10)Z,2,,0" }
        let result = try report(reference, current)
        let left = try #require(result.json["left_out"]?.arrayValue)
        #expect(left.compactMap { $0["name"]?.stringValue } == ["id", "when"])
        for name in ["old", "new", "blank"] {
            #expect(try column(result, name)["verdict"]?.stringValue == "no_data")
            #expect(try column(result, name)["why"]?.stringValue?.isEmpty == false)
        }
        #expect(try column(result, "zero")["verdict"]?.stringValue == "ok")
        #expect(!result.hasFinding)
    }

    @Test("zeros and ones are a yes and a no, however they are written; True is true") func booleans() throws {
        let reference = table("flag,bool", 400) { "\($0 % 2),\($0 % 2 == 0 ? "True" : "False")" }
        let current = table("flag,bool", 400) { "\($0 % 2).0,\($0 % 2 == 0 ? "true" : "false")" }
        let result = try report(reference, current)
        for name in ["flag", "bool"] {
            #expect(try column(result, name)["kind"]?.stringValue == "categorical")
            #expect(try column(result, name)["verdict"]?.stringValue == "ok")
        }
        #expect(try column(result, "flag")["cells"]?["levels"] == .array(["0", "1"]))
    }

    @Test("levels that only look alike are different") func lookalikes() throws {
        let result = try report("c\n\u{E9}\n", "c\ne\u{301}\n") { $0.categorical = ["c"] }
        #expect(try column(result, "c")["cells"]?["levels"]?.arrayValue?.count == 2)
    }

    @Test("a word among numbers is an error with its place, unless the column is said to be levels") func mixed() throws {
        let good = table("x", 60) { "\(Double($0) * 1.5)" }
        let bad = good + "oops\n"
        #expect(throws: TableError.self) { try report(good, bad) }
        #expect(try column(try report(good, bad) { $0.categorical = ["x"] }, "x")["kind"]?.stringValue == "categorical")
        #expect(throws: TableError.self) { try report(bad, bad) { $0.numeric = ["x"] } }
    }

    @Test("files without rows are refused") func noRows() throws {
        #expect(throws: AnalysisError.self) { try report("a,b\n", "a,b\n1,x\n") }
        #expect(throws: AnalysisError.self) { try report("a,b\n1,x\n", "a,b\n") }
    }

    @Test("infinite values count, and distances say that they have none") func infinite() throws {
        let text = table("x", 100) { $0 % 10 == 0 ? "inf" : "\($0)" }
        let tests = try #require(try column(try report(text, text), "x")["tests"])
        #expect(tests["ks"]?["statistic"]?.doubleValue == 0)
        #expect(tests["wasserstein"]?["statistic"] == .null)
        #expect(tests["wasserstein"]?["why"]?.stringValue != nil)
    }

    @Test("only the tests that are asked for are printed; the verdict is given all the same") func chosenTests() throws {
        let reference = table("x", 500) { "\($0 % 50)" }
        let current = table("x", 500) { "\($0 % 50 + 40)" }
        let result = try column(try report(reference, current) { $0.tests = [.energy] }, "x")
        #expect(result["tests"]?.objectValue?.members.map(\.key) == ["energy"])
        #expect(result["verdict"]?.stringValue == "drifted")
    }

    @Test("chunks: the reference's come first, and a drifted chunk is in alert", arguments: [false, true])
    func chunks(isNannyML: Bool) throws {
        var random = Seeded(1)
        let reference = table("x", 1000) { _ in "\(random.gaussian())" }
        let current = table("x", 450) { row in "\(random.gaussian() + (row >= 300 ? 3 : 0))" }
        let result = try report(reference, current) {
            $0.chunking = .size(100)
            $0.isNannyML = isNannyML
            $0.tests = [.ks, .jensenShannon]
        }
        let chunks = try #require(try column(result, "x")["chunks"]?.arrayValue)
        #expect(chunks.count == 15)
        #expect(chunks[0]["period"]?.stringValue == "reference" && chunks[10]["period"]?.stringValue == "analysis")
        #expect(chunks[14]["start"]?.intValue == 400 && chunks[14]["end"]?.intValue == 449)
        #expect(chunks[13]["tests"]?["ks"]?["alert"]?.boolValue == true)
        #expect(chunks[10]["tests"]?["ks"]?["alert"]?.boolValue == false)
        #expect(chunks[10]["tests"]?["ks"]?["lower_threshold"] == .null)
    }

    @Test("options that cannot be met say so in one line") func options() throws {
        let text = "a\n1\n2\n3\n"
        #expect(throws: AnalysisError.self) { try report(text, text) { $0.bins = 0 } }
        #expect(throws: AnalysisError.self) { try report(text, text) { $0.chunking = .period(.day) } }
        #expect(throws: AnalysisError.self) {
            try report(text, text) {
                $0.numeric = ["a"]; $0.categorical = ["a"]
            }
        }
        #expect(throws: TableError.self) { try report(text, text) { $0.columns = ["z"] } }
        #expect(throws: AnalysisError.self) { try DriftTest.named("no_such_test") }
        #expect(throws: AnalysisError.self) {
            try report(text, text) {
                $0.isNannyML = true; $0.tests = [.energy]
            }
        }
    }

    @Test("columns together: asked for, and repeatable by the seed") func joint() throws {
        var random = Seeded(4)
        let reference = table("x,y,k", 300) { _ in "\(random.gaussian()),\(random.gaussian()),\(random.uniform() < 0.5 ? "a" : "b")" }
        let current = table("x,y,k", 300) { _ in "\(random.gaussian() + 1),\(random.gaussian()),\(random.uniform() < 0.5 ? "a" : "b")" }
        let tests: [DriftTest] = [.domainClassifier, .pcaReconstruction, .correlation, .mmd]
        let first = try report(reference, current) { $0.tests = tests }
        let dataset = try #require(first.json["dataset"])
        #expect(dataset["domain_classifier"]?["auc"]?.doubleValue.map { $0 > 0.65 } == true)
        #expect(dataset["mmd"]?["p_value"]?.doubleValue.map { $0 <= 0.01 } == true)
        #expect(dataset["correlation"]?["pairs"]?.intValue == 1)
        #expect(dataset["pca_reconstruction"]?["statistic"]?.doubleValue != nil)
        #expect(try report(reference, current) { $0.tests = tests }.json == first.json)
    }

    @Test("without drift, small files of many columns are hardly ever called drifted: PSI's law is not trusted in its far tail")
    func smallFiles() throws {
        let header = (0..<60).map { "c\($0)" }.joined(separator: ",")
        var alarms = 0
        for seed in 0..<40 as Range<UInt64> {
            var random = Seeded(500 + seed)
            func file() -> String { table(header, 100) { _ in (0..<60).map { _ in "\(random.uniform())" }.joined(separator: ",") } }
            let result = try report(file(), file()) { options in
                options.hasHistograms = false
                options.tests = [.ks, .psi, .jensenShannon]
            }
            if result.hasFinding { alarms += 1 }
        }
        // By PSI's own law it would be some twelve of forty.
        #expect(alarms <= 5, "\(alarms) of 40")
    }

    @Test("PSI and Jensen-Shannon are judged by the larger of their own p-value and Pearson's") func larger() throws {
        let reference = table("x", 100) { "\($0)" }
        let current = table("x", 100) { "\($0 < 10 ? 50 : $0)" }
        let tests = try column(try report(reference, current) { $0.tests = [.psi] }, "x")["tests"]
        let psi = try #require(tests?["psi"])
        let (own, pearson) = (try #require(psi["p_value"]?.doubleValue), try #require(psi["p_value_pearson"]?.doubleValue))
        #expect(own < 1e-4 && pearson > 0.1)
        // Two tests are corrected: this one and the share of missing values.
        #expect(psi["p_adjusted"]?.doubleValue == min(1, 2 * pearson))
    }

    @Test("without drift, hardly a column is called drifted") func falseAlarms() throws {
        var random = Seeded(2026)
        let names = (0..<30).map { "c\($0)" }.joined(separator: ",")
        func rows() -> String {
            table(names, 500) { _ in
                (0..<30).map { c in c % 3 == 0 ? String("abcdefghij".randomElement(using: &random) ?? "a") : "\(random.gaussian())" }
                    .joined(separator: ",")
            }
        }
        let result = try report(rows(), rows())
        #expect(result.json["dataset"]?["drifted_columns"]?.intValue == 0)
    }
}

@Suite("evenkeel drift, tables of levels") struct DriftTableTests {
    private func tests(_ reference: String, _ current: String) throws -> JSON {
        var options = DriftOptions()
        options.tests = [.chiSquared, .gTest, .fisherExact, .twoProportions]
        func frame(_ levels: String) throws -> Frame {
            Frame(try CSVTable(Array(("c\n" + levels.map { "\($0)\n" }.joined()).utf8), file: "x.csv"))
        }
        let report = try DriftAnalysis.report(reference: frame(reference), current: frame(current), options: options)
        return try #require(report.json["columns"]?.arrayValue?.first?["tests"])
    }

    @Test("Fisher's test and the two proportions are for two levels") func twoLevels() throws {
        let two = try tests("aaaaaaabb", "aabbbbbbbb")
        let z = try #require(two["two_proportions"]?["statistic"]?.doubleValue)
        let chi = try #require(two["chi_squared"]?["statistic"]?.doubleValue)
        #expect(isNear(z * z, chi, relative: 1e-9))
        #expect(z > 0)  // the second level rose
        let p = try #require(two["fisher_exact"]?["p_value"]?.doubleValue)
        #expect(p > 0.01 && p < 0.05)
        let three = try tests("aabbcc", "abbccc")
        #expect(three["fisher_exact"]?["statistic"] == .null)
        #expect(three["fisher_exact"]?["why"]?.stringValue == "3 levels, expected two")
        #expect(three["g_test"]?["degrees_of_freedom"]?.intValue == 2)
    }

    @Test("a single level has nothing to test, and says so") func oneLevel() throws {
        let found = try tests("aaa", "aa")
        for name in ["chi_squared", "fisher_exact", "two_proportions"] { #expect(found[name]?["why"]?.stringValue != nil) }
        #expect(found["g_test"]?["p_value"]?.doubleValue == 1)
    }
}
