internal import CPostgres
internal import Glibc

/// One libpq connection. It blocks, so it lives on one queue of `Database` and never leaves it.
@safe final class Connection {
    private let raw: OpaquePointer
    /// libpq gave up on it, whatever it says of its state.
    private var isLost = false

    /// - Throws: ``StoreError`` `.unavailable` with libpq's reason, the password left out.
    init(conninfo: String) throws(StoreError) {
        guard let raw = unsafe ek_pq_connect(conninfo) else { throw StoreError(.unavailable, "out of memory") }
        guard unsafe PQstatus(raw) == CONNECTION_OK else {
            let reason = unsafe String(cString: PQerrorMessage(raw)).trimmedLine
            unsafe PQfinish(raw)
            throw StoreError(.unavailable, "the database cannot be reached: \(Self.withoutConnectionString(reason))")
        }
        unsafe self.raw = raw
        // No statement of ours takes long; one that does hangs on a lock or a sick server, and its queue must not hang with it.
        try run("set statement_timeout = '120s'")
        // Nor does a process of ours that was stopped in the middle of a transaction keep its locks.
        try run("set idle_in_transaction_session_timeout = '60s'")
        try run("set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set client_min_messages = warning; set bytea_output = 'hex'")
    }
    deinit { unsafe PQfinish(raw) }

    /// What libpq says of a server is safe. What it says of the connection string quotes it, and a password with a character that
    /// should have been encoded may stand in any part of it.
    private static func withoutConnectionString(_ reason: String) -> String {
        if reason.hasPrefix("connection to server") { return reason }
        if reason.hasPrefix("could not translate host name") { return "its host name has no address" }
        return "its address is not understood: check host, port and options, and encode special characters of the password (%25 for %)"
    }

    var isBroken: Bool { unsafe isLost || PQstatus(raw) != CONNECTION_OK }

    /// Whether the server has hung up while nothing was asked of it: seen without a round trip, so that a restart costs no request.
    var isHungUp: Bool {
        var socket = unsafe pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
        // A server says nothing unasked but goodbye (or that its settings were reloaded: then a new connection is as good).
        return unsafe poll(&socket, 1, 0) > 0
    }
    var isInTransaction: Bool { unsafe PQtransactionStatus(raw) != PQTRANS_IDLE }

    /// Several statements without parameters, such as a migration.
    func run(_ sql: String) throws(StoreError) {
        _ = try unsafe check(PQexec(raw, sql))
    }

    /// One statement with its parameters.
    ///
    /// - Parameter binary: whether the server writes what it found in its binary form: bytes at half the length, and read without a loop over
    ///   digits. For columns of the types that ``Rows`` names.
    @discardableResult
    func query(_ sql: String, _ parameters: [Parameter] = [], binary: Bool = false) throws(StoreError) -> Rows {
        var pointers: [UnsafePointer<CChar>?] = unsafe []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        var owned: [UnsafeMutablePointer<CChar>] = unsafe []
        defer { unsafe owned.forEach { unsafe free($0) } }
        for parameter in parameters {
            switch parameter {
            case .text(nil):
                unsafe pointers.append(nil)
                lengths.append(0)
                formats.append(0)
            case .text(let text?):
                guard !text.utf8.contains(0) else { throw StoreError(.failed, "a text with a zero byte cannot be stored") }
                guard let copy = unsafe strdup(text) else { throw StoreError(.unavailable, "out of memory") }
                unsafe owned.append(copy)
                unsafe pointers.append(UnsafePointer(copy))
                lengths.append(0)
                formats.append(0)
            case .bytes(let bytes):
                guard let copy = unsafe malloc(max(bytes.count, 1)) else { throw StoreError(.unavailable, "out of memory") }
                unsafe memcpy(copy, bytes, bytes.count)
                let typed = unsafe copy.assumingMemoryBound(to: CChar.self)
                unsafe owned.append(typed)
                unsafe pointers.append(UnsafePointer(typed))
                lengths.append(Int32(bytes.count))
                formats.append(1)
            }
        }
        let result = unsafe PQexecParams(raw, sql, Int32(parameters.count), nil, pointers, lengths, formats, binary ? 1 : 0)
        return try unsafe check(result)
    }

    /// `body` in a transaction that sees one state of the database and writes nothing.
    func snapshot<R>(_ body: () throws -> R) throws -> R {
        try transaction(beginning: "begin isolation level repeatable read read only", body)
    }

    /// `body` in a transaction: committed when it returns, rolled back when it throws.
    func transaction<R>(beginning begin: String = "begin", _ body: () throws -> R) throws -> R {
        try run(begin)
        do {
            let result = try body()
            try run("commit")
            return result
        } catch {
            if !isBroken, isInTransaction { try? run("rollback") }
            throw error
        }
    }

    /// `body` within a transaction, which goes on when it throws: what it did is undone.
    func attempt<R>(_ body: () throws -> R) throws -> R {
        try run("savepoint attempt")
        do {
            let result = try body()
            try run("release savepoint attempt")
            return result
        } catch {
            if !isBroken, isInTransaction { try run("rollback to savepoint attempt") }
            throw error
        }
    }

    /// Sends ready binary COPY data. - Parameter statement: `copy … from stdin (format binary)`.
    func copy(_ statement: String, _ data: [UInt8]) throws(StoreError) {
        guard let started = unsafe PQexec(raw, statement) else { throw StoreError(.unavailable, "the connection was lost") }
        guard unsafe PQresultStatus(started) == PGRES_COPY_IN else { _ = try unsafe check(started); return }
        unsafe PQclear(started)
        let chunk = 1 << 18
        var at = 0
        var sent: Int32 = 1
        while at < data.count, sent == 1 {
            let n = min(chunk, data.count - at)
            sent = unsafe data.withUnsafeBytes { buffer in
                unsafe PQputCopyData(raw, buffer.baseAddress!.advanced(by: at).assumingMemoryBound(to: CChar.self), Int32(n))
            }
            at += n
        }
        guard sent == 1, unsafe PQputCopyEnd(raw, nil) == 1 else { throw lost() }
        var failure: StoreError?
        while let result = unsafe PQgetResult(raw) {
            do throws(StoreError) { _ = try unsafe check(result) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func lost() -> StoreError {
        StoreError(.unavailable, "the connection was lost: \(unsafe String(cString: PQerrorMessage(raw)).trimmedLine)")
    }

    private func check(_ result: OpaquePointer?) throws(StoreError) -> Rows {
        guard let result = unsafe result else { throw lost() }
        let rows = unsafe Rows(owning: result)
        let status = unsafe PQresultStatus(result)
        if status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK { return rows }
        // Every refusal of the server has an SQLSTATE; what has none is libpq's own, and says that the server is not there.
        guard let state = unsafe field(result, "C") else {
            isLost = true
            throw lost()
        }
        let primary = unsafe field(result, "M") ?? "no reason given"
        let detail = unsafe String(cString: PQresultErrorMessage(result))
        // 08: connection; 57: cancelled or shutting down; 53: out of disk, memory or connections; 40: deadlock or serialization; 55P03: lock;
        // 25006: a standby, until it is promoted or the address moves back to the primary.
        let retry = ["08", "53", "40", "57"].contains { state.hasPrefix($0) } || ["55P03", "25006"].contains(state)
        let code: StoreError.Code = isBroken || retry ? .unavailable : state == "23505" ? .conflict : .failed
        // The messages of class 22 quote the value.
        let message = state.hasPrefix("22") ? "the database refused a value" : "the database refused: \(primary)"
        throw StoreError(code, message, sqlState: state, detail: detail)
    }

    private func field(_ result: OpaquePointer, _ code: Unicode.Scalar) -> String? {
        guard let text = unsafe PQresultErrorField(result, Int32(code.value)) else { return nil }
        return unsafe String(cString: text)
    }
}

extension String {
    /// The first line, without white space at its ends: libpq's messages end with a newline and may have hints below.
    fileprivate var trimmedLine: String {
        split(separator: "\n").first.map { $0.trimmingPrefix { $0.isWhitespace } }.map(String.init) ?? ""
    }
}
