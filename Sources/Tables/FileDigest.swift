internal import Dispatch
internal import Kernels
internal import Synchronization
internal import Vocabulary

/// The SHA-256 of a file, made on a thread of its own while the file is read into a table.
///
/// The bytes are those of the same open file (of standard input: those that were read), so a file that is replaced by another one in
/// between does not lend its digest.
public final class FileDigest: Sendable {
    public let byteCount: Int
    private let result = Mutex<[UInt8]?>(nil)
    private let isDone = DispatchGroup()

    private static let pieceBytes = 1 << 18

    init(_ source: ByteSource) {
        byteCount = source.count
        DispatchQueue.global().async(group: isDone) { [self] in
            var hash = SHA256Stream()
            for start in stride(from: 0, to: source.count, by: Self.pieceBytes) {
                guard let bytes = try? source.bytes(start..<min(start + Self.pieceBytes, source.count)) else { return }
                hash.append(bytes)
            }
            let digest = hash.finish()
            result.withLock { $0 = digest }
        }
    }

    /// 64 hexadecimal digits, once they are there; nil if the file could not be read to its end.
    public var sha256: String? {
        isDone.wait()
        return result.withLock { $0 }.map { Digest.hex($0) }
    }
}
