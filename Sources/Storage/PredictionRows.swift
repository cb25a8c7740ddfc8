internal import Vocabulary

/// Turns a batch into binary COPY rows of evenkeel.prediction: whole ones, and narrow ones without features and measures.
struct PredictionRows {
    private let batch: PredictionBatch
    /// Whether the row is whole; nil when all are.
    private let isWhole: [Bool]?
    /// What goes into the dictionary of levels: a feature's value that no row keeps is not stored anywhere.
    let coded: PredictionBatch
    private let classes: [String]
    /// The segments of each row; nil where there are none.
    private let segments: [SegmentBits]?

    init(_ batch: PredictionBatch, kept: RawRows, classes: [String] = [], segments: [SegmentBits]? = nil) {
        self.batch = batch
        self.classes = classes
        self.segments = segments
        if kept == .all {
            isWhole = nil
            coded = batch
            return
        }
        let isWhole = batch.ids.map(kept.keeps)
        var coded = batch.rows(at: isWhole.indices.filter { isWhole[$0] })
        coded.groups = batch.groups
        self.isWhole = isWhole
        self.coded = coded
    }

    var copy: String {
        """
        copy evenkeel.prediction (stream_id, record_id, ts, batch_id, features, score, prediction, groups, error, variant,
            latency, cost, extra\(segments == nil ? "" : ", segments"))
        from stdin (format binary)
        """
    }

    func encode(stream: Int64, batchID: Int64, codes: LevelDictionary.Codes) -> [UInt8] {
        let columns = batch.features.enumerated().map { position, column -> CodedColumn? in
            guard case .categorical(let levels) = column else { return nil }
            return CodedColumn(levels, codes.byValue[position] ?? [:])
        }
        let groups = batch.groups.enumerated().map { i, column in CodedColumn(column, codes.byValue[-1 - i] ?? [:]) }
        let packed = Self.pack(batch, columns)
        var packedGroups = PackedRows(rows: batch.count, width: groups.count * 4)
        for (i, column) in groups.enumerated() { packedGroups.write(count: batch.count, at: i * 4) { column.code($0) } }
        let none = [Double](repeating: .nan, count: batch.count)
        let latency = batch.measures[PredictionBatch.latencyMeasure] ?? none
        let cost = batch.measures[PredictionBatch.costMeasure] ?? none
        let measures = batch.measures.filter { ![PredictionBatch.latencyMeasure, PredictionBatch.costMeasure].contains($0.key) }
            .sorted { $0.key < $1.key }
        // Most columns have no value beyond the dictionary.
        let beyondOfGroups = groups.enumerated().compactMap { i, column in column.hasBeyond ? (String(-1 - i), column) : nil }
        let beyond =
            columns.enumerated().compactMap { i, column in column.flatMap { $0.hasBeyond ? (String(i), $0) : nil } } + beyondOfGroups
        var copy = CopyEncoder(
            fieldCount: segments == nil ? 13 : 14, reserving: batch.ids.utf8.count + batch.count * (packed.width + packedGroups.width + 104)
        )
        for row in RowOrder.byID(batch.ids) {
            copy.startRow()
            copy.int8(stream)
            copy.field(batch.ids.utf8[batch.ids.range(row)])
            copy.timestamptz(batch.timestamps[row])
            copy.int8(batchID)
            let isWhole = isWhole?[row] ?? true
            if isWhole { copy.field(packed[row]) } else { copy.null() }
            copy.float8OrNull(batch.scores[row])
            copy.float8OrNull(batch.predictions[row])
            copy.field(packedGroups[row])
            // Of an error a narrow row keeps that there was one.
            copy.textOrNull(isWhole ? batch.errors[row] : batch.errors[row].map { _ in "" })
            copy.textOrNull(isWhole ? batch.variants[row] : nil)
            copy.float8OrNull(isWhole ? latency[row] : .nan)
            copy.float8OrNull(isWhole ? cost[row] : .nan)
            let beyond = isWhole ? beyond : beyondOfGroups
            let measured =
                measures.isEmpty || !isWhole ? [] : measures.filter { !$0.value[row].isNaN }.map { ($0.key, JSON.number($0.value[row])) }
            let overflow = beyond.isEmpty ? [] : beyond.compactMap { name, column in column.overflow(row).map { (name, JSON.string($0)) } }
            let scores = isWhole && !batch.classScores.isEmpty ? batch.classScores[row] : []
            if measured.isEmpty && overflow.isEmpty && scores.isEmpty {
                copy.null()
            } else {
                var extra = JSONObject()
                if !measured.isEmpty { extra["measures"] = .object(JSONObject(measured)) }
                if !scores.isEmpty { extra["scores"] = .object(JSONObject(zip(classes, scores.map(JSON.number)).map { ($0, $1) })) }
                if !overflow.isEmpty { extra["levels"] = .object(JSONObject(overflow)) }
                copy.jsonb(.object(extra))
            }
            if let segments { copy.int4(segments[row].rawValue) }
        }
        return copy.finished()
    }

    private static func pack(_ batch: PredictionBatch, _ columns: [CodedColumn?]) -> PackedRows {
        let widths = batch.features.map { if case .vector(let vectors) = $0 { vectors.dimension } else { 1 } }
        var packed = PackedRows(rows: batch.count, width: widths.reduce(0, +) * 8)
        var offset = 0
        for (position, column) in batch.features.enumerated() {
            defer { offset += widths[position] * 8 }
            if case .numeric(let values) = column {
                packed.write(count: batch.count, at: offset) { values[$0].bitPattern }
            } else if case .vector(let vectors) = column {
                for i in 0..<vectors.dimension {
                    packed.write(count: batch.count, at: offset + i * 8) { vectors.values[$0 * vectors.dimension + i].bitPattern }
                }
            } else if let coded = columns[position] {
                packed.write(count: batch.count, at: offset) { row in
                    let code = coded.code(row)
                    return (code == LevelDictionary.missing ? .nan : Double(code)).bitPattern
                }
            }
        }
        return packed
    }
}

/// A categorical column with its batch codes turned into the stream's codes.
private struct CodedColumn {
    private let column: LevelColumn
    private let mapped: [Int32]
    /// Whether a level is beyond the dictionary's limit.
    let hasBeyond: Bool

    init(_ column: LevelColumn, _ codes: [String: Int32]) {
        self.column = column
        mapped = column.levels.map { codes[$0] ?? LevelDictionary.beyond }
        hasBeyond = mapped.contains(LevelDictionary.beyond)
    }
    func code(_ row: Int) -> Int32 { column.codes[row] < 0 ? LevelDictionary.missing : mapped[Int(column.codes[row])] }
    func overflow(_ row: Int) -> String? { code(row) == LevelDictionary.beyond ? column[row] : nil }
}
