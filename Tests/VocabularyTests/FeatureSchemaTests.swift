import Testing
import Vocabulary

@Suite("A schema is JSON and knows its own problems")
struct FeatureSchemaTests {
    static let schemas = [
        FeatureSchema(features: []),
        FeatureSchema(
            features: [Feature(name: "age", kind: .numeric), Feature(name: "city \"of\" birth", kind: .categorical)],
            sensitive: ["sex", "race"], task: .binary, positiveLabel: ">50K", threshold: 0.25, currency: "EUR"),
        FeatureSchema(features: [Feature(name: "é", kind: .numeric)], task: .regression, positiveLabel: "", threshold: 1),
        FeatureSchema(features: [], threshold: -.infinity),
    ]

    @Test("a schema survives JSON text", arguments: schemas)
    func roundTrip(schema: FeatureSchema) throws {
        #expect(FeatureSchema(json: schema.json) == schema)
        #expect(FeatureSchema(json: try JSON.parse(schema.json.text)) == schema)
        #expect(FeatureSchema(json: try JSON.parse(schema.json.prettyText)) == schema)
    }

    @Test("what may be left out has its default")
    func defaults() throws {
        let json = try JSON.parse(#"{"task":"binary","threshold":0.5,"features":[{"name":"age","kind":"numeric"}]}"#)
        #expect(FeatureSchema(json: json) == FeatureSchema(features: [Feature(name: "age", kind: .numeric)]))
    }

    @Test(
        "JSON that is not a schema is refused",
        arguments: [
            #"null"#, #"[]"#, #"{}"#,
            #"{"threshold":0.5,"features":[]}"#,
            #"{"task":"ranking","threshold":0.5,"features":[]}"#,
            #"{"task":"binary","features":[]}"#,
            #"{"task":"binary","threshold":"high","features":[]}"#,
            #"{"task":"binary","threshold":0.5}"#,
            #"{"task":"binary","threshold":0.5,"features":{}}"#,
            #"{"task":"binary","threshold":0.5,"features":[{"name":"age"}]}"#,
            #"{"task":"binary","threshold":0.5,"features":[{"name":"age","kind":"date"}]}"#,
            #"{"task":"binary","threshold":0.5,"features":[{"name":1,"kind":"numeric"}]}"#,
        ])
    func refused(text: String) throws {
        #expect(FeatureSchema(json: try JSON.parse(text)) == nil)
    }

    /// Dropping it would leave fairness unmeasured without a word.
    @Test("a sensitive attribute that is not a text is refused, not dropped", arguments: [#"[1,"sex"]"#, #""sex""#, #"{"sex":true}"#])
    func sensitiveNotText(sensitive: String) throws {
        let json = try JSON.parse(#"{"task":"binary","threshold":0.5,"features":[],"sensitive":"# + sensitive + "}")
        #expect(FeatureSchema(json: json) == nil)
    }

    @Test("what contradicts itself about a private column is refused with its path")
    func privacy() {
        var schema = FeatureSchema(
            features: [
                Feature(name: "age", kind: .numeric, privacy: .bucket([30])), Feature(name: "sex", kind: .categorical),
                Feature(name: "name", kind: .categorical),
            ], sensitive: ["sex", "race"])
        schema.sensitivePrivacy = ["sex": .hash, "city": .hash]
        schema.dropped = ["name", "race", "race"]
        #expect(
            schema.problems == [
                "dropped: race is named twice",
                "dropped: name is a feature or a sensitive attribute too, expected a name that is neither",
                "dropped: race is a feature or a sensitive attribute too, expected a name that is neither",
                "dropped: race is a feature or a sensitive attribute too, expected a name that is neither",
                "sensitive_privacy: city, expected one of the sensitive attributes sex, race",
                "features: age is private and numeric, expected categorical",
                "features: sex is a sensitive attribute of another privacy, expected the same for both",
            ])
    }

    @Test("a good schema has no problems", arguments: schemas.prefix(3))
    func noProblems(schema: FeatureSchema) {
        #expect(schema.problems == [])
    }

    @Test("names at the limit are taken and the same name may be a feature and an attribute")
    func limits() {
        let longest = String(repeating: "x", count: FeatureSchema.nameLengthMax)
        let schema = FeatureSchema(
            features: [Feature(name: longest, kind: .numeric), Feature(name: "sex", kind: .categorical)], sensitive: ["sex"])
        #expect(schema.problems == [])
    }

    @Test("every problem is told at once, with its place and what was expected")
    func problems() {
        let schema = FeatureSchema(
            features: [
                Feature(name: "", kind: .numeric), Feature(name: "age", kind: .numeric), Feature(name: "age", kind: .categorical),
                Feature(name: String(repeating: "é", count: 101), kind: .numeric),
            ],
            sensitive: ["sex", "sex"], threshold: .nan)
        #expect(
            schema.problems == [
                "features: a name of 0 bytes, expected 1 to 200",
                "features: age is named twice",
                "features: a name of 202 bytes, expected 1 to 200",
                "sensitive: sex is named twice",
                "threshold: nan, expected a finite number",
            ])
    }

    @Test("too many features and attributes are told")
    func tooMany() {
        let schema = FeatureSchema(
            features: (0...FeatureSchema.featuresMax).map { Feature(name: "f\($0)", kind: .numeric) },
            sensitive: (0...FeatureSchema.sensitiveMax).map { "s\($0)" }, threshold: .infinity)
        #expect(
            schema.problems == [
                "features: 4097, expected at most 4096", "sensitive: 9, expected at most 8", "threshold: inf, expected a finite number",
            ])
    }
}
