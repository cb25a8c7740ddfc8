import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A real browser opens every page of a real service.
@Suite(
    "Chromium",
    .service { $0.policies = [.init(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 2, destinations: [])] })
struct BrowserTests {
    private var service: RunningService { RunningService.current }
    static let chromium = installedProgram(["chromium", "chromium-browser", "google-chrome"], variable: "EVENKEEL_CHROMIUM")
    static var isInstalled: Bool {
        if chromium == nil { print("skipped: no Chromium in EVENKEEL_CHROMIUM or PATH, so no page was opened in a real browser") }
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
        _ = try await service.eventually("/alerts?model=browser") { $0.text.contains("Firing (1)") }
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

    private struct Measured: Decodable {
        var path: String
        /// Of the place that the page has, and of what it would like to have.
        var inner: Double
        var scroll: Double
        /// Of the letters in its charts, the smallest, in pixels.
        var letters: Double
    }

    /// Method: copies of the pages, each in a frame as wide as a phone that says how wide it became.
    @Test(
        "on a phone no page is wider than the screen, and the letters of charts can be read", .enabled(if: isInstalled),
        .timeLimit(.minutes(10))) func phone() async throws
    {
        try await Drifting.fill("phone", on: service)
        _ = try await service.eventually("/models/phone/fairness") { $0.text.contains("Farthest apart") }
        let folder = URL(filePath: "/tmp/ek-phone-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let style = try await service.get("/assets/page.css").text
        let paths = [
            "/", "/models/phone", "/models/phone/features/income", "/models/phone/features/purpose", "/models/phone/fairness",
            "/models/phone/shadow", "/alerts", "/health", "/models/phone/report", "/models/nobody",
        ]
        var frames = ""
        for (number, path) in paths.enumerated() {
            let measure = """
                <script>addEventListener('load', function () {
                  var letters = 99;
                  document.querySelectorAll('figure svg, svg.timeline').forEach(function (s) {
                    var box = s.getBoundingClientRect();
                    if (box.width > 0) { letters = Math.min(letters, 12 * box.width / s.viewBox.baseVal.width); }
                  });
                  parent.postMessage({path: '\(path)', inner: innerWidth, scroll: document.documentElement.scrollWidth, letters: letters}, '*');
                });</script></body>
                """
            let page = try await service.get(path, headers: PageRouteTests.html).text
                .replacing(/<link rel="stylesheet"[^>]*>/, with: "<style>\(style)</style>").replacing("</body>", with: measure)
            try page.write(to: folder.appending(path: "\(number).html"), atomically: true, encoding: .utf8)
            frames += "<iframe width=\"390\" height=\"844\" src=\"\(number).html\"></iframe>"
        }
        let wrapper = """
            <!doctype html><body><pre id="said"></pre><script>var said = [];
            addEventListener('message', function (e) { said.push(e.data); document.getElementById('said').textContent = JSON.stringify(said); });
            </script>\(frames)</body>
            """
        let file = folder.appending(path: "all.html")
        try wrapper.write(to: file, atomically: true, encoding: .utf8)
        let document = try await visit("file://\(file.path)", more: ["--virtual-time-budget=10000"]).document
        let text = try #require(document.firstMatch(of: /<pre id="said">(.*?)<\/pre>/)).1
        let said = try JSONDecoder().decode([Measured].self, from: Data(text.utf8))
        #expect(Set(said.map(\.path)) == Set(paths))
        for page in said {
            #expect(page.inner == 390 && page.scroll <= 390, "\(page)")
            #expect(page.letters >= 9, "\(page)")
        }
    }

    /// Opens a page headless, in a profile of its own that is removed afterwards.
    ///
    /// - Parameter path: of the service, or a whole URL.
    private func visit(_ path: String, more: [String] = []) async throws -> Visit {
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
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        process.arguments? += more + ["--dump-dom", path.hasPrefix("/") ? service.base + path : path]
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
