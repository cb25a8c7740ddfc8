internal import Migrations
public import Vocabulary

/// The audit log, as it is read.
public struct AuditStore: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// Somebody removed the row that says how long the log is and how it ends.
    static let headless = "the audit log has lost its head (evenkeel.audit_head is empty): restore it from a backup"

    /// Entries read at once.
    static let pageEntries: Int64 = 1000

    /// Hands every entry to `body`, oldest first. - Returns: how many there should be and the last one's hash.
    public func read(_ body: (AuditEntry) throws -> Void) async throws -> (entries: Int64, hash: String) {
        // Before the entries: what comes meanwhile is left out.
        let head = try await database.run { connection in
            let rows = try connection.query(Queries["audit_head"])
            guard let entries = rows.int(0, 0), let hash = rows.text(0, 1) else { throw StoreError(.damaged, Self.headless) }
            return (entries: entries, hash: hash)
        }
        var last: Int64 = 0
        var count: Int64 = 0
        while true {
            let after = last
            let page = try await database.run { connection in
                let rows = try connection.query(Queries["audit_entries"], [.int(after), .int(Self.pageEntries)])
                return try (0..<rows.count).map { try Self.entry(rows, $0) }
            }
            for entry in page {
                count += 1
                // More than there were is our own doing, unless the head was tampered with: then its hash tells.
                if count > head.entries, entry.previousHash == head.hash { return head }
                try body(entry)
            }
            guard let newest = page.last else { return head }
            last = newest.id
        }
    }

    private static func entry(_ rows: Rows, _ row: Int) throws -> AuditEntry {
        guard let id = rows.int(row, 0), let at = rows.time(row, 1), let actor = rows.text(row, 2), let action = rows.text(row, 3),
            let subject = rows.text(row, 4), let detail = rows.text(row, 5), let previous = rows.text(row, 6), let hash = rows.text(row, 7)
        else { throw StoreError(.damaged, "an entry of the audit log cannot be read") }
        return AuditEntry(
            id: id, at: at, actor: actor, action: action, subject: subject, detail: detail, previousHash: previous, hash: hash)
    }
}
