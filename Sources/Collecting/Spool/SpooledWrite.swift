internal import Vocabulary

/// A write as the spool keeps it: decoded and checked, so what a specification drops or hashes is gone before anything reaches the disk.
///
/// A version is named, not copied: its schema is frozen, and the registry has it again when the write is replayed. The time of its
/// registration tells a version of another database by the same name.
enum SpooledWrite: Sendable {
    case predictions(SpooledPredictions)
    case labels(LabelWrite)
    case half(SpooledHalf)

    /// Records in it.
    var count: Int {
        switch self {
        case .predictions(let write): write.batch.count
        case .labels(let write): write.batch.count
        case .half: 1
        }
    }
}

struct SpooledPredictions: Sendable {
    var version: ModelVersion
    var versionID: Int64
    var streamID: Int64
    var registeredAt: Timestamp
    var batch: PredictionBatch
    var key: BatchKey?

    init(_ write: PredictionWrite) {
        version = write.version.key
        versionID = write.version.versionID
        streamID = write.version.streamID
        registeredAt = write.version.registeredAt
        batch = write.batch
        key = write.key
    }

    /// Whether this is the version that the write was checked against.
    func fits(_ known: RegisteredVersion) -> Bool {
        known.key == version && known.versionID == versionID && known.streamID == streamID && known.registeredAt == registeredAt
            && known.schema.features.map { $0.kind } == batch.features.map { $0.kind }
            && known.schema.features.map { $0.dimension } == batch.features.map { $0.dimension }
            && known.schema.sensitive.count == batch.groups.count
    }
}

extension Column {
    fileprivate var kind: FeatureKind {
        switch self {
        case .numeric: .numeric
        case .categorical: .categorical
        case .vector: .vector
        }
    }
    fileprivate var dimension: Int { if case .vector(let vectors) = self { vectors.dimension } else { 1 } }
}

// The coding: columns one after the other, numbers as they lie in memory. A frame around it has the checksum (SpoolFrame.swift).

extension SpooledWrite {
    /// Raised whenever the coding changes. A program that finds another one sets the write aside rather than guess.
    private static let codingVersion: UInt8 = 3
    private static let predictionsKind: UInt8 = 1
    private static let labelsKind: UInt8 = 2
    private static let halfKind: UInt8 = 3

    func encoded() -> [UInt8] {
        var out = ColumnWriter()
        out.byte(Self.codingVersion)
        switch self {
        case .predictions(let write):
            out.byte(Self.predictionsKind)
            write.encode(to: &out)
        case .half(let half):
            out.byte(Self.halfKind)
            half.encode(to: &out)
        case .labels(let write):
            out.byte(Self.labelsKind)
            out.text(write.model)
            out.key(write.key)
            out.number(UInt32(write.batch.count))
            out.texts(write.batch.ids)
            out.column(write.batch.labels)
            out.column(write.batch.timestamps.map(\.microseconds))
        }
        return out.bytes
    }

    init(decoding bytes: ArraySlice<UInt8>) throws(SpoolDamage) {
        var reader = ColumnReader(bytes)
        let coding = try reader.byte()
        guard coding == Self.codingVersion else {
            throw SpoolDamage("coding version \(coding), this program reads \(Self.codingVersion)")
        }
        let kind = try reader.byte()
        switch kind {
        case Self.predictionsKind: self = .predictions(try SpooledPredictions(&reader))
        case Self.labelsKind:
            var write = LabelWrite(model: try reader.text(), batch: LabelBatch(), key: try reader.key())
            let rows = Int(try reader.number(UInt32.self))
            try reader.texts(rows) { write.batch.ids.append($0) }
            write.batch.labels = try reader.column(rows)
            write.batch.timestamps = try reader.column(rows, of: Int64.self).map(Timestamp.init(microseconds:))
            self = .labels(write)
        case Self.halfKind: self = .half(try SpooledHalf(&reader))
        default: throw SpoolDamage("kind \(kind), expected predictions, labels or half of an event")
        }
        try reader.finish()
    }
}

extension SpooledPredictions {
    func encode(to out: inout ColumnWriter) {
        out.text(version.model)
        out.text(version.version)
        out.number(versionID)
        out.number(streamID)
        out.number(registeredAt.microseconds)
        out.key(key)
        out.batch(batch)
    }

    init(_ reader: inout ColumnReader) throws(SpoolDamage) {
        version = ModelVersion(model: try reader.text(), version: try reader.text())
        versionID = try reader.number()
        streamID = try reader.number()
        registeredAt = Timestamp(microseconds: try reader.number())
        key = try reader.key()
        batch = try reader.batch()
    }
}

extension ColumnWriter {
    fileprivate mutating func key(_ key: BatchKey?) {
        byte(key == nil ? 0 : 1)
        guard let key else { return }
        text(key.name)
        text(key.fingerprint)
    }

    fileprivate mutating func texts(_ values: some Collection<String>) {
        column(values.map { UInt32($0.utf8.count) })
        for value in values { bytes.append(contentsOf: value.utf8) }
    }

    /// Mostly none of a column's texts is there: then it is one byte.
    mutating func optionalTexts(_ values: [String?]) {
        let isAny = values.contains { $0 != nil }
        byte(isAny ? 1 : 0)
        guard isAny else { return }
        column(values.map { $0.map { UInt32($0.utf8.count) } ?? .max })
        for value in values { if let value { bytes.append(contentsOf: value.utf8) } }
    }

    mutating func classScores(_ scores: [[Double]]) {
        byte(scores.isEmpty ? 0 : 1)
        if scores.isEmpty { return }
        column(scores.map { UInt32($0.count) })
        column(scores.flatMap { $0 })
    }

    fileprivate mutating func levels(_ column: LevelColumn) {
        number(UInt32(column.levels.count))
        texts(column.levels)
        self.column(column.codes)
    }

    fileprivate mutating func batch(_ batch: PredictionBatch) {
        number(UInt32(batch.count))
        texts(batch.ids)
        column(batch.timestamps.map(\.microseconds))
        number(UInt32(batch.features.count))
        for feature in batch.features {
            switch feature {
            case .numeric(let values):
                byte(0)
                column(values)
            case .categorical(let values):
                byte(1)
                levels(values)
            case .vector(let vectors):
                byte(2)
                number(UInt32(vectors.dimension))
                column(vectors.values)
            }
        }
        number(UInt32(batch.groups.count))
        for group in batch.groups { levels(group) }
        column(batch.scores)
        column(batch.predictions)
        classScores(batch.classScores)
        number(UInt32(batch.measures.count))
        for (name, values) in batch.measures.sorted(by: { $0.key < $1.key }) {
            text(name)
            column(values)
        }
        optionalTexts(batch.errors)
        optionalTexts(batch.variants)
    }
}

extension ColumnReader {
    fileprivate mutating func key() throws(SpoolDamage) -> BatchKey? {
        if try byte() == 0 { return nil }
        return BatchKey(try text(), fingerprint: try text())
    }

    fileprivate mutating func texts(_ count: Int, _ take: (String) -> Void) throws(SpoolDamage) {
        for length in try column(count, of: UInt32.self) { take(try text(bytes: Int(length))) }
    }

    fileprivate mutating func levels(_ rows: Int) throws(SpoolDamage) -> LevelColumn {
        var levels: [String] = []
        try texts(Int(try number(UInt32.self))) { levels.append($0) }
        guard let column = LevelColumn(codes: try column(rows), levels: levels) else { throw SpoolDamage("a level is not of its column") }
        return column
    }

    mutating func optionalTexts(_ rows: Int) throws(SpoolDamage) -> [String?] {
        if try byte() == 0 { return [String?](repeating: nil, count: rows) }
        var values: [String?] = []
        for length in try column(rows, of: UInt32.self) { values.append(length == .max ? nil : try text(bytes: Int(length))) }
        return values
    }

    mutating func classScores(_ rows: Int) throws(SpoolDamage) -> [[Double]] {
        if try byte() == 0 { return [] }
        let counts = try column(rows, of: UInt32.self).map { Int($0) }
        var rest: ArraySlice<Double> = try column(counts.reduce(0, +))[...]
        return counts.map { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }

    /// A number of things that take at least a byte each.
    private mutating func count() throws(SpoolDamage) -> Int {
        let count = Int(try number(UInt32.self))
        guard count <= left else { throw SpoolDamage("\(count) columns in \(left) bytes") }
        return count
    }

    fileprivate mutating func batch() throws(SpoolDamage) -> PredictionBatch {
        var batch = PredictionBatch(schema: FeatureSchema(features: []))
        let rows = Int(try number(UInt32.self))
        try texts(rows) { batch.ids.append($0) }
        batch.timestamps = try column(rows, of: Int64.self).map(Timestamp.init(microseconds:))
        for _ in 0..<(try count()) {
            switch try byte() {
            case 0: batch.features.append(.numeric(try column(rows)))
            case 1: batch.features.append(.categorical(try levels(rows)))
            case 2:
                let dimension = Int(try number(UInt32.self))
                guard FeatureSchema.dimensions.contains(dimension) else { throw SpoolDamage("a vector of \(dimension) numbers") }
                batch.features.append(.vector(VectorColumn(dimension: dimension, values: try column(rows * dimension))))
            default: throw SpoolDamage("a column of no known kind")
            }
        }
        for _ in 0..<(try count()) { batch.groups.append(try levels(rows)) }
        batch.scores = try column(rows)
        batch.predictions = try column(rows)
        batch.classScores = try classScores(rows)
        for _ in 0..<(try count()) {
            let name = try text()
            guard batch.measures.updateValue(try column(rows), forKey: name) == nil else { throw SpoolDamage("a measure comes twice") }
        }
        batch.errors = try optionalTexts(rows)
        batch.variants = try optionalTexts(rows)
        return batch
    }
}
