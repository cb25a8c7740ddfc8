import ArgumentParser
import Foundation
import Logging
import Service
import Vocabulary

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the service: collectors, evaluator, notifier, page and metrics.",
        discussion: """
            Examples:
              evenkeel serve --embedded
              evenkeel serve --database postgresql://evenkeel@db/evenkeel --roles collect,web
              evenkeel serve --config evenkeel.yaml
              evenkeel serve --host 0.0.0.0        asks for tokens: evenkeel token create
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Address to listen on. Default: 127.0.0.1.") var host: String?
    @Option(help: "Port; 0 takes any free one. Default: 8080.") var port: Int?
    @Option(help: "PEM file of the TLS certificate and its chain; read again when it changes.") var tlsCertificate: String?
    @Option(help: "PEM file of its private key.") var tlsKey: String?
    @Flag(help: "Ask for no tokens, though others can reach the address: for a service behind a proxy that asks.")
    var withoutAuthentication = false
    @Flag(help: "Ask for tokens on loopback too.") var withAuthentication = false
    @Option(help: "Comma-separated jobs of this process: collect, evaluate, notify, web, shadow, kafka. Default: all.") var roles: String?

    func run() async throws {
        var configuration = try database.configuration()
        if let host { configuration.host = host }
        if let port { configuration.port = port }
        if withAuthentication, withoutAuthentication {
            throw ValidationError("--with-authentication and --without-authentication exclude each other")
        }
        if withAuthentication { configuration.authentication = .tokens }
        if withoutAuthentication { configuration.authentication = ServiceConfiguration.Authentication.none }
        switch (tlsCertificate, tlsKey) {
        case (nil, nil): break
        case (.some(let certificate), .some(let key)):
            configuration.tls = TLSSettings(certificate: URL(filePath: certificate), key: URL(filePath: key))
        default: throw ValidationError("--tls-certificate and --tls-key: expected both")
        }
        if let roles {
            configuration.roles = Set(
                try commaList(roles).map { word in
                    guard let role = ServiceConfiguration.Role(rawValue: word) else {
                        throw ValidationError(
                            "--roles: \(word), expected \(ServiceConfiguration.Role.allCases.map(\.rawValue).joined(separator: ", "))")
                    }
                    return role
                })
            if configuration.roles.contains(.kafka), configuration.kafka == nil {
                throw ValidationError("--roles: kafka, and the configuration has no section kafka, expected brokers and topics there")
            }
        }
        let engine = Engine(configuration, logger: Logger(label: "evenkeel"))
        do {
            try await engine.start()
            let host = configuration.host
            let scheme = configuration.tls == nil ? "http" : "https"
            try await Server(engine: engine).run { port in
                FileHandle.standardError.write(Data("evenkeel is ready on \(scheme)://\(host):\(port)\n".utf8))
            }
        } catch {
            await engine.stop()
            throw error
        }
        await engine.stop()
    }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to this program's schema.",
        discussion: """
            Examples:
              evenkeel migrate --database postgresql://evenkeel@db/evenkeel --dry-run
              evenkeel migrate --database postgresql://evenkeel@coordinator/evenkeel --citus    # once; docs/operations.md

            --citus spreads the big tables over the workers of a Citus cluster, with what they hold, and copies the small ones to each.
            """)

    @OptionGroup var database: DatabaseOptions
    @Flag(help: "Only say what would be done.") var dryRun = false
    @Flag(help: "Place the tables on the nodes of a Citus cluster too.") var citus = false

    func run() async throws {
        let plan = try await SchemaMigration.run(
            try database.configuration(), dryRun: dryRun, spreads: citus, logger: Logger(label: "evenkeel"))
        let lines = plan.steps.map { (dryRun ? "would run " : "ran ") + $0 } + plan.placed
        print(lines.isEmpty ? "the schema is up to date" : lines.joined(separator: "\n"))
    }
}
