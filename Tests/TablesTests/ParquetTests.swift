import Foundation
import Glibc
import Testing

@testable import Tables

/// DuckDB's library is not among what a build needs. Where the environment has it (`EVENKEEL_DUCKDB`, `libduckdb.so`, or a Python that can
/// import duckdb: `pip install duckdb`), Parquet is compared with what was written into it; elsewhere that is skipped, and said.
@Suite("Reading Parquet", .serialized) struct ParquetTests {
    static let isThere: Bool = {
        if (try? DuckDB()) != nil { return true }
        for python in [package.appending(path: ".build/bench-venv/bin/python3").path, "python3"] {
            // Python's module exports DuckDB's C functions, and needs those of Python.
            let program =
                "import _duckdb, sysconfig as s; print(_duckdb.__file__); print(s.get_config_var('LIBDIR') + '/' + s.get_config_var('INSTSONAME'))"
            let lines = output(["env", python, "-c", program]).split(separator: "\n").map(String.init)
            guard lines.count == 2, unsafe dlopen(lines[1], RTLD_NOW | RTLD_GLOBAL) != nil else { continue }
            unsafe setenv("EVENKEEL_DUCKDB", lines[0], 1)
            if (try? DuckDB()) != nil { return true }
            unsafe unsetenv("EVENKEEL_DUCKDB")
        }
        print("skipped: DuckDB's library is not there, so Parquet was not read")
        return false
    }()

    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func output(_ arguments: [String]) -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = Array(arguments.dropFirst())
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : ""
    }

    private func file(_ name: String, _ data: Data) throws -> String {
        let url = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString)-\(name)")
        try data.write(to: url)
        return url.path
    }

    @Test("every type is its text, null and NaN are missing", .enabled(if: isThere, "DuckDB's library is not there"))
    func types() throws {
        let path = try file("small.parquet", try #require(Data(base64Encoded: Self.small)))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let table = try Table(path: path, isHashed: true)
        #expect(table.names == ["i", "x", "s", "b", "d", "t", "m", "big"])
        #expect(table.column("i") == ["1", "2", nil, "4", "5"])
        #expect(table.column("s") == ["a", "b,\"c\"", "", nil, "line\nend"])
        #expect(table.column("b") == ["true", "false", nil, "true", "false"])
        #expect(table.column("d") == ["2026-01-02", nil, "1969-12-31", "2026-01-05", "2026-01-06"])
        #expect(table.column("t")?.first == "2026-01-02 03:04:05")
        #expect(table.column("m") == ["12.50", nil, "-0.01", "7.00", "8.00"])
        // More digits than a double has.
        #expect(table.column("big")?.first == "9007199254740993")
        let x = try table.numbers("x")
        #expect(x[0] == 0.1 && x[1].isNaN && x[2] == -1.5e300 && x[3] == .infinity && x[4] == 0.30000000000000004)
        #expect(table.digest?.sha256 == "864238b569552338469c4c5db54cb519b93b71a267cde10191fa7017ecb5adb4")
    }

    @Test("it is known by its first bytes too, and equals the CSV of the same data", .enabled(if: isThere, "DuckDB's library is not there"))
    func equalToCSV() throws {
        let data = try #require(Data(base64Encoded: Self.small))
        let parquet = try file("small", data)
        let csv = try file(
            "small.csv",
            Data(
                """
                i,x,s,b,d,t,m,big
                1,0.1,a,true,2026-01-02,2026-01-02 03:04:05,12.50,9007199254740993
                2,,"b,""c\"\"",false,,,,2
                ,-1.5e+300,"",,1969-12-31,1969-12-31 23:59:59.5,-0.01,3
                4,inf,,true,2026-01-05,2026-01-05 00:00:00,7.00,4
                5,0.30000000000000004,"line
                end",false,2026-01-06,2026-01-06 00:00:00,8.00,5

                """.utf8))
        defer { for path in [parquet, csv] { try? FileManager.default.removeItem(atPath: path) } }
        let (a, b) = (try Table(path: parquet), try Table(path: csv))
        #expect(a.names == b.names && a.columns == b.columns)
    }

    @Test("a file that only begins like Parquet is refused with DuckDB's words", .enabled(if: isThere, "DuckDB's library is not there"))
    func broken() throws {
        let path = try file("broken.parquet", Data("PAR1 and nothing else".utf8))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect { try Table(path: path) } throws: { error in
            "\(error)".hasPrefix("\(path):1:1: ") && !"\(error)".contains(DuckDB.advice)
        }
    }

    @Test("without the library a sentence says how to get it")
    func absent() throws {
        _ = Self.isThere
        let before = ProcessInfo.processInfo.environment["EVENKEEL_DUCKDB"]
        unsafe setenv("EVENKEEL_DUCKDB", "/no/such/libduckdb.so", 1)
        defer { if let before { unsafe setenv("EVENKEEL_DUCKDB", before, 1) } else { unsafe unsetenv("EVENKEEL_DUCKDB") } }
        let path = try file("any.parquet", Data("PAR1".utf8))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: TableError(file: path, line: 1, message: DuckDB.advice)) { try Table(path: path) }
        #expect(DuckDB.advice.contains("https://duckdb.org/install") && DuckDB.advice.contains("as CSV"))
    }

    /// Five rows written by DuckDB 2.0.0: integer, double, text, boolean, date, timestamp, decimal, bigint.
    private static let small = """
        UEFSMRUAFWoVOiwVChUAFQYVBgAANRghAAAAQRsAdgEAPAEAAAACAAAABAAAAAUAAAAVABVcFVYsFQoVABUGFQYAAC4cAgAAAAoBmpkBAQi5PwAFAST4fzVY
        AGYt60H+BQ8oAPB/NDMzMzMz0z8VABWGARVULBUKFQAVBhUGAABDGCEAAABBFwB2AQA0AQAAAGEFAAAAYiwiYyIBLCwIAAAAbGluZQplbmQVABVMFRwsFQoV
        ABUGFQYAACYYIQAAAEEbAHYBAAAFFQAVahU6LBUKFQAVBhUGAAA1GCEAAABBHQB2AQA8508AAP/////qTwAA608AABUAFYoBFVgsFQoVABUGFQYAAEUYIQAA
        AEEdAHYBACxA80z2XkcGAOBe+P8BATwAwH29mEcGAAAgVdusRwYAFQAVigEVTCwVChUAFQYVBgAARRghAAAAQR0AdgEABOIECSAA/w0BPLwCAAAAAAAAIAMA
        AAAAAAAVABVcFVYsFQoVABUGFQYAAC4cAgAAAAoBAQABAQQgAAEOAQEAAwEFSAAAAAQAAAAAAAAABQAAAAAAAAAVAhmcNQAYDWR1Y2tkYl9zY2hlbWEVEAAV
        AiUCGAFpJSIAFQolAhgBeAAVDCUCGAFzJQAAFQAlAhgBYgAVAiUCGAFkJQwAFQQlAhgBdCUUTIwSHCwAAAAAABUEJQIYAW0lChUEFRgsXBUEFRgAAAAVBCUC
        GANiaWclJAAWChkcGYwmABwVAhkVABkYAWkVAhYKFowBFlwmCDwYBAUAAAAYBAEAAAAWAigEBQAAABgEAQAAABERABkcFQAVABUCAAAAJgAcFQoZFQAZGAF4
        FQIWChZ+FngmZDw2AGYCABkcFQAVABUCAAAAJgAcFQwZFQAZGAFzFQIWChaqARZ4JtwBPBgIbGluZQplbmQmAigIbGluZQplbmQYABERABkcFQAVABUCAAAA
        JgAcFQAZFQAZGAFiFQIWChZuFj4m1AI8GAEBGAEAFgIoAQEYAQAREQAZHBUAFQAVAgAAACYAHBUCGRUAGRgBZBUCFgoWjAEWXCaSAzwYBOtPAAAYBP////8W
        AigE608AABgE/////xERABkcFQAVABUCAAAAJgAcFQQZFQAZGAF0FQIWChauARZ8Ju4DPBgIACBV26xHBgAYCOBe+P//////FgIoCAAgVdusRwYAGAjgXvj/
        /////xERABkcFQAVABUCAAAAJgAcFQQZFQAZGAFtFQIWChauARZwJuoEPBgI4gQAAAAAAAAYCP//////////FgIoCOIEAAAAAAAAGAj//////////xERABkc
        FQAVABUCAAAAJgAcFQQZFQAZGANiaWcVAhYKFn4WeCbaBTwYCAEAAAAAACAAGAgCAAAAAAAAABYAKAgBAAAAAAAgABgIAgAAAAAAAAAREQAZHBUAFQAVAgAA
        ABaICRYKJggWygYAKChEdWNrREIgdmVyc2lvbiB2Mi4wLjAgKGJ1aWxkIGQ1NGNiYmUzZGYpGYwcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAA4AIAAFBBUjE=
        """.replacing(#/\s/#, with: "")
}
