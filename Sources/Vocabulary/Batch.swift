internal import Foundation

/// A column of levels: codes into a list of this batch's own distinct values. −1 is missing.
public struct LevelColumn: Sendable, Equatable {
    public private(set) var codes: [Int32] = []
    public private(set) var levels: [String] = []
    private var index: [String: Int32] = [:]

    public init() {}
    public init(_ values: [String?]) { for value in values { append(value) } }
    /// - Parameters: codes: places in `texts`, −1 for missing. texts: distinct ones.
    public init(codes: [Int32], of texts: [String]) {
        let own = texts.map { code(of: $0) }
        // Texts that Unicode calls equal have one code.
        self.codes = levels.count == texts.count ? codes : codes.map { $0 < 0 ? -1 : own[Int($0)] }
    }

    /// A column that was taken apart before; nil when a code has no level, or a level comes twice.
    public init?(codes: [Int32], levels: [String]) {
        for (code, level) in levels.enumerated() where index.updateValue(Int32(code), forKey: level) != nil { return nil }
        guard codes.allSatisfy({ $0 >= -1 && $0 < levels.count }) else { return nil }
        self.codes = codes
        self.levels = levels
    }

    /// - Returns: the value's code.
    @discardableResult
    public mutating func append(_ value: String?) -> Int32 {
        let code = code(of: value)
        codes.append(code)
        return code
    }

    public mutating func append(_ other: LevelColumn) {
        let own = other.levels.map { code(of: $0) }
        codes.append(contentsOf: other.codes.lazy.map { $0 < 0 ? -1 : own[Int($0)] })
    }

    private mutating func code(of value: String?) -> Int32 {
        guard let value else { return -1 }
        if let code = index[value] { return code }
        let code = Int32(levels.count)
        // Swift calls texts equal that Unicode does; of these only one form may be hashed and stored.
        levels.append(value.precomposedStringWithCanonicalMapping)
        index[value] = code
        return code
    }
    public subscript(_ row: Int) -> String? { codes[row] < 0 ? nil : levels[Int(codes[row])] }
    public var count: Int { codes.count }
    public static func == (a: LevelColumn, b: LevelColumn) -> Bool { a.codes == b.codes && a.levels == b.levels }
}

/// A feature's values. In a numeric column NaN means missing.
public enum Column: Sendable, Equatable {
    case numeric([Double])
    case categorical(LevelColumn)
    case vector(VectorColumn)

    public init(_ feature: Feature) {
        switch feature.kind {
        case .numeric: self = .numeric([])
        case .categorical: self = .categorical(LevelColumn())
        case .vector: self = .vector(VectorColumn(dimension: feature.dimension))
        }
    }
    public var count: Int {
        switch self {
        case .numeric(let values): values.count
        case .categorical(let column): column.count
        case .vector(let column): column.count
        }
    }
}

/// Predictions of one model version, column by column: the unit that is stored and folded into a profile.
///
/// Every array has `count` entries. Columns stand in the schema's order.
public struct PredictionBatch: Sendable, Equatable {
    public var ids: TextColumn = []
    public var timestamps: [Timestamp] = []
    public var features: [Column]
    /// One column per sensitive attribute.
    public var groups: [LevelColumn]
    /// NaN where the record has none.
    public var scores: [Double] = []
    /// The decision as the caller made it: 0 or 1 for a binary model, the value for a regression, the class's place in the schema's list
    /// for a model of several classes; NaN where absent.
    public var predictions: [Double] = []
    /// A row's scores in the order of the schema's classes, empty for a row without; no rows at all where none has any.
    public var classScores: [[Double]] = []
    /// Latency in seconds, cost and whatever else the caller measures, by name; NaN where a record has none.
    public var measures: [String: [Double]] = [:]
    /// What went wrong serving this prediction, or nil for a success.
    public var errors: [String?] = []
    public var variants: [String?] = []

    public var count: Int { ids.count }

    public init(schema: FeatureSchema) {
        features = schema.features.map { Column($0) }
        groups = schema.sensitive.map { _ in LevelColumn() }
    }

    /// Measures that every caller may send under their own key (CONTRACTS.md).
    public static let latencyMeasure = "latency_seconds"
    public static let costMeasure = "cost"

    /// Adds the rows of another batch of the same schema.
    public mutating func append(_ other: PredictionBatch) {
        let before = count
        ids.append(other.ids)
        timestamps += other.timestamps
        for (i, column) in other.features.enumerated() {
            switch (features[i], column) {
            case (.numeric(var mine), .numeric(let theirs)):
                features[i] = .numeric([])  // so that `mine` is the only owner and grows in place
                mine += theirs
                features[i] = .numeric(mine)
            case (.categorical(var mine), .categorical(let theirs)):
                features[i] = .categorical(LevelColumn())
                mine.append(theirs)
                features[i] = .categorical(mine)
            case (.vector(var mine), .vector(let theirs)):
                features[i] = .numeric([])
                mine.append(theirs)
                features[i] = .vector(mine)
            default: preconditionFailure("batches of one schema have the same columns")
            }
        }
        for (i, column) in other.groups.enumerated() { groups[i].append(column) }
        scores += other.scores
        predictions += other.predictions
        if !classScores.isEmpty || !other.classScores.isEmpty {
            classScores = Self.padded(classScores, before) + Self.padded(other.classScores, other.count)
        }
        for name in Set(measures.keys).union(other.measures.keys) {
            measures[name] =
                (measures[name] ?? [Double](repeating: .nan, count: before))
                + (other.measures[name] ?? [Double](repeating: .nan, count: other.count))
        }
        errors += other.errors
        variants += other.variants
    }

    private static func padded(_ scores: [[Double]], _ count: Int) -> [[Double]] {
        scores.isEmpty ? [[Double]](repeating: [], count: count) : scores
    }

    /// The rows whose prediction was served.
    public var served: PredictionBatch {
        if errors.allSatisfy({ $0 == nil }) { return self }
        return rows(at: errors.indices.filter { errors[$0] == nil })
    }

    /// The rows at these positions, in this order.
    public func rows(at positions: [Int]) -> PredictionBatch {
        var out = self
        out.ids = ids.texts(at: positions)
        out.timestamps = positions.map { timestamps[$0] }
        out.features = features.map { column in
            switch column {
            case .numeric(let values): .numeric(positions.map { values[$0] })
            case .categorical(let levels): .categorical(LevelColumn(positions.map { levels[$0] }))
            case .vector(let vectors): .vector(vectors.rows(at: positions))
            }
        }
        out.groups = groups.map { levels in LevelColumn(positions.map { levels[$0] }) }
        out.scores = positions.map { scores[$0] }
        out.predictions = positions.map { predictions[$0] }
        if !classScores.isEmpty { out.classScores = positions.map { classScores[$0] } }
        out.measures = measures.mapValues { values in positions.map { values[$0] } }
        out.errors = positions.map { errors[$0] }
        out.variants = positions.map { variants[$0] }
        return out
    }
}

/// Label events of one model. The version is that of the prediction with the same id.
public struct LabelBatch: Sendable, Equatable {
    public var ids: [String] = []
    /// 0 or 1 for a binary model, the true value for a regression, the place of the class for a model of several.
    public var labels: [Double] = []
    public var timestamps: [Timestamp] = []
    public var count: Int { ids.count }
    public init() {}
}
