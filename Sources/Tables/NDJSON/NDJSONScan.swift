internal import Dispatch
internal import Foundation
internal import Kernels
internal import Synchronization

/// One pass over an NDJSON file: an object a line, its values appended to the columns of their paths.
///
/// The file is cut into chunks of equal size, a line belonging to the chunk in which it starts. Threads read them, and what they made is put
/// together in the order of the file, so that the table is the same whatever the number of threads.
struct NDJSONScan: Sendable {
    let source: ByteSource
    let file: String
    let missing: Set<[UInt8]>
    var maxErrors = 0
    /// Only this column is kept, as texts.
    var onlyTexts: String?
    var threads: Int?
    var chunkBytes = 1 << 20

    struct Result {
        var names: [String] = []
        var columns: [TableColumn] = []
        var rows = 0
        var jumps: [(row: Int, line: Int)] = []
        var rejected: [RejectedRow] = []
    }

    /// A table of more cells than this, and than 16 for every byte of the file, is refused: a few bytes a line must not take all memory.
    private static let cellsMax = 1 << 24

    init(_ source: ByteSource, file: String, missing: Set<String>) {
        self.source = source
        self.file = file
        self.missing = Set(missing.map { Array($0.utf8) })
    }

    func isSparse(columns: Int, rows: Int) -> Bool {
        let cells = columns.multipliedReportingOverflow(by: rows)
        return cells.overflow || cells.partialValue > max(NDJSONScan.cellsMax, 16 * source.count)
    }

    /// - Throws: ``TableError`` for the first bad line beyond `maxErrors`.
    func run() throws(TableError) -> Result {
        let chunks = (source.count + chunkBytes - 1) / chunkBytes
        let workers = max(1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, chunks))
        let shared = Mutex(Shared(assembly: NDJSONAssembly(self)))
        // So many chunks may be ahead of the one that is waited for.
        let free = DispatchSemaphore(value: workers == 1 ? 1 : workers + 3)
        if workers == 1 {
            work(shared, chunks, free)
        } else {
            DispatchQueue.concurrentPerform(iterations: workers) { _ in work(shared, chunks, free) }
        }
        if let failure = shared.withLock({ $0.failure }) { throw failure }
        var (result, mixed) = shared.withLock { $0.assembly.finish() }
        // Columns with numbers and texts are read once more as texts.
        for c in mixed {
            var again = self
            again.onlyTexts = result.names[c]
            let texts = try again.run()
            if let place = texts.names.firstIndex(of: result.names[c]) { result.columns[c] = texts.columns[place] }
        }
        return result
    }

    // MARK: Workers

    private struct Shared {
        var assembly: NDJSONAssembly
        var next = 0
        /// Chunks that are done before an earlier one.
        var waiting: [Int: NDJSONChunk] = [:]
        var failure: TableError?
    }

    private func work(_ shared: borrowing Mutex<Shared>, _ chunks: Int, _ free: DispatchSemaphore) {
        while true {
            free.wait()
            let index = shared.withLock { state -> Int? in
                guard state.failure == nil, state.next < chunks else { return nil }
                state.next += 1
                return state.next - 1
            }
            guard let index else {
                free.signal()
                return
            }
            let chunk = NDJSONChunk(self, index)
            let done = shared.withLock { state -> Int in
                state.waiting[index] = chunk
                var done = 0
                while let chunk = state.waiting.removeValue(forKey: state.assembly.chunks) {
                    if state.failure == nil {
                        do throws(TableError) { try state.assembly.append(chunk) } catch { state.failure = error }
                    } else {
                        state.assembly.chunks += 1
                    }
                    done += 1
                }
                return done
            }
            for _ in 0..<done { free.signal() }
        }
    }
}

extension Table {
    /// Reads NDJSON: an object a line. Values of nested objects and arrays are columns with dotted names (`a.b`, `a.0`), a key that a line
    /// lacks is missing, and so are null and texts that are missing words or empty, for in JSON quotes are no choice. Columns stand in the
    /// order in which their names appear. An error's column is the byte of the line.
    ///
    /// - Parameter maxErrors: so many bad lines are set aside as ``rejected``; one more is an error.
    /// - Throws: ``TableError`` for a line that is no object or holds a key twice, and for a file without any line.
    public init(ndjson bytes: [UInt8], file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0) throws(TableError) {
        try self.init(ndjson: ByteSource(bytes), file: file, missing: missing, maxErrors: maxErrors)
    }

    /// - Parameter threads: nil for as many as there are cores; the table does not depend on it.
    init(
        ndjson source: ByteSource, file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0, threads: Int? = nil,
        chunkBytes: Int? = nil
    ) throws(TableError) {
        var scan = NDJSONScan(source, file: file, missing: missing)
        scan.maxErrors = maxErrors
        scan.threads = threads
        if let chunkBytes { scan.chunkBytes = chunkBytes }
        let result = try scan.run()
        guard !result.names.isEmpty else {
            throw TableError(file: file, line: 1, message: "no object with a key, expected one a line")
        }
        let rows = result.rows
        let names = result.names
        let cells = TableCells(result.columns) { [scan] index, _ throws(TableError) in
            var again = scan
            again.onlyTexts = names[index]
            let result = try again.run()
            guard result.rows == rows, let place = result.names.firstIndex(of: names[index]) else {
                throw TableError(file: file, line: 1, message: "changed while it was read, expected a file that stays as it is")
            }
            return result.columns[place]
        }
        self.init(file: file, names: names, rowCount: rows, jumps: result.jumps, rejected: result.rejected, cells: cells)
    }
}
