internal import Statistics

/// The rows of an audit as codes and numbers; rows in which a needed cell is missing are left out.
struct AuditInput {
    /// One way of grouping the rows.
    struct Attribute {
        var name: String
        var groups: [String]
        /// By row that is used.
        var codes: [Int32]
        /// Which groups of the parts make up each group of an intersection; of a single attribute, itself.
        var parts: [[Int]]
    }
    /// Row numbers of the file that are used.
    var rows: [Int] = []
    var rowsRead = 0
    /// Of all rows of the file.
    var labels: Cells?
    var predictions: Cells?
    var scores: [Double]?
    var weights: [Double]?
    var strata: [Int32]?
    var strataNames: [String] = []
    var features: [[Double]] = []
    /// Every attribute, then the intersection of all when there are several.
    var attributes: [Attribute] = []

    /// - Throws: `TableError` for a column or a cell that is none, ``AnalysisError`` for too many groups.
    init(_ frame: Frame, _ options: AuditOptions) throws {
        rowsRead = frame.rows
        var needed = Needed(count: frame.rows)
        if options.task == .regression {
            needed.drop(try frame.numbers(options.label))
            if let prediction = options.prediction { needed.drop(try frame.numbers(prediction)) }
        } else {
            let isBinary = options.task == .binary
            labels = try frame.cells(options.label)
            predictions = try options.prediction.map { try frame.cells($0) }
            for cells in [labels, predictions].compactMap({ $0 }) { needed.drop(isBinary ? try cells.outcomes() : try cells.texts()) }
        }
        scores = try options.score.map { try frame.numbers($0) }
        weights = try options.weights.map { try frame.weights($0) }
        features = try options.features.map { try frame.numbers($0) }
        let sensitive = try options.sensitive.map { try frame.coded($0) }
        let stratum = try options.stratum.map { try frame.coded($0) }
        for column in [stratum].compactMap({ $0 }) + sensitive { needed.drop(column) }
        for column in [scores, weights].compactMap({ $0 }) + features { needed.drop(column) }
        rows = needed.rows
        let columns = [options.label, options.prediction, options.score, options.weights, options.stratum].compactMap { $0 }
        try frame.requireRows(
            rows, in: columns + options.sensitive + options.features,
            weights: options.weights.flatMap { name in weights.map { (name: name, values: $0) } })
        if rows.count < frame.rows {
            scores = scores.map { numbers in rows.map { numbers[$0] } }
            weights = weights.map { numbers in rows.map { numbers[$0] } }
            features = features.map { numbers in rows.map { numbers[$0] } }
        }
        if let stratum { (strataNames, strata) = stratum.taking(rows).ordered() }
        for (name, column) in zip(options.sensitive, sensitive) {
            let (groups, codes) = column.taking(rows).ordered()
            attributes.append(Attribute(name: name, groups: groups, codes: codes, parts: groups.indices.map { [$0] }))
            if groups.count > AuditOptions.groupsMax {
                throw AnalysisError("\(name) has \(groups.count) values, expected at most \(AuditOptions.groupsMax) groups")
            }
        }
        if attributes.count > 1 { try intersect(options) }
    }

    /// What the rows that are used have in these columns.
    func classes(_ columns: [Cells]) throws -> [String] {
        try Cells.classes(
            columns.flatMap { cells in
                let column = try cells.texts().taking(rows)
                return column.present.map { column.names[$0.code] }
            })
    }

    /// Which rows have every cell that is needed.
    private struct Needed {
        private var isUsed: [Bool]
        init(count: Int) { isUsed = Array(repeating: true, count: count) }
        mutating func drop(_ numbers: [Double]) { for row in numbers.indices where numbers[row].isNaN { isUsed[row] = false } }
        mutating func drop(_ column: CodedColumn) { for row in column.codes.indices where column.codes[row] < 0 { isUsed[row] = false } }
        var rows: [Int] { isUsed.indices.filter { isUsed[$0] } }
    }

    /// Groups with at least one row, in the order of their parts.
    private mutating func intersect(_ options: AuditOptions) throws {
        let first = attributes[0]
        var codes = first.codes
        var parts = first.parts
        for attribute in attributes.dropFirst() {
            let width = attribute.groups.count
            let pairs = zip(codes, attribute.codes).map { Int($0) * width + Int($1) }
            let found = Self.distinct(pairs, below: parts.count * width)
            codes = found.codes
            parts = found.keys.map { parts[$0 / width] + [$0 % width] }
        }
        guard parts.count <= AuditOptions.groupsMax else {
            throw AnalysisError("the intersection has \(parts.count) groups, expected at most \(AuditOptions.groupsMax)")
        }
        let names = parts.map { key in zip(attributes, key).map { $0.groups[$1] }.joined(separator: "*") }
        attributes.append(Attribute(name: options.sensitive.joined(separator: "*"), groups: names, codes: codes, parts: parts))
    }

    /// The distinct keys in ascending order, and the place of each row's key among them.
    private static func distinct(_ keys: [Int], below limit: Int) -> (keys: [Int], codes: [Int32]) {
        guard limit <= 1 << 20 else {
            let sorted = Set(keys).sorted()
            let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
            return (sorted, keys.map { places[$0] ?? -1 })
        }
        var places = [Int32](repeating: -1, count: limit)
        for key in keys { places[key] = 0 }
        let found = places.indices.filter { places[$0] == 0 }
        for (place, key) in found.enumerated() { places[key] = Int32(truncatingIfNeeded: place) }
        return (found, keys.map { places[$0] })
    }

    /// The count table of every attribute: one pass over the finest grouping, the others folded from it.
    func tables(decisions: [UInt8], labels: [UInt8]) throws -> [FairnessTable] {
        guard let finest = attributes.last else { return [] }
        let table = try FairnessTable(
            groups: finest.groups, codes: finest.codes, decisions: decisions, labels: labels, weights: weights)
        if attributes.count == 1 { return [table] }
        return attributes.dropLast().enumerated().map { place, attribute in
            table.folded(into: attribute.groups, finest.parts.map { $0[place] })
        } + [table]
    }
}

/// Labels and decisions as bits.
struct AuditOutcomes {
    var labels: [UInt8]
    var decisions: [UInt8]

    /// - Throws: `TableError` when a column holds a third value, or the positive one never: as good as always a mistake.
    init(_ input: AuditInput, _ options: AuditOptions) throws {
        func bits(_ cells: Cells) throws -> [UInt8] {
            let values = try cells.binary(positive: options.positiveValue)
            return input.rows.map { values[$0] > 0.5 ? 1 : 0 }
        }
        labels = try input.labels.map(bits) ?? []
        decisions = try input.predictions.map(bits) ?? (input.scores ?? []).map { $0 >= options.threshold ? 1 : 0 }
    }
}
