internal import CKernels

/// Reads rows of CSV text, a piece of a file at a time, into columns of numbers and of coded texts.
///
/// Places are offsets in the file. One reader belongs to one thread at a time: it is handed on only under its owner's lock.
@safe public final class RowReader: @unchecked Sendable {
    public enum Kind: UInt8, Sendable { case skip, number, text }

    public enum Stop: Sendable, Equatable {
        /// Every row that starts before the limit is read.
        case limit
        /// The row at `position` goes on past what is loaded.
        case more
        /// The row at `position` is malformed.
        case bad
        /// The row at `position` has a text in this column, which is read as numbers.
        case turned(column: Int)
        case outOfMemory
    }

    private static let margin = 64
    private let csv: UnsafeMutablePointer<ek_csv>
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// The file's offset of the first byte that is loaded, and how many are.
    private var base = 0
    private var loaded = 0
    private var isLast = false

    /// - Parameters:
    ///   - chunkBytes: about how many bytes are read between two `begin`s; rows that start in them are held.
    ///   - missing: words that mean missing beside the empty field.
    ///   - isWide: false for the portable reader alone, the twin that the tests compare the wide kernel with.
    /// - Returns: nil when memory is out.
    public init?(columns: Int, chunkBytes: Int, missing: Set<String>, seed: UInt64, isWide: Bool = true) {
        guard let csv = unsafe ek_csv_new(UInt32(columns), chunkBytes / columns + 2, seed) else { return nil }
        unsafe self.csv = csv
        capacity = chunkBytes + 65536
        unsafe buffer = RowReader.room(capacity)
        if !isWide { unsafe csv.pointee.wide = 0 }
        for word in missing.sorted() {
            guard unsafe ek_csv_add_missing(csv, Array(word.utf8), word.utf8.count) != 0 else { return nil }
        }
    }

    deinit {
        unsafe ek_csv_free(csv)
        unsafe (buffer - RowReader.margin).deallocate()
    }

    private static func room(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + 2 * margin)
        // Only the margins are read before they are written.
        unsafe room.initialize(repeating: 0, count: margin)
        unsafe (room + margin + capacity).initialize(repeating: 0, count: margin)
        return unsafe room + margin
    }

    // MARK: Loading

    /// Loads the bytes from `start` up to `end`, as far as there are any.
    public func load(_ source: ByteSource, from start: Int, to end: Int) throws(ByteSourceError) {
        base = start
        loaded = 0
        isLast = false
        try extend(source, to: end)
    }

    /// Loads more bytes after those that are loaded.
    public func extend(_ source: ByteSource, to end: Int) throws(ByteSourceError) {
        let end = max(min(end, source.count), base + loaded)
        let wanted = end - base
        if wanted > capacity {
            let grown = max(wanted, 2 * capacity)
            let room = unsafe RowReader.room(grown)
            unsafe room.update(from: buffer, count: loaded)
            unsafe (buffer - RowReader.margin).deallocate()
            unsafe buffer = room
            capacity = grown
        }
        unsafe try source.read(
            at: base + loaded, into: UnsafeMutableRawBufferPointer(start: buffer + loaded, count: wanted - loaded))
        loaded = wanted
        isLast = end == source.count
        // What the kernel may read past the end must be the same in every run.
        unsafe (buffer + loaded).update(repeating: 0, count: RowReader.margin)
        unsafe buffer[loaded] = UInt8(ascii: "\n")
    }

    public var loadedEnd: Int { base + loaded }
    public var hasLoadedAll: Bool { isLast }

    // MARK: Reading

    /// Forgets what was read.
    public func begin(_ kinds: [Kind], at position: Int) {
        unsafe ek_csv_clear(csv)
        for (c, kind) in kinds.enumerated() { unsafe csv.pointee.kinds[c] = kind.rawValue }
        unsafe csv.pointee.at = position - base
    }

    /// Reads the rows that start before `limit`.
    public func read(before limit: Int) -> Stop {
        switch unsafe Int(ek_csv_read(csv, buffer, loaded, max(limit - base, 0), isLast ? 1 : 0)) {
        case EK_CSV_LIMIT: return isLast || limit <= base + loaded ? .limit : .more
        case EK_CSV_MORE: return .more
        case EK_CSV_BAD: return .bad
        case EK_CSV_TURNED: return .turned(column: unsafe Int(csv.pointee.column))
        default: return .outOfMemory
        }
    }

    /// Goes on at another place, that many lines further down.
    public func skip(to position: Int, lines: Int) {
        unsafe csv.pointee.at = position - base
        unsafe csv.pointee.line += lines
    }

    /// Where the next row starts.
    public var position: Int { unsafe base + csv.pointee.at }
    /// Lines passed since `begin`.
    public var lines: Int { unsafe csv.pointee.line }
    public var rows: Int { unsafe csv.pointee.rows }

    /// Where the first line after `position` starts, nil if none does within what is loaded.
    public func lineStart(after position: Int) -> Int? {
        let found = unsafe ek_csv_next_line(buffer, loaded, position - base)
        return found < loaded ? base + found : nil
    }

    // MARK: Results

    /// The rows that do not stand on the line after the row before them (the first one: on line 0).
    public var jumps: [(row: Int, line: Int)] {
        let count = unsafe csv.pointee.jump_count
        return (0..<count).map { unsafe (csv.pointee.jumps[$0].row, csv.pointee.jumps[$0].line) }
    }

    /// Whether every number of the column is written as an integer that can be printed again the same.
    public func isPlain(_ column: Int) -> Bool { unsafe csv.pointee.uneven[column] == 0 }

    public func appendNumbers(_ column: Int, to out: inout [Double]) {
        guard let numbers = unsafe csv.pointee.numbers[column] else { return }
        unsafe out.append(contentsOf: UnsafeBufferPointer(start: numbers, count: rows))
    }

    /// - Returns: false when memory is out.
    public func appendCodes(_ column: Int, levels: LevelTable, to out: inout [Int32]) -> Bool {
        guard let cells = unsafe csv.pointee.numbers[column] else { return false }
        let own = unsafe csv.pointee.levels + column
        var map = [Int32](repeating: -1, count: unsafe Int(own.pointee.count))
        let count = rows
        return unsafe cells.withMemoryRebound(to: Int32.self, capacity: count) { codes in
            guard unsafe ek_levels_translate(own, codes, count, &map, &levels.levels, codes) != 0 else { return false }
            unsafe out.append(contentsOf: UnsafeBufferPointer(start: codes, count: count))
            return true
        }
    }
}
