internal import CZlib
internal import Glibc

/// Unpacks a body that came as gzip or zlib data.
///
/// - Parameter limit: bytes that it may have unpacked: a small body can hold a very large one.
/// - Throws: ``RequestError``.
public func gunzipped(_ packed: [UInt8], limit: Int) throws(RequestError) -> [UInt8] {
    var out: UnsafeMutablePointer<UInt8>? = nil
    var count = 0
    let status = unsafe ek_gunzip(packed, packed.count, limit, &out, &count)
    defer { unsafe free(out) }
    switch Int(status) {
    case EK_GUNZIP_DONE: return unsafe Array(UnsafeBufferPointer(start: out, count: count))
    case EK_GUNZIP_TOO_LARGE: throw RequestError(.tooLarge, "more than \(limit) bytes unpacked, send fewer records a request")
    case EK_GUNZIP_NO_MEMORY: throw RequestError(.tooLarge, "no memory to unpack the body, send fewer records a request")
    default: throw RequestError(.malformed, "the body is not whole gzip data, as its content-encoding says")
    }
}
