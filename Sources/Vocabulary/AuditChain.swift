/// One line of the audit log: who did what to what, chained to the line before.
public struct AuditEntry: Sendable, Equatable {
    public var id: Int64
    public var at: Timestamp
    public var actor: String
    public var action: String
    public var subject: String
    /// JSON as the database writes it: the hash is over these characters.
    public var detail: String
    public var previousHash: String
    public var hash: String

    public init(
        id: Int64, at: Timestamp, actor: String, action: String, subject: String, detail: String, previousHash: String, hash: String
    ) {
        self.id = id
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
        self.previousHash = previousHash
        self.hash = hash
    }

    /// SHA-256 over each part with its length in bytes before it, so that no two entries have the same text.
    var rightHash: String {
        let parts = [previousHash, String(at.microseconds), actor, action, subject, detail]
        return Digest.hex(Digest.sha256(parts.flatMap { Array("\($0.utf8.count):\($0)".utf8) }))
    }

    public var json: JSON {
        .object([
            "entry": .integer(id), "at": .string(at.rfc3339), "actor": .string(actor), "action": .string(action),
            "subject": .string(subject),
            "detail": .string(detail), "previous_hash": .string(previousHash), "hash": .string(hash),
        ])
    }

    /// nil when something is missing.
    public init?(json: JSON) {
        guard let id = json["entry"]?.intValue, let at = json["at"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            let actor = json["actor"]?.stringValue, let action = json["action"]?.stringValue, let subject = json["subject"]?.stringValue,
            let detail = json["detail"]?.stringValue, let previous = json["previous_hash"]?.stringValue,
            let hash = json["hash"]?.stringValue
        else { return nil }
        self.init(id: id, at: at, actor: actor, action: action, subject: subject, detail: detail, previousHash: previous, hash: hash)
    }
}

/// Follows the chain, entry after entry, and says where it breaks.
///
/// It shows that entries were changed, removed, added or moved by somebody who did not make the whole chain anew. Whoever can write the database can do that
/// too: against them a hash that was noted elsewhere helps.
public struct AuditChain: Sendable {
    public private(set) var entries: Int64 = 0
    /// Of the last entry; empty before the first.
    public private(set) var hash = ""
    public private(set) var problems: [String] = []
    private var noted: String?
    private var lastID: Int64 = 0

    /// Problems that are told; the chain may break in every place after all.
    public static let problemsMax = 20

    /// - Parameter noted: a hash that must be that of some entry.
    public init(noted: String? = nil) { self.noted = noted }

    public mutating func follow(_ entry: AuditEntry) {
        if entry.hash != entry.rightHash { problem("entry \(entry.id) was changed: its hash is not that of what it says") }
        if entry.previousHash != hash {
            problem(
                "entry \(entry.id) does not follow \(entries == 0 ? "the beginning" : "entry \(lastID)"): something was removed, added or moved before it"
            )
        }
        if entry.hash == noted { noted = nil }
        entries += 1
        hash = entry.hash
        lastID = entry.id
    }

    /// - Parameter head: how many entries there should be and the last one's hash, as the database says.
    public mutating func end(_ head: (entries: Int64, hash: String)?) {
        if let head, head.entries != entries || head.hash != hash {
            problem("there should be \(head.entries) entries ending with \(head.hash), and there are \(entries) ending with \(hash)")
        }
        if let noted { problem("no entry has the hash \(noted)") }
    }

    private mutating func problem(_ text: String) { if problems.count < Self.problemsMax { problems.append(text) } }
}
