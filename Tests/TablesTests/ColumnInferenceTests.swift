import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("What a column seems to be")
struct ColumnInferenceTests {
    @Test("numbers are numeric, also with missing ones and infinities between")
    func numeric() {
        #expect(inferKind(["1", "2.5", nil, "-3e4"]) == .numeric)
        #expect(inferKind(["inf", "-inf", "0"]) == .numeric)
        #expect(inferKind(["0", "1", "1", "0"]) == .numeric)
        #expect(inferKind((0..<100).map { "\($0)" }) == .numeric)  // numbers that all differ are still numbers
    }

    @Test("one word among numbers makes a column categorical")
    func mixed() {
        #expect(inferKind(["1", "2", "low"]) == .categorical)
        #expect(inferKind(["0x10", "0x20"]) == .categorical)
        #expect(inferKind(["1", ""]) == .categorical)  // a quoted empty field is a text
    }

    @Test("RFC 3339 times and dates are timestamps")
    func timestamps() {
        #expect(inferKind(["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+01:00", nil]) == .timestamp)
        #expect(inferKind(["2026-01-31", "2024-02-29"]) == .timestamp)
        #expect(inferKind(["2026-01-31 12:00:00"]) == .timestamp)
        #expect(inferKind(["2026-01-31", "2026-02-30"]) == .categorical)  // a day that does not exist
        #expect(inferKind(["2026-01-31", "yesterday"]) == .categorical)
        #expect(inferKind(["1700000000000", "1700000001000"]) == .numeric)  // epoch milliseconds look like any number
    }

    @Test("texts that are nearly all different name the row")
    func identifiers() {
        #expect(inferKind((0..<50).map { "r-\($0)" }) == .identifier)
        #expect(inferKind((0..<100).map { "r-\(min($0, 94))" }) == .identifier)  // 95 of 100 differ
        #expect(inferKind((0..<100).map { "r-\(min($0, 93))" }) == .categorical)  // 94 of 100
    }

    @Test("few texts say nothing about being names, so they are levels")
    func fewTexts() {
        #expect(inferKind((0..<49).map { "r-\($0)" }) == .categorical)
        #expect(inferKind((0..<49).map { "r-\($0)" } + [nil, nil]) == .categorical)
    }

    @Test("without a value a column is empty")
    func empty() {
        #expect(inferKind([]) == .empty)
        #expect(inferKind([nil, nil]) == .empty)
    }

    @Test("only numbers and levels are watched")
    func features() {
        #expect(InferredKind.numeric.feature == .numeric)
        #expect(InferredKind.categorical.feature == .categorical)
        for kind in [InferredKind.timestamp, .identifier, .empty] { #expect(kind.feature == nil) }
    }

    @Test("the kind does not depend on the order of the rows", arguments: [1, 2, 3] as [UInt64])
    func order(seed: UInt64) {
        var random = Seeded(seed)
        let columns: [[String?]] = [
            ["1", "2", nil, "x"], (0..<60).map { "id\($0)" }, ["2026-01-31", nil, "2026-02-01"], ["1", "2", nil],
            (0..<99).map { "l\($0 % 90)" },
        ]
        for column in columns {
            #expect(inferKind(column.shuffled(using: &random)) == inferKind(column), "seed \(seed)")
        }
    }
}
