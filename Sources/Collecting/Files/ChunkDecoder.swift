internal import Tables
internal import Vocabulary

/// Turns chunks of one file into batches and labels. A bad row is set aside alone, with its place and what was expected.
struct ChunkDecoder: Sendable {
    let settings: IngestSettings
    let file: String
    let form: FileForm
    /// The header row of CSV with its line end, and the lines that it takes.
    let header: [UInt8]
    let headerLines: Int
    /// Columns that the schema does not know: they are left out.
    private(set) var unknown: Set<String> = []

    private var version: RegisteredVersion { settings.version }
    private var schema: FeatureSchema { settings.version.schema }

    init(_ settings: IngestSettings, file: String, form: FileForm, header: (bytes: [UInt8], lines: Int)?) throws(TableError) {
        self.settings = settings
        self.file = file
        self.form = form
        self.header = header?.bytes ?? []
        headerLines = header?.lines ?? 0
        if settings.isLabels, form == .csv || form == .rows, let problem = settings.labelProblems.first {
            throw TableError(file: file, line: 1, message: problem)
        }
        if !settings.isLabels, form == .csv || form == .rows, schema.isPrivate, settings.mapping.id == nil {
            let reason = "rows without one are named by a digest of all cells, private ones too"
            throw TableError(file: file, line: 1, message: "--id: missing, expected the column that names a row: \(reason)")
        }
        if form.isCSV {
            let names = try Table(self.header, file: file, missing: settings.missing).names
            for name in named(in: names) { if !names.contains(name) { throw Self.absent(name, names, file) } }
            note(names)
        }
    }

    /// Columns that a CSV file must have.
    private func named(in names: [String]) -> [String] {
        let mapping = settings.mapping
        if settings.isLabels { return [mapping.id, mapping.label, settings.labelTimestamp ?? mapping.timestamp].compactMap { $0 } }
        let columns = [mapping.id, mapping.timestamp, mapping.label, mapping.score, mapping.prediction, settings.labelTimestamp]
        return columns.compactMap { $0 } + mapping.scores.values.sorted()
            + schema.features.flatMap { FeatureSchema.columns(of: $0, in: names) }
            + schema.sensitive
    }

    private static func absent(_ name: String, _ names: [String], _ file: String) -> TableError {
        TableError(file: file, line: 1, message: "no column \(name), expected one of \(names.joined(separator: ", "))")
    }

    private mutating func note(_ names: [String]) {
        if settings.isLabels { return }
        let known = Set(named(in: names) + schema.dropped)
        for name in names where !known.contains(name) { unknown.insert(name) }
    }

    // MARK: Chunks

    /// - Parameters:
    ///   - chain: the digest of the rows before.
    ///   - fallback: the time of rows without one.
    ///   - errorsLeft: bad rows that may still be set aside.
    /// - Throws: ``TableError`` for the first bad row beyond `errorsLeft`.
    mutating func decode(
        _ chunk: FileChunk, chain: [UInt8], fallback: Timestamp, now: Timestamp, errorsLeft: Int
    ) throws(TableError) -> DecodedChunk {
        var decoded: DecodedChunk
        switch form {
        case .csv, .rows: decoded = try table(chunk, chain, fallback, now, errorsLeft)
        case .records: decoded = settings.isLabels ? labelRecords(chunk, now) : predictionRecords(chunk, fallback, now)
        case .sagemaker: decoded = settings.isLabels ? truth(chunk, fallback, now) : captures(chunk, fallback, now)
        }
        decoded.bad.sort { ($0.error.line, $0.error.column) < ($1.error.line, $1.error.column) }
        if decoded.bad.count > errorsLeft { throw decoded.bad[errorsLeft].error }
        return decoded
    }

    private func bad(_ chunk: FileChunk, _ record: Int, column: Int = 1, _ message: String) -> BadRow {
        BadRow(
            error: TableError(file: file, line: chunk.line + chunk.records[record].line, column: column, message: message),
            bytes: Array(chunk.record(record)))
    }

    // MARK: Records

    /// The records of a chunk that are not blank.
    private func filled(_ chunk: FileChunk) -> [Int] {
        chunk.records.indices.filter { i in chunk.record(i).contains { $0 != 32 && $0 != 9 && $0 != 13 } }
    }

    private func limits(fallback: Timestamp, now: Timestamp) -> (CollectorLimits, PredictionDecoder) {
        var limits = settings.limits
        limits.recordsMax = .max
        // A record without a time gets the decoder's present, which bounds the future too.
        limits.aheadSecondsMax += max(0, Int64(now.seconds(since: fallback)))
        return (limits, PredictionDecoder(limits: limits, now: fallback))
    }

    private func predictionRecords(_ chunk: FileChunk, _ fallback: Timestamp, _ now: Timestamp) -> DecodedChunk {
        var decoded = DecodedChunk()
        let places = filled(chunk)
        if places.isEmpty { return decoded }
        let reader = PredictionReader(Array(chunk.bytes), isLines: true, decoder: limits(fallback: fallback, now: now).1)
        var versions = PredictionReader.Versions()
        versions.known[version.key] = .some(version)
        while true {
            let step: PredictionReader.Step
            do throws(RequestError) { step = try reader.read(versions) } catch {
                decoded.bad.append(bad(chunk, places[0], error.description))
                return decoded
            }
            switch step {
            case .needs(let key): versions.known[key] = .some(nil)
            case .batches(let batches, let rejections):
                decoded.batch = batches.first?.batch
                decoded.bad = rejections.map { rejected(chunk, places[$0.index], $0.error) }
                return decoded
            }
        }
    }

    /// The reason with the byte of the line, and in the words of a command that names one version.
    private func rejected(_ chunk: FileChunk, _ record: Int, _ reason: String) -> BadRow {
        let json: JSON
        do throws(JSONError) { json = try JSON.parse(chunk.record(record)) } catch {
            return bad(chunk, record, column: error.column, "not JSON: \(error.message)")
        }
        let name = json["model"]?.stringValue ?? version.key.model
        let number = settings.isLabels ? version.key.version : json["version"]?.stringValue ?? version.key.version
        if name != version.key.model || number != version.key.version {
            return bad(chunk, record, "a record of \(name) \(number), expected \(version.key) as --model and --version say")
        }
        return bad(chunk, record, reason)
    }

    private func labelRecords(_ chunk: FileChunk, _ now: Timestamp) -> DecodedChunk {
        let places = filled(chunk)
        return labels(
            chunk,
            places.map { place in
                (place, Result { () throws(JSONError) in try JSON.parse(chunk.record(place)) })
            }, now: now, ahead: 0)
    }

    private func labels(
        _ chunk: FileChunk, _ events: [(place: Int, event: Result<JSON, JSONError>)], now: Timestamp, ahead: Int64
    ) -> DecodedChunk {
        var limits = settings.limits
        limits.aheadSecondsMax += ahead
        let body = RequestBody(events.map(\.event))
        let (batches, rejections) = LabelDecoder(limits: limits, now: now).decode(body, schemas: [version.key.model: schema])
        var decoded = DecodedChunk()
        decoded.labels = batches.first?.batch ?? LabelBatch()
        decoded.bad = rejections.map { rejected(chunk, events[$0.index].place, $0.error) }
        return decoded
    }

    // MARK: Captures

    private var captureReader: CaptureReader {
        CaptureReader(
            version: version, columns: settings.inputColumns, score: settings.mapping.score, prediction: settings.mapping.prediction,
            missing: settings.missing)
    }

    private mutating func captures(_ chunk: FileChunk, _ fallback: Timestamp, _ now: Timestamp) -> DecodedChunk {
        var decoded = DecodedChunk()
        let decoder = limits(fallback: fallback, now: now).1
        let reader = captureReader
        var builders = BatchBuilders(key: settings.limits.privacyKey)
        for place in filled(chunk) {
            do throws(RecordError) {
                for record in try reader.predictions(try line(chunk, place), unknown: &unknown) {
                    let before = builders.rejections.count
                    decoder.decode(.success(record), place, versions: [version.key: version], models: [], into: &builders)
                    // One bad row of a request: the side file gets its line once.
                    if builders.rejections.count > before { break }
                }
            } catch { builders.rejections.append(Rejection(index: place, error: error.message)) }
        }
        decoded.bad = builders.rejections.map { rejection in
            do throws(JSONError) { _ = try JSON.parse(chunk.record(rejection.index)) } catch {
                return bad(chunk, rejection.index, column: error.column, "not JSON: \(error.message)")
            }
            return bad(chunk, rejection.index, rejection.error)
        }
        decoded.batch = builders.batches().first?.batch
        return decoded
    }

    private func line(_ chunk: FileChunk, _ place: Int) throws(RecordError) -> JSON {
        do throws(JSONError) { return try JSON.parse(chunk.record(place)) } catch { throw RecordError("not JSON: \(error)") }
    }

    private func truth(_ chunk: FileChunk, _ fallback: Timestamp, _ now: Timestamp) -> DecodedChunk {
        let reader = captureReader
        var events: [(Int, Result<JSON, JSONError>)] = []
        var bad: [BadRow] = []
        for place in filled(chunk) {
            do throws(RecordError) { events += try reader.labels(try line(chunk, place)).map { (place, .success($0)) } } catch {
                bad.append(self.bad(chunk, place, error.message))
            }
        }
        var decoded = labels(chunk, events, now: fallback, ahead: max(0, Int64(now.seconds(since: fallback))))
        decoded.bad += bad
        return decoded
    }

    // MARK: Tables

    private mutating func table(
        _ chunk: FileChunk, _ chain: [UInt8], _ fallback: Timestamp, _ now: Timestamp, _ errorsLeft: Int
    ) throws(TableError) -> DecodedChunk {
        let places = filled(chunk)
        if places.isEmpty { return DecodedChunk(chain: chain) }
        let ids = settings.mapping.id == nil && !settings.isLabels ? RowChain(chunk, after: chain) : nil
        var rows = TableRows(chunk, header: header, headerLines: headerLines, file: file, form: form, missing: settings.missing)
        while true {
            do throws(TableError) {
                guard let table = try rows.table() else { return DecodedChunk(bad: rows.bad, chain: ids?.end ?? []) }
                if !form.isCSV { note(table.names) }
                let full = form.isCSV ? table : table.adding(absent: named(in: table.names))
                var decoded = settings.isLabels ? try labels(full, fallback) : try predictions(full, rows, ids, fallback)
                rows.add(table.rejected)
                rows.drop(from: &decoded, lines: table.lines, limits: settings.limits, now: now)
                decoded.bad = rows.bad
                decoded.chain = ids?.end ?? []
                return decoded
            } catch {
                // A cell that is no number, or the like: its row is set aside, and the others are read again.
                if !rows.setAside(error) { throw rows.inFile(error) }
                if rows.bad.count > errorsLeft { throw rows.bad[errorsLeft].error }
            }
        }
    }

    private func predictions(
        _ table: Table, _ rows: TableRows, _ ids: RowChain?, _ fallback: Timestamp
    ) throws(TableError) -> DecodedChunk {
        let lines = table.lines
        let batch = try settings.mapping.batch(table, schema: schema, fallbackTime: fallback, key: settings.limits.privacyKey) { row in
            let (record, linesBelow) = rows.place(ofLine: lines[row])
            return ids?.id(row: record, linesBelow: linesBelow) ?? ""
        }
        var decoded = DecodedChunk(batch: batch)
        if settings.mapping.label == nil { return decoded }
        let times = try settings.labelTimestamp.map { name throws(TableError) in
            try TableMapping(timestamp: name).batch(table, schema: FeatureSchema(features: []), fallbackTime: fallback).timestamps
        }
        decoded.add(try settings.mapping.labels(table, schema: schema), of: batch, at: times ?? batch.timestamps)
        return decoded
    }

    private func labels(_ table: Table, _ fallback: Timestamp) throws(TableError) -> DecodedChunk {
        let mapping = TableMapping(id: settings.mapping.id, timestamp: settings.labelTimestamp ?? settings.mapping.timestamp)
        let batch = try mapping.batch(table, schema: FeatureSchema(features: []), fallbackTime: fallback)
        var decoded = DecodedChunk()
        let labels = try settings.mapping.labels(table, schema: schema)
        decoded.add(labels, of: batch, at: batch.timestamps)
        decoded.unlabelled = Int64(labels.count { $0.isNaN })
        return decoded
    }
}

extension DecodedChunk {
    fileprivate mutating func add(_ values: [Double], of batch: PredictionBatch, at times: [Timestamp]) {
        for (row, label) in values.enumerated() where !label.isNaN {
            labels.ids.append(batch.ids[row])
            labels.labels.append(label)
            labels.timestamps.append(times[row])
            labelRows.append(row)
        }
    }
}

extension RequestBody {
    fileprivate init(_ records: [Result<JSON, JSONError>]) { self.records = records.enumerated().map { ($0, $1) } }
}
