import Foundation
import Glibc
import Synchronization

/// A receiver of webhooks on a port of its own: answers with one status after the other, the last one for ever, and keeps what came.
final class LocalReceiver: Sendable {
    struct Request: Sendable {
        var line: String
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }
    enum Answer: Sendable {
        case status(Int, location: String? = nil)
        /// Reads the request and says nothing until the caller has gone.
        case silence
    }
    private struct State {
        var answers: [Answer]
        var requests: [Request] = []
    }
    private let state: Mutex<State>
    private let socket: Int32
    private let isListening: Bool
    let port: UInt16

    /// - Parameter isListening: false for a port that is taken but refuses every connection.
    init(_ answers: [Answer] = [.status(200)], isListening: Bool = true) throws {
        state = Mutex(State(answers: answers))
        self.isListening = isListening
        (socket, port) = try Self.open(isListening: isListening)
        guard isListening else { return }
        let listener = socket
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { break }
                serve(connection)
                close(connection)
            }
            close(listener)
        }
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }
    var requests: [Request] { state.withLock { $0.requests } }

    /// Ends the thread; must be called, since the thread holds on to the receiver.
    func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
        if !isListening { close(socket) }
    }

    private static func open(isListening: Bool) throws -> (Int32, UInt16) {
        // A database that another test starts must not inherit it.
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard descriptor >= 0, isBound, !isListening || listen(descriptor, 64) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        var expected: Int?
        while expected == nil || bytes.count < expected! {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe read(connection, &chunk, chunk.count)
            if count <= 0 { return }
            bytes += chunk[..<count]
            if expected == nil, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                expected = end.upperBound + (Int(Self.parse(bytes).headers["content-length"] ?? "0") ?? 0)
            }
        }
        let request = Self.parse(bytes)
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
        switch answer {
        case .status(let code, let location):
            let head =
                "HTTP/1.1 \(code) x\r\n" + (location.map { "location: \($0)\r\n" } ?? "")
                + "content-length: 2\r\nconnection: close\r\n\r\nok"
            let out = Array(head.utf8)
            _ = unsafe send(connection, out, out.count, Int32(MSG_NOSIGNAL))
        case .silence:
            var byte: UInt8 = 0
            _ = unsafe read(connection, &byte, 1)
        }
    }

    private static func parse(_ bytes: [UInt8]) -> Request {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return Request(line: "", headers: [:], body: "") }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Request(line: String(lines.first ?? ""), headers: headers, body: String(decoding: bytes[end.upperBound...], as: UTF8.self))
    }
}
