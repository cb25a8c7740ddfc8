internal import Tables
internal import Vocabulary

/// A chunk as the text of a table, and the rows of it that were set aside.
struct TableRows {
    private let chunk: FileChunk
    private let headerBytes: Int
    private let headerLines: Int
    private let file: String
    private let form: FileForm
    private let missing: Set<String>
    private var text: [UInt8]
    private(set) var bad: [BadRow] = []
    /// Records that were set aside and stand blank in `text`.
    private var blanked: Set<Int> = []

    init(_ chunk: FileChunk, header: [UInt8], headerLines: Int, file: String, form: FileForm, missing: Set<String>) {
        self.chunk = chunk
        headerBytes = header.count
        self.headerLines = headerLines
        self.file = file
        self.form = form
        self.missing = missing
        text = header + chunk.bytes
    }

    /// - Returns: nil when no row is left.
    mutating func table() throws(TableError) -> Table? {
        if form.isCSV { return try Table(text, file: file, missing: missing, maxErrors: .max) }
        // NDJSON of which no line is an object is no table.
        let isObject: (Int) -> Bool = { record in
            guard !blanked.contains(record), case .object(let object)? = try? JSON.parse(chunk.record(record)) else { return false }
            return !object.members.isEmpty
        }
        if chunk.records.indices.contains(where: isObject) { return try Table(ndjson: text, file: file, missing: missing, maxErrors: .max) }
        for record in chunk.records.indices where !blanked.contains(record) {
            let line = chunk.record(record)
            if !line.contains(where: { $0 != 32 && $0 != 9 && $0 != 13 }) { continue }
            var error = TableError(
                file: file, line: chunk.line + chunk.records[record].line, message: "no members, expected an object with some")
            do throws(JSONError) {
                let json = try JSON.parse(line)
                if json.objectValue == nil { error.message = "\(json.kind), expected an object" }
            } catch let fault {
                error.column = fault.column
                error.message = fault.message
            }
            bad.append(BadRow(error: error, bytes: Array(line)))
        }
        return nil
    }

    // MARK: Places

    /// The line breaks of the chunk before a line of the table.
    private func lineInChunk(_ line: Int) -> Int { line - 1 - headerLines }

    /// The record that holds a line of the table, and how far below the record's start it is: after a wrong quote a row may begin within.
    func place(ofLine line: Int) -> (record: Int, linesBelow: Int) {
        let place = record(line)
        return (place, lineInChunk(line) - chunk.records[place].line)
    }

    /// The error with its line in the file; one about the header keeps its own.
    func inFile(_ error: TableError) -> TableError {
        if error.line <= headerLines { return error }
        var error = error
        error.line += chunk.line - 1 - headerLines
        return error
    }

    /// The record that holds a line of the table.
    private func record(_ line: Int) -> Int { chunk.record(atLine: lineInChunk(line)) }

    // MARK: Bad rows

    /// Takes a row out of the text, so that the others can be read. Its lines stay, blank, and so do the places of those below.
    ///
    /// - Returns: false when the error is about the whole table.
    mutating func setAside(_ error: TableError) -> Bool {
        guard error.line > headerLines, blanked.insert(record(error.line)).inserted else { return false }
        let place = record(error.line)
        bad.append(BadRow(error: inFile(error), bytes: Array(chunk.record(place))))
        text.removeSubrange(headerBytes...)
        for i in chunk.records.indices {
            if blanked.contains(i) {
                let next = i + 1 < chunk.records.count ? chunk.records[i + 1].line : chunk.nextLine - chunk.line
                text += [UInt8](repeating: 10, count: next - chunk.records[i].line)
            } else {
                text += chunk.bytes[chunk.range(i)]
            }
        }
        return true
    }

    /// Rows that the table itself has refused.
    mutating func add(_ rejected: [RejectedRow]) {
        for row in rejected {
            let error = TableError(file: file, line: row.line, column: row.column, message: row.message)
            bad.append(BadRow(error: inFile(error), bytes: row.bytes))
        }
    }

    /// Takes rows out that are blank lines of a single column, or beyond the limits that records have in requests too.
    ///
    /// - Parameter lines: of the table's rows.
    mutating func drop(from decoded: inout DecodedChunk, lines: [Int], limits: CollectorLimits, now: Timestamp) {
        let isBatch = decoded.batch != nil
        var dropped: Set<Int> = []
        func row(_ i: Int) -> Int { isBatch ? i : decoded.labelRows[i] }
        let ids = decoded.batch?.ids.map { $0 } ?? decoded.labels.ids
        let times = decoded.batch?.timestamps ?? decoded.labels.timestamps
        for i in ids.indices {
            let line = lines[row(i)]
            if !blanked.isEmpty, blanked.contains(record(line)) {
                dropped.insert(row(i))
            } else if let problem = Self.problem(ids[i], times[i], limits, now) {
                refuse(row(i), line, problem, &dropped)
            }
        }
        for column in decoded.batch?.levelColumns ?? [] {
            let long = Set(column.levels.indices.filter { column.levels[$0].utf8.count > limits.levelBytesMax }.map { Int32($0) })
            if long.isEmpty { continue }
            for row in 0..<column.count where long.contains(column.codes[row]) {
                let bytes = column[row]?.utf8.count ?? 0
                refuse(row, lines[row], "a text of \(bytes) bytes, expected at most \(limits.levelBytesMax)", &dropped)
            }
        }
        if dropped.isEmpty { return }
        if let batch = decoded.batch { decoded.batch = batch.rows(at: batch.ids.indices.filter { !dropped.contains($0) }) }
        var kept = LabelBatch()
        for (i, row) in decoded.labelRows.enumerated() where !dropped.contains(row) {
            kept.ids.append(decoded.labels.ids[i])
            kept.labels.append(decoded.labels.labels[i])
            kept.timestamps.append(decoded.labels.timestamps[i])
        }
        decoded.labels = kept
    }

    private mutating func refuse(_ row: Int, _ line: Int, _ problem: String, _ dropped: inout Set<Int>) {
        if !dropped.insert(row).inserted { return }
        let error = TableError(file: file, line: line, message: problem)
        bad.append(BadRow(error: inFile(error), bytes: Array(chunk.record(record(line)))))
    }

    private static func problem(_ id: String, _ time: Timestamp, _ limits: CollectorLimits, _ now: Timestamp) -> String? {
        let bytes = id.utf8.count
        if bytes > limits.idBytesMax { return "an id of \(bytes) bytes, expected at most \(limits.idBytesMax)" }
        let earliest = Timestamp(seconds: limits.earliestSeconds)
        if time < earliest { return "the time \(time) is too early, expected milliseconds since 1970 or RFC 3339, from \(earliest) on" }
        let latest = now.adding(seconds: limits.aheadSecondsMax)
        return time > latest ? "the time \(time) is more than \(limits.aheadSecondsMax / 3600) hours ahead of \(now)" : nil
    }
}

/// Names for rows that have none: a digest of the whole file up to and with the row. The same rows in the same order have the same names
/// whatever the file is called and however it grows, so that a file that is taken twice is stored once.
struct RowChain {
    private let digests: [UInt8]
    /// The digest of all rows up to the chunk's end.
    let end: [UInt8]
    private static let nameBytes = 16

    init(_ chunk: FileChunk, after chain: [UInt8]) {
        var chain = chain
        var digests: [UInt8] = []
        digests.reserveCapacity(chunk.records.count * Self.nameBytes)
        for i in chunk.records.indices {
            chain = Digest.sha256(chain + chunk.record(i))
            digests += chain.prefix(Self.nameBytes)
        }
        self.digests = digests
        end = chain
    }

    func id(row record: Int, linesBelow: Int) -> String {
        let name = Digest.hex(digests[record * Self.nameBytes..<(record + 1) * Self.nameBytes])
        return linesBelow == 0 ? name : "\(name)+\(linesBelow)"
    }
}

extension PredictionBatch {
    /// Every column of texts.
    fileprivate var levelColumns: [LevelColumn] {
        groups + features.compactMap { if case .categorical(let levels) = $0 { levels } else { nil } }
    }
}
