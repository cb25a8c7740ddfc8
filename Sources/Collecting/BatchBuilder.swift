internal import Kernels
internal import Profiles
internal import Vocabulary

/// The batches of a request, in the order in which their versions first came, and the records that were not taken.
struct BatchBuilders {
    var all: [BatchBuilder] = []
    var rejections: [Rejection] = []
    private let key: PrivacyKey?
    private var places: [ModelVersion: Int] = [:]

    init(key: PrivacyKey?) { self.key = key }

    mutating func place(of version: RegisteredVersion) -> Int {
        if let place = places[version.key] { return place }
        places[version.key] = all.count
        all.append(BatchBuilder(version: version, key: key))
        return all.count - 1
    }

    /// Versions of which every record was rejected have no batch.
    consuming func batches() -> [(version: RegisteredVersion, batch: PredictionBatch)] {
        all.filter { $0.count > 0 }.map { ($0.version, $0.batch()) }
    }
}

/// The records of one version as they come: numbers and codes of texts row by row, so that a record costs a few copies whatever its
/// width. ``batch()`` makes columns of them.
struct BatchBuilder {
    /// The first columns of the numbers; those of numeric features follow.
    enum Number {
        static let score = 0
        static let prediction = 1
        static let latency = 2
        static let cost = 3
        static let count = 4
    }

    let version: RegisteredVersion
    private let key: PrivacyKey?
    /// What is done with the texts of each column of `codes`.
    private let privacies: [(name: String, privacy: Privacy)?]
    /// Of sensitive attributes that become intervals: their slots in the shape.
    private let numericSlots: [Int]
    /// The features' places by name.
    let positions: [String: Int]
    var shape: PredictionShape
    private var ids = TextColumn()
    private var timestamps: [Timestamp] = []
    private var numbers: RowMajor<Double>
    /// Of categorical features and sensitive attributes, one after the other; −1 is missing.
    private var codes: RowMajor<Int32>
    private let levels: [LevelTable]
    /// Of vector features, one after the other.
    private var vectors: [VectorColumn]
    private var measures: [(name: String, values: [Double])] = []
    /// Most records have neither.
    private var errors: [(row: Int, text: String)] = []
    private var classScores: [(row: Int, scores: [Double])] = []
    private var variants: [(row: Int, text: String)] = []

    init(version: RegisteredVersion, key: PrivacyKey?) {
        self.version = version
        self.key = key
        let features = version.schema.features
        let attributes = version.schema.sensitive.map { ($0, version.schema.sensitivePrivacy[$0]) }
        privacies = (features.filter { $0.sentKind == .categorical }.map { ($0.name, $0.privacy) } + attributes).map { name, privacy in
            privacy.map { (name, $0) }
        }
        positions = Dictionary(features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        shape = PredictionShape(version.schema)
        numericSlots = zip(privacies, shape.texts).compactMap { if case .bucket? = $0?.privacy { $1 } else { nil } }
        vectors = features.filter { $0.kind == .vector }.map { VectorColumn(dimension: $0.dimension) }
        numbers = RowMajor(width: shape.numbers.count)
        codes = RowMajor(width: shape.texts.count)
        // Against texts that are made to collide, the hash differs from batch to batch; the codes do not.
        levels = shape.texts.map { _ in
            guard let table = LevelTable(seed: .random(in: .min ... .max)) else { preconditionFailure("out of memory") }
            return table
        }
    }

    /// Both decoders have seen that a level is a text without zero bytes: all that is left is memory.
    private static func code(_ code: Int32?) -> Int32 {
        guard let code else { preconditionFailure("out of memory") }
        return code
    }

    var count: Int { timestamps.count }

    mutating func append(_ row: ParsedPrediction) {
        var values = [row.score, row.prediction, row.latency, row.cost]
        var texts: [String?] = []
        var vector = 0
        for value in row.features {
            switch value {
            case .number(let number): values.append(number)
            case .level(let level): texts.append(level)
            case .vector(let numbers):
                vectors[vector].append(numbers)
                vector += 1
            }
        }
        numbers.append(values[...])
        for (table, text) in zip(levels, texts + row.groups) { codes.append(text.map { Self.code(table.code(Array($0.utf8))) } ?? -1) }
        for (name, value) in row.measures {
            // The decoder has seen that there is room for the name.
            if let place = place(ofMeasure: name) { put(value, at: place) }
        }
        if let error = row.error { errors.append((count, error)) }
        if !row.classScores.isEmpty { classScores.append((count, row.classScores)) }
        if let variant = row.variant { variants.append((count, variant)) }
        ids.append(row.id)
        timestamps.append(row.time)
    }

    /// The record whose values stand in the shape's slots; false for one that the general decoder must see, which knows the words for what
    /// is wrong.
    mutating func append(_ text: [UInt8], limits: CollectorLimits, now: Timestamp) -> Bool {
        let first = shape.numbers.lowerBound
        guard let id = shape.plan.text(shape.id), (1...limits.idBytesMax).contains(id.count),
            let time = shape.time(text, limits: limits, now: now), let prediction = shape.prediction(), shape.isScorePlain,
            !(shape.plan.numbers[first + Number.latency] < 0), !(shape.plan.numbers[first + Number.cost] < 0),
            shape.texts.allSatisfy({ shape.plan.text($0).map { $0.count <= limits.levelBytesMax } ?? true }),
            shape.plan.text(shape.error).map({ $0.count <= 500 }) ?? true,
            shape.plan.text(shape.variant).map({ $0.count <= limits.levelBytesMax }) ?? true
        else { return false }
        for slot in numericSlots {
            if let range = shape.plan.text(slot), !range.isEmpty, Privacy.number(Self.string(text, range)) == nil { return false }
        }
        if !shape.measures.isEmpty, !putMeasures(limits) { return false }
        numbers.append(shape.plan.numbers[shape.numbers])
        numbers.setLast(Number.prediction, prediction)
        for (table, slot) in zip(levels, shape.texts) {
            guard let range = shape.plan.text(slot), !range.isEmpty else { codes.append(-1); continue }
            codes.append(Self.code(table.code(text, range)))
        }
        if let range = shape.plan.text(shape.error), !range.isEmpty { errors.append((count, Self.string(text, range))) }
        if let range = shape.plan.text(shape.variant), !range.isEmpty { variants.append((count, Self.string(text, range))) }
        // A vector is for the general decoder: a record that comes here has none.
        for place in vectors.indices { vectors[place].append(nil) }
        ids.append(utf8: text[id])
        timestamps.append(time)
        return true
    }

    /// The scanner has seen that it is UTF-8.
    private static func string(_ text: [UInt8], _ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

    /// Gives a value of the row that is being added to a measure. A name may come twice in a record; the last value stays.
    private mutating func put(_ value: Double, at place: Int) {
        let missing = count - measures[place].values.count
        if missing > 0 { measures[place].values.append(contentsOf: repeatElement(.nan, count: missing)) }
        if missing < 0 { measures[place].values[count] = value } else { measures[place].values.append(value) }
    }

    /// A name's place, a new one if there is room. Names that are new in every record would make columns of rows × names.
    private mutating func place(ofMeasure name: String) -> Int? {
        if let place = measures.firstIndex(where: { $0.name == name }) { return place }
        guard measures.count < Profile.measuresMax else { return nil }
        measures.append((name, []))
        return measures.count - 1
    }

    /// The measures of the record in the shape's slots; false when there are too many.
    private mutating func putMeasures(_ limits: CollectorLimits) -> Bool {
        let given = shape.measures.indices.filter { !shape.plan.numbers[shape.measures[$0].slot].isNaN }
        guard given.count <= limits.measuresMax, measureBeyondLimit(given.map { shape.measures[$0].name }) == nil else { return false }
        for i in given {
            // A name gets its place with its first value: one that only stood in a bad record has none.
            guard let place = shape.measures[i].place ?? place(ofMeasure: shape.measures[i].name) else { return false }
            shape.measures[i].place = place
            put(shape.plan.numbers[shape.measures[i].slot], at: place)
        }
        return true
    }

    /// A measure that would be one name too many; nil while there is room.
    func measureBeyondLimit(_ names: [String]) -> String? {
        let new = Set(names).subtracting(measures.map(\.name))
        return measures.count + new.count > Profile.measuresMax ? new.min() : nil
    }

    consuming func batch() -> PredictionBatch {
        var batch = PredictionBatch(schema: version.schema)
        batch.ids = ids
        batch.timestamps = timestamps
        var number = Number.count
        var column = 0
        func nextLevels() -> LevelColumn {
            defer { column += 1 }
            let texts = levels[column].strings()
            guard let (name, privacy) = privacies[column] else { return LevelColumn(codes: codes.column(column), of: texts) }
            return LevelColumn(codes: codes.column(column), of: texts, name: name, privacy, key: key)
        }
        var vector = 0
        batch.features = version.schema.features.map { feature in
            if feature.kind == .vector {
                defer { vector += 1 }
                return .vector(vectors[vector])
            }
            guard feature.sentKind == .numeric else { return .categorical(nextLevels()) }
            defer { number += 1 }
            guard let privacy = feature.privacy else { return .numeric(numbers.column(number)) }
            return .categorical(LevelColumn(numbers.column(number), privacy))
        }
        batch.groups = version.schema.sensitive.map { _ in nextLevels() }
        batch.scores = numbers.column(Number.score)
        batch.predictions = numbers.column(Number.prediction)
        if !classScores.isEmpty {
            batch.classScores = [[Double]](repeating: [], count: count)
            for (row, scores) in classScores { batch.classScores[row] = scores }
        }
        batch.errors = Self.column(errors, count)
        batch.variants = Self.column(variants, count)
        // The last rows may lack a measure.
        for (name, values) in measures { batch.measures[name] = values + [Double](repeating: .nan, count: count - values.count) }
        let latency = numbers.column(Number.latency)
        if latency.contains(where: { !$0.isNaN }) { batch.measures[PredictionBatch.latencyMeasure] = latency.map { $0 / 1000 } }
        let cost = numbers.column(Number.cost)
        if cost.contains(where: { !$0.isNaN }) { batch.measures[PredictionBatch.costMeasure] = cost }
        return batch
    }

    private static func column(_ texts: [(row: Int, text: String)], _ count: Int) -> [String?] {
        var out = [String?](repeating: nil, count: count)
        for (row, text) in texts { out[row] = text }
        return out
    }
}
