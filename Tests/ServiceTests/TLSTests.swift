import Foundation
import Glibc
import TestSupport
import Testing

@testable import Service

/// Certificates by the openssl command, asked for by curl: other people's programs.
@Suite("TLS", .serialized) struct TLSTests {
    private static let isPossible = ["/usr/bin/openssl", "/usr/bin/curl"].allSatisfy(FileManager.default.isExecutableFile)

    private let folder = URL(filePath: "/tmp/ek-tls-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    private var settings: TLSSettings {
        TLSSettings(certificate: folder.appending(path: "tls.crt"), key: folder.appending(path: "tls.key"))
    }

    private func makeCertificate(_ name: String) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = try await runProgram(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", settings.key.path, "-out", settings.certificate.path,
            ])
        try #require(made.status == 0, "\(made.text)")
    }

    @Test("curl speaks TLS 1.2 and 1.3 with it and no older one, and sees a new certificate soon", .enabled(if: isPossible))
    func served() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await makeCertificate("first")
        let settings = settings
        let service = try await RunningService.start { $0.tls = settings }
        let port = service.base.split(separator: ":").last ?? ""
        func curl(_ options: String...) async throws -> ProgramEnd {
            try await runProgram(
                "/usr/bin/curl",
                ["-sS", "-m", "20", "--cacert", settings.certificate.path] + options + ["https://localhost:\(port)/healthz"])
        }
        let failures = try await { () async throws -> [String] in
            var failures: [String] = []
            for version in [["--tls-max", "1.2"], ["--tlsv1.3"]] {
                let answer = try await curl(version[0], version.count > 1 ? version[1] : "-s")
                if answer.status != 0 || !answer.text.contains("\"ok\"") { failures.append("\(version): \(answer.text)") }
            }
            let headers = try await curl("-I", "-H", "Authorization: x").text.lowercased()
            if !headers.contains("strict-transport-security: max-age=31536000") { failures.append("no HSTS: \(headers)") }
            if try await curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0").status == 0 { failures.append("TLS 1.1 was taken") }
            if try await runProgram("/usr/bin/curl", ["-sS", "-m", "20", "http://localhost:\(port)/healthz"]).text.contains("ok") {
                failures.append("HTTP")
            }
            try await makeCertificate("second")
            // curl trusts only the new one by now.
            if try await !eventually({ try await curl().status == 0 }) { failures.append("the new certificate is not served") }
            return failures
        }()
        await service.stop()
        #expect(failures == [])
    }

    @Test("files that cannot be used are named, and what was loaded stays", .enabled(if: isPossible)) func broken() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: ConfigurationError.self) { try TLSIdentity(settings) }
        try await makeCertificate("first")
        let identity = try TLSIdentity(settings)
        #expect(try !identity.reload())
        let key = try Data(contentsOf: settings.key)
        try await makeCertificate("second")
        try key.write(to: settings.key)
        let before = identity.context
        let mismatch = #expect(throws: ConfigurationError.self) { try identity.reload() }
        #expect(mismatch?.description.contains("is not the key of") == true)
        try Data("no key".utf8).write(to: settings.key)
        let noKey = #expect(throws: ConfigurationError.self) { try identity.reload() }
        #expect(noKey?.description.contains("tls.key") == true && identity.context === before)
    }
}
