import Testing
import Vocabulary

@Suite("Segments are parts of the records by what their columns say") struct SegmentTests {
    private static func bounds(_ lower: Double, _ upper: Double, open: (Bool, Bool) = (false, false)) -> Segment.Test {
        var bounds = Segment.Bounds()
        (bounds.lower, bounds.upper, bounds.isLowerOpen, bounds.isUpperOpen) = (lower, upper, open.0, open.1)
        return .numbers(bounds)
    }
    private static let segments = [
        Segment(name: "young", conditions: [.init(column: "age", test: bounds(-.infinity, 25, open: (false, true)))]),
        Segment(
            name: "car or unknown, 25 and more",
            conditions: [
                .init(column: "purpose", test: .levels(["car", nil])), .init(column: "age", test: bounds(25, .infinity)),
            ]),
        Segment(name: "women", conditions: [.init(column: "sex", test: .levels(["F"]))]),
        Segment(name: "just 25", conditions: [.init(column: "age", test: bounds(25, 25))]),
        Segment(name: "no age", conditions: [.init(column: "age", test: .levels([nil]))]),
        Segment(name: "nobody", conditions: [.init(column: "purpose", test: bounds(0, 1))]),
    ]
    private static var schema: FeatureSchema {
        var schema = FeatureSchema(
            features: [Feature(name: "age", kind: .numeric), Feature(name: "purpose", kind: .categorical)], sensitive: ["sex"])
        schema.segments = segments
        return schema
    }

    @Test("a record has a bit for each segment of which all conditions hold; a missing number is in none") func bits() throws {
        var batch = PredictionBatch(schema: Self.schema)
        let ages: [Double] = [24.9, 25, .nan, 60, .infinity, -.infinity]
        let purposes: [String?] = ["car", nil, "car", "tv", "car", nil]
        let sexes: [String?] = ["F", "M", "F", nil, "F", "x"]
        for row in ages.indices {
            batch.ids.append("r\(row)")
            batch.timestamps.append(Timestamp(seconds: 0))
        }
        batch.features = [.numeric(ages), .categorical(LevelColumn(purposes))]
        batch.groups = [LevelColumn(sexes)]
        #expect(Self.schema.segmentBits(of: batch)?.map(\.rawValue) == [0b000101, 0b001010, 0b010100, 0, 0b000110, 0b000001])
        var none = Self.schema
        none.segments = []
        #expect(none.segmentBits(of: batch) == nil)
    }

    @Test("they are read back from JSON as they were written, alone and in a schema") func json() throws {
        for segment in Self.segments { #expect(Segment(json: segment.json) == segment) }
        #expect(FeatureSchema(json: try JSON.parse(Self.schema.json.text))?.segments == Self.segments)
        #expect(Segment(json: .object(["name": .string("x"), "where": .array([.object(["levels": .array([])])])])) == nil)
    }

    @Test("a person reads what they are, and which of them are groups of a sensitive attribute") func words() {
        #expect(
            Self.segments.map(\.words) == [
                "age < 25", "purpose is car or missing, age >= 25", "sex is F", "age = 25", "age is missing", "purpose >= 0, purpose <= 1",
            ])
        #expect(Self.segments.map { $0.isOfGroups(Self.schema) } == [false, false, true, false, false, false])
    }

    @Test("what contradicts itself is said with its path") func problems() {
        var schema = Self.schema
        schema.segments = [
            Segment(name: "", conditions: [.init(column: "age", test: Self.bounds(2, 1))]), Segment(name: "a", conditions: []),
            Segment(name: "a", conditions: [.init(column: "purpose", test: .levels([]))]),
        ]
        #expect(
            schema.problems == [
                "segments: a name of 0 bytes, expected 1 to 200", "segments..where.age: no number is between the ends",
                "segments.a.where: 0 conditions, expected 1 to 8", "segments: a is named twice",
                "segments.a.where.purpose: 0 levels, expected 1 to 100",
            ])
        schema.segments = (0...Segment.max).map { Segment(name: "s\($0)", conditions: Self.segments[0].conditions) }
        #expect(schema.problems == ["segments: 17, expected at most 16"])
    }
}
