internal import Kernels

/// Puts the chunks of a scan together, in the order of the file.
struct CSVAssembly {
    private enum Form {
        case none, numbers, codes
        /// Began with numbers and went on with texts.
        case mixed
    }

    private let scan: CSVScan
    private var forms: [Form]
    /// By column, empty where the form is another; apart from the form, so that they grow in place.
    private var numbers: [[Double]]
    private var codes: [[Int32]]
    private var isPlain: [Bool]
    private let levels: [LevelTable]
    /// Where the next row starts, and on which line.
    private var position: Int
    private var line: Int
    /// The line on which a row stands that follows the last one directly.
    private var expectedLine = 2
    private var result = CSVScan.Result()
    /// Chunks that are in.
    var chunks = 0
    private(set) var kinds: [RowReader.Kind]

    init?(_ scan: CSVScan, seed: UInt64) {
        self.scan = scan
        kinds = scan.kinds
        position = scan.csv.bodyStart
        line = scan.csv.bodyLine
        var levels: [LevelTable] = []
        for _ in kinds {
            guard let table = LevelTable(seed: seed) else { return nil }
            levels.append(table)
        }
        self.levels = levels
        forms = kinds.map { $0 == .skip ? .none : $0 == .number ? .numbers : .codes }
        numbers = kinds.map { _ in [] }
        codes = kinds.map { _ in [] }
        isPlain = kinds.map { _ in true }
    }

    /// Takes the next chunk, which `reader` has read.
    mutating func append(_ guessed: CSVChunk, _ reader: RowReader) throws(TableError) {
        chunks += 1
        var chunk = guessed
        if position >= chunk.end { return }  // the row before goes on through all of it
        if chunk.start != position || chunk.stop < 0 || chunk.failure != nil {
            chunk = CSVChunk(start: position, end: chunk.end, kinds: kinds)
            try chunk.read(scan, reader)
        }
        for rejection in chunk.rejected {
            var own = rejection
            own.line += line
            own.error.line += line
            if result.rejected.count >= scan.maxErrors { throw own.error }
            result.rejected.append(own)
        }
        if chunk.isBroken { throw try scan.csv.rejection(at: chunk.stop, line: line + reader.lines).error }
        // After the first chunk the number of rows can be told well enough to make room for all of them at once.
        var room = 0
        if result.rows == 0, reader.rows > 0 {
            let share = Double(scan.csv.source.count - scan.csv.bodyStart) / Double(max(chunk.stop - chunk.start, 1))
            room = Int(Double(reader.rows) * share * 1.03) + 64
        }
        for c in forms.indices { try append(column: c, chunk, reader, room) }
        if reader.rows > 0 { noteLines(reader) }
        result.rows += reader.rows
        line += reader.lines
        position = chunk.stop
    }

    private mutating func noteLines(_ reader: RowReader) {
        let jumps = reader.jumps
        let startsLate = jumps.first?.row == 0
        let first = line + (startsLate ? jumps[0].line : 0)
        if first != expectedLine { result.jumps.append((result.rows, first)) }
        for jump in jumps.dropFirst(startsLate ? 1 : 0) { result.jumps.append((result.rows + jump.row, line + jump.line)) }
        let last = jumps.last ?? (row: 0, line: 0)
        expectedLine = line + last.line + (reader.rows - last.row)
    }

    private mutating func append(column c: Int, _ chunk: CSVChunk, _ reader: RowReader, _ room: Int) throws(TableError) {
        if reader.rows == 0 || forms[c] == .none || forms[c] == .mixed { return }
        if chunk.kinds[c] == .text {
            kinds[c] = .text
            if forms[c] == .numbers { forms[c] = numbers[c].isEmpty ? .codes : .mixed }
        }
        switch (forms[c], chunk.kinds[c]) {
        case (.numbers, .number):
            if room > 0 { numbers[c].reserveCapacity(room) }
            reader.appendNumbers(c, to: &numbers[c])
            isPlain[c] = isPlain[c] && reader.isPlain(c)
        case (.codes, .text):
            if room > 0 { codes[c].reserveCapacity(room) }
            guard reader.appendCodes(c, levels: levels[c], to: &codes[c]) else {
                throw TableError(file: scan.csv.file, line: 1, message: "memory is out, expected a smaller file")
            }
        default:
            // Numbers before the first text, or read before it was known that the column has texts.
            forms[c] = .mixed
            numbers[c] = []
            codes[c] = []
        }
    }

    /// The table, and which columns must be read once more as texts.
    mutating func finish() -> (CSVScan.Result, again: [Bool]) {
        for (c, form) in forms.enumerated() {
            switch form {
            case .none, .mixed: result.columns.append(nil)
            case .numbers: result.columns.append(.numbers(numbers[c], isPlain: isPlain[c]))
            case .codes:
                let (bytes, ends) = levels[c].texts()
                result.columns.append(TableColumn(codes: codes[c], LevelTexts(bytes: bytes, ends: ends)))
            }
        }
        return (result, forms.map { $0 == .mixed })
    }
}
