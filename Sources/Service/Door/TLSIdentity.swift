internal import Foundation
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization
internal import UnixSignals
internal import Vocabulary

/// The certificate and key that we show, read anew when their files change.
final class TLSIdentity: Sendable {
    private struct Loaded {
        var context: NIOSSLContext
        var files: [Data]
        var expiresAt: Timestamp
    }
    private let settings: TLSSettings
    private let loaded: Mutex<Loaded>

    /// - Throws: ``ConfigurationError`` that names the file.
    init(_ settings: TLSSettings) throws {
        self.settings = settings
        let files = try Self.read(settings)
        loaded = Mutex(try Self.load(files, settings))
    }

    /// For the next connection.
    var context: NIOSSLContext { loaded.withLock { $0.context } }

    /// When the first certificate of the chain ends.
    var expiresAt: Timestamp { loaded.withLock { $0.expiresAt } }

    /// Reads the files. What cannot be used changes nothing: of a new certificate beside the old key the next look sees both.
    ///
    /// - Returns: whether they had changed.
    func reload() throws -> Bool {
        let files = try Self.read(settings)
        guard loaded.withLock({ $0.files != files }) else { return false }
        let new = try Self.load(files, settings)
        loaded.withLock { $0 = new }
        return true
    }

    private static func read(_ settings: TLSSettings) throws -> [Data] {
        try [("tls.certificate", settings.certificate), ("tls.key", settings.key)].map { key, file in
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw ConfigurationError(["\(key): \(file.path) cannot be read, expected a PEM file"])
            }
            return data
        }
    }

    private static func load(_ files: [Data], _ settings: TLSSettings) throws -> Loaded {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(Array(files[0])) } catch {
            throw ConfigurationError(["tls.certificate: \(settings.certificate.path) holds no certificate in PEM"])
        }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(bytes: Array(files[1]), format: .pem) } catch {
            throw ConfigurationError(["tls.key: \(settings.key.path) holds no private key in PEM without a passphrase"])
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        let expiresAt = Timestamp(seconds: Int64(chain.first?.notValidAfter ?? 0))
        do { return Loaded(context: try NIOSSLContext(configuration: configuration), files: files, expiresAt: expiresAt) } catch {
            throw ConfigurationError(["tls.key: \(settings.key.path) is not the key of \(settings.certificate.path)"])
        }
    }
}

/// Looks after the files of the certificate: every so often, and at once on SIGHUP.
struct TLSLoop: ServiceLifecycle.Service {
    static let everySeconds = 10.0
    let identity: TLSIdentity
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            async let signals: Void = {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { look() }
            }()
            await loop(everySeconds: Self.everySeconds, logger: logger, name: "reading the certificate") {
                if try identity.reload() { logger.notice("the certificate was read anew") }
            }
            await signals
        }
    }

    private func look() {
        do { if try identity.reload() { logger.notice("the certificate was read anew") } } catch {
            logger.error("the certificate stays as it was: \(error)")
        }
    }
}

/// A connection with TLS before HTTP, if there is any.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let identity: TLSIdentity?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        guard let identity else { return base.setup(channel: channel, logger: logger) }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.context))
        }
        .flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
