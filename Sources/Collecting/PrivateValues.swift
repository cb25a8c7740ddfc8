internal import Tables
public import Vocabulary

/// A version hashes values, and this process has no key: its records are refused rather than stored in clear or without them.
public struct MissingPrivacyKey: RetryableError, Equatable, CustomStringConvertible {
    public var version: ModelVersion
    public init(_ version: ModelVersion) { self.version = version }
    /// The client did nothing wrong: the same request is taken once the key is there.
    public var isRetryable: Bool { true }
    public var description: String {
        "privacy.key: missing, expected the key that \(version) hashes values with (or \(PrivacyKey.environmentName))"
    }
}

extension CollectorLimits {
    func requireKey(of version: RegisteredVersion) throws(MissingPrivacyKey) {
        if privacyKey == nil, version.schema.needsPrivacyKey { throw MissingPrivacyKey(version.key) }
    }
}

extension CSVTable {
    /// A private column as it is stored. An error does not say the value.
    func levels(_ name: String, _ privacy: Privacy, key: PrivacyKey?) throws(TableError) -> LevelColumn {
        guard case .bucket = privacy else {
            let (codes, texts) = try levels(name)
            return LevelColumn(codes: codes, of: texts, name: name, privacy, key: key)
        }
        return LevelColumn(try privateNumbers(name), privacy)
    }

    func privateNumbers(_ name: String) throws(TableError) -> [Double] {
        do throws(TableError) { return try numbers(name) } catch {
            throw TableError(file: error.file, line: error.line, column: error.column, message: "a text in \(name), expected a number")
        }
    }
}
