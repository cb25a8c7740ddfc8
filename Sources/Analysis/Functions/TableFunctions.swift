internal import Statistics
internal import Vocabulary

extension StatFunction {
    /// Tests of tables of counts.
    static let tables: [StatFunction] = [
        contingency("chi_squared", "Pearson's test of independence of rows and columns.", .pearson),
        contingency("g_test", "The likelihood-ratio test of independence of rows and columns.", .likelihoodRatio),
        StatFunction(
            "fisher_exact", "Fisher's exact test of a table of four counts.", [.required("table", "[[a, b], [c, d]], counts")]
        ) { args in
            let table = try args.fourfold("table")
            let test = try FisherExact(a: table[0][0], b: table[0][1], c: table[1][0], d: table[1][1])
            return .object([
                "odds_ratio": .statistic(test.oddsRatio), "p_value": .statistic(test.pValue),
                "p_value_less": .statistic(test.pValueLess), "p_value_greater": .statistic(test.pValueGreater),
            ]).because(test.oddsRatio == nil ? "a row or column of the table is all zero" : nil)
        },
        StatFunction(
            "mcnemar", "McNemar's test that two judges of the same rows are right equally often.",
            [.required("table", "[[both, only the first], [only the second, neither]], counts")]
        ) { args in
            let table = try args.fourfold("table")
            let test = try McNemarTest(onlyFirst: table[0][1], onlySecond: table[1][0])
            func outcome(_ outcome: McNemarTest.Outcome) -> JSON {
                .object(["statistic": .statistic(outcome.statistic), "p_value": .statistic(outcome.pValue)])
            }
            return .object([
                "exact": outcome(test.exact), "corrected": outcome(test.corrected), "uncorrected": outcome(test.uncorrected),
            ]).because(test.corrected.statistic == nil ? "no discordant pair" : nil)
        },
    ]

    private static func contingency(_ name: String, _ summary: String, _ kind: ContingencyTest.Kind) -> StatFunction {
        StatFunction(
            name, summary,
            [
                .required("table", "rows of counts"),
                .optional("correction", "Yates' correction, which acts with one degree of freedom", preset: "true"),
            ]
        ) { args in
            let correction = try args.boolean("correction", preset: true)
            let test = try ContingencyTest(try args.rows("table"), kind: kind, correction: correction)
            return .object([
                "statistic": .statistic(test.statistic), "p_value": .statistic(test.pValue),
                "degrees_of_freedom": JSON(test.degreesOfFreedom), "expected": .array(test.expected.map { JSON.statistics($0) }),
                "cramers_v": .statistic(test.cramersV),
            ]).because(test.cramersV == nil ? "one row or one column leaves nothing to test" : nil)
        }
    }
}
