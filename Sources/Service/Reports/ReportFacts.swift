internal import Monitoring
internal import Profiles
internal import Reporting
internal import Vocabulary

// From settings and sums to what reports say.

extension AuditConventions {
    init(_ settings: MonitorSettings) {
        self.init(
            alpha: settings.alpha, confidence: settings.confidence, differenceFloor: settings.fairnessDifferenceFloor,
            ratioFloor: settings.fairnessRatioFloor, errorFloor: settings.fairnessErrorFloor, rowsMin: settings.rowsMin,
            groupRowsMin: settings.groupRowsMin)
    }

    func apply(to settings: inout MonitorSettings) {
        (settings.alpha, settings.confidence) = (alpha, confidence)
        (settings.fairnessDifferenceFloor, settings.fairnessRatioFloor) = (differenceFloor, ratioFloor)
        (settings.fairnessErrorFloor, settings.rowsMin, settings.groupRowsMin) = (errorFloor, rowsMin, groupRowsMin)
    }
}

extension OutcomeCount {
    /// In an order of their own, so that the same sums are the same file.
    static func all(_ outcomes: Outcomes) -> [OutcomeCount] {
        outcomes.strata.sorted { $0.key < $1.key }.compactMap { stratum, cells in
            guard cells.rows != 0 else { return nil }
            let label: Label =
                switch stratum.label {
                case .positive: .positive
                case .negative: .negative
                case .any: .any
                }
            return OutcomeCount(group: stratum.group, label: label, decision: stratum.decision, rows: cells.rows)
        }
    }
}

extension ColumnFacts {
    /// Levels of a column that are named.
    static let levelsNamed = 5

    static func all(_ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile?) -> [ColumnFacts] {
        version.schema.features.enumerated().compactMap { place, feature in
            guard reference.grid.features.indices.contains(place) else { return nil }
            let before = side(reference.grid.features[place], reference.profile.features[place])
            let now = current.map { side(reference.grid.features[place], $0.features[place]) }
            return ColumnFacts(
                name: feature.name, kind: feature.kind.rawValue, privacy: feature.privacy.map { $0.json.stringValue ?? $0.json.text } ?? "",
                reference: before,
                current: now)
        }
    }

    private static func side(_ grid: FeatureGrid, _ cells: Profile.FeatureCells) -> Side {
        switch (grid, cells) {
        case (.numeric(let grid), .numeric(let cells)): numbers(grid, cells, "")
        case (.vector(let grid), .vector(let cells)): numbers(grid.norm, cells.norm, "length ")
        case (.categorical(let grid), .categorical(let cells)):
            Side(rows: cells.present + cells.missing, missing: cells.missing, values: levels(grid, cells))
        default: Side(rows: 0, missing: 0, values: "")
        }
    }

    private static func numbers(_ grid: NumericGrid, _ cells: NumericCells, _ prefix: String) -> Side {
        let values = cells.mean(center: grid.center).map {
            "\(prefix)mean \(shortNumber($0)), \(shortNumber(cells.minimum)) to \(shortNumber(cells.maximum))"
        }
        return Side(rows: cells.present + cells.missing, missing: cells.missing, values: values ?? "")
    }

    private static func levels(_ grid: CategoricalGrid, _ cells: CategoricalCells) -> String {
        guard cells.present > 0 else { return "" }
        let order = grid.levels.indices.filter { cells.counts[$0] > 0 }.sorted {
            cells.counts[$0] != cells.counts[$1] ? cells.counts[$0] > cells.counts[$1] : $0 < $1
        }
        func share(_ count: Int64) -> String { percent(Double(count) / Double(cells.present)) }
        var words = order.prefix(levelsNamed).map { "\(grid.levels[$0]) \(share(cells.counts[$0]))" }
        if order.count > words.count { words.append("\(order.count - words.count) more levels") }
        if cells.unseen.total > 0 { words.append("not in the reference \(share(cells.unseen.total))") }
        return words.joined(separator: ", ")
    }
}
