internal import CZstd
internal import Glibc

/// Unpacks a body that came as zstd frames.
///
/// The window of a frame is memory that its header asks for before any data. RFC 9659 lets a body ask for 8 MB; one that says its whole
/// size may ask for as much as a body may hold.
///
/// - Parameter limit: bytes that it may have unpacked: a small body can hold a very large one.
/// - Throws: ``RequestError``.
public func zstdUnpacked(_ packed: [UInt8], limit: Int) throws(RequestError) -> [UInt8] {
    let windowLog = min(max(23, Int.bitWidth - max(limit - 1, 0).leadingZeroBitCount), 31)
    var out: UnsafeMutablePointer<UInt8>? = nil
    var count = 0
    let status = unsafe ek_unzstd(packed, packed.count, limit, Int32(windowLog), &out, &count)
    defer { unsafe free(out) }
    switch Int(status) {
    case EK_UNZSTD_DONE: return unsafe Array(UnsafeBufferPointer(start: out, count: count))
    case EK_UNZSTD_TOO_LARGE: throw RequestError(.tooLarge, "more than \(limit) bytes unpacked, send fewer records a request")
    case EK_UNZSTD_WINDOW: throw RequestError(.tooLarge, "a zstd window of more than \(1 << windowLog) bytes, pack without --long")
    case EK_UNZSTD_NO_MEMORY: throw RequestError(.tooLarge, "no memory to unpack the body, send fewer records a request")
    default: throw RequestError(.malformed, "the body is not whole zstd data, as its content-encoding says")
    }
}
