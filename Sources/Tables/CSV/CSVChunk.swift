internal import Kernels

/// The rows of a CSV file that start within a range of it.
struct CSVChunk {
    /// Where its first row starts, and the place before which its rows start.
    var start: Int
    let end: Int
    var kinds: [RowReader.Kind]
    /// Where the row after its last one starts.
    private(set) var stop = 0
    private(set) var rejected: [CSVFile.Rejection] = []
    /// Whether reading ended at a bad row at `stop`, because there are too many.
    private(set) var isBroken = false
    /// Why it could not be read; believed only if it was read from the right place on.
    var failure: TableError?

    /// A row longer than this is not read on a guess.
    private static let guessBytesMax = 8 << 20
    private static let slack = 65536

    init(start: Int, end: Int, kinds: [RowReader.Kind]) {
        self.start = start
        self.end = end
        self.kinds = kinds
    }

    /// Reads from `start`, which is where a row starts.
    mutating func read(_ scan: CSVScan, _ reader: RowReader) throws(TableError) {
        try load(scan, reader, from: start)
        try rows(scan, reader, bytesMax: .max)
    }

    /// Reads from the first place in the range that looks like the start of a row.
    mutating func guess(_ scan: CSVScan, _ reader: RowReader) throws(TableError) {
        try load(scan, reader, from: start - 1)
        var candidate = start - 1
        var first: Int?
        for _ in 0..<64 {
            guard let place = reader.lineStart(after: candidate) else { break }
            first = first ?? place
            if place >= end { break }
            reader.begin(kinds.map { $0 == .skip ? .skip : .text }, at: place)
            if reader.read(before: place + 1) == .limit {
                first = place
                break
            }
            candidate = place
        }
        // No line starts here: the rows before it, or the guess of the last resort, decide.
        start = min(first ?? end, end)
        try rows(scan, reader, bytesMax: CSVChunk.guessBytesMax)
    }

    private func load(_ scan: CSVScan, _ reader: RowReader, from place: Int) throws(TableError) {
        do throws(ByteSourceError) { try reader.load(scan.csv.source, from: place, to: end + CSVChunk.slack) } catch {
            throw scan.csv.failure(error)
        }
    }

    private mutating func rows(_ scan: CSVScan, _ reader: RowReader, bytesMax: Int) throws(TableError) {
        restart(reader)
        while true {
            let passed = scan.known.isEmpty ? nil : scan.known.first { $0.start >= reader.position }
            switch reader.read(before: min(end, passed?.start ?? end)) {
            case .limit:
                if let passed, passed.start == reader.position, passed.start < end {
                    try skip(scan, reader, passed)
                } else if reader.position >= end || passed == nil {
                    stop = reader.position
                    return
                }
            case .more:
                let loaded = reader.loadedEnd
                if reader.hasLoadedAll || loaded - reader.position > bytesMax {
                    stop = -1  // no row's start: the chunk is read again
                    return
                }
                do throws(ByteSourceError) {
                    try reader.extend(scan.csv.source, to: loaded + max(CSVChunk.slack, loaded - reader.position))
                } catch {
                    throw scan.csv.failure(error)
                }
            case .bad:
                if rejected.count >= scan.maxErrors {
                    stop = reader.position
                    isBroken = true
                    return
                }
                let rejection = try scan.csv.rejection(at: reader.position, line: reader.lines)
                rejected.append(rejection)
                try skip(scan, reader, rejection)
            case .turned(let column):
                kinds[column] = .text
                restart(reader)
            case .outOfMemory:
                throw TableError(file: scan.csv.file, line: 1, message: "memory is out, expected a smaller file")
            }
        }
    }

    private mutating func restart(_ reader: RowReader) {
        reader.begin(kinds, at: start)
        rejected = []
    }

    private func skip(_ scan: CSVScan, _ reader: RowReader, _ rejection: CSVFile.Rejection) throws(TableError) {
        if rejection.end > reader.loadedEnd {
            do throws(ByteSourceError) { try reader.extend(scan.csv.source, to: rejection.end + CSVChunk.slack) } catch {
                throw scan.csv.failure(error)
            }
        }
        reader.skip(to: rejection.end, lines: rejection.lines)
    }
}
