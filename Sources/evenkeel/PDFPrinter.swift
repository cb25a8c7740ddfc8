import Foundation

/// Prints a page as PDF by a Chromium that is there: `EVENKEEL_CHROMIUM`, or one of the usual names in PATH.
struct PDFPrinter {
    private let program: String

    static let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    static let secondsMax = 120.0

    /// - Throws: ``OutputError`` that says how to get one.
    init() throws {
        let environment = ProcessInfo.processInfo.environment
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
        let named = environment["EVENKEEL_CHROMIUM"].flatMap { $0.isEmpty ? nil : $0 }
        let candidates = named.map { [$0] } ?? Self.names.flatMap { name in folders.map { "\($0)/\(name)" } }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw OutputError(
                description: named.map { "EVENKEEL_CHROMIUM names \($0), which is no program" }
                    ?? "PDF is printed by Chromium, and there is none in PATH: apt-get install chromium, or name one in EVENKEEL_CHROMIUM, or take --format html and print it in a browser"
            )
        }
        program = found
    }

    func print(_ html: String, to path: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evenkeel-pdf-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let (page, made) = (folder.appending(path: "report.html"), folder.appending(path: "report.pdf"))
        try Data(html.utf8).write(to: page)
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments  // As root Chromium runs without its sandbox only; the page is ours and has no script.
        =
            (geteuid() == 0 ? ["--no-sandbox"] : []) + [
                "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(folder.path)/profile",
                "--no-pdf-header-footer", "--print-to-pdf=\(made.path)", page.absoluteString,
            ]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        do { try process.run() } catch { throw OutputError(description: "\(program) cannot be started: \(error.localizedDescription)") }
        let deadline = ContinuousClock.now + .seconds(Self.secondsMax)
        while process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        guard let data = FileManager.default.contents(atPath: made.path), data.starts(with: Data("%PDF".utf8)) else {
            throw OutputError(
                description: "\(program) printed no PDF (status \(process.terminationStatus)): take --format html and print it in a browser"
            )
        }
        try Output.write(data, to: path)
    }
}
