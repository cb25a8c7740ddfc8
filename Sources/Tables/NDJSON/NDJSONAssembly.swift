internal import Kernels

/// Puts the chunks of an NDJSON file together, in the order of the file.
struct NDJSONAssembly: Sendable {
    private let scan: NDJSONScan
    /// Chunks that are in.
    var chunks = 0
    private var lines = 0
    private var rows = 0
    private var lastLine = 1  // tables count from a header line, which there is none of here
    private var jumps: [(row: Int, line: Int)] = []
    private var rejected: [RejectedRow] = []
    private var places: [String: Int] = [:]
    private var columns: [NDJSONColumns.Column] = []
    private var numbers: [[Double]] = []
    private var codes: [[Int32]] = []
    private var levels: [LevelTable?] = []

    init(_ scan: NDJSONScan) { self.scan = scan }

    /// - Throws: ``TableError`` for a bad line beyond those that are allowed, or a table that is too wide or too sparse.
    mutating func append(_ chunk: NDJSONChunk) throws(TableError) {
        chunks += 1
        if let failure = chunk.failure { throw failure }
        for row in chunk.rejected {
            var row = row
            row.line += lines
            guard rejected.count < scan.maxErrors else {
                throw TableError(file: scan.file, line: row.line, column: row.column, message: row.message)
            }
            rejected.append(row)
        }
        for c in chunk.columns.columns.indices { append(chunk.columns, c) }
        for jump in chunk.jumps where jump.row > 0 || jump.line + lines != lastLine + 1 {
            jumps.append((jump.row + rows, jump.line + lines))
        }
        if chunk.rows > 0 { lastLine = chunk.lastLine + lines }
        rows += chunk.rows
        lines += chunk.lines
        guard columns.count <= NDJSONPaths.countMax else {
            throw TableError(
                file: scan.file, line: lines, message: "more than \(NDJSONPaths.countMax) different keys in the file, expected fewer")
        }
        if chunk.sparseLine != nil || scan.isSparse(columns: columns.count, rows: rows) {
            throw TableError(
                file: scan.file, line: chunk.sparseLine.map { $0 + lines - chunk.lines } ?? lines,
                message: "\(columns.count) different keys in a file of short lines, expected fewer")
        }
    }

    private mutating func append(_ part: NDJSONColumns, _ p: Int) {
        let name = part.columns[p].name
        let c = places[name] ?? columns.count
        if c == columns.count {
            places[name] = c
            columns.append(part.columns[p])
            columns[c].form = .unknown
            numbers.append([])
            codes.append([])
            levels.append(nil)
        }
        guard part.columns[p].isKept, columns[c].form != .mixed else { return }
        switch (columns[c].form, part.columns[p].form) {
        case (_, .unknown): return  // what is missing is filled in when a value follows
        case (.unknown, .numbers), (.numbers, .numbers):
            columns[c].form = .numbers
            columns[c].isPlain = columns[c].isPlain && part.columns[p].isPlain
            numbers[c].append(contentsOf: repeatElement(.nan, count: rows - numbers[c].count))
            numbers[c].append(contentsOf: part.numbers[p])
        case (.unknown, .texts), (.texts, .texts):
            columns[c].form = .texts
            if levels[c] == nil { levels[c] = LevelTable(seed: UInt64.random(in: .min ... .max)) }
            let (bytes, ends) = part.levels[p]?.texts() ?? ([], [])
            var start = 0
            let map = ends.map { end -> Int32 in
                defer { start = end }
                return levels[c]?.code(bytes, start..<end) ?? -1
            }
            codes[c].append(contentsOf: repeatElement(-1, count: rows - codes[c].count))
            codes[c].append(contentsOf: part.codes[p].lazy.map { $0 < 0 ? -1 : map[Int($0)] })
        default:
            columns[c].form = .mixed
            numbers[c] = []
            codes[c] = []
            levels[c] = nil
        }
    }

    /// The table, and the columns with both numbers and texts, of which only the name is known.
    mutating func finish() -> (NDJSONScan.Result, mixed: [Int]) {
        var out = NDJSONScan.Result()
        out.names = columns.map(\.name)
        (out.rows, out.jumps, out.rejected) = (rows, jumps, rejected)
        for c in columns.indices {
            if columns[c].form == .texts || columns[c].isKept && scan.onlyTexts != nil {
                codes[c].append(contentsOf: repeatElement(-1, count: rows - codes[c].count))
                let (bytes, ends) = levels[c]?.texts() ?? ([], [])
                out.columns.append(.texts(codes: codes[c], levels: LevelTexts(bytes: bytes, ends: ends)))
            } else {
                if columns[c].isKept { numbers[c].append(contentsOf: repeatElement(.nan, count: rows - numbers[c].count)) }
                out.columns.append(.numbers(numbers[c], isPlain: columns[c].isPlain))
            }
            numbers[c] = []
            codes[c] = []
        }
        return (out, columns.indices.filter { columns[$0].form == .mixed })
    }
}
