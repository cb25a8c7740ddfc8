internal import Dispatch
internal import Foundation
internal import Kernels
internal import Synchronization

/// One pass over the rows of a CSV file, in parallel chunks whose results are put together in the order of the file.
///
/// A chunk begins at a guess: the first line in it whose row has the right number of fields. Whether the guess is right shows when the
/// chunk before it is done; if it is wrong (a line end within quotes), the chunk is read again from where the last one ended. So the
/// result is that of reading from front to back, whatever the number of threads.
struct CSVScan: Sendable {
    let csv: CSVFile
    /// What each column is read as; one of numbers turns into one of texts when a text is met.
    var kinds: [RowReader.Kind]
    var maxErrors = 0
    /// Bad rows that an earlier pass has found: they are passed over.
    var known: [CSVFile.Rejection] = []
    var threads: Int?
    var chunkBytes = 1 << 19
    /// False for the portable kernel alone.
    var isWide = true

    struct Result: Sendable {
        /// Nil where a column was skipped.
        var columns: [TableColumn?] = []
        var rows = 0
        /// Rows that do not stand on the line after the row before them, with their line in the file.
        var jumps: [(row: Int, line: Int)] = []
        var rejected: [CSVFile.Rejection] = []
    }

    /// - Throws: ``TableError`` for the first bad row beyond `maxErrors`.
    func run() throws(TableError) -> Result {
        let body = csv.source.count - csv.bodyStart
        let chunks = (body + chunkBytes - 1) / chunkBytes
        let workers = max(1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, chunks))
        let readers = workers == 1 ? 1 : workers + 3
        let seed = UInt64.random(in: .min ... .max)
        var pool: [RowReader] = []
        for _ in 0..<readers {
            guard
                let reader = RowReader(
                    columns: kinds.count, chunkBytes: min(chunkBytes, body + 1), missing: csv.missing, seed: seed, isWide: isWide)
            else { throw outOfMemory }
            pool.append(reader)
        }
        guard let assembly = CSVAssembly(self, seed: seed) else { throw outOfMemory }
        let shared = Mutex(Shared(pool: pool, assembly: assembly))
        if chunks > 0 {
            let free = DispatchSemaphore(value: readers)
            if workers == 1 {
                work(shared, chunks, free)
            } else {
                DispatchQueue.concurrentPerform(iterations: workers) { _ in work(shared, chunks, free) }
            }
        }
        if let failure = shared.withLock({ $0.failure }) { throw failure }
        var (result, again) = shared.withLock { $0.assembly.finish() }
        // Columns that began with numbers and went on with texts: their first cells are needed as texts too.
        if again.contains(true) {
            var second = self
            second.kinds = again.map { $0 ? .text : .skip }
            second.known = known.isEmpty ? result.rejected : known
            second.maxErrors = 0
            let texts = try second.run()
            for (c, isNeeded) in again.enumerated() where isNeeded { result.columns[c] = texts.columns[c] }
        }
        return result
    }

    private var outOfMemory: TableError { TableError(file: csv.file, line: 1, message: "memory is out, expected a smaller file") }

    // MARK: Workers

    private struct Shared {
        var pool: [RowReader]
        var assembly: CSVAssembly
        var next = 0
        /// Chunks that are done before an earlier one.
        var waiting: [Int: (RowReader, CSVChunk)] = [:]
        var failure: TableError?
    }

    private func work(_ shared: borrowing Mutex<Shared>, _ chunks: Int, _ free: DispatchSemaphore) {
        while true {
            free.wait()
            let job = shared.withLock { state -> (Int, RowReader, [RowReader.Kind])? in
                guard state.failure == nil, state.next < chunks, let reader = state.pool.popLast() else { return nil }
                state.next += 1
                return (state.next - 1, reader, state.assembly.kinds)
            }
            guard let (index, reader, kinds) = job else {
                free.signal()
                return
            }
            let start = csv.bodyStart + index * chunkBytes
            let end = min(start + chunkBytes, csv.source.count)
            var chunk = CSVChunk(start: start, end: end, kinds: kinds)
            do throws(TableError) {
                if index == 0 { try chunk.read(self, reader) } else { try chunk.guess(self, reader) }
            } catch {
                chunk.failure = error
            }
            let done = shared.withLock { state -> Int in
                state.waiting[index] = (reader, chunk)
                var done = 0
                while let (reader, chunk) = state.waiting.removeValue(forKey: state.assembly.chunks) {
                    if state.failure == nil {
                        do throws(TableError) { try state.assembly.append(chunk, reader) } catch { state.failure = error }
                    } else {
                        state.assembly.chunks += 1
                    }
                    state.pool.append(reader)
                    done += 1
                }
                return done
            }
            for _ in 0..<done { free.signal() }
        }
    }
}
