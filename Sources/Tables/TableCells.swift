internal import Synchronization

/// The columns of a table, with those that are made only when somebody asks for them.
final class TableCells: Sendable {
    /// How a column is read (again).
    enum Reading: Sendable { case parsed, texts }
    typealias Reader = @Sendable (_ column: Int, Reading) throws(TableError) -> TableColumn

    private struct State {
        var columns: [TableColumn?]
        /// Texts of columns that are held as numbers.
        var texts: [Int: TableColumn] = [:]
    }
    private let state: Mutex<State>
    private let read: Reader

    /// - Parameters:
    ///   - columns: as they were read; nil for those that were passed over.
    ///   - read: reads a column from the file (again).
    init(_ columns: [TableColumn?], read: @escaping Reader) {
        state = Mutex(State(columns: columns))
        self.read = read
    }

    func column(_ index: Int) throws(TableError) -> TableColumn {
        if let column = state.withLock({ $0.columns[index] }) { return column }
        let column = try read(index, .parsed)
        state.withLock { $0.columns[index] = column }
        return column
    }

    /// A column as codes and texts. Numbers are read again, as they may be written in many ways, unless they are plain integers.
    func texts(_ index: Int) throws(TableError) -> (codes: [Int32], levels: LevelTexts) {
        let column = try column(index)
        if case .texts(let codes, let levels) = column { return (codes, levels) }
        if case .texts(let codes, let levels) = state.withLock({ $0.texts[index] }) { return (codes, levels) }
        let own = if case .numbers(let numbers, true) = column { TableCells.texts(ofPlain: numbers) } else { try read(index, .texts) }
        state.withLock { $0.texts[index] = own }
        guard case .texts(let codes, let levels) = own else { return ([], LevelTexts(bytes: [], ends: [])) }
        return (codes, levels)
    }

    /// The texts of integers that are written in the usual way.
    private static func texts(ofPlain numbers: [Double]) -> TableColumn {
        var known: [Double: Int32] = [:]
        var bytes: [UInt8] = []
        var ends: [Int] = []
        // Yes and no, grades, counts: most integers are small and need no hash.
        var small = [Int32](repeating: -1, count: 1024)
        let codes = numbers.map { number -> Int32 in
            if number.isNaN { return -1 }
            let isSmall = number >= 0 && number < 1024
            if isSmall, small[Int(number)] >= 0 { return small[Int(number)] }
            if let code = known[number] { return code }
            let code = Int32(ends.count)
            known[number] = code
            if isSmall { small[Int(number)] = code }
            bytes.append(contentsOf: String(Int(number)).utf8)
            ends.append(bytes.count)
            return code
        }
        return .texts(codes: codes, levels: LevelTexts(bytes: bytes, ends: ends))
    }
}
