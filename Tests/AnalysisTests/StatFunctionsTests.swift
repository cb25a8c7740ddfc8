import Analysis
import TestSupport
import Testing
import Vocabulary

@Suite("evenkeel stat")
struct StatFunctionsTests {
    private func one(_ name: String, _ args: JSON) throws -> JSON {
        try #require(try StatFunctions.answer(.array([.object(["name": .string(name), "args": args])])).arrayValue?.first)
    }
    private func error(_ name: String, _ args: JSON) throws -> String { try one(name, args)["error"]?.stringValue ?? "no error" }

    @Test("a list of calls gives a list of results, in order; a bad call spoils no other")
    func order() throws {
        let calls = try JSON.parse(
            """
            [{"name":"mcnemar","args":{"table":[[1,1],[9,1]]}},{"name":"nothing"},7,
             {"name":"fisher_exact","args":{"table":[[1,2]]}},{"name":"normal_quantile","args":{"p":[0.5]}}]
            """)
        let answers = try #require(try StatFunctions.answer(calls).arrayValue)
        #expect(answers.count == 5)
        #expect(answers[0]["exact"]?["statistic"]?.doubleValue == 1)
        #expect(answers[1]["error"]?.stringValue?.hasPrefix("unsupported: there is no function \"nothing\"") == true)
        #expect(answers[2]["error"]?.stringValue == "a call without a name, expected {\"name\": \"...\", \"args\": {...}}")
        #expect(answers[3]["error"]?.stringValue == "table is not 2 by 2, expected [[a, b], [c, d]]")
        #expect(answers[4]["value"]?.arrayValue?.first?.doubleValue == 0)
    }

    @Test("a call that is no JSON spoils no other; a list that is none has no answers")
    func broken() throws {
        func answers(_ text: String) throws -> [JSON] { try StatFunctions.answer(text: Array(text.utf8)).arrayValue ?? [] }
        let mixed = try answers(
            #"[{"name":"erf","args":{"x":[1e999]}}, {"name":"erf","args":{"x":[0]}} ,{"name":"a,]b","args":{"x":NaN}}]"#)
        #expect(mixed.count == 3 && mixed[1]["erf"]?.arrayValue?.first?.doubleValue == 0)
        #expect(mixed[0]["error"]?.stringValue?.contains("beyond the range of a double") == true && mixed[2]["error"] != nil)
        for text in ["", "[", "[1e999", "[1e999}", "[1e999,]", "[1e999] 7", "7 [1e999]", "1e999"] {
            #expect(throws: AnalysisError.self) { try answers(text) }
        }
        #expect(throws: AnalysisError("standard input:1:2: a number beyond the range of a double, expected a JSON list")) {
            try answers("[1e999,]")
        }
    }

    @Test("levels that are as good as 0 or 1 are refused", arguments: [1e-300, 1e-16, 0.9999999999999999])
    func levels(confidence: Double) throws {
        let args: JSON = .object(["count": 3, "n": 10, "confidence": .number(confidence)])
        #expect(try error("proportion_intervals", args).hasSuffix("expected a number between 0 and 1, at least 1e-15 from both"))
        let bootstrap: JSON = .object(["x": [1, 2, 3], "statistic": "mean", "confidence": .number(confidence)])
        #expect(try error("bootstrap", bootstrap) != "no error")
    }

    @Test("levels at the ends of their range are answered", arguments: [1e-15, 1 - 1e-15])
    func extremeLevels(confidence: Double) throws {
        let answer = try one("proportion_intervals", .object(["count": 3, "n": 10, "confidence": .number(confidence)]))
        #expect(answer["wilson"]?.arrayValue?.count == 2 && answer["error"] == nil)
    }

    @Test("what is undefined says why, whatever the function")
    func explained() throws {
        let answer = try one("normal", .object(["x": [0, nil]]))
        #expect(answer["cdf"]?.arrayValue == [.number(0.5), .null] && answer["why"]?.stringValue != nil)
        #expect(try one("minimum_detectable_effect", .object(["n_1": "Infinity", "n_2": 10, "p_2": 0.1]))["error"] != nil)
        #expect(try one("minimum_detectable_effect", .object(["n_1": 10, "n_2": "Infinity", "deviation": 1]))["error"] != nil)
    }

    @Test("with a name the list is of arguments alone")
    func named() throws {
        let args: JSON = [.object(["x": [0, 1]]), .object(["x": 2])]
        let answers = try #require(try StatFunctions.answer(args, name: "erf").arrayValue)
        #expect(answers.count == 2 && answers[0]["erf"]?.arrayValue?.count == 2)
        #expect(throws: AnalysisError.self) { try StatFunctions.answer([], name: "nothing") }
        #expect(throws: AnalysisError.self) { try StatFunctions.answer(5) }
        #expect(try StatFunctions.answer([]) == .array([]))
    }

    @Test("names are unique, in the words of the contract, and every argument is listed with its meaning")
    func list() throws {
        let names = StatFunctions.all.map(\.name)
        #expect(Set(names).count == names.count)
        let promised = [
            "chi_squared", "g_test", "fisher_exact", "t_test", "levene", "adjust_p_values", "proportion_intervals", "two_proportions",
            "mcnemar", "delong", "bootstrap", "brier", "log_loss", "isotonic", "normal", "normal_quantile", "erf", "incomplete_gamma",
            "incomplete_beta", "beta_quantile", "chi_squared_tail", "student_t_tail", "f_tail", "ks_tail", "kolmogorov_tail", "binomial",
            "quantile",
        ]
        #expect(Set(promised).isSubset(of: names))
        #expect(StatFunctions.all.allSatisfy { !$0.arguments.isEmpty && $0.arguments.allSatisfy { !$0.meaning.isEmpty } })
        #expect(StatFunctions.list().json.arrayValue?.count == names.count)
    }

    @Test("every function refuses an unknown argument, a missing one and no object, in one line", arguments: StatFunctions.all.map(\.name))
    func refusals(name: String) throws {
        #expect(try error(name, .object(["nonsense": 1])).hasPrefix("unknown argument \"nonsense\", expected "))
        #expect(try error(name, 5) == "args is a number, expected an object")
        let message = try error(name, .object(JSONObject()))
        #expect(message.contains("expected") && !message.contains("\n"), "\(message)")
    }

    @Test("null is missing and goes by nan_policy; infinities are numbers")
    func missing() throws {
        let x: JSON = [1, nil, 3]
        #expect(try one("quantile", .object(["x": x, "p": 0.5]))["value"]?.text == "[2]")
        #expect(try one("quantile", .object(["x": x, "p": 0.5, "nan_policy": "propagate"]))["value"]?.text == "[null]")
        let refused = try error("quantile", .object(["x": x, "p": 0.5, "nan_policy": "raise"]))
        #expect(refused == "x holds a missing value, expected none with nan_policy raise")
        #expect(try error("quantile", .object(["x": x, "p": 0.5, "nan_policy": "drop"])).contains("expected omit, propagate, raise"))
        let normal = try one("normal", .object(["x": ["Infinity", "-Infinity", nil]]))
        #expect(normal["cdf"]?.text == "[1,0,null]")
        #expect(normal["log_sf"]?.text == "[\"-Infinity\",0,null]")
    }

    @Test("what is undefined is null with the reason beside it")
    func why() throws {
        let fisher = try one("fisher_exact", .object(["table": [[0, 0], [3, 4]]]))
        #expect(fisher["odds_ratio"] == .null && fisher["p_value"]?.doubleValue == 1 && fisher["why"] != nil)
        let two = try one("two_proportions", .object(["count_1": 0, "n_1": 10, "count_2": 0, "n_2": 20]))
        #expect(two["pooled"]?["z"] == .null && two["pooled"]?["why"] != nil && two["ratio"]?["log"] == .null)
        let constant = try one("t_test", .object(["x": [1, 1], "y": [1, 1]]))
        #expect(constant["welch"]?["t"] == .null && constant["why"] != nil)
    }

    @Test("wrong kinds and lengths are named with what was expected")
    func kinds() throws {
        #expect(try error("chi_squared", .object(["table": 5])) == "table is 5, expected a list of rows")
        #expect(try error("chi_squared", .object(["table": [[1, 2], [3]]])) == "table[1] has 1 numbers, expected 2 as in table[0]")
        #expect(try error("normal", .object(["x": [1, "two"]])) == "x[1] is \"two\", expected a number")
        #expect(try error("binomial", .object(["k": [1], "n": [2, 3], "p": [0.5]])) == "n has 2 numbers, expected 1 as in k")
        #expect(try error("proportion_intervals", .object(["count": 1.5, "n": 3])) == "count is 1.5, expected a whole number")
        #expect(try error("brier", .object(["label": [1], "score": [1.2]])) == "score[0] is 1.2, expected a number in 0...1")
        #expect(try error("mcnemar", .object(["table": [[1, -2], [3, 4]]])) == "table holds -2, expected whole numbers of at least 0")
    }

    @Test("a family keeps its holes, and rejects at alpha")
    func family() throws {
        let answer = try one("adjust_p_values", .object(["p_values": [0.01, nil, 0.03], "method": "bonferroni", "alpha": 0.05]))
        #expect(answer["rejected"]?.arrayValue == [true, nil, false])
        #expect(answer["p_adjusted"]?.arrayValue?[1] == .null)
    }

    @Test("sequences and plans answer")
    func additions() throws {
        let values = JSON.array((0..<400).map { .number($0 % 2 == 0 ? 1.2 : 0.4) })
        let sequence = try one("confidence_sequence", .object(["x": values, "path": true]))
        #expect(sequence["decided"] == true && sequence["decided_at"]?.intValue == 100 && sequence["path"]?.arrayValue?.count == 400)
        #expect(try one("msprt", .object(["x": values, "scale": 0.5]))["decided"] == true)
        #expect(try one("required_n", .object(["p_1": 0.6, "p_2": 0.5]))["n_1"]?.intValue == 388)
        #expect(try error("required_n", .object(["p_1": 0.6, "deviation": 1])).contains("the one or the other"))
    }
}
