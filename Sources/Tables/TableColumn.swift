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
    /// Texts of a column of numbers: what is missing as a number is `""` in quotes, if anything.
    func missing(where numbers: [Double]) -> TableColumn {
        guard case .texts(var codes, let levels) = self, codes.count == numbers.count,
            let row = codes.indices.first(where: { codes[$0] >= 0 && numbers[$0].isNaN })
        else { return self }
        let empty = codes[row]
        for i in codes.indices where codes[i] >= empty { codes[i] = codes[i] == empty ? -1 : codes[i] - 1 }
        return .texts(codes: codes, levels: levels.without(Int(empty)))
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
    func without(_ code: Int) -> LevelTexts {
        let (start, end) = (code == 0 ? 0 : ends[code - 1], ends[code])
        var (bytes, ends) = (bytes, ends)
        bytes.removeSubrange(start..<end)
        ends.remove(at: code)
        for i in code..<ends.count { ends[i] -= end - start }
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
