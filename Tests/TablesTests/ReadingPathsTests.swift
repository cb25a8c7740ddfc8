import Foundation
import TestSupport
import Testing

@testable import Tables

@Suite("A file is read by its name or by what is in it")
struct ReadingPathsTests {
    private func read<Value>(_ text: String, name: String, _ body: (Table) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: name).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try body(try Table(path: path))
    }

    @Test("CSV and NDJSON of the same data are the same table")
    func forms() throws {
        let csv = "a,b\n1.5,x\n,y\n3,\n"
        let lines = "{\"a\":1.5,\"b\":\"x\"}\n{\"a\":null,\"b\":\"y\"}\n{\"a\":3}\n"
        for (text, name) in [(csv, "log.csv"), (csv, "log.txt"), (lines, "log.ndjson"), (lines, "log.jsonl"), (lines, "log")] {
            let columns = try read(text, name: name) { (log: Table) throws in
                #expect(log.names == ["a", "b"])
                #expect(try log.levels("b").codes == [0, 1, -1])
                return log.columns
            }
            #expect(columns == [["1.5", nil, "3"], ["x", "y", nil]], "\(name)")
        }
    }

    @Test(
        "numbers that mean missing are missing as they are written, and so is an empty field in quotes among numbers", arguments: [3, 3000])
    func missingNumbers(rows: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: folder) }
        let row = "1,-999,5,\"a\"\n-999.0,2,-999,\"\"\n\"\",999,\"\",-999\n"
        try ("x,y,z,t\n" + String(repeating: row, count: rows)).write(to: folder, atomically: true, encoding: .utf8)
        let log = try Table(path: folder.path, missing: ["-999", "-999.0"])
        for (name, expected) in [("x", [1, nil, nil]), ("y", [nil, 2, 999]), ("z", [5, nil, nil])] as [(String, [Double?])] {
            let numbers = try log.numbers(name)
            #expect(numbers.count == 3 * rows)
            #expect(numbers.indices.allSatisfy { numbers[$0].isNaN ? expected[$0 % 3] == nil : numbers[$0] == expected[$0 % 3] }, "\(name)")
        }
        #expect(try Array(log.requiredColumn("t").prefix(3)) == ["a", "", nil])
    }

    @Test("columns that were not asked for are read when they are after all")
    func later() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: folder) }
        try "a,b,c\n1,2.50,x\n3,4.50,y\n".write(to: folder, atomically: true, encoding: .utf8)
        let log = try Table(path: folder.path, columns: ["a"])
        #expect(log.rowCount == 2)
        #expect(try log.numbers("a") == [1, 3])
        #expect(try log.numbers("b") == [2.5, 4.5])
        #expect(try log.requiredColumn("b") == ["2.50", "4.50"])
        #expect(try log.levels("c").names == ["x", "y"])
    }

    @Test("a file that is not there, or is a folder, is refused with the system's reason")
    func absent() {
        #expect(throws: TableError(file: "/no/such.csv", line: 1, message: "cannot be read: No such file or directory, expected a file")) {
            try Table(path: "/no/such.csv")
        }
        #expect(throws: TableError(file: "/tmp", line: 1, message: "cannot be read: Is a directory, expected a file")) {
            try Table(path: "/tmp")
        }
    }

    @Test("a file that shrinks after it was read is an error where it is read again, not a crash")
    func shrinks() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try "a\n1.50\n2.50\n".write(to: file, atomically: true, encoding: .utf8)
        let log = try Table(path: file.path)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 4)
        #expect(throws: TableError.self) { try log.requiredColumn("a") }
        #expect(try log.numbers("a") == [1.5, 2.5])
    }
}
