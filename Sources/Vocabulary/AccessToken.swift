/// What a token may do. The raw value stands in the table, on the command line and in docs/security.md.
public enum AccessRole: String, Sendable, CaseIterable {
    /// Send predictions and labels.
    case ingest
    /// Read everything but values per group.
    case read
    /// Read, acknowledge and silence.
    case operate
    /// Read, also what is known of the groups of a protected attribute.
    case audit
    /// Everything.
    case admin

    /// The roles that come with this one.
    public var granted: Set<AccessRole> {
        switch self {
        case .ingest, .read: [self]
        case .operate, .audit: [self, .read]
        case .admin: Set(AccessRole.allCases)
        }
    }

    public static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// A client's way in, as it is stored: never the secret itself.
public struct AccessToken: Sendable, Equatable {
    public var id: String
    /// The actor of what is done with it.
    public var name: String
    public var roles: Set<AccessRole>
    /// Only these models; nil for all.
    public var models: Set<String>?
    public var secretHash: String
    /// The hash before the last rotation, good until then.
    public var formerHash: String?
    public var formerUntil: Timestamp?
    public var createdAt: Timestamp
    public var createdBy: String
    public var expiresAt: Timestamp?
    public var revokedAt: Timestamp?

    public init(
        id: String, name: String, roles: Set<AccessRole>, models: Set<String>?, secretHash: String, createdAt: Timestamp,
        createdBy: String, expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.models = models
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
    }

    public func isUsable(at now: Timestamp) -> Bool { revokedAt == nil && (expiresAt.map { now < $0 } ?? true) }

    /// The hashes that a secret may have now.
    public func hashes(at now: Timestamp) -> [String] {
        guard let formerHash, let formerUntil, now < formerUntil else { return [secretHash] }
        return [secretHash, formerHash]
    }

    /// Bytes of a name, and names of models.
    public static let nameBytesMax = 100
    public static let modelsMax = 100

    /// What is wrong with a name; nil when it may be used. It stands in logs, tables and the audit log.
    public static func problem(ofName name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= nameBytesMax else { return "expected 1 to \(nameBytesMax) bytes" }
        return name.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? "holds a control character" : nil
    }
}

/// The text of a token: `evk_ID_SECRET`. The id finds the row, the secret proves it; the prefix lets scanners of code find leaked ones.
public struct TokenText: Sendable, Equatable {
    public var id: String
    public var secret: Secret
    static let prefix = "evk"
    static let idDigits = 12
    static let secretDigits = 64

    /// A new one, of 256 random bits.
    public init() {
        id = Digest.hex(Digest.random(Self.idDigits / 2))
        secret = Secret(Digest.hex(Digest.random(Self.secretDigits / 2)))
    }

    /// nil for what is no token.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.prefix, parts[1].utf8.count == Self.idDigits, parts[2].utf8.count == Self.secretDigits,
            parts[1].utf8.allSatisfy(Self.isHex), parts[2].utf8.allSatisfy(Self.isHex)
        else { return nil }
        id = String(parts[1])
        secret = Secret(String(parts[2]))
    }

    /// The whole text, shown once.
    public func reveal() -> String { "\(Self.prefix)_\(id)_\(secret.reveal())" }

    private static func isHex(_ c: UInt8) -> Bool { (48...57).contains(c) || (97...102).contains(c) }
}
