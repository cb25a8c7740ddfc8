import Collecting
import Foundation
import Profiles
import Service
import Storage
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("Files go into the store exactly once", .service)
struct FileIngestTests {
    private var service: RunningService { RunningService.current }
    private let mapping = TableMapping(id: "id", timestamp: "ts", label: "label", score: "score", sensitive: ["sex"])

    /// A log of the small model, a row a minute.
    private func log(_ rows: Range<Int>) -> String {
        var text = "id,ts,income,purpose,sex,score,label\n"
        for i in rows {
            let time = Timestamp(seconds: 1_770_000_000 + Int64(i) * 60)
            text += "l\(i),\(time),\(1000 + i * 13 % 700),\(["car", "home", "debt", "boat"][i % 4]),\(i % 2 == 0 ? "F" : "M"),"
            text += "0.\(10 + i * 7 % 80),\(i % 5 == 0 ? "" : String(i % 3 % 2))\n"
        }
        return text
    }

    private func table(_ text: String) throws -> Table { try Table(Array(text.utf8), file: "log.csv") }

    private func registered(_ model: String, _ bench: FileIngestBench) async throws -> IngestSettings {
        var settings = try await bench.register(
            model, try table(SmallModel.reference()), TableMapping(id: "id", label: "label", score: "score", sensitive: ["sex"]))
        settings.mapping = mapping
        return settings
    }

    @Test("the profiles of a log are those of its rows, count by count; a second run stores nothing")
    func profiles() async throws {
        let bench = try FileIngestBench(service)
        var settings = try await registered("files-profiles", bench)
        settings.chunks.rowsMax = 37
        let path = try bench.write(log(0..<200), to: "log.csv")
        let first = try await bench.engine.fileIngest(settings).run([path])
        #expect(first.rows == 200 && first.accepted == 200 && first.labels.joined == 160)
        let expected = try await bench.profile(of: try table(log(0..<200)), settings)
        let stored = try await bench.profile(settings.version)
        #expect(stored.encoded() == expected.encoded())
        let again = try await bench.engine.fileIngest(settings).run([path])
        #expect(again.unchanged == 1 && again.rows == 0)
        let copy = try await bench.engine.fileIngest(settings).run([try bench.write(log(0..<200), to: "copy.csv")])
        #expect(copy.duplicates == 200 && copy.accepted == 0 && copy.labels.joined == 0)
        #expect(try await bench.profile(settings.version).encoded() == expected.encoded())
    }

    /// Goal: wherever a run is cut off, the next one completes it. Method: the store breaks at each of its calls in turn, before and
    /// after it has stored.
    @Test("a run that was cut off anywhere is completed by the next one, every row once", arguments: 1...8, [false, true])
    func cutOff(at call: Int, isAfter: Bool) async throws {
        let bench = try FileIngestBench(service)
        var settings = try await registered("files-cut-\(call)-\(isAfter)", bench)
        settings.mapping.id = call % 2 == 0 ? nil : "id"
        settings.chunks.rowsMax = 13
        let path = try bench.write(log(0..<50), to: "log.csv")
        let store = RecordStore(database: bench.engine.database, clock: Engine.systemClock)
        let broken = FileIngest(
            sink: BreakingSink(store, at: call, isAfter: isAfter), checkpoints: FileCheckpointStore(database: bench.engine.database),
            settings: settings, clock: Engine.systemClock)
        await #expect(throws: BreakingSink.Killed.self) { try await broken.run([path]) }
        let rest = try await bench.engine.fileIngest(settings).run([path])
        // Chunks whose place was kept are not read again.
        let taken = min(50, Int64((call - (isAfter ? 0 : 1)) / 2 * 13))
        #expect(rest.rows <= 50 - (call > 2 ? 13 : 0) && rest.accepted <= 50 - taken)
        let expected = try await bench.profile(of: try table(log(0..<50)), settings)
        #expect(try await bench.profile(settings.version).encoded() == expected.encoded())
    }

    @Test("labels of a file of events join their predictions; a file of them is taken once")
    func labels() async throws {
        let bench = try FileIngestBench(service)
        var settings = try await registered("files-labels", bench)
        settings.mapping.label = nil
        _ = try await bench.engine.fileIngest(settings).run([try bench.write(log(0..<10), to: "log.csv")])
        settings.isLabels = true
        settings.mapping = TableMapping(id: "id", timestamp: "ts", label: "label")
        let path = try bench.write(
            "id,label,ts\nl1,1,2026-02-03T00:00:00Z\nl2,0,2026-02-03T00:00:00Z\nnone,1,2026-02-03T00:00:00Z\n", to: "y.csv")
        let result = try await bench.engine.fileIngest(settings).run([path])
        #expect(result.labels.accepted == 3 && result.labels.joined == 2 && result.labels.waiting == 1)
        #expect(try await bench.engine.fileIngest(settings).run([path]).unchanged == 1)
        #expect(try await bench.profile(settings.version).labelled == 2)
    }

    // MARK: Watching

    private func capture(_ ids: Range<Int>) -> String {
        ids.map { i in
            #"{"captureData":{"endpointInput":{"data":"\#(1000 + i),car","encoding":"CSV"},"#
                + #""endpointOutput":{"data":"0.\#(10 + i)","encoding":"CSV"}},"#
                + #""eventMetadata":{"eventId":"e\#(i)","inferenceTime":"2026-02-01T00:00:00Z"}}"# + "\n"
        }.joined()
    }

    /// Runs a watch over the folder while `body` changes it.
    private func watching(_ bench: FileIngestBench, _ settings: IngestSettings, _ body: () async throws -> Void) async throws
        -> IngestResult
    {
        let ingest = bench.engine.fileIngest(settings)
        let folder = bench.folder.path
        let task = Task { try await ingest.watch([folder], pollSeconds: 0.05) }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        return try await task.value
    }

    /// Waits until so many records are stored.
    private func until(_ rows: Int64, _ bench: FileIngestBench, _ settings: IngestSettings) async throws {
        try #require(try await eventually { try await bench.profile(settings.version).rows >= rows }, "\(rows) rows did not come")
        #expect(try await bench.profile(settings.version).rows == rows)
    }

    @Test("a watch takes what is appended, half lines when they are whole, and goes on through every kind of rotation")
    func watch() async throws {
        let bench = try FileIngestBench(service)
        var settings = try await registered("files-watch", bench)
        settings.mapping = TableMapping()
        try bench.write(capture(0..<3), to: "a.jsonl")
        let result = try await watching(bench, settings) {
            try await until(3, bench, settings)
            // Half a line is left until the rest comes.
            let next = capture(3..<5)
            try bench.append(String(next.prefix(next.count - 40)), to: "a.jsonl")
            try await until(4, bench, settings)
            try bench.append(String(next.suffix(40)), to: "a.jsonl")
            try await until(5, bench, settings)
            // Renamed, with a last line written after, and a new file under the old name.
            try FileManager.default.moveItem(atPath: bench.path("a.jsonl"), toPath: bench.path("a.jsonl.1"))
            try bench.append(capture(5..<6), to: "a.jsonl.1")
            try bench.write(capture(6..<8), to: "a.jsonl")
            try await until(8, bench, settings)
            // Copied and truncated.
            try FileManager.default.copyItem(atPath: bench.path("a.jsonl"), toPath: bench.path("a.jsonl.2"))
            let handle = try FileHandle(forWritingTo: URL(filePath: bench.path("a.jsonl")))
            try handle.truncate(atOffset: 0)
            try handle.close()
            try bench.append(capture(8..<9), to: "a.jsonl")
            try await until(9, bench, settings)
            // Replaced by another file that is longer, as by a synchroniser; its last line has no line end.
            try Data(capture(8..<12).dropLast().utf8).write(to: URL(filePath: bench.path("a.jsonl")), options: .atomic)
            try await until(12, bench, settings)
        }
        #expect(result.accepted == 12 && result.rejected == 0)
        // A second watch has nothing to do.
        let again = try await watching(bench, settings) {
            try bench.write(capture(12..<13), to: "b.jsonl")
            try await until(13, bench, settings)
        }
        #expect(again.accepted == 1 && again.duplicates == 0 && again.files == 1)
    }

    @Test("a watch that cannot go on ends with its reason")
    func watchEnds() async throws {
        let bench = try FileIngestBench(service)
        let settings = try await registered("files-watch-ends", bench)
        try bench.write("id,ts\nbroken\n", to: "a.csv")
        await #expect(throws: TableError.self) { try await bench.engine.fileIngest(settings).watch([bench.folder.path], pollSeconds: 0.05) }
    }
}
