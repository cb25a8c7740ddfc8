internal import Glibc

/// Bytes that are read piece by piece from any place: an array, or a file that stays open.
///
/// A file is read with pread rather than mapped: pages of a mapped file count as memory of the process, and one that is cut off while
/// it is read would end the process with a signal.
public struct ByteSource: Sendable {
    private enum Storage: Sendable {
        case bytes([UInt8])
        case file(OpenFile)
    }
    private let storage: Storage
    public let count: Int
    /// What the open file is whatever its name becomes: its device and its number there. Nil for what is no ordinary file.
    public let identity: String?

    private init(storage: Storage, count: Int, identity: String? = nil) {
        self.storage = storage
        self.count = count
        self.identity = identity
    }

    public init(_ bytes: [UInt8]) { self.init(storage: .bytes(bytes), count: bytes.count) }

    /// An ordinary file; what is not one (a pipe, standard input for `-`) is read whole at once.
    /// - Throws: ``ByteSourceError`` when it cannot be opened or read.
    public init(path: String) throws(ByteSourceError) {
        let file = try OpenFile(path)
        if let size = file.size {
            self.init(storage: .file(file), count: size, identity: file.identity)
        } else {
            self.init(try file.rest())
        }
    }

    /// Fills `target` from `offset` on. All of it must lie within `count`.
    /// - Throws: ``ByteSourceError`` when the file has become shorter or cannot be read any more.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ByteSourceError) {
        switch storage {
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes {
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + target.count]))
            }
        case .file(let file): unsafe try file.read(at: offset, into: target)
        }
    }

    /// A copy of these bytes, as far as there are any.
    public func bytes(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        if case .bytes(let bytes) = storage { return Array(bytes[range]) }
        var out = [UInt8](repeating: 0, count: range.count)
        var failure: ByteSourceError?
        unsafe out.withUnsafeMutableBytes { target in
            do throws(ByteSourceError) { unsafe try read(at: range.lowerBound, into: target) } catch { failure = error }
        }
        if let failure { throw failure }
        return out
    }
}

public struct ByteSourceError: Error, Sendable, Equatable {
    /// What happened, as the system says it: `No such file or directory`.
    public var reason: String
}

/// Owns a file descriptor.
private final class OpenFile: Sendable {
    private let descriptor: Int32
    /// Bytes of an ordinary file; nil for anything else.
    let size: Int?
    let identity: String

    init(_ path: String) throws(ByteSourceError) {
        let opened = path == "-" ? dup(0) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw OpenFile.failure() }
        descriptor = opened
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else {
            let failure = OpenFile.failure()
            close(opened)
            throw failure
        }
        identity = "\(status.st_dev):\(status.st_ino)"
        // Files that the system makes up, such as those in /proc, say that they are empty.
        size = path != "-" && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0 ? Int(status.st_size) : nil
    }

    deinit { close(descriptor) }

    private static func failure() -> ByteSourceError { ByteSourceError(reason: unsafe String(cString: strerror(errno))) }

    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ByteSourceError) {
        var done = 0
        while done < target.count {
            guard let base = target.baseAddress else { return }
            let got = unsafe pread(descriptor, base + done, target.count - done, off_t(offset + done))
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw OpenFile.failure() }
            if got == 0 { throw ByteSourceError(reason: "the file has become shorter while it was read") }
            done += got
        }
    }

    /// Everything from here on, for what has no size.
    func rest() throws(ByteSourceError) -> [UInt8] {
        var out: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = unsafe Glibc.read(descriptor, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw OpenFile.failure() }
            if got == 0 { return out }
            out.append(contentsOf: piece[..<got])
        }
    }
}
