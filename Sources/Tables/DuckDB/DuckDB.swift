internal import Foundation
internal import Glibc

/// DuckDB's library, loaded when it is there: it knows Parquet, which we have no reader of our own for.
///
/// Only the oldest functions of its C interface are used, which every version has.
@safe final class DuckDB: Sendable {
    private typealias Open = @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias Connect = @convention(c) (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias Query = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, UnsafeMutableRawPointer?) -> Int32
    private typealias ErrorText = @convention(c) (UnsafeMutableRawPointer?) -> UnsafePointer<CChar>?
    private typealias Destroy = @convention(c) (UnsafeMutableRawPointer?) -> Void
    private typealias Close = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> Void

    struct Failure: Error { var message: String }

    private let open: Open
    private let connect: Connect
    private let query: Query
    private let errorText: ErrorText
    private let destroy: Destroy
    private let disconnect: Close
    private let close: Close

    static let advice =
        "reading Parquet needs DuckDB's library, expected libduckdb.so where libraries are found or its path in EVENKEEL_DUCKDB"
        + " (https://duckdb.org/install, C/C++), or the same data as CSV"

    /// - Throws: ``Failure`` with ``advice`` when the library is not there or is none of DuckDB's. It stays loaded.
    init() throws(Failure) {
        let path = ProcessInfo.processInfo.environment["EVENKEEL_DUCKDB"] ?? "libduckdb.so"
        guard let library = unsafe dlopen(path, RTLD_LAZY | RTLD_LOCAL) else { throw Failure(message: DuckDB.advice) }
        guard let open = unsafe dlsym(library, "duckdb_open"), let connect = unsafe dlsym(library, "duckdb_connect"),
            let query = unsafe dlsym(library, "duckdb_query"), let errorText = unsafe dlsym(library, "duckdb_result_error"),
            let destroy = unsafe dlsym(library, "duckdb_destroy_result"), let disconnect = unsafe dlsym(library, "duckdb_disconnect"),
            let close = unsafe dlsym(library, "duckdb_close")
        else { throw Failure(message: DuckDB.advice) }
        unsafe self.open = unsafe unsafeBitCast(open, to: Open.self)
        unsafe self.connect = unsafe unsafeBitCast(connect, to: Connect.self)
        unsafe self.query = unsafe unsafeBitCast(query, to: Query.self)
        unsafe self.errorText = unsafe unsafeBitCast(errorText, to: ErrorText.self)
        unsafe self.destroy = unsafe unsafeBitCast(destroy, to: Destroy.self)
        unsafe self.disconnect = unsafe unsafeBitCast(disconnect, to: Close.self)
        unsafe self.close = unsafe unsafeBitCast(close, to: Close.self)
    }

    /// Writes a Parquet file as CSV. Null and NaN become the empty field.
    /// - Throws: ``Failure`` with what DuckDB says.
    func copy(parquet: String, toCSV target: String) throws(Failure) {
        // Every value as its text: NaN has no other sign in CSV than a word.
        try run(
            """
            COPY (SELECT nullif(COLUMNS(*)::VARCHAR, 'nan') FROM read_parquet(\(quoted(parquet))))
            TO \(quoted(target)) (FORMAT csv, HEADER true)
            """)
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private func run(_ statement: String) throws(Failure) {
        var database: OpaquePointer?
        guard unsafe open(nil, &database) == 0 else { throw Failure(message: "DuckDB cannot start") }
        defer { unsafe close(&database) }
        var connection: OpaquePointer?
        guard unsafe connect(database, &connection) == 0 else { throw Failure(message: "DuckDB cannot be connected to") }
        defer { unsafe disconnect(&connection) }
        // The result's struct has 48 bytes; it is only passed on.
        let result = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
        defer { unsafe result.deallocate() }
        unsafe result.initializeMemory(as: UInt8.self, repeating: 0, count: 256)
        let status = unsafe query(connection, statement, result)
        defer { unsafe destroy(result) }
        if status != 0 {
            let text = unsafe errorText(result).map { unsafe String(cString: $0) } ?? "DuckDB gives no reason"
            throw Failure(message: text.split(separator: "\n").first.map(String.init) ?? text)
        }
    }
}
