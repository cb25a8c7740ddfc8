import Testing
import Vocabulary

@Suite("A column of texts holds what was put in")
struct TextColumnTests {
    private static let hard = ["", "a", "", "Zoë", "e\u{301}", "é", "日本語", "a\0b", String(repeating: "x", count: 300), ""]

    @Test("text by text, and by its bytes")
    func texts() {
        let column = TextColumn(Self.hard)
        #expect(Array(column) == Self.hard && column.count == Self.hard.count)
        #expect(column.indices.map { Array(column.utf8[column.range($0)]) } == Self.hard.map { Array($0.utf8) })
        #expect(TextColumn().isEmpty && Array(TextColumn()).isEmpty)
    }

    @Test("when columns are put together and rows are taken out")
    func parts() {
        var column = TextColumn(Self.hard.prefix(4))
        column.append(TextColumn(Self.hard.dropFirst(4)))
        #expect(column == TextColumn(Self.hard))
        #expect(Array(column.texts(at: [3, 0, 3, 8])) == [Self.hard[3], Self.hard[0], Self.hard[3], Self.hard[8]])
    }

    @Test("texts that Unicode calls equal are two, as in the database")
    func bytewise() {
        #expect(TextColumn(["é"]) != TextColumn(["e\u{301}"]))
        #expect(TextColumn(["a", "b"]) != TextColumn(["ab", ""]))
    }
}
