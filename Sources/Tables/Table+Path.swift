internal import Kernels

extension Table {
    /// Reads a file, or standard input for `-`.
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
        try self.init(csv: source, file: file, missing: missing, maxErrors: maxErrors, columns: columns, threads: threads)
    }
}
