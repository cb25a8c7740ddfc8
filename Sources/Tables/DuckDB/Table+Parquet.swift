internal import Foundation
internal import Kernels

extension Table {
    /// Reads Parquet through DuckDB's library: the table is that of the CSV file which DuckDB makes of it.
    ///
    /// - Throws: ``TableError`` when there is no such library (it says how to get it), or with what DuckDB says of the file.
    init(parquet path: String, missing: Set<String> = defaultMissing, columns: Set<String>? = nil, threads: Int? = nil) throws(TableError) {
        let target = FileManager.default.temporaryDirectory.appending(path: "evenkeel-\(UUID().uuidString).csv").path
        // The open file outlives its name.
        defer { try? FileManager.default.removeItem(atPath: target) }
        let source: ByteSource
        do {
            try DuckDB().copy(parquet: path, toCSV: target)
            source = try ByteSource(path: target)
        } catch let failure as DuckDB.Failure {
            throw TableError(file: path, line: 1, message: failure.message)
        } catch {
            throw TableError(file: path, line: 1, message: "its CSV form cannot be read, expected room in the temporary folder")
        }
        try self.init(csv: source, file: path, missing: missing, columns: columns, threads: threads)
    }
}
