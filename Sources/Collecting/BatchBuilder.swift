internal import Kernels
internal import Profiles
internal import Vocabulary

/// The batches of a request, in the order in which their versions first came, and the records that were not taken.
struct BatchBuilders {
    var all: [BatchBuilder] = []
    var rejections: [Rejection] = []
    private var places: [ModelVersion: Int] = [:]

    mutating func place(of version: RegisteredVersion) -> Int {
        if let place = places[version.key] { return place }
        places[version.key] = all.count
        all.append(BatchBuilder(version: version))
        return all.count - 1
    }

    /// Versions of which every record was rejected have no batch.
    consuming func batches() -> [(version: RegisteredVersion, batch: PredictionBatch)] {
        all.filter { !$0.ids.isEmpty }.map { ($0.version, $0.batch()) }
    }
}

/// The records of one version, growing column by column.
struct BatchBuilder {
    let version: RegisteredVersion
    /// The features' places by name.
    let positions: [String: Int]
    private(set) var ids: [String] = []
    private var timestamps: [Timestamp] = []
    /// By feature; empty for a categorical one, and the other way round.
    private var numbers: [[Double]]
    private var levels: [LevelColumn]
    private var groups: [LevelColumn]
    private var scores: [Double] = []
    private var predictions: [Double] = []
    private var measures: [String: [Double]] = [:]
    private var errors: [String?] = []
    private var variants: [String?] = []

    init(version: RegisteredVersion) {
        self.version = version
        let features = version.schema.features
        positions = Dictionary(features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        numbers = features.map { _ in [] }
        levels = features.map { _ in LevelColumn() }
        groups = version.schema.sensitive.map { _ in LevelColumn() }
    }

    mutating func append(_ row: ParsedPrediction) {
        for (i, value) in row.features.enumerated() {
            switch value {
            case .number(let number): numbers[i].append(number)
            case .level(let level): levels[i].append(level)
            }
        }
        for (i, level) in row.groups.enumerated() { groups[i].append(level) }
        appendRest(row)
    }

    /// All but features and groups.
    private mutating func appendRest(_ row: ParsedPrediction) {
        let place = ids.count
        ids.append(row.id)
        timestamps.append(row.time)
        scores.append(row.score)
        predictions.append(row.prediction)
        errors.append(row.error)
        variants.append(row.variant)
        for (name, value) in row.measures {
            let before = measures[name]?.count ?? 0
            if before < place { measures[name, default: []].append(contentsOf: repeatElement(.nan, count: place - before)) }
            // A name may come twice in a record; the last value stays.
            if before <= place { measures[name, default: []].append(value) } else { measures[name]?[place] = value }
        }
    }

    /// A row whose features and groups stand in slots.
    mutating func append(_ row: ParsedPrediction, _ text: [UInt8], _ shape: PredictionShape) {
        for (i, slot) in shape.features.enumerated() {
            if shape.isNumeric[i] {
                numbers[i].append(shape.plan.numbers[slot])
            } else {
                shape.texts[i].append(text, shape.plan.text(slot), to: &levels[i])
            }
        }
        for (i, slot) in shape.groups.enumerated() {
            shape.texts[shape.features.count + i].append(text, shape.plan.text(slot), to: &groups[i])
        }
        appendRest(row)
    }

    /// A measure that would be one name too many; nil while there is room. Names that are new in every record would make columns of
    /// rows × names.
    func measureBeyondLimit(_ names: [String]) -> String? {
        if names.allSatisfy({ measures[$0] != nil }) { return nil }
        let new = Set(names.filter { measures[$0] == nil })
        return measures.count + new.count > Profile.measuresMax ? new.min() : nil
    }

    consuming func batch() -> PredictionBatch {
        var batch = PredictionBatch(schema: version.schema)
        batch.ids = ids
        batch.timestamps = timestamps
        batch.features = version.schema.features.indices.map { i in
            version.schema.features[i].kind == .numeric ? .numeric(numbers[i]) : .categorical(levels[i])
        }
        batch.groups = groups
        batch.scores = scores
        batch.predictions = predictions
        batch.errors = errors
        batch.variants = variants
        // The last rows may lack a measure.
        batch.measures = measures.mapValues { $0 + [Double](repeating: .nan, count: ids.count - $0.count) }
        return batch
    }
}
