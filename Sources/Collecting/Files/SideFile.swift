internal import Foundation
internal import Tables

/// The bad rows of one file, as they stand in it: `FILE.rejected` beside it. Of a version with private columns only their places.
struct SideFile {
    private let path: String
    private let file: String
    private let note: @Sendable (String) -> Void
    private let isPrivate: Bool
    private var isContinued: Bool
    private var handle: FileHandle?
    /// Rows that were set aside.
    private(set) var count = 0

    private static let shownMax = 10

    /// - Parameter isContinued: whether an earlier run has set rows of the same file aside: they stay.
    init(_ file: String, isContinued: Bool, isPrivate: Bool, note: @escaping @Sendable (String) -> Void) {
        self.file = file
        path = (file == "-" ? "standard-input" : file) + ".rejected"
        self.isPrivate = isPrivate
        self.isContinued = isContinued
        self.note = note
    }

    mutating func add(_ rows: [BadRow]) throws(SideFileError) {
        if rows.isEmpty { return }
        do {
            if handle == nil {
                if !isContinued || !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
                handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle?.seekToEnd()
            }
            try handle?.write(contentsOf: Data(rows.flatMap { line($0) + [10] }))
        } catch {
            throw SideFileError(description: "\(path): bad rows cannot be written: \(error.localizedDescription)")
        }
        for row in rows.prefix(max(0, Self.shownMax - count)) { note(row.error.description) }
        count += rows.count
    }

    private func line(_ row: BadRow) -> [UInt8] {
        isPrivate ? Array("\(row.error.file):\(row.error.line):\(row.error.column)".utf8) : row.bytes
    }

    /// Says how many there are.
    mutating func close() {
        try? handle?.close()
        handle = nil
        if count > 0 { note("\(file): \(count) bad rows were set aside in \(path)") }
    }
}

/// Bad rows could not be set aside: the disk is full, or the folder may not be written.
public struct SideFileError: Error, Sendable, CustomStringConvertible {
    public var description: String
}
