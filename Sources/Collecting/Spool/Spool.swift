internal import Dispatch
public import Foundation
internal import Synchronization
public import Vocabulary

/// Why the spool takes nothing now.
public struct SpoolError: RetryableError, Equatable, CustomStringConvertible {
    public enum Code: Sendable { case full, closed, inUse }
    public var code: Code
    public var description: String
    public var isRetryable: Bool { true }
}

/// Writes that the database could not take yet, on the disk: append-only segments in a folder, in the order in which they came.
///
/// A write is acknowledged when it is synced to the disk; writes that come together share one sync. What was partly written when the disk
/// was full or the process died was never acknowledged, and is cut off. The spool ends at ``Limits/bytesMax``, and one process has it.
///
/// The folder holds `segment-*.spool`; `cursor`, how far they were replayed; `refused-*.spool`, what the database refused for good;
/// `damaged-*.bytes`, what could not be read; `again`, a folder for refused files that are to be tried once more; and `lock`.
public final class Spool: Sendable {
    public struct Limits: Sendable, Equatable {
        /// Bytes of all files in the folder; what comes beyond is refused.
        public var bytesMax: Int
        /// A segment is closed when it is this large. Only whole segments are deleted.
        var segmentBytes: Int { max(1, min(32 << 20, bytesMax / 8)) }
        /// Bytes that one system call writes, if they are of several requests.
        static let writeBytesMax = 16 << 20
        /// What one transaction replays, if it is of several writes.
        static let groupRecordsMax = 8_000
        static let groupBytesMax = 12 << 20

        public init(bytesMax: Int = 1 << 30) { self.bytesMax = bytesMax }
    }

    /// A write on its way to the disk.
    struct Part {
        var payload: [UInt8]
        var rows: Int
        var checksum: UInt32
        var byteCount: Int { payload.count + SpoolFrame.headerBytes }

        init(_ payload: [UInt8], rows: Int) {
            self.payload = payload
            self.rows = rows
            checksum = crc32(payload[...])
        }
    }
    struct Waiting {
        var parts: [Part]
        var byteCount: Int
        var continuation: CheckedContinuation<Void, any Error>
    }
    struct State {
        var segments: [SpoolSegment] = []
        /// The last segment, if it is open for more.
        var active: DiskFile?
        var nextSequence: UInt64 = 1
        var cursor = SpoolCursor()
        /// Bytes of the files that are kept for the operator.
        var keptBytes = 0
        var lock: DiskFile?
        var waiting: [Waiting] = []
        var waitingBytes = 0
        var isWriting = false
        var isClosed = false

        var segmentBytes: Int { segments.reduce(0) { $0 + $1.bytes } }
        var isEmpty: Bool { cursor.next == nextSequence && isIdle }
        var isIdle: Bool { waiting.isEmpty && !isWriting }
    }

    let folder: String
    public let limits: Limits
    let report: @Sendable (String) -> Void
    let state = Mutex(State())
    /// What the replayer is at; only touched on `reads`.
    let reading = Mutex(Reading())
    private let writes = DispatchQueue(label: "evenkeel.spool.write")
    let reads = DispatchQueue(label: "evenkeel.spool.read")
    /// Yields when something waits to be replayed.
    let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    /// Opens the spool of this folder, which is made if it is not there.
    ///
    /// - Parameter report: told what an operator must know: what was cut off, set aside or refused.
    /// - Throws: ``SpoolError`` `.inUse` when another process has it; ``DiskError``.
    public init(folder: URL, limits: Limits = Limits(), report: @escaping @Sendable (String) -> Void) throws {
        self.folder = folder.path
        self.limits = limits
        self.report = report
        (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try FileManager.default.createDirectory(
            at: folder.appending(path: Self.againName), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard let lock = try DiskFile.locked(self.folder + "/lock") else {
            throw SpoolError(code: .inUse, description: "another evenkeel uses the spool \(self.folder): set spool.folder to another")
        }
        let found = try recovered()
        let isEmpty = state.withLock { state in
            state = found
            state.lock = lock
            return state.isEmpty
        }
        if !isEmpty { arrived.yield() }
    }

    /// The files of the folder, the torn end of the last segment cut off.
    private func recovered() throws -> State {
        var state = State()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        for name in names where name.hasPrefix("refused-") || name.hasPrefix("damaged-") {
            state.keptBytes += try DiskFile.open("\(folder)/\(name)").size()
        }
        for first in names.compactMap(SpoolSegment.first(of:)).sorted() {
            var segment = SpoolSegment(first: first, in: folder)
            segment.bytes = try DiskFile.open(segment.path).size()
            state.segments.append(segment)
        }
        if names.contains(SpoolCursor.fileName) {
            let bytes = try DiskFile.open("\(folder)/\(SpoolCursor.fileName)").read(64, at: 0)
            if let cursor = SpoolCursor(decoding: bytes) {
                state.cursor = cursor
            } else {
                report("the spool's cursor cannot be read: all segments are replayed, and what is stored is found by its ids")
            }
        }
        state.nextSequence = max(state.cursor.next, (state.cursor.groupEnd ?? 0) &+ 1)
        if var last = state.segments.popLast() {
            state.nextSequence = max(state.nextSequence, try mended(&last))
            state.segments.append(last)
        }
        // Segments may have been deleted before the cursor could be written.
        state.cursor.next = max(state.cursor.next, state.segments.first?.first ?? state.nextSequence)
        if state.segments.isEmpty { state.cursor.next = state.nextSequence }
        return state
    }

    /// Cuts off what a crash left half-written at the segment's end: it was never acknowledged.
    ///
    /// - Returns: the number of the next write.
    private func mended(_ segment: inout SpoolSegment) throws -> UInt64 {
        var reader = try SegmentReader(segment.path)
        var next = segment.first
        while let item = try reader.next(before: segment.bytes) {
            switch item {
            case .frame(let frame): next = frame.sequence &+ 1
            case .damaged(let range, _, isTail: true):
                report("\(segment.path): \(range.count) bytes at its end were never acknowledged, and are cut off")
                try reader.file.truncate(to: range.lowerBound)
                try reader.file.sync()
                segment.bytes = range.lowerBound
            case .damaged(_, let sequence, isTail: false): next = max(next, sequence.map { $0 &+ 1 } ?? next)
            }
        }
        return next
    }

    /// Whether nothing waits to be replayed.
    public var isEmpty: Bool { state.withLock { $0.isEmpty } }

    /// Bytes that wait to be replayed, and bytes that are kept for the operator.
    public var byteCounts: (waiting: Int, kept: Int) { state.withLock { ($0.segmentBytes, $0.keptBytes) } }

    /// Keeps these writes; they are on the disk when it returns, all of them or none.
    ///
    /// - Throws: ``SpoolError``, ``DiskError``.
    func append(_ writes: [SpooledWrite]) async throws {
        try await append(parts: writes.map { Part($0.encoded(), rows: $0.count) })
    }

    func append(parts: [Part]) async throws {
        let byteCount = parts.reduce(0) { $0 + $1.byteCount }
        try await withCheckedThrowingContinuation { continuation in
            let begins: Result<Bool, any Error> = state.withLock { state in
                if state.isClosed { return .failure(SpoolError(code: .closed, description: "the spool is closed")) }
                let taken = state.segmentBytes + state.keptBytes + state.waitingBytes
                guard taken + byteCount <= limits.bytesMax, parts.allSatisfy({ $0.payload.count <= Int(UInt32.max) }) else {
                    return .failure(
                        SpoolError(
                            code: .full, description: "spool.bytes_max: \(taken) of \(limits.bytesMax) bytes are taken, \(byteCount) came"))
                }
                defer { state.isWriting = true }
                state.waiting.append(Waiting(parts: parts, byteCount: byteCount, continuation: continuation))
                state.waitingBytes += byteCount
                return .success(!state.isWriting)
            }
            switch begins {
            case .failure(let error): continuation.resume(throwing: error)
            case .success(true): self.writes.async { self.writeWaiting() }
            case .success(false): break
            }
        }
    }

    private func writeWaiting() {
        while let (group, bytes) = nextGroupToWrite() {
            let result = Result { try write(group.flatMap(\.parts)) }
            state.withLock { $0.waitingBytes -= bytes }
            if case .success = result { arrived.yield() }
            for waiting in group { waiting.continuation.resume(with: result) }
        }
    }

    /// The writes that share the next sync; nil when none waits.
    private func nextGroupToWrite() -> ([Waiting], Int)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            var bytes = 0
            let count = state.waiting.prefix { waiting in
                guard bytes == 0 || bytes + waiting.byteCount <= Limits.writeBytesMax else { return false }
                bytes += waiting.byteCount
                return true
            }.count
            defer { state.waiting.removeFirst(count) }
            return (Array(state.waiting.prefix(count)), bytes)
        }
    }

    /// Writes and syncs; when that fails, the segment is as it was before.
    private func write(_ parts: [Part]) throws(DiskError) {
        var sequence = state.withLock { $0.nextSequence }
        let (file, offset) = try activeSegment(first: sequence)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.byteCount })
        for part in parts {
            bytes += SpoolFrame(sequence: sequence, rows: part.rows, payload: part.payload[...], payloadChecksum: part.checksum).header
            bytes += part.payload
            sequence += 1
        }
        do throws(DiskError) {
            try file.write(bytes, at: offset)
            try file.sync()
        } catch {
            // After a failed sync nobody knows what is on the disk: the next write begins a new segment.
            state.withLock { $0.active = nil }
            do throws(DiskError) { try file.truncate(to: offset) } catch { report("\(error): a torn end stays, and is stepped over") }
            throw error
        }
        state.withLock { state in
            state.segments[state.segments.count - 1].bytes = offset + bytes.count
            state.nextSequence = sequence
        }
    }

    /// The segment that takes the next write, and where.
    private func activeSegment(first: UInt64) throws(DiskError) -> (DiskFile, Int) {
        let open = state.withLock { state -> (DiskFile, Int)? in
            guard let active = state.active, let last = state.segments.last, last.bytes < limits.segmentBytes else { return nil }
            return (active, last.bytes)
        }
        if let open { return open }
        let segment = SpoolSegment(first: first, in: folder)
        // One of this name holds nothing that was acknowledged: the write that it was made for failed.
        state.withLock { $0.segments.removeAll { $0.first == first } }
        try DiskFolder.remove(segment.path)
        let file = try DiskFile.create(segment.path)
        try DiskFolder.sync(folder)
        state.withLock { state in
            state.segments.append(segment)
            state.active = file
        }
        return (file, 0)
    }

    /// Takes no more, waits for what is being written, and lets others have the folder.
    public func close() async {
        state.withLock { $0.isClosed = true }
        arrived.finish()
        await withCheckedContinuation { continuation in writes.async { continuation.resume() } }
        await withCheckedContinuation { continuation in reads.async { continuation.resume() } }
        state.withLock { state in
            state.active = nil
            state.lock = nil
        }
    }
}
