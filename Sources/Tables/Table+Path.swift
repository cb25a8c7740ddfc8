internal import Kernels

extension Table {
    /// Reads a file, or standard input for `-`: NDJSON when its name ends with .ndjson, .jsonl or .json, CSV when with .csv, and otherwise
    /// NDJSON when its first byte is an opening brace, else CSV.
    ///
    /// - Parameters:
    ///   - maxErrors: so many bad rows are set aside as ``rejected``; one more is an error.
    ///   - columns: those that will be asked for, nil for all; any other is read when it is asked for after all.
    ///   - threads: nil for as many as there are cores; the table does not depend on it.
    /// - Throws: ``TableError`` when the file cannot be read, or for the first bad row beyond `maxErrors`.
    public init(
        path: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0, columns: Set<String>? = nil, threads: Int? = nil
    ) throws(TableError) {
        let file = path == "-" ? "standard input" : path
        let source: ByteSource
        do throws(ByteSourceError) { source = try ByteSource(path: path) } catch {
            throw TableError(file: file, line: 1, message: "cannot be read: \(error.reason), expected a file")
        }
        if try isNDJSON(path, source) {
            try self.init(ndjson: source, file: file, missing: missing, maxErrors: maxErrors)
        } else {
            try self.init(csv: source, file: file, missing: missing, maxErrors: maxErrors, columns: columns, threads: threads)
        }
    }
}

private func isNDJSON(_ path: String, _ source: ByteSource) throws(TableError) -> Bool {
    let name = path.lowercased()
    if name.hasSuffix(".csv") { return false }
    if name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") || name.hasSuffix(".json") { return true }
    do throws(ByteSourceError) {
        let head = try source.bytes(0..<256)
        return head.first { $0 > 32 && $0 < 0x80 } == UInt8(ascii: "{")
    } catch {
        throw TableError(file: path, line: 1, message: "cannot be read: \(error.reason), expected a file")
    }
}
