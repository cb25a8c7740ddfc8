internal import Kernels

/// Puts the chunks of a scan together, in the order of the file.
struct CSVAssembly {
    private enum Cells {
        case none
        case numbers([Double], isPlain: Bool)
        case codes([Int32], LevelTable)
        /// Began with numbers and went on with texts.
        case mixed
    }

    private let scan: CSVScan
    private var cells: [Cells]
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
        cells = zip(kinds, levels).map { kind, levels in
            switch kind {
            case .skip: .none
            case .number: .numbers([], isPlain: true)
            case .text: .codes([], levels)
            }
        }
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
        for c in cells.indices { try append(column: c, chunk, reader, room) }
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
        // Taken out while it grows, so that the array is not copied.
        let own = cells[c]
        cells[c] = .none
        switch own {
        case .none: break
        case .mixed: cells[c] = .mixed
        case .numbers(var numbers, let isPlain):
            if chunk.kinds[c] == .number {
                numbers.reserveCapacity(room)
                reader.appendNumbers(c, to: &numbers)
                cells[c] = .numbers(numbers, isPlain: isPlain && reader.isPlain(c))
            } else if numbers.isEmpty {
                kinds[c] = .text
                cells[c] = .codes([], levels[c])
                try append(column: c, chunk, reader, room)
            } else {
                kinds[c] = .text
                cells[c] = .mixed
            }
        case .codes(var codes, let levels):
            if chunk.kinds[c] == .number, reader.rows > 0 {
                cells[c] = .mixed  // read before it was known that the column has texts
            } else {
                codes.reserveCapacity(room)
                guard reader.appendCodes(c, levels: levels, to: &codes) else {
                    throw TableError(file: scan.csv.file, line: 1, message: "memory is out, expected a smaller file")
                }
                cells[c] = .codes(codes, levels)
            }
        }
    }

    /// The table, and which columns must be read once more as texts.
    mutating func finish() -> (CSVScan.Result, again: [Bool]) {
        var again = [Bool](repeating: false, count: cells.count)
        for (c, own) in cells.enumerated() {
            switch own {
            case .none: result.columns.append(nil)
            case .numbers(let numbers, let isPlain): result.columns.append(.numbers(numbers, isPlain: isPlain))
            case .codes(let codes, let levels):
                let (bytes, ends) = levels.texts()
                result.columns.append(.texts(codes: codes, levels: LevelTexts(bytes: bytes, ends: ends)))
            case .mixed:
                result.columns.append(nil)
                again[c] = true
            }
        }
        cells = []
        return (result, again)
    }
}
