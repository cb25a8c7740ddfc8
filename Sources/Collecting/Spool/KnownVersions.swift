internal import Dispatch
public import Foundation
internal import Synchronization
public import Vocabulary

/// The registry, remembered: versions are frozen, so what was read once stays true, and records can be checked while the database is away.
///
/// They are also kept in a file, so that a service that starts while the database is away knows the versions that it knew before.
public final class KnownVersions: VersionDirectory {
    private struct State {
        /// In the registry's order.
        var versions: [RegisteredVersion] = []
        var places: [ModelVersion: Int] = [:]
        var folder: String?
        var isComplete = false

        mutating func replace(_ new: [RegisteredVersion]) {
            versions = new
            places = Dictionary(new.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { _, newer in newer })
        }
    }
    private let registry: any VersionDirectory
    private let afterSeconds: Double
    private let isAway: @Sendable () -> Bool
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let writes = DispatchQueue(label: "evenkeel.known-versions")

    static let fileName = "versions"

    /// - Parameters:
    ///   - afterSeconds: how long an answer of the registry is waited for, when something is known without it.
    ///   - isAway: whether the database need not be asked, since it did not answer others.
    public init(
        registry: any VersionDirectory, afterSeconds: Double = 5, isAway: @escaping @Sendable () -> Bool = { false },
        report: @escaping @Sendable (String) -> Void
    ) {
        self.registry = registry
        self.afterSeconds = afterSeconds
        self.isAway = isAway
        self.report = report
    }

    public var isComplete: Bool { state.withLock { $0.isComplete } }
    public var isEmpty: Bool { state.withLock { $0.versions.isEmpty } }

    /// Reads the versions of the last run, and keeps those of this one in the same file.
    public func keep(in folder: URL) {
        let path = folder.appending(path: Self.fileName).path
        state.withLock { $0.folder = folder.path }
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let versions = Self.decode(text) else {
            return report("\(path) cannot be read: the versions are known again when the database answers")
        }
        state.withLock { if $0.versions.isEmpty { $0.replace(versions) } }
    }

    public func version(_ key: ModelVersion) async throws -> RegisteredVersion? {
        if let known = state.withLock({ state in state.places[key].map { state.versions[$0] } }) { return known }
        guard let version = try await registry.version(key) else { return nil }
        let isNew = state.withLock { state in
            guard state.places[key] == nil else { return false }
            state.places[key] = state.versions.count
            state.versions.append(version)
            return true
        }
        if isNew { save() }
        return version
    }

    /// All versions, as the registry has them now; while the database is away, those that are known.
    public func versions() async throws -> [RegisteredVersion] {
        let known = state.withLock { $0.versions }
        if known.isEmpty { return try await learned(registry.versions()) }
        if !isAway() {
            do {
                let registry = registry
                if let versions = try await within(seconds: afterSeconds, { try await registry.versions() }) { return learned(versions) }
            } catch let error as any RetryableError where error.isRetryable {}
        }
        state.withLock { $0.isComplete = false }
        return known
    }

    private func learned(_ versions: [RegisteredVersion]) -> [RegisteredVersion] {
        let isNew = state.withLock { state in
            state.isComplete = true
            defer { state.replace(versions) }
            return state.versions != versions
        }
        if isNew { save() }
        return versions
    }

    private func save() {
        writes.async { [self] in
            let (folder, versions) = state.withLock { ($0.folder, $0.versions) }
            guard let folder else { return }
            do throws(DiskError) { try DiskFolder.replace(Self.fileName, in: folder, with: Array(Self.encode(versions).utf8)) } catch {
                report("the known versions cannot be kept: \(error)")
            }
        }
    }

    /// Waits for what is being written.
    public func settle() async { await withCheckedContinuation { continuation in writes.async { continuation.resume() } } }
}

extension KnownVersions {
    private static let heading = "evenkeel versions 1 "

    /// A line with the SHA-256 of the rest, and JSON.
    static func encode(_ versions: [RegisteredVersion]) -> String {
        let json = JSON.array(
            versions.map { version in
                .object([
                    "model": .string(version.key.model), "version": .string(version.key.version), "version_id": .integer(version.versionID),
                    "stream_id": .integer(version.streamID), "stage": .string(version.stage.rawValue), "schema": version.schema.json,
                    "reference_rows": .integer(version.referenceRows), "registered_at": .integer(version.registeredAt.microseconds),
                ])
            }
        ).text
        return "\(heading)\(Digest.hex(Digest.sha256(Array(json.utf8))))\n\(json)"
    }

    static func decode(_ text: String) -> [RegisteredVersion]? {
        let parts = text.split(separator: "\n", maxSplits: 1)
        guard parts.count == 2, parts[0] == heading + Digest.hex(Digest.sha256(Array(parts[1].utf8))),
            let items = (try? JSON.parse(String(parts[1])))?.arrayValue
        else { return nil }
        var versions: [RegisteredVersion] = []
        for item in items {
            guard let model = item["model"]?.stringValue, let name = item["version"]?.stringValue,
                let versionID = item["version_id"]?.intValue, let streamID = item["stream_id"]?.intValue,
                let stage = item["stage"]?.stringValue.flatMap(VersionStage.init),
                let schema = item["schema"].flatMap(FeatureSchema.init(json:)),
                let rows = item["reference_rows"]?.intValue, let registeredAt = item["registered_at"]?.intValue
            else { return nil }
            versions.append(
                RegisteredVersion(
                    key: ModelVersion(model: model, version: name), versionID: versionID, streamID: streamID, stage: stage, schema: schema,
                    referenceRows: rows, registeredAt: Timestamp(microseconds: registeredAt)))
        }
        return versions
    }
}
