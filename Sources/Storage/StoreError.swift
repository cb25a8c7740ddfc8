/// What can go wrong between us and the database.
public struct StoreError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public enum Code: String, Sendable {
        /// The server cannot be reached, is starting, or went away: try again.
        case unavailable
        /// Every connection is taken and the queue for one is full: try again later.
        case busy
        /// The statement was refused: our bug, or a broken schema.
        case failed
        /// A window of which retention has left only longer sums, or none.
        case unanswerable
        /// A row that must be unique is there already.
        case conflict
        /// The database was migrated by a newer program.
        case ahead
        /// Stored bytes cannot be read.
        case damaged
        /// The server lacks what was asked for.
        case unsupported
        /// The cluster cannot be made or started.
        case cluster
    }
    public var code: Code
    /// Safe for a log or a page: no row values, no connection string.
    public var message: String
    public var sqlState: String?
    /// The server's full text; for a debugger, not for a log.
    public var detail: String?

    public init(_ code: Code, _ message: String, sqlState: String? = nil, detail: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
    }
    public var isRetryable: Bool { code == .unavailable || code == .busy }
    public var description: String { message + (sqlState.map { " (SQLSTATE \($0))" } ?? "") }
    public var debugDescription: String { "\(code.rawValue): \(description)\n\(detail ?? "")" }
}
