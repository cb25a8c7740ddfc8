/// The cells of one column: numbers while every cell is one, else texts as codes of levels.
enum TableColumn: Sendable {
    /// NaN is missing. `isPlain`: every number is an integer whose text is the usual one, so that the text can be made from it.
    case numbers([Double], isPlain: Bool)
    /// Codes of the levels, -1 is missing.
    case texts(codes: [Int32], levels: LevelTexts)

    var rows: Int {
        switch self {
        case .numbers(let numbers, _): numbers.count
        case .texts(let codes, _): codes.count
        }
    }
}

extension TableColumn {
    /// Texts, as they were read. Where all others are numbers an empty field in quotes is missing, whichever way the column came to be read as
    /// texts: a row that is set aside may have done that.
    init(codes: [Int32], _ levels: LevelTexts) {
        self = .texts(codes: codes, levels: levels)
        guard let empty = levels.empty else { return }
        var isUsed = [Bool](repeating: false, count: levels.count)
        for code in codes where code >= 0 { isUsed[Int(code)] = true }
        for level in 0..<levels.count where isUsed[level] && level != empty && parseNumber(levels[level]) == nil { return }
        let place = Int32(truncatingIfNeeded: empty)
        self = .texts(
            codes: codes.map { $0 < place ? $0 : $0 == place ? -1 : $0 - 1 }, levels: levels.without(empty))
    }
}

/// The distinct texts of a column in the order of their first appearance, as bytes: a column of a million ids holds no million strings.
struct LevelTexts: Sendable {
    let bytes: [UInt8]
    let ends: [Int]

    var count: Int { ends.count }
    subscript(code: Int) -> String {
        String(decoding: bytes[(code == 0 ? 0 : ends[code - 1])..<ends[code]], as: UTF8.self)
    }
    /// The place of the empty text.
    var empty: Int? { ends.indices.first { ends[$0] == ($0 == 0 ? 0 : ends[$0 - 1]) } }

    /// Without a text that is empty.
    func without(_ empty: Int) -> LevelTexts {
        var ends = ends
        ends.remove(at: empty)
        return LevelTexts(bytes: bytes, ends: ends)
    }
    var strings: [String] { (0..<count).map { self[$0] } }
}

/// A row that was set aside because it is malformed.
public struct RejectedRow: Sendable, Equatable {
    /// The line on which it starts, from 1.
    public var line: Int
    /// The number of the field that is wrong, from 1.
    public var column: Int
    /// What is wrong and what was expected.
    public var message: String
    /// The row as it stands in the file, without its line end.
    public var bytes: [UInt8]
}
