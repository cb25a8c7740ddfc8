public import Tables
public import Vocabulary

/// Which column of a file is what.
public struct TableMapping: Sendable, Equatable {
    public var id: String?
    public var timestamp: String?
    public var label: String?
    public var score: String?
    /// The score column of each class, by its name.
    public var scores: [String: String] = [:]
    public var prediction: String?
    public var sensitive: [String]

    public init(
        id: String? = nil, timestamp: String? = nil, label: String? = nil, score: String? = nil, prediction: String? = nil,
        sensitive: [String] = []
    ) {
        self.id = id
        self.timestamp = timestamp
        self.label = label
        self.score = score
        self.prediction = prediction
        self.sensitive = sensitive
    }

    /// The columns that are not features.
    public var taken: Set<String> { Set([id, timestamp, label, score, prediction].compactMap { $0 } + sensitive + scores.values) }

    /// A batch of the file's rows. Rows without an id get their line, or what `names` calls them; rows without a time get `fallbackTime`.
    ///
    /// - Throws: ``TableError`` with file, line and column for a cell of the wrong kind.
    public func batch(
        _ table: CSVTable, schema: FeatureSchema, fallbackTime: Timestamp, key: PrivacyKey? = nil, names: ((_ row: Int) -> String)? = nil
    ) throws(TableError) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        let rows = table.rowCount
        if let id {
            batch.ids = []
            let column = (table.names.firstIndex(of: id) ?? 0) + 1
            for (row, text) in try table.requiredColumn(id).enumerated() {
                guard let text else {
                    throw TableError(file: table.file, line: table.lines[row], column: column, message: "no id in \(id), expected a text")
                }
                batch.ids.append(text)
            }
        } else if let names {
            for row in 0..<rows { batch.ids.append(names(row)) }
        } else {
            batch.ids = TextColumn(table.lines.lazy.map { "\(table.file):\($0)" })
        }
        batch.timestamps = try times(table, timestamp, fallback: fallbackTime)
        for (i, feature) in schema.features.enumerated() {
            if let privacy = feature.privacy {
                batch.features[i] = .categorical(try table.levels(feature.name, privacy, key: key))
            } else if feature.kind == .vector {
                batch.features[i] = .vector(try table.vectors(feature))
            } else if feature.kind == .numeric {
                batch.features[i] = .numeric(try table.numbers(feature.name))
            } else {
                batch.features[i] = .categorical(LevelColumn(try table.requiredColumn(feature.name)))
            }
        }
        for (i, attribute) in schema.sensitive.enumerated() {
            if let privacy = schema.sensitivePrivacy[attribute] {
                batch.groups[i] = try table.levels(attribute, privacy, key: key)
            } else {
                batch.groups[i] = LevelColumn(try table.requiredColumn(attribute))
            }
        }
        batch.errors = [String?](repeating: nil, count: rows)
        batch.variants = [String?](repeating: nil, count: rows)
        if schema.task == .multiclass {
            try fillClasses(&batch, table, schema)
            return batch
        }
        batch.scores = try score.map { name throws(TableError) in try table.numbers(name) } ?? [Double](repeating: .nan, count: rows)
        batch.predictions =
            try prediction.map { name throws(TableError) in try outcomes(table, name, schema) } ?? [Double](repeating: .nan, count: rows)
        return batch
    }

    /// The label of every row, NaN where there is none.
    public func labels(_ table: CSVTable, schema: FeatureSchema) throws(TableError) -> [Double] {
        guard let label else { return [Double](repeating: .nan, count: table.rowCount) }
        return try outcomes(table, label, schema)
    }

    private func outcomes(_ table: CSVTable, _ name: String, _ schema: FeatureSchema) throws(TableError) -> [Double] {
        if schema.task == .regression { return try table.numbers(name) }
        if schema.task == .multiclass { return try classes(table, name, schema) }
        let positive = Self.outcome(schema.positiveLabel)
        // Beside 1 and 0, and beside true and false, there is no third; a word stands against all others.
        let negative: Double? = positive.flatMap { [1: 0, 0: 1][$0] }
        var out: [Double] = []
        for (row, text) in try table.requiredColumn(name).enumerated() {
            guard let text else { out.append(.nan); continue }
            let value = Self.outcome(text)
            if text == schema.positiveLabel || (positive != nil && value == positive) { out.append(1); continue }
            guard negative == nil || value == negative else {
                throw TableError(
                    file: table.file, line: table.lines[row], column: (table.names.firstIndex(of: name) ?? 0) + 1,
                    message: "\"\(text)\" in \(name), expected 0 or 1")
            }
            out.append(0)
        }
        return out
    }

    /// As numbers: data frames write what is true or false in words.
    private static func outcome(_ text: String) -> Double? {
        switch text {
        case "true", "True", "TRUE": 1
        case "false", "False", "FALSE": 0
        default: parseNumber(text)
        }
    }

    private func times(_ table: CSVTable, _ name: String?, fallback: Timestamp) throws(TableError) -> [Timestamp] {
        guard let name else { return [Timestamp](repeating: fallback, count: table.rowCount) }
        var out: [Timestamp] = []
        for (row, text) in try table.requiredColumn(name).enumerated() {
            guard let text else { out.append(fallback); continue }
            if let time = Timestamp(rfc3339: text) { out.append(time); continue }
            // The same range as in a request: microseconds must fit.
            guard let milliseconds = Int64(text), milliseconds.magnitude < 9_000_000_000_000 else {
                let column = (table.names.firstIndex(of: name) ?? 0) + 1
                throw TableError(
                    file: table.file, line: table.lines[row], column: column,
                    message: "\"\(text)\" in \(name), expected RFC 3339 or epoch milliseconds")
            }
            out.append(Timestamp(microseconds: milliseconds * 1000))
        }
        return out
    }
}
