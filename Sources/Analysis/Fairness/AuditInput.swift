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
    var labels: Cells
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
        labels = try frame.cells(options.label)
        predictions = try options.prediction.map { try frame.cells($0) }
        let allScores = try options.score.map { try frame.numbers($0) }
        let allWeights = try options.weights.map { try frame.weights($0, atMost: FairnessTable.weightMax) }
        let sensitive = try options.sensitive.map { try frame.texts($0) }
        let stratum = try options.stratum.map { try frame.texts($0) }
        let allFeatures = try options.features.map { try frame.numbers($0) }
        rowsRead = frame.rows
        for row in 0..<frame.rows {
            if labels.codes[row] < 0 { continue }
            if let predictions, predictions.codes[row] < 0 { continue }
            if let allScores, allScores[row].isNaN { continue }
            if let allWeights, allWeights[row].isNaN { continue }
            if sensitive.contains(where: { $0[row] == nil }) { continue }
            if let stratum, stratum[row] == nil { continue }
            if allFeatures.contains(where: { $0[row].isNaN }) { continue }
            rows.append(row)
        }
        let needed = [options.label, options.prediction, options.score, options.weights, options.stratum].compactMap { $0 }
        try frame.requireRows(
            rows, in: needed + options.sensitive + options.features,
            weights: options.weights.flatMap { name in allWeights.map { (name: name, values: $0) } })
        scores = allScores.map { numbers in rows.map { numbers[$0] } }
        weights = allWeights.map { numbers in rows.map { numbers[$0] } }
        features = allFeatures.map { numbers in rows.map { numbers[$0] } }
        if let stratum { (strataNames, strata) = Self.coded(rows.map { stratum[$0] ?? "" }) }
        for (name, texts) in zip(options.sensitive, sensitive) {
            let (groups, codes) = Self.coded(rows.map { texts[$0] ?? "" })
            attributes.append(Attribute(name: name, groups: groups, codes: codes, parts: groups.indices.map { [$0] }))
            if groups.count > AuditOptions.groupsMax {
                throw AnalysisError("\(name) has \(groups.count) values, expected at most \(AuditOptions.groupsMax) groups")
            }
        }
        if attributes.count > 1 { try intersect(options) }
    }

    /// Level names in code-point order and the code of each row.
    static func coded(_ texts: [String]) -> ([String], [Int32]) {
        var found: [String: Int32] = [:]
        let raw = texts.map { text -> Int32 in
            if let code = found[text] { return code }
            let code = Int32(truncatingIfNeeded: found.count)
            found[text] = code
            return code
        }
        let names = found.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        var place = [Int32](repeating: 0, count: names.count)
        for (new, name) in names.enumerated() { place[Int(found[name] ?? 0)] = Int32(truncatingIfNeeded: new) }
        return (names, raw.map { place[Int($0)] })
    }

    /// Groups with at least one row, in the order of their parts.
    private mutating func intersect(_ options: AuditOptions) throws {
        let parts = attributes
        var found: [[Int32]: Int32] = [:]
        var raw: [Int32] = []
        raw.reserveCapacity(rows.count)
        var key = [Int32](repeating: 0, count: parts.count)
        for row in rows.indices {
            for (i, part) in parts.enumerated() { key[i] = part.codes[row] }
            if let code = found[key] {
                raw.append(code)
            } else {
                let code = Int32(truncatingIfNeeded: found.count)
                found[key] = code
                raw.append(code)
            }
        }
        guard found.count <= AuditOptions.groupsMax else {
            throw AnalysisError("the intersection has \(found.count) groups, expected at most \(AuditOptions.groupsMax)")
        }
        let keys = found.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var place = [Int32](repeating: 0, count: keys.count)
        for (new, key) in keys.enumerated() { place[Int(found[key] ?? 0)] = Int32(truncatingIfNeeded: new) }
        attributes.append(
            Attribute(
                name: options.sensitive.joined(separator: "*"),
                groups: keys.map { key in zip(parts, key).map { $0.groups[Int($1)] }.joined(separator: "*") },
                codes: raw.map { place[Int($0)] }, parts: keys.map { $0.map(Int.init) }))
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
        labels = try bits(input.labels)
        decisions = try input.predictions.map(bits) ?? (input.scores ?? []).map { $0 >= options.threshold ? 1 : 0 }
    }
}
