import Foundation
import Testing
import Vocabulary

@testable import Service

/// A real browser opens every page of a real service.
@Suite(
    "Chromium",
    .service { $0.policies = [.init(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 2, destinations: [])] })
struct BrowserTests {
    private var service: RunningService { RunningService.current }
    static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isInstalled: Bool {
        if chromium == nil { print("skipped: Chromium is not installed, so no page was opened in a real browser") }
        return chromium != nil
    }

    private struct Visit {
        /// After our script ran.
        var document: String
        /// What the browser complained of.
        var console: [String]
        /// The hosts that it asked for anything.
        var hosts: Set<String>
    }

    @Test(
        "every page has its content, no complaint of the browser, and nothing from another host", .enabled(if: isInstalled),
        .timeLimit(.minutes(30))) func pages()
        async throws
    {
        try await Drifting.fill("browser", on: service)
        _ = try await service.eventually("/") { $0.text.contains("1 alert fires") }
        let pages = [
            ("/", "feature drift: drifted"), ("/models/browser", "Features over time"),
            ("/models/browser/features/income", "reference and window"),
            ("/models/browser/fairness", "Farthest apart"), ("/alerts", "Acknowledge"), ("/health", "PostgreSQL"),
            ("/models/nobody", "not registered"),
        ]
        for (path, content) in pages {
            let visit = try await visit(path)
            #expect(visit.document.contains(content), "\(path)")
            // The script ran: it shows the button, and hears the events of the service.
            #expect(visit.document.contains("Theme: auto</button>"), "\(path)")
            // A page that is not there is told as such in the console, and by nothing else.
            let complaints = visit.console.filter { path != "/models/nobody" || !$0.contains("404") }
            #expect(complaints.isEmpty, "\(path): \(complaints)")
            #expect(visit.hosts == ["127.0.0.1"], "\(path): \(visit.hosts)")
        }
    }

    /// Opens a page headless, in a profile of its own that is removed afterwards.
    private func visit(_ path: String) async throws -> Visit {
        let folder = URL(filePath: "/tmp/ek-chromium-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = folder.appending(path: "net.json")
        let errors = folder.appending(path: "errors.txt")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.chromium))
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-default-browser-check", "--enable-logging=stderr",
            "--user-data-dir=\(folder.path)/profile", "--log-net-log=\(log.path)",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--dump-dom", service.base + path,
        ]
        process.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let document = await withCheckedContinuation { continuation in
            Thread {
                let data = pipe.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: data, as: UTF8.self))
            }.start()
        }
        let console = try String(contentsOf: errors, encoding: .utf8).split(separator: "\n").filter { $0.contains(":CONSOLE") }.map(
            String.init)
        // What the page asks for has the page as its initiator; what the browser asks for on its own account has none, and gets no answer.
        let requests = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").filter { $0.contains("\"initiator\":\"http") }
        let hosts = requests.compactMap { $0.firstMatch(of: /"url":"[a-z]+:\/\/([^"\/:]+)/).map { String($0.1) } }
        return Visit(document: document, console: console, hosts: Set(hosts))
    }
}
