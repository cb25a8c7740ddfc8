internal import Kernels

extension Table {
    /// Reads a file, or standard input for `-`: NDJSON when its name ends with .ndjson, .jsonl or .json, Parquet when with .parquet, CSV when
    /// with .csv; otherwise Parquet or NDJSON when it begins like that, else CSV.
    ///
    /// - Parameters:
    ///   - maxErrors: so many bad rows are set aside as ``rejected``; one more is an error.
    ///   - columns: those that will be asked for, nil for all; any other is read when it is asked for after all.
    ///   - isHashed: whether the SHA-256 of the file is made on the side, for ``digest``.
    ///   - threads: nil for as many as there are cores; the table does not depend on it.
    /// - Throws: ``TableError`` when the file cannot be read, or for the first bad row beyond `maxErrors`.
    public init(
        path: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0, columns: Set<String>? = nil, isHashed: Bool = false,
        threads: Int? = nil
    ) throws(TableError) {
        let file = path == "-" ? "standard input" : path
        let source: ByteSource
        do throws(ByteSourceError) { source = try ByteSource(path: path) } catch {
            throw TableError(file: file, line: 1, message: "cannot be read: \(error.reason), expected a file")
        }
        let form = try FileForm(path, source)
        let digest = isHashed ? FileDigest(source) : nil
        switch form {
        case .csv: try self.init(csv: source, file: file, missing: missing, maxErrors: maxErrors, columns: columns, threads: threads)
        case .ndjson: try self.init(ndjson: source, file: file, missing: missing, maxErrors: maxErrors, threads: threads)
        case .parquet: try self.init(parquet: path, missing: missing, columns: columns, threads: threads)
        }
        self.digest = digest
    }
}

private enum FileForm {
    case csv, ndjson, parquet

    init(_ path: String, _ source: ByteSource) throws(TableError) {
        let name = path.lowercased()
        let head: [UInt8]
        do throws(ByteSourceError) { head = try source.bytes(0..<256) } catch {
            throw TableError(file: path, line: 1, message: "cannot be read: \(error.reason), expected a file")
        }
        if name.hasSuffix(".csv") {
            self = .csv
        } else if name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") || name.hasSuffix(".json") {
            self = .ndjson
        } else if path != "-", name.hasSuffix(".parquet") || head.starts(with: Array("PAR1".utf8)) {
            self = .parquet
        } else {
            self = head.first { $0 > 32 && $0 < 0x80 } == UInt8(ascii: "{") ? .ndjson : .csv
        }
    }
}
