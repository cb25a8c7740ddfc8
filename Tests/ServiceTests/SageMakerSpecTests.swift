import Testing
import Vocabulary

@testable import Service

@Suite("A spec is read off SageMaker's baseline files") struct SageMakerSpecTests {
    private let constraints = """
        {"version": 0.0,
         "features": [
          {"name": "Account Length", "inferred_type": "Integral", "completeness": 0.98, "num_constraints": {"is_non_negative": true}},
          {"name": "Charge", "inferred_type": "Fractional", "completeness": 1.0},
          {"name": "State", "inferred_type": "String", "completeness": 1.0, "string_constraints": {"domains": ["OH", "NJ"]}}],
         "monitoring_config": {"evaluate_constraints": "Enabled", "domain_content_threshold": 0.95,
          "distribution_constraints": {"perform_comparison": "Enabled", "comparison_threshold": 0.15, "comparison_method": "Robust"}}}
        """
    private let statistics = """
        {"version": 0.0, "dataset": {"item_count": 2333},
         "features": [{"name": "Charge", "inferred_type": "Fractional", "numerical_statistics": {"min": 0.5, "max": 59, "mean": 30.1}},
          {"name": "State", "inferred_type": "String", "string_statistics": {"distinct_count": 51.0}}]}
        """

    private func json(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)[...]) }

    @Test("columns become features, thresholds floors, and the rest comments") func good() throws {
        let text = try SageMakerSpec(constraints: try json(constraints), statistics: try json(statistics), file: "constraints.json").text
        let lines = text.split(separator: "\n").map(String.init)
        for line in [
            "  ks_floor: 0.15  # comparison_threshold: the largest distance of two distribution functions, as there",
            "  data_quality_floor: 0.05  # domain_content_threshold 0.95: values of the known domain",
            "  \"Account Length\": numeric  # completeness 0.98: here the share of missing values is compared with the reference's; not negative",
            "  \"Charge\": numeric  # 0.5 to 59", "  \"State\": categorical  # 2 known levels; 51 levels seen",
        ] { #expect(lines.contains(line), "\(line)\n\(text)") }
        let watch = try ModelSpecFile(text, file: "spec.yaml").watch(destinations: [])
        #expect(watch["monitors"]?["ks_floor"]?.doubleValue == 0.15)
    }

    @Test("what is no constraints file is refused with every problem") func bad() throws {
        let cases = [
            ("{}", ["c: features: expected a list with the columns"]),
            (
                #"{"features":[{"inferred_type":"Integral"},{"name":"a","inferred_type":"Int"}]}"#,
                [
                    "c: features[0].name: missing, expected the column's name",
                    "c: features[1].inferred_type: expected one of Fractional, Integral, String, Unknown",
                ]
            ),
        ]
        for (text, problems) in cases {
            do {
                _ = try SageMakerSpec(constraints: try json(text), statistics: nil, file: "c")
                Issue.record("taken: \(text)")
            } catch let error as ConfigurationError { #expect(error.problems == problems) }
        }
    }
}
