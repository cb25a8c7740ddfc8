import Alerting
import Foundation
import Logging
import Testing
import Vocabulary

@testable import Service
@testable import Storage

@Suite("The doctor") struct DoctorTests {
    private func states(_ engine: Engine) async -> [String: HealthCheck] {
        let found = await Doctor(engine).checks().checks
        return Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("a running service is well; what is wrong is named, and how to mend it") func running() async throws {
        let service = try await RunningService.start()
        let port = service.base.split(separator: ":").last ?? ""
        let well = await states(service.engine)
        var configuration = service.engine.configuration
        configuration.authentication = .tokens
        configuration.tls = TLSSettings(certificate: URL(filePath: "/nowhere.crt"), key: URL(filePath: "/nowhere.key"))
        configuration.destinations = [
            Destination(name: "here", url: Secret("http://127.0.0.1:\(port)/hook")),
            Destination(name: "nobody", url: Secret("http://127.0.0.1:1/hook")),
        ]
        let folder = service.engine.cluster?.folder
        if let folder { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
        let ill = await states(Engine(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        // The page of the service lists the same, by the same names.
        let page = try await service.get("/health").text
        for name in well.keys { #expect(page.contains("<td>\(name)</td>"), "\(name)") }
        // The destination was connected to before the server took the connection: ended in between, Hummingbird would drop it with a trap.
        #expect(try await service.get("/healthz").status == 200)
        await service.stop()
        #expect(well.values.filter { $0.state == .wrong } == [])
        for name in ["database", "clock", "evaluation", "disk of data", "permissions of data", "disk of spool", "permissions of spool"] {
            #expect(well[name] != nil, "\(name)")
        }
        let wrong = ill.filter { $0.value.state == .wrong }.keys.sorted()
        #expect(wrong == ["certificate", "destination nobody", "permissions of data", "tokens"])
        #expect(ill["destination here"]?.state == .well)
        for check in ill.values where check.state == .wrong { #expect(check.mend?.isEmpty == false, "\(check.name)") }
    }

    @Test("a folder that is not there, and a server that does not answer, are said and not made") func away() async throws {
        var configuration = ServiceConfiguration()
        let folder = URL(filePath: "/tmp/ek-doctor-\(UInt32.random(in: 0...UInt32.max))")
        configuration.database = .embedded(folder: folder)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        #expect(await states(Engine(configuration, logger: logger))["database"]?.state == .wrong)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        configuration.database = .server(url: Secret("postgresql://nobody@127.0.0.1:1/x"))
        configuration.spool.folder = folder
        let found = await states(Engine(configuration, logger: logger))
        #expect(found["database"]?.detail.hasPrefix("it cannot be asked") == true)
        #expect(found["permissions of spool"]?.state == .well)
    }
}
