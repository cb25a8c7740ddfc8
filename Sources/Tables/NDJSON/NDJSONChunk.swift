internal import Kernels

/// The lines that start within a chunk of an NDJSON file, read as if nothing stood before them.
struct NDJSONChunk: Sendable {
    private(set) var columns: NDJSONColumns
    private(set) var rows = 0
    /// Lines of the chunk, blank ones too.
    private(set) var lines = 0
    /// The rows that do not stand on the line after the row before them, the first one always; lines count from 1 within the chunk.
    private(set) var jumps: [(row: Int, line: Int)] = []
    private(set) var lastLine = 0
    /// Bad lines; after one more than are allowed nothing is read.
    private(set) var rejected: [RejectedRow] = []
    /// The line at which the chunk alone became too sparse a table.
    private(set) var sparseLine: Int?
    private(set) var failure: TableError?

    init(_ scan: NDJSONScan, _ index: Int) {
        columns = NDJSONColumns(missing: scan.missing, onlyTexts: scan.onlyTexts)
        do throws(TableError) { try read(scan, index) } catch { failure = error }
    }

    private mutating func read(_ scan: NDJSONScan, _ index: Int) throws(TableError) {
        let limit = min((index + 1) * scan.chunkBytes, scan.source.count)
        var start = index * scan.chunkBytes
        if index > 0 {
            // The first line begins after the first line end from the byte before the chunk on.
            let bytes = try Self.piece(scan, start - 1..<limit)
            guard let end = bytes.firstIndex(of: 10) else { return }
            start += end
        }
        if start >= limit { return }
        var bytes = try Self.piece(scan, start..<limit)
        // The last line goes on beyond the chunk, however long it is.
        var more = 4096
        while bytes.last != 10, start + bytes.count < scan.source.count {
            let from = start + bytes.count
            let next = try Self.piece(scan, from..<min(from + more, scan.source.count))
            if let end = next.firstIndex(of: 10) { bytes += next[...end] } else { bytes += next }
            more *= 2
        }
        take(scan, bytes, from: index == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    }

    private mutating func take(_ scan: NDJSONScan, _ bytes: [UInt8], from first: Int) {
        var parser = NDJSONParser(bytes)
        var at = first
        var expectedLine = -1
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 10) ?? bytes.count
            lines += 1
            parser.begin(at..<end)
            if !parser.isBlank() {
                do throws(NDJSONParser.Failure) {
                    try parser.line(&columns.paths)
                    try columns.append(parser.found, bytes, row: rows)
                    if lines != expectedLine { jumps.append((rows, lines)) }
                    lastLine = lines
                    expectedLine = lines + 1
                    rows += 1
                    if scan.isSparse(columns: columns.count, rows: rows) { sparseLine = lines; return }
                } catch {
                    var raw = Array(bytes[at..<end])
                    if raw.last == 13 { raw.removeLast() }
                    rejected.append(RejectedRow(line: lines, column: error.column, message: error.message, bytes: raw))
                    if rejected.count > scan.maxErrors { return }
                }
            }
            at = end + 1
        }
    }

    private static func piece(_ scan: NDJSONScan, _ range: Range<Int>) throws(TableError) -> [UInt8] {
        do throws(ByteSourceError) { return try scan.source.bytes(range) } catch {
            throw TableError(file: scan.file, line: 1, message: "cannot be read: \(error.reason), expected a file that stays as it is")
        }
    }
}
