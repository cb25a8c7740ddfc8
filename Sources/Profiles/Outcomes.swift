internal import Glibc

/// One kind of row: what its label was, what was decided, and to which group it belongs.
public struct Stratum: Sendable, Hashable, Comparable {
    public enum Label: UInt8, Sendable, Comparable {
        case negative = 0
        case positive = 1
        /// Every prediction, labelled or not.
        case any = 2
        public static func < (a: Label, b: Label) -> Bool { a.rawValue < b.rawValue }
    }
    public var label: Label
    /// nil where there was neither a prediction nor a score.
    public var decision: Bool?
    /// The value of every sensitive attribute; nil is missing.
    public var group: [String?]

    public init(label: Label, decision: Bool?, group: [String?]) {
        self.label = label
        self.decision = decision
        self.group = group
    }

    /// Where the rows of groups beyond the limit are counted.
    public static let overflowLevel = "(overflow)"

    var sortKey: String {
        // With its length in front of every level, no level can look like two.
        "\(label.rawValue)\(decision.map { $0 ? "1" : "0" } ?? "2")" + group.map { $0.map { "=\($0.utf8.count):" + $0 } ?? "-" }.joined()
    }
    public static func < (a: Stratum, b: Stratum) -> Bool { a.sortKey.unicodeScalars.lexicographicallyPrecedes(b.sortKey.unicodeScalars) }
}

/// The sums of one stratum over the score grid. Sums are integers of 2⁻⁶⁰: the same in every order, and a corrected label takes
/// back exactly what it added.
public struct ScoreCells: Sendable, Equatable {
    public struct Cell: Sendable, Equatable {
        public var count: Int64 = 0
        /// Σ score, for scores in 0…1.
        public var sum: Int128 = 0
        var isEmpty: Bool { count == 0 && sum == 0 }
    }
    /// Only cells that hold rows.
    public internal(set) var cells = SparseCells()
    /// Rows without a score.
    public internal(set) var unscored: Int64 = 0
    /// Scores that are not probabilities; while there are any, calibration has no value.
    public internal(set) var outsideUnit: Int64 = 0
    public internal(set) var sumOfSquares: Int128 = 0
    /// Σ −ln(probability of what happened), for labelled strata.
    public internal(set) var logLoss: Int128 = 0

    public static let one = Int128(1) << 60
    static func fixed(_ x: Double) -> Int128 {
        let scaled = (x * 0x1p60).rounded()
        return abs(scaled) < 0x1p62 ? Int128(Int64(scaled)) : Int128(scaled)
    }
    public static func double(_ x: Int128) -> Double { Double(x) * 0x1p-60 }

    public var rows: Int64 { cells.entries.reduce(unscored) { $0 + $1.count } }
    /// Σ score over all cells.
    public var sum: Int128 { cells.entries.reduce(0) { $0 + $1.sum } }
    public var isEmpty: Bool { cells.isEmpty && unscored == 0 && outsideUnit == 0 && sumOfSquares == 0 && logLoss == 0 }

    mutating func add(_ score: Double, cell: UInt32, label: Stratum.Label, times: Int64) {
        guard !score.isNaN else { unscored += times; return }
        var entry = cells[cell]
        entry.count += times
        if score >= 0, score <= 1 {
            entry.sum += Int128(times) * ScoreCells.fixed(score)
            sumOfSquares += Int128(times) * ScoreCells.fixed(score * score)
            if label != .any {
                let p = min(max(score, .ulpOfOne), 1 - .ulpOfOne)
                logLoss += Int128(times) * ScoreCells.fixed(label == .positive ? -log(p) : -log1p(-p))
            }
        } else {
            outsideUnit += times
        }
        cells[cell] = entry
    }

    mutating func merge(_ other: ScoreCells) {
        cells.merge(other.cells)
        unscored += other.unscored
        outsideUnit += other.outsideUnit
        sumOfSquares += other.sumOfSquares
        logLoss += other.logLoss
    }
}

/// Score × label × decision × group: the one table of which calibration, performance and fairness are functions.
///
/// Bounded: groups of the reference always stay by name; of others at most `limit`, chosen by hash as in ``NameTally`` so that the
/// order of merging does not matter. The rest is counted in the overflow group, which is reported.
public struct Outcomes: Sendable, Equatable {
    public internal(set) var strata: [Stratum: ScoreCells] = [:]
    private var limit = GroupLimit()

    /// Groups beyond those of the reference.
    public static let unknownGroupsMax = GroupLimit.unknownMax

    public init() {}
    init(strata: [Stratum: ScoreCells], cutoff: UInt64?) {
        self.strata = strata
        limit = GroupLimit(cutoff: cutoff)
    }

    var cutoff: UInt64? { limit.cutoff }

    mutating func merge(_ other: Outcomes, attributes: [[String]]) {
        for (stratum, cells) in other.strata { absorb(stratum, cells) }
        limit.merge(other.limit)
        trim(attributes)
    }

    mutating func absorb(_ stratum: Stratum, _ cells: ScoreCells) {
        strata[stratum, default: ScoreCells()].merge(cells)
        if strata[stratum]?.isEmpty == true { strata[stratum] = nil }
    }

    mutating func trim(_ attributes: [[String]]) {
        guard let isBeyond = limit.beyond(strata.keys.lazy.map(\.group), attributes) else { return }
        for (stratum, cells) in strata where isBeyond(stratum.group) {
            strata[stratum] = nil
            absorb(Stratum(label: stratum.label, decision: stratum.decision, group: GroupLimit.overflow(attributes)), cells)
        }
    }

    /// Rows by cell of the score grid, over the strata that match.
    public func cells(_ grid: NumericGrid, where matches: (Stratum) -> Bool) -> [Int64] {
        var out = [Int64](repeating: 0, count: grid.cellCount)
        for (stratum, scores) in strata where matches(stratum) {
            for (cell, entry) in scores.cells { out[Int(cell)] += entry.count }
        }
        return out
    }

    public func rows(where matches: (Stratum) -> Bool) -> Int64 {
        strata.reduce(0) { matches($1.key) ? $0 + $1.value.rows : $0 }
    }
}
