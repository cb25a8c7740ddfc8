import Foundation
import Tables
import Testing
import Vocabulary

@testable import Collecting

@Suite("Files are taken in")
struct FileIngestTests {
    private let log = """
        rid,when,age,purpose,sex,p,y
        a,2026-05-01T00:00:00Z,37,car,F,0.25,1
        b,2026-05-01T00:01:00Z,,home,,0.5,0
        c,2026-05-01T00:02:00Z,5,NA,M,,

        """
    private let mapping = TableMapping(id: "rid", timestamp: "when", label: "y", score: "p")

    private func bench(_ mapping: TableMapping? = nil) throws -> IngestBench {
        let bench = try IngestBench()
        bench.settings.mapping = mapping ?? self.mapping
        return bench
    }

    @Test("a packed file is refused with how to unpack it", arguments: [[0x1F, 0x8B, 8, 0], [0x28, 0xB5, 0x2F, 0xFD]] as [[UInt8]])
    func packed(head: [UInt8]) async throws {
        let bench = try bench()
        try Data(head + [1, 2, 3]).write(to: URL(filePath: bench.path("log.csv.gz")))
        let error = await #expect(throws: TableError.self) { try await bench.ingest.run([bench.path("log.csv.gz")]) }
        #expect(error?.message.hasSuffix("log.csv.gz | evenkeel ingest … -") == true)
    }

    // MARK: CSV

    @Test("rows of CSV become predictions, and their labels follow them at their time")
    func csv() async throws {
        let bench = try bench()
        let result = try await bench.take(log)
        #expect(result.files == 1 && result.rows == 3 && result.accepted == 3 && result.rejected == 0)
        #expect(result.labels.accepted == 2 && result.labels.joined == 2)
        let batch = try #require(try await bench.stored())
        #expect(Array(batch.ids) == ["a", "b", "c"])
        #expect(batch.numbers(0)[0] == 37 && batch.numbers(0)[1].isNaN)
        #expect(batch.levels(1) == ["car", "home", nil])
        let labels = try #require(await bench.sink.labels.first).batch
        #expect(labels.ids == ["a", "b"] && labels.labels == [1, 0])
        #expect(labels.timestamps == [batch.timestamps[0], batch.timestamps[1]])
    }

    @Test("a file that is taken again stores nothing, under its own name and under another one")
    func again() async throws {
        let bench = try bench()
        try await bench.take(log)
        let again = try await bench.ingest.run([bench.path("log.csv")])
        #expect(again.rows == 0 && again.unchanged == 1)
        let copy = try await bench.take(log, as: "copy.csv")
        #expect(copy.rows == 3 && copy.accepted == 0 && copy.duplicates == 3)
    }

    @Test("rows of a week that retention has dropped are told of, and are no duplicates")
    func tooLate() async throws {
        let bench = try bench()
        await bench.sink.drop(DroppedWeeks([DroppedWeeks.start(of: try #require(Timestamp(rfc3339: "2026-05-01T00:00:00Z")))]))
        let result = try await bench.take(log + "d,2026-05-20T00:00:00Z,5,car,M,,\n")
        #expect(result.rows == 4 && result.accepted == 1 && result.duplicates == 0 && result.tooLate == 3 && result.rejected == 0)
    }

    @Test("rows without an id are named by what stands up to them: a copy, a longer copy and chunks of any size agree")
    func names() async throws {
        let text = "age,purpose,sex\n1,x,F\n1,x,F\n2,\"a\nb\",M\n"
        let bench = try bench(TableMapping())
        try await bench.take(text)
        let ids = try #require(try await bench.stored()).ids.map { $0 }
        #expect(Set(ids).count == 3 && ids.allSatisfy { $0.utf8.count == 32 })
        let longer = try await bench.take(text + "3,y,F\n", as: "longer.csv")
        #expect(longer.accepted == 1 && longer.duplicates == 3)
        let other = try IngestBench()
        other.settings.chunks.rowsMax = 1
        try await other.take(text)
        #expect(try #require(try await other.stored()).ids.map { $0 } == ids)
        let different = try await bench.take(text.replacing("1,x,F\n1", with: "9,x,F\n1"), as: "different.csv")
        #expect(different.accepted == 3)
    }

    @Test("columns that the schema does not know are named once and left out; one that it needs is missed")
    func columns() async throws {
        let bench = try bench()
        bench.settings.chunks.rowsMax = 1
        try await bench.take(
            log.replacing("rid,", with: "rid,colour,").replacing("\na,", with: "\na,1,").replacing("\nb,", with: "\nb,2,")
                .replacing("\nc,", with: "\nc,3,"))
        #expect(bench.notes == ["left out, not in the schema of credit 3: colour"])
        #expect(
            await bench.refusal("rid,when,age,sex,p,y\n", as: "x.csv")
                == "x.csv:1:1: no column purpose, expected one of rid, when, age, sex, p, y")
    }

    @Test("an appended file goes on where it was, with its lines")
    func appended() async throws {
        let bench = try bench()
        try await bench.take(log)
        try bench.append("d,2026-05-01T00:03:00Z,x,car,F,0.1,1\n", to: "log.csv")
        let path = bench.path("log.csv")
        await #expect(throws: TableError(file: path, line: 5, column: 3, message: "\"x\" in age, expected a number")) {
            try await bench.ingest.run([path])
        }
        bench.settings.maxErrors = 1
        try bench.append("e,2026-05-01T00:04:00Z,7,car,F,0.1,1\n", to: "log.csv")
        let result = try await bench.ingest.run([path])
        #expect(result.rows == 2 && result.accepted == 1 && result.rejected == 1)
        #expect(try #require(try await bench.stored()).ids.map { $0 } == ["a", "b", "c", "e"])
    }

    // MARK: Bad rows

    private let bad = """
        rid,when,age,purpose,sex,p,y
        a,2026-05-01T00:00:00Z,37,car,F,0.25,1
        b,2026-05-01T00:01:00Z,old,home,M,0.5,0
        c,noon,5,car,M,0.5,0
        d,2026-05-01T00:02:00Z
        ,2026-05-01T00:02:00Z,5,car,M,0.5,0
        e,2031-05-01T00:02:00Z,5,car,M,0.5,0
        f,1970-05-01T00:02:00Z,5,car,M,0.5,0
        g,2026-05-01T00:02:00Z,5,"c
        ar",M,0.5,0
        h,2026-05-01T00:02:00Z,5,"LONG",M,0.5,0

        """.replacing("LONG", with: String(repeating: "x", count: 501))

    @Test("bad rows are set aside as they are, each with its place and what was expected")
    func setAside() async throws {
        let bench = try bench()
        bench.settings.maxErrors = 7
        bench.settings.chunks.rowsMax = 100
        let result = try await bench.take(bad)
        #expect(result.rows == 9 && result.accepted == 2 && result.rejected == 7)
        #expect(try #require(try await bench.stored()).ids.map { $0 } == ["a", "g"])
        #expect(
            bench.notes == [
                "log.csv:3:3: \"old\" in age, expected a number", "log.csv:4:2: \"noon\" in when, expected RFC 3339 or epoch milliseconds",
                "log.csv:5:3: 2 fields, expected 7 as in the header", "log.csv:6:1: no id in rid, expected a text",
                "log.csv:7:1: the time 2031-05-01T00:02:00Z is more than 24 hours ahead of 2026-06-01T12:00:00Z",
                "log.csv:8:1: the time 1970-05-01T00:02:00Z is too early, expected milliseconds since 1970 or RFC 3339, "
                    + "from 1990-01-01T00:00:00Z on",
                "log.csv:11:1: a text of 501 bytes, expected at most 500", "log.csv: 7 bad rows were set aside in log.csv.rejected",
            ])
        let lines = bad.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(try bench.text("log.csv.rejected") == (lines[2...7] + lines[10...]).joined(separator: "\n"))
        #expect(await bench.sink.labels.flatMap(\.batch.ids) == ["a", "g"])
    }

    @Test("chunks make no difference to what is set aside", arguments: [1, 2, 3, 5])
    func setAsideInChunks(rows: Int) async throws {
        let bench = try bench()
        bench.settings.maxErrors = 7
        bench.settings.chunks.rowsMax = rows
        #expect(try await bench.take(bad).rejected == 7)
        #expect(bench.notes.count == 8 && bench.notes[6].hasPrefix("log.csv:11:1:"))
    }

    @Test("one bad row more than is allowed ends the run at its place")
    func tooMany() async throws {
        let bench = try bench()
        #expect(await bench.refusal(bad) == "log.csv:6:1: no id in rid, expected a text")
        bench.settings.maxErrors = 6
        #expect(await bench.refusal(bad, as: "other.csv") == "other.csv:11:1: a text of 501 bytes, expected at most 500")
        #expect(await bench.sink.predictions.isEmpty)
    }

    @Test("a row that never ends is refused before it fills the memory")
    func endless() async throws {
        let bench = try bench()
        bench.settings.chunks.bytesMax = 100
        bench.settings.chunks.recordBytesMax = 1000
        let reason = await bench.refusal(log + "d,\"" + String(repeating: "x\n", count: 2000))
        #expect(reason == "log.csv:5:1: a row of more than 1000 bytes, expected a closing quote or a shorter row")
    }

    // MARK: NDJSON

    @Test("NDJSON with plain members is rows; a member that is absent is missing")
    func rows() async throws {
        let bench = try bench()
        bench.settings.chunks.rowsMax = 2
        bench.settings.maxErrors = 2
        let result = try await bench.take(
            """
            {"rid":"a","age":1,"sex":"F","p":0.5,"y":1,"colour":"red"}
            {"rid":"b","purpose":"car"}

            {"rid":"c","age":"old"}
            [1]
            {"rid":"d","when":"2026-05-01T00:00:00Z"}

            """, as: "log.jsonl")
        #expect(result.rows == 5 && result.accepted == 3 && result.rejected == 2)
        let batch = try #require(try await bench.stored())
        #expect(Array(batch.ids) == ["a", "b", "d"])
        #expect(batch.numbers(0)[0] == 1 && batch.numbers(0)[1].isNaN && batch.levels(1) == [nil, "car", nil])
        #expect(batch.timestamps == [Bench.now, Bench.now, Timestamp(rfc3339: "2026-05-01T00:00:00Z")])
        #expect(bench.notes.contains("left out, not in the schema of credit 3: colour"))
        #expect(bench.notes.contains("log.jsonl:4:2: \"old\" in age, expected a number"))
        #expect(bench.notes.contains { $0.hasPrefix("log.jsonl:5:") })
    }

    @Test("NDJSON records are read as requests are, and refused with their line")
    func records() async throws {
        let bench = try bench(TableMapping())
        bench.settings.maxErrors = 3
        let result = try await bench.take(
            """
            \(Bench.record(#""score":0.5,"latency_ms":10,"features":{"age":1}"#, id: "a"))

            {"model":"credit","version":"2","id":"b"}
            \(Bench.record(#""score":"x""#, id: "c"))
            {"model":"credit",
            \(Bench.record("", id: "d"))
            """, as: "log.ndjson")
        #expect(result.rows == 5 && result.accepted == 2 && result.rejected == 3)
        let batch = try #require(try await bench.stored())
        #expect(Array(batch.ids) == ["a", "d"] && batch.measures["latency_seconds"]?[0] == 0.01)
        #expect(bench.notes.count == 4)
        #expect(bench.notes[0] == "log.ndjson:3:1: a record of credit 2, expected credit 3 as --model and --version say")
        #expect(bench.notes[1] == "log.ndjson:4:1: score: expected a number or null, got a string")
        #expect(bench.notes[2].hasPrefix("log.ndjson:5:19: not JSON: "))
    }

    // MARK: Labels

    @Test("label events are read from columns and from records")
    func labelFiles() async throws {
        let bench = try bench(TableMapping(id: "rid", timestamp: "t", label: "y"))
        bench.settings.isLabels = true
        let columns = try await bench.take("rid,y,t\na,1,2026-05-01T00:00:00Z\nb,,\nc,0,2026-05-02T00:00:00Z\n")
        #expect(columns.rows == 3 && columns.unlabelled == 1 && columns.labels.accepted == 2 && columns.labels.waiting == 2)
        let records = try await bench.take(
            "{\"model\":\"credit\",\"id\":\"d\",\"label\":1}\n{\"model\":\"other\",\"id\":\"e\",\"label\":1}", as: "labels.jsonl",
            maxErrors: 1)
        #expect(records.rows == 2 && records.labels.accepted == 1 && records.rejected == 1)
        let labels = await bench.sink.labels.map(\.batch)
        #expect(labels.flatMap(\.ids) == ["a", "c", "d"] && labels.flatMap(\.labels) == [1, 0, 1])
        #expect(labels[0].timestamps == [Timestamp(rfc3339: "2026-05-01T00:00:00Z"), Timestamp(rfc3339: "2026-05-02T00:00:00Z")])
    }

    @Test("labels in columns need to know which")
    func labelColumns() async throws {
        let bench = try bench(TableMapping(id: "rid"))
        bench.settings.isLabels = true
        #expect(await bench.refusal("rid,y\na,1\n") == "log.csv:1:1: --label: missing, expected a column of the labels")
        bench.settings.form = .csv
        #expect(bench.settings.problems(sensitive: ["race"]).count == 2)
    }

    // MARK: Progress

    @Test("progress says rows, their rate, the share of the bytes and the seconds left")
    func progress() {
        var progress = IngestProgress(file: "a", rows: 500, bytes: 25, bytesTotal: 100)
        #expect(progress.text(seconds: 10) == "500 rows, 50 rows/s, 25%, 30 s left")
        progress.bytesTotal = nil
        #expect(progress.text(seconds: 10) == "500 rows, 50 rows/s")
    }

    // MARK: Folders

    @Test("a folder stands for the logs in it and below, in the order of their paths")
    func folder() async throws {
        let bench = try bench(TableMapping())
        try FileManager.default.createDirectory(at: bench.folder.appending(path: "b/.hidden"), withIntermediateDirectories: true)
        for name in ["z.csv", "b/a.jsonl", "b/a.jsonl.2", "b/c.JSON", "b/.hidden/x.csv", "b/c.csv.rejected", "b/d.jsonl.6eF1", "e.txt"] {
            try bench.write("", to: name)
        }
        let found = try FileList.files([bench.folder.path]).map { $0.replacing(bench.folder.path + "/", with: "") }
        #expect(found == ["b/a.jsonl", "b/a.jsonl.2", "b/c.JSON", "z.csv"])
        #expect(throws: TableError.self) { try FileList.files([bench.path("nothing.csv")]) }
    }
}

extension IngestBench {
    func take(_ text: String, as name: String, maxErrors: Int) async throws -> IngestResult {
        settings.maxErrors = maxErrors
        return try await take(text, as: name)
    }
}
