internal import Glibc
public import Vocabulary

/// What the file system refused. It passes when there is room again, or the disk is mended.
public struct DiskError: RetryableError, Equatable, CustomStringConvertible {
    public var description: String
    /// The C library's number: ENOSPC, EIO and so on.
    public var number: Int32
    public var isRetryable: Bool { true }

    init(_ action: String, _ path: String, _ number: Int32) {
        self.number = number
        description = "\(action) \(path): \(unsafe String(cString: strerror(number)))"
    }
}

/// An open file: written and read at places that are named, closed with its owner.
final class DiskFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Throws: ``DiskError``; also when the file exists already, which is for our files of numbered names a mistake.
    static func create(_ path: String) throws(DiskError) -> DiskFile { try DiskFile(path, O_RDWR | O_CREAT | O_EXCL) }
    static func open(_ path: String) throws(DiskError) -> DiskFile { try DiskFile(path, O_RDWR) }

    private init(_ path: String, _ flags: Int32) throws(DiskError) {
        self.path = path
        descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskError("open", path, errno) }
    }
    deinit {
        // A program that is being started by another thread has a copy of the descriptor for a moment, and with it the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the file for this process; nil when another one has it. The lock ends with the owner, or with the process.
    static func locked(_ path: String) throws(DiskError) -> DiskFile? {
        let file = try DiskFile(path, O_RDWR | O_CREAT)
        if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 { return file }
        guard errno == EWOULDBLOCK else { throw DiskError("lock", path, errno) }
        return nil
    }

    /// Writes all of the bytes, or throws; then some of them may be there.
    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(descriptor, buffer.baseAddress!.advanced(by: done), buffer.count - done, offset + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskError("write", path, count == 0 ? ENOSPC : errno) }
            done += count
        }
    }

    /// At most `count` bytes from `offset`: fewer where the file ends.
    func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let read = unsafe pread(descriptor, buffer.baseAddress!.advanced(by: done), count - done, offset + done)
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = errno }
                if read <= 0 { return }
                done += read
            }
        }
        guard failure == 0 else { throw DiskError("read", path, failure) }
        return bytes
    }

    func size() throws(DiskError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw DiskError("stat", path, errno) }
        return Int(status.st_size)
    }

    func truncate(to size: Int) throws(DiskError) {
        guard ftruncate(descriptor, size) == 0 else { throw DiskError("truncate", path, errno) }
    }

    /// Returns when what was written is on the disk.
    func sync() throws(DiskError) {
        guard fdatasync(descriptor) == 0 else { throw DiskError("sync", path, errno) }
    }
}

enum DiskFolder {
    /// Returns when the names in the folder are on the disk: a file that was synced is lost if its name is not.
    static func sync(_ path: String) throws(DiskError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskError("open", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DiskError("sync", path, errno) }
    }

    static func remove(_ path: String) throws(DiskError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw DiskError("remove", path, errno) }
    }

    /// Puts a file of these bytes in the place of another, or leaves the other as it is, also when the power fails.
    static func replace(_ name: String, in folder: String, with bytes: [UInt8]) throws(DiskError) {
        let fresh = "\(folder)/\(name).new"
        try remove(fresh)
        do throws(DiskError) {
            let file = try DiskFile.create(fresh)
            try file.write(bytes, at: 0)
            try file.sync()
        } catch {
            try? remove(fresh)
            throw error
        }
        guard unsafe rename(fresh, "\(folder)/\(name)") == 0 else { throw DiskError("rename", fresh, errno) }
        try sync(folder)
    }
}
