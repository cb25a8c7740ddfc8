internal import Foundation
internal import Kernels
internal import Tables
internal import Vocabulary

/// How much of a file is taken at once.
public struct ChunkLimits: Sendable, Equatable {
    /// Rows of one transaction.
    public var rowsMax = 20_000
    /// Bytes that are read ahead for it.
    public var bytesMax = 8 << 20
    /// A longer row or line is an error: mostly it is a quote that is never closed.
    public var recordBytesMax = 64 << 20

    public init() {}
}

/// Whole records of a file, a piece at a time.
struct FileChunk: Sendable {
    var bytes: ArraySlice<UInt8>
    /// The place of the first byte in the file, and its line, from 1.
    var position: Int
    var line: Int
    var records: [RecordCutter.Record]
    /// Where the next one starts.
    var nextPosition: Int
    var nextLine: Int

    /// Where a record stands in `bytes`, with its line end.
    func range(_ index: Int) -> Range<Int> {
        let end = index + 1 < records.count ? records[index + 1].start : bytes.count
        return bytes.startIndex + records[index].start..<bytes.startIndex + end
    }

    /// The record that holds a line, counted from 0 in the chunk.
    func record(atLine line: Int) -> Int {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].line <= line { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }

    /// A record without its line end.
    func record(_ index: Int) -> ArraySlice<UInt8> {
        var record = bytes[range(index)]
        if record.last == 10 { record = record.dropLast() }
        if record.last == 13 { record = record.dropLast() }
        return record
    }
}

/// Reads a file from a place on, in chunks of whole records. What is no ordinary file is read once, from its start to its end.
struct FileFeed: Sendable {
    private enum Origin {
        case file(ByteSource)
        case stream(FileHandle)
    }
    private let origin: Origin
    let file: String
    /// Bytes of an ordinary file, when it was opened; nil for a stream.
    let size: Int?
    let identity: String?
    private let limits: ChunkLimits

    private var buffer: [UInt8] = []
    /// The part of `buffer` that is handed out.
    private var used = 0
    private var position = 0
    private var line = 1
    private var isAtEnd = false

    /// - Parameter path: `-` for standard input.
    init(path: String, limits: ChunkLimits) throws(TableError) {
        self.limits = limits
        file = path == "-" ? "standard input" : path
        if path == "-" {
            origin = .stream(.standardInput)
            size = nil
            identity = nil
            return
        }
        let place = URL(filePath: path).resolvingSymlinksInPath().path
        let type = try? FileManager.default.attributesOfItem(atPath: place)[.type] as? FileAttributeType
        if let type, type != .typeRegular, type != .typeDirectory {
            guard let handle = FileHandle(forReadingAtPath: place) else {
                throw TableError(file: file, line: 1, message: "cannot be read, expected a file")
            }
            origin = .stream(handle)
            size = nil
            identity = nil
            return
        }
        do throws(ByteSourceError) {
            let source = try ByteSource(path: place)
            origin = .file(source)
            size = source.count
            identity = source.identity
        } catch { throw TableError(file: file, line: 1, message: "cannot be read: \(error.reason), expected a file") }
    }

    // MARK: Looking around

    /// The bytes of the file's start, as far as there are any: for a stream those that come first.
    mutating func head(_ count: Int) throws(TableError) -> [UInt8] {
        if case .file = origin { return try piece(0..<count) }
        while buffer.count < count, !isAtEnd { try refill(count - buffer.count) }
        return Array(buffer.prefix(count))
    }

    /// A digest by which the same file is known again: of its head, and of what stands before a place.
    func digest(before place: Int) throws(TableError) -> String {
        let head = try piece(0..<min(place, Self.digestBytes))
        let tail = try piece(max(place - Self.digestBytes, 0)..<place)
        return Digest.hex(Digest.sha256(head + tail))
    }

    private static let digestBytes = 4096

    /// Goes on at another place of an ordinary file.
    mutating func seek(to position: Int, line: Int) {
        self.position = position
        self.line = line
        buffer = []
        used = 0
        isAtEnd = false
    }

    /// Takes the header of a CSV file: its first row, with its line end. Nil when it is not whole yet.
    mutating func header(isGrowing: Bool) throws(TableError) -> (bytes: [UInt8], lines: Int)? {
        guard let chunk = try next(isCSV: true, rowsMax: 1, takesUnfinished: { _ in !isGrowing }) else { return nil }
        return (Array(chunk.bytes), chunk.nextLine - 1)
    }

    // MARK: Chunks

    /// The next records; nil when there is no whole one left.
    ///
    /// - Parameter takesUnfinished: whether a last record without a line end is whole.
    mutating func next(
        isCSV: Bool, rowsMax: Int? = nil, takesUnfinished: (ArraySlice<UInt8>) -> Bool
    ) throws(TableError) -> FileChunk? {
        let rowsMax = rowsMax ?? limits.rowsMax
        while true {
            let rest = buffer[used...]
            var cut =
                isCSV
                ? RecordCutter.csv(rest, recordsMax: rowsMax, isLast: isAtEnd) : RecordCutter.lines(rest, recordsMax: rowsMax)
            let isFull = cut.records.count == rowsMax || (rest.count >= limits.bytesMax && !cut.records.isEmpty)
            if !isFull, !isAtEnd {
                if rest.count > limits.recordBytesMax, cut.records.isEmpty {
                    throw TableError(
                        file: file, line: line,
                        message: "a row of more than \(limits.recordBytesMax) bytes, expected a closing quote or a shorter row")
                }
                try refill(max(limits.bytesMax, rest.count))
                continue
            }
            if isAtEnd, cut.records.count < rowsMax, cut.end < rest.count, takesUnfinished(rest[(used + cut.end)...]) {
                cut.records.append(.init(start: cut.end, line: cut.lines))
                cut.end = rest.count
            }
            if cut.records.isEmpty { return nil }
            let chunk = FileChunk(
                bytes: rest.prefix(cut.end), position: position, line: line, records: cut.records, nextPosition: position + cut.end,
                nextLine: line + cut.lines)
            used += cut.end
            position = chunk.nextPosition
            line = chunk.nextLine
            return chunk
        }
    }

    private mutating func refill(_ count: Int) throws(TableError) {
        // A new buffer: chunks that are still in work hold on to the old one.
        var fresh = Array(buffer[used...])
        let held = fresh.count
        switch origin {
        case .file: fresh += try piece(position + held..<position + held + count)
        case .stream(let handle):
            do { fresh += try handle.read(upToCount: count) ?? Data() } catch {
                throw TableError(file: file, line: line, message: "cannot be read: \(error.localizedDescription), expected a file")
            }
        }
        isAtEnd = fresh.count == held || size.map { position + fresh.count >= $0 } ?? false
        buffer = fresh
        used = 0
    }

    private func piece(_ range: Range<Int>) throws(TableError) -> [UInt8] {
        guard case .file(let source) = origin else { return [] }
        do throws(ByteSourceError) { return try source.bytes(range) } catch {
            throw TableError(file: file, line: line, message: "cannot be read: \(error.reason), expected a file that stays as it is")
        }
    }
}
