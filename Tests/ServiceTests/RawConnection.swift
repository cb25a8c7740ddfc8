import Foundation
import Glibc

/// Bytes as they are, to a port of this machine: for what no client would send. Its waits are short and on a thread of their own.
final class RawConnection: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - service: its base, such as `http://127.0.0.1:8080`.
    ///   - receiveBytes: what the socket holds unread; nil for what the system gives it, which is some megabytes.
    init(_ service: RunningService, receiveBytes: Int32? = nil) throws {
        let port = service.base.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var receiveBytes {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// - Returns: whether the other side still takes it.
    @discardableResult func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Everything until the other side closes; nil when it does not within 20 s.
    func rest() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var all: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
                    if count < 0, errno == EAGAIN { return continuation.resume(returning: nil) }
                    if count <= 0 { return continuation.resume(returning: String(decoding: all, as: UTF8.self)) }
                    all.append(contentsOf: buffer[..<count])
                }
            }
        }
    }

    /// One request, its answer, and the end of the connection.
    static func ask(_ service: RunningService, _ head: String, _ body: String = "") async throws -> String {
        let connection = try RawConnection(service)
        connection.send(head + "Connection: close\r\n\r\n" + body)
        return await connection.rest() ?? "no end"
    }
}
