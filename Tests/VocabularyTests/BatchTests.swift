import Testing
import Vocabulary

@Suite("A column of levels is codes into its own list")
struct LevelColumnTests {
    @Test("levels are numbered as they first appear and a missing one is −1")
    func codes() {
        let column = LevelColumn(["b", nil, "a", "b", "", nil])
        #expect(column.codes == [0, -1, 1, 0, 2, -1])
        #expect(column.levels == ["b", "a", ""])
        #expect(column.count == 6)
        #expect((0..<6).map { column[$0] } == ["b", nil, "a", "b", "", nil])
    }

    @Test("appending one by one is the same as all at once")
    func appending() {
        let values: [String?] = ["x", "y", nil, "x", "z", "y"]
        var column = LevelColumn()
        for value in values { column.append(value) }
        #expect(column == LevelColumn(values))
        #expect(column != LevelColumn(values.reversed()))
        #expect(LevelColumn().count == 0)
    }

    /// "é" may be one scalar or two, and Swift calls these texts equal. They may be one level or two, but which bytes are kept must
    /// not depend on which came first, since profiles hash and store the bytes.
    @Test("texts that only Unicode calls equal give the same levels in either order")
    func canonicalEquivalence() {
        func bytes(_ values: [String?]) -> Set<[UInt8]> { Set(LevelColumn(values).levels.map { Array($0.utf8) }) }
        #expect(bytes(["\u{E9}", "e\u{301}"]) == bytes(["e\u{301}", "\u{E9}"]))
    }
}

@Suite("A batch is columns of one length")
struct PredictionBatchTests {
    static let schema = FeatureSchema(
        features: [Feature(name: "age", kind: .numeric), Feature(name: "city", kind: .categorical)], sensitive: ["sex"])

    /// Three rows; row i has i in every column.
    static func batch() -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        batch.ids = ["r0", "r1", "r2"]
        batch.timestamps = [0, 1, 2].map { Timestamp(seconds: $0) }
        batch.features = [.numeric([0, 1, 2]), .categorical(LevelColumn(["c0", nil, "c2"]))]
        batch.groups = [LevelColumn(["s0", "s1", nil])]
        batch.scores = [0, 0.1, 0.2]
        batch.predictions = [0, 1, 0]
        batch.measures = [PredictionBatch.latencyMeasure: [0.5, 1.5, 2.5]]
        batch.errors = [nil, "timeout", nil]
        batch.variants = ["A", nil, "B"]
        return batch
    }

    @Test("an empty batch has a column of the right kind for every feature and attribute")
    func emptyBatch() {
        let batch = PredictionBatch(schema: Self.schema)
        #expect(batch.count == 0)
        #expect(batch.features == [Column.numeric([]), .categorical(LevelColumn())])
        #expect(batch.groups == [LevelColumn()])
        #expect(batch.features.map(\.count) == [0, 0])
    }

    @Test("rows are taken in the order that is asked for, with repeats")
    func rowsInOrder() {
        let taken = Self.batch().rows(at: [2, 0, 2])
        #expect(taken.ids == ["r2", "r0", "r2"])
        #expect(taken.timestamps == [2, 0, 2].map { Timestamp(seconds: $0) })
        #expect(taken.features == [Column.numeric([2, 0, 2]), .categorical(LevelColumn(["c2", "c0", "c2"]))])
        #expect(taken.groups == [LevelColumn([nil, "s0", nil])])
        #expect(taken.scores == [0.2, 0, 0.2])
        #expect(taken.predictions == [0, 0, 0])
        #expect(taken.measures == [PredictionBatch.latencyMeasure: [2.5, 0.5, 2.5]])
        #expect(taken.errors == [nil, nil, nil])
        #expect(taken.variants == ["B", "A", "B"])
    }

    @Test("all rows are the batch itself and no rows an empty one")
    func allAndNone() {
        let batch = Self.batch()
        #expect(batch.rows(at: [0, 1, 2]) == batch)
        let none = batch.rows(at: [])
        #expect(none.count == 0)
        #expect(none.measures == [PredictionBatch.latencyMeasure: []])
        #expect(none.features.map(\.count) == [0, 0])
        #expect(none.groups.map(\.levels) == [[]])
    }

    @Test("a missing number stays missing")
    func missingNumber() {
        var batch = Self.batch()
        batch.features[0] = .numeric([.nan, 1, .nan])
        guard case .numeric(let values) = batch.rows(at: [1, 2]).features[0] else { Issue.record("not numeric"); return }
        #expect(values[0] == 1 && values[1].isNaN)
    }
}
