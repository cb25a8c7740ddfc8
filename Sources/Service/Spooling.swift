internal import Collecting
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Vocabulary

// The spool in the service: where it is, who replays it, and what is told of it.

extension Engine {
    /// The spool's folder: as configured, or in the folder of the data.
    var spoolFolder: URL {
        if let folder = configuration.spool.folder { return folder }
        if let cluster { return cluster.folder.appending(path: "spool") }
        return (configuration.dataFolder ?? ServiceConfiguration.defaultFolder).appending(path: "spool")
    }

    /// - Throws: when the configured folder cannot be used. By default the service goes on without a spool then, as it did before there was
    ///   one: two collectors of one machine share the default folder, and a container may have no place to write.
    func openSpool() throws {
        guard configuration.spool.bytesMax > 0 else { return }
        let logger = logger
        do {
            let spool = try Spool(folder: spoolFolder, limits: .init(bytesMax: configuration.spool.bytesMax)) { logger.error("\($0)") }
            sink.use(spool)
            knownVersions.keep(in: spoolFolder)
            let waiting = spool.byteCounts.waiting
            if waiting > 0 { logger.notice("\(waiting) bytes of the spool \(spoolFolder.path) wait to be replayed") }
        } catch {
            let reason = (error as? any RetryableError).map { "\($0)" } ?? "\(spoolFolder.path) cannot be made"
            if configuration.spool.folder != nil || cluster != nil { throw ServeError("the spool cannot be used: \(reason)") }
            logger.warning("no spool, records are refused while the database is away: \(reason); set spool.folder")
        }
    }

    func closeSpool() async {
        await knownVersions.settle()
        await sink.spool?.close()
        sink.use(nil)
    }

    /// Whether records can be checked and kept with no database at all.
    var canCollectWithoutDatabase: Bool { cluster == nil && sink.spool != nil && !knownVersions.isEmpty }

    /// Bytes that wait in the spool while it takes what comes; nil when writes go to the database.
    var spooledBytes: Int? {
        guard let spool = sink.spool, sink.isSpooling else { return nil }
        let (waiting, kept) = spool.byteCounts
        return waiting + kept < spool.limits.bytesMax ? waiting : nil
    }

    /// Bytes that wait, and bytes that are kept aside; nil without a spool.
    var spoolBytes: (waiting: Int, kept: Int)? { sink.spool?.byteCounts }

    var spoolSamples: [MetricSample] {
        guard let (waiting, kept) = spoolBytes else { return [] }
        return [MetricSample(.spoolBytes, [], Double(waiting)), MetricSample(.spoolKeptBytes, [], Double(kept))]
    }
}

/// Stores what waits in the spool, and learns of new versions while the database is there.
struct ReplayLoop: ServiceLifecycle.Service {
    static let learnEverySeconds = 30.0

    let engine: Engine
    private let spool: Spool

    /// nil when the engine has no spool.
    init?(engine: Engine) {
        guard let spool = engine.sink.spool else { return nil }
        self.engine = engine
        self.spool = spool
    }

    func run() async throws {
        let engine = engine
        let replayer = SpoolReplayer(
            spool: spool, sink: engine.records, halves: engine.halves, directory: engine.knownVersions, metrics: engine.metrics,
            report: { engine.logger.warning("\($0)") })
        await cancelWhenGracefulShutdown {
            async let learning: Void = {
                while (try? await Task.sleep(for: .seconds(Self.learnEverySeconds))) != nil {
                    _ = try? await engine.knownVersions.versions()
                }
            }()
            // Mostly it was prepared at the start, which is cheap to find.
            await replayer.run(prepare: { try await engine.prepareDatabase() })
            await learning
        }
    }
}
