internal import Foundation
internal import Synchronization
internal import Vocabulary

// The other end: groups of writes in their order, for the replayer alone.

extension Spool {
    /// What is read and not yet stored.
    struct Reading {
        var segment: SpoolSegment?
        var reader: SegmentReader?
        /// The write that comes next.
        var expected: UInt64?
        /// A frame that was one too many for a group.
        var held: SpoolFrame?
        /// The group that was handed out and is not settled.
        var group: [SpoolFrame] = []
        /// The group behind it, if it was read already.
        var ahead: [SpoolFrame] = []
        var hasReportedCursor = false
    }

    static let againName = "again"

    private func onReads<R: Sendable>(_ body: @escaping @Sendable (inout Reading) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            reads.async { continuation.resume(with: Result { try self.reading.withLock { try body(&$0) } }) }
        }
    }

    /// The oldest writes, as many as one transaction takes; none when the spool is empty. The same again until they are settled.
    ///
    /// The group's end is on the disk before it is handed out, so that a crash while it is stored repeats the very same group.
    ///
    /// - Parameter damaged: called for each stretch of bytes that had to be set aside.
    func nextGroup(damaged: @escaping @Sendable () -> Void = {}) async throws -> [SpoolFrame] {
        try await onReads { reading in
            if !reading.group.isEmpty { return reading.group }
            let (cursor, end) = self.state.withLock { ($0.cursor, $0.nextSequence) }
            if reading.ahead.isEmpty { reading.ahead = try self.choose(&reading, from: cursor.next, to: cursor.groupEnd, damaged) }
            swap(&reading.group, &reading.ahead)
            if let last = reading.group.last { self.decide(last.sequence, &reading) } else { self.settle(before: end) }
            return reading.group
        }
    }

    /// Reads the group behind the one that is handed out, while that one is stored; mostly it is the next.
    func groupAhead(damaged: @escaping @Sendable () -> Void = {}) async throws -> [SpoolFrame] {
        try await onReads { reading in
            guard let last = reading.group.last else { return [] }
            if reading.ahead.isEmpty { reading.ahead = try self.choose(&reading, from: last.sequence &+ 1, to: nil, damaged) }
            return reading.ahead
        }
    }

    /// - Parameter groupEnd: where the group ends, if that was decided before.
    private func choose(
        _ reading: inout Reading, from first: UInt64, to groupEnd: UInt64?, _ damaged: @Sendable () -> Void
    ) throws -> [SpoolFrame] {
        var group: [SpoolFrame] = []
        var rows = 0
        var bytes = 0
        do {
            while let frame = try nextFrame(&reading, damaged) {
                if frame.sequence < first { continue }
                let fits =
                    groupEnd.map { frame.sequence <= $0 }
                    ?? (rows + frame.rows <= Limits.groupRecordsMax && bytes + frame.byteCount <= Limits.groupBytesMax)
                guard fits || group.isEmpty else {
                    reading.held = frame
                    break
                }
                rows += frame.rows
                bytes += frame.byteCount
                group.append(frame)
            }
        } catch {
            // What was read so far must come again.
            (reading.segment, reading.reader, reading.expected, reading.held) = (nil, nil, nil, nil)
            throw error
        }
        return group
    }

    /// The group is stored or refused: what it is made of may go.
    func advance() async {
        try? await onReads { reading in
            guard let last = reading.group.last else { return }
            reading.group = []
            self.settle(before: last.sequence &+ 1)
        }
    }

    private func decide(_ groupEnd: UInt64, _ reading: inout Reading) {
        let cursor = state.withLock { state in
            state.cursor.groupEnd = groupEnd
            return state.cursor
        }
        do {
            try DiskFolder.replace(SpoolCursor.fileName, in: folder, with: cursor.encoded())
            reading.hasReportedCursor = false
        } catch {
            // A full disk must not keep the spool from becoming smaller. After a crash more is replayed than need be, and found by its ids.
            if !reading.hasReportedCursor { report("the spool's cursor cannot be written: \(error)") }
            reading.hasReportedCursor = true
        }
    }

    private func settle(before next: UInt64) {
        state.withLock { state in
            state.cursor = SpoolCursor()
            state.cursor.next = next
            // The last segment goes too when it is read to its end and nobody is about to write to it.
            if state.isEmpty { state.active = nil }
            while let oldest = state.segments.first {
                let isLast = state.segments.count == 1
                guard isLast ? state.isEmpty : state.segments[1].first <= next else { break }
                do throws(DiskError) { try DiskFolder.remove(oldest.path) } catch { report("\(error)") }
                state.segments.removeFirst()
            }
        }
    }

    private func nextFrame(_ reading: inout Reading, _ damaged: @Sendable () -> Void) throws -> SpoolFrame? {
        if let held = reading.held {
            reading.held = nil
            return held
        }
        while true {
            // An empty one may be made anew under its name.
            let segments = state.withLock { $0.segments.filter { $0.bytes > 0 } }
            let next = reading.segment.map { current in segments.first { $0.first >= current.first } } ?? segments.first
            guard let segment = next else { return nil }
            if reading.segment?.first != segment.first || reading.reader == nil {
                reading.reader = try SegmentReader(segment.path)
                reading.segment = segment
            }
            guard let item = try reading.reader?.next(before: segment.bytes) else {
                guard let following = segments.first(where: { $0.first > segment.first }) else { return nil }
                reading.segment = following
                reading.reader = nil
                continue
            }
            switch item {
            case .frame(let frame):
                if let expected = reading.expected, frame.sequence > expected {
                    report("\(segment.path): writes \(expected) to \(frame.sequence - 1) are not there")
                }
                reading.expected = frame.sequence &+ 1
                return frame
            case .damaged(let range, _, _):
                try setAside(range, of: segment)
                damaged()
            }
        }
    }

    private func setAside(_ range: Range<Int>, of segment: SpoolSegment) throws {
        let bytes = try DiskFile.open(segment.path).read(range.count, at: range.lowerBound)
        let name = "damaged-\(segment.first)-\(range.lowerBound).bytes"
        try keep(name, bytes)
        report("\(segment.path): bytes \(range.lowerBound) to \(range.upperBound) are damaged, and kept in \(folder)/\(name)")
    }

    /// Keeps what the database refused for good, as a segment of its own.
    func refuse(_ frame: SpoolFrame, because reason: String) async throws {
        try await onReads { _ in
            let name = "refused-\(frame.sequence).spool"
            try self.keep(name, frame.header + frame.payload)
            self.report("a write of \(frame.rows) records that the spool held is kept in \(self.folder)/\(name): \(reason)")
        }
    }

    private func keep(_ name: String, _ bytes: [UInt8]) throws {
        let isNew = !FileManager.default.fileExists(atPath: "\(folder)/\(name)")
        try DiskFolder.replace(name, in: folder, with: bytes)
        if isNew { state.withLock { $0.keptBytes += bytes.count } }
    }

    /// Appends the writes of the files that the operator has moved to the folder `again`.
    func takeAgain() async throws {
        let again = "\(folder)/\(Self.againName)"
        for name in try FileManager.default.contentsOfDirectory(atPath: again).sorted() {
            let path = "\(again)/\(name)"
            var reader = try SegmentReader(path)
            let end = try reader.file.size()
            var parts: [Part] = []
            while let item = try reader.next(before: end) {
                guard case .frame(let frame) = item else {
                    report("\(path) holds bytes that are no write of a spool: it is left where it is")
                    parts = []
                    break
                }
                parts.append(Part(Array(frame.payload), rows: frame.rows))
            }
            if parts.isEmpty { continue }
            try await append(parts: parts)
            try DiskFolder.remove(path)
        }
    }
}
