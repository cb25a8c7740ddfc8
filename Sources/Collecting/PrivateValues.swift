internal import Tables
public import Vocabulary

/// A version hashes values, and this process has not the key that it was registered with: its records are refused rather than stored in
/// clear, or with hashes that differ from the reference.
public struct PrivacyKeyError: Error, Equatable, CustomStringConvertible {
    public enum Reason: Sendable { case missing, other }
    public var version: ModelVersion
    public var reason: Reason

    public init(_ version: ModelVersion, _ reason: Reason) {
        self.version = version
        self.reason = reason
    }

    public var description: String {
        switch reason {
        case .missing: "\(PrivacyKey.environmentName): missing, expected the key that \(version) hashes values with (or privacy.key)"
        case .other:
            "\(PrivacyKey.environmentName) (or privacy.key): another key than \(version) was registered with, expected that one; "
                + "with a new key, register a new version"
        }
    }
}

extension CollectorLimits {
    /// What is wrong with our key for this version; nil when it is the right one or none is needed.
    public func keyProblem(of version: RegisteredVersion) -> PrivacyKeyError? {
        guard version.schema.needsPrivacyKey else { return nil }
        guard let privacyKey else { return PrivacyKeyError(version.key, .missing) }
        return privacyKey.fingerprint == version.schema.keyFingerprint ? nil : PrivacyKeyError(version.key, .other)
    }

    func requireKey(of version: RegisteredVersion) throws(PrivacyKeyError) {
        if let problem = keyProblem(of: version) { throw problem }
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
