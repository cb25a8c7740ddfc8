internal import Alerting
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Shadowing
public import Storage
public import Vocabulary

/// Follows the logs for the candidates, on connections of its own.
struct ShadowLoop: ServiceLifecycle.Service {
    let engine: Engine

    func run() async throws {
        let runner = engine.shadowRunner()
        let pause = engine.configuration.shadow.everySeconds
        await loop(everySeconds: pause, logger: engine.logger, name: "shadow") {
            while try await runner.run(), !Task.isCancelled {}
        }
    }
}

extension Engine {
    /// Candidates, for whoever reads or changes them; the runner has connections of its own.
    public var shadow: ShadowStore { ShadowStore(database: database) }

    /// - Parameter settings: other than those of the configuration.
    func shadowRunner(_ settings: ShadowSettings? = nil) -> ShadowRunner {
        let url: Secret
        switch configuration.database {
        case .embedded: url = cluster?.url ?? Secret("")
        case .server(let server): url = server
        }
        // Scoring takes none from the collectors.
        let own = Database(url: url, connections: 1)
        return ShadowRunner(
            engine: self, store: ShadowStore(database: own), settings: settings ?? configuration.shadow, clock: clock)
    }

    /// Stores the model file of a version, once it is sure that it can be scored with what the champion logs.
    ///
    /// - Parameters:
    ///   - file: how errors name it. - fromNow: whether it is scored from the next prediction on, rather than over the whole log that is
    ///     stored.
    /// - Throws: ``ConfigurationError`` that names every feature that does not fit; ``StoreError`` `.conflict` for another file.
    public func registerModelFile(
        _ data: [UInt8], file: String, of version: RegisteredVersion, fromNow: Bool = false, actor: String, at now: Timestamp
    ) async throws -> ModelFileRecord {
        guard data.count <= ShadowSettings.fileBytesMax else {
            throw ConfigurationError(["\(file): \(data.count) bytes, expected at most \(ShadowSettings.fileBytesMax)"])
        }
        let versions = try await registry.versions()
        let logged = versions.first { $0.key.model == version.key.model && $0.stage == .champion } ?? version
        do {
            let model = try CandidateModel(data, file: file, schema: logged.schema, threshold: version.schema.threshold)
            if fromNow, logged.versionID != version.versionID {
                try await shadow.start(logged, version, after: try await shadow.horizon(of: logged), at: now)
            }
            return try await shadow.keep(data, format: model.format, of: version, actor: actor, at: now)
        } catch let fault as ShadowFault { throw ConfigurationError([fault.description]) }
    }

    /// What is known of a model's candidates, as `GET /v1/models/{model}/shadow` answers.
    public func shadowAnswer(of model: String) async throws -> JSON? {
        let versions = try await registry.versions().filter { $0.key.model == model }
        guard !versions.isEmpty else { return nil }
        let pairs = ShadowPair.all(versions, try await shadow.files())
        let runs = try await shadow.runs()
        let candidates = pairs.map { pair -> JSON in
            let run = runs.of(pair.champion, pair.candidate.versionID)
            return .object([
                "candidate": .string(pair.candidate.key.version),
                "file": .object([
                    "format": .string(pair.file.format), "digest": .string(pair.file.digest), "bytes": .integer(pair.file.size),
                    "stored_at": .string(pair.file.storedAt.rfc3339),
                ]),
                "started_at": JSON(run?.startedAt.rfc3339), "rows": .integer(run?.taken ?? 0), "skipped": .integer(run?.skipped ?? 0),
                "stepped_at": JSON(run?.steppedAt?.rfc3339),
                "breaker": run?.breaker.map { .object(["why": .string($0), "since": JSON(run?.brokenAt?.rfc3339)]) } ?? .null,
                "verdict": JSON(run?.verdict), "reasons": run?.report?["reasons"] ?? .array([]), "report": run?.report ?? .null,
            ])
        }
        return .object([
            "model": .string(model), "champion": JSON(versions.first { $0.stage == .champion }?.key.version),
            "candidates": .array(candidates),
        ])
    }

    /// Closes the circuit breaker of a candidate.
    ///
    /// - Returns: false when it was not open.
    public func resetShadow(_ candidate: RegisteredVersion, actor: String, at now: Timestamp) async throws -> Bool {
        let versions = try await registry.versions()
        guard let champion = versions.first(where: { $0.key.model == candidate.key.model && $0.stage == .champion }) else { return false }
        return try await shadow.reset(champion, candidate, actor: actor, at: now)
    }
}
