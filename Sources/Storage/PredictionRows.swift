internal import Vocabulary

/// Turns a batch into binary COPY rows of evenkeel.prediction.
struct PredictionRows {
    static let copy = """
        copy evenkeel.prediction (stream_id, record_id, ts, batch_id, features, score, prediction, groups, error, variant, extra)
        from stdin (format binary)
        """

    static func encode(_ batch: PredictionBatch, stream: Int64, batchID: Int64, codes: LevelDictionary.Codes) -> [UInt8] {
        let features = batch.features.enumerated().map { position, column in PackedColumn(column, codes.byValue[position] ?? [:]) }
        let groups = batch.groups.enumerated().map { i, column in CodedColumn(column, codes.byValue[-1 - i] ?? [:]) }
        let measures = batch.measures.sorted { $0.key < $1.key }
        var copy = CopyEncoder(fieldCount: 11, reserving: batch.count * (features.count * 8 + 120))
        var packed: [UInt8] = []
        for row in 0..<batch.count {
            var overflow: [(String, JSON)] = []
            copy.startRow()
            copy.int8(stream)
            copy.text(batch.ids[row])
            copy.timestamptz(batch.timestamps[row])
            copy.int8(batchID)
            packed.removeAll(keepingCapacity: true)
            for (position, column) in features.enumerated() {
                packed.appendBigEndian(column.value(row).bitPattern)
                if let text = column.overflow(row) { overflow.append((String(position), .string(text))) }
            }
            copy.bytea(packed)
            copy.float8OrNull(batch.scores[row])
            copy.float8OrNull(batch.predictions[row])
            packed.removeAll(keepingCapacity: true)
            for (i, column) in groups.enumerated() {
                let code = column.code(row)
                packed.appendBigEndian(UInt32(bitPattern: code))
                if code == LevelDictionary.beyond, let text = column.column[row] { overflow.append((String(-1 - i), .string(text))) }
            }
            copy.bytea(packed)
            copy.textOrNull(batch.errors[row])
            copy.textOrNull(batch.variants[row])
            let measured = measures.filter { !$0.value[row].isNaN }.map { ($0.key, JSON.number($0.value[row])) }
            if measured.isEmpty && overflow.isEmpty {
                copy.null()
            } else {
                var extra = JSONObject()
                if !measured.isEmpty { extra["measures"] = .object(JSONObject(measured)) }
                if !overflow.isEmpty { extra["levels"] = .object(JSONObject(overflow)) }
                copy.jsonb(.object(extra))
            }
        }
        return copy.finished()
    }
}

/// A categorical column with its batch codes turned into the stream's codes.
private struct CodedColumn {
    let column: LevelColumn
    private let mapped: [Int32]

    init(_ column: LevelColumn, _ codes: [String: Int32]) {
        self.column = column
        mapped = column.levels.map { codes[$0] ?? LevelDictionary.beyond }
    }
    func code(_ row: Int) -> Int32 { column.codes[row] < 0 ? LevelDictionary.missing : mapped[Int(column.codes[row])] }
}

private enum PackedColumn {
    case numeric([Double])
    case categorical(CodedColumn)

    init(_ column: Column, _ codes: [String: Int32]) {
        switch column {
        case .numeric(let values): self = .numeric(values)
        case .categorical(let levels): self = .categorical(CodedColumn(levels, codes))
        }
    }
    func value(_ row: Int) -> Double {
        switch self {
        case .numeric(let values): return values[row]
        case .categorical(let column):
            let code = column.code(row)
            return code == LevelDictionary.missing ? .nan : Double(code)
        }
    }
    func overflow(_ row: Int) -> String? {
        guard case .categorical(let column) = self, column.code(row) == LevelDictionary.beyond else { return nil }
        return column.column[row]
    }
}
