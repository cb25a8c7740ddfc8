internal import Statistics

/// What is kept of a candidate beside the champion: paired sums, by which the comparison is made at any time without a row being read again.
///
/// Rows go in once, labels when they come; a label that is changed takes back what the former one had added. The losses are those of
/// ``PairedLoss``, as over a file, so that both say the same of the same rows; the area under the curve is of scores that are known by their
/// cell (``ScoreCells``).
///
/// ## Topics
/// ### Adding — ``add(_:blocks:)``, ``relabel(_:from:blocks:)``
/// ### Keeping — ``bytes``, ``init(bytes:)``
public struct PairedSums: Sendable, Equatable {
    public let task: PairedPredictions.Task
    public let attributes: [String]
    /// Of the champion's version; none in sums that were begun before segments were compared.
    public let segments: [String]
    /// Groups of one attribute; further ones go into the last.
    public static let groupsMax = 256
    public static let overflow = "(overflow)"

    var agreement = AgreementSums()
    var all: PartSums
    var groups: [[String: PartSums]]
    var parts: [PartSums]
    /// What the champion's rows cost, of those that say it.
    public private(set) var costs = MeanSums()
    var cells = ScoreCells()
    var blocks = BlockSums()

    public init(task: PairedPredictions.Task, attributes: [String], segments: [String] = []) {
        self.task = task
        self.attributes = attributes
        self.segments = segments
        all = PartSums(losses: PairedLoss.names(task).count)
        groups = [[String: PartSums]](repeating: [:], count: attributes.count)
        parts = [PartSums](repeating: all, count: segments.count)
    }

    public var rows: Int { Int(all.rows) }
    public var labelled: Int { Int(all.labelled) }

    /// Where in ``BlockSums`` a record belongs.
    public static func block(of id: String) -> Int { BlockSums.block(of: id.utf8) }

    /// Rows that were not there before, with their labels as far as they are known.
    ///
    /// - Parameters:
    ///   - blocks: by row, as ``block(of:)`` says. - costs: of the champion's rows; NaN where it is not known.
    public mutating func add(_ pairs: PairedPredictions, blocks: [Int], costs: [Double] = []) {
        let names = pairs.groups.map(\.names)
        for cost in costs where cost.isFinite { self.costs.add(cost) }
        for row in 0..<pairs.count {
            for (a, b) in zip(pairs.champion, pairs.candidate) { agreement.add(a[row], b[row]) }
            let (was, now) = pairs.decisions(row)
            eachPart(pairs, names, row) { part in
                part.rows += 1
                if was == now { part.same += 1 }
                if pairs.task == .binary { part.decisions[0].add(was, now, times: 1) }
            }
            if pairs.task == .binary { cells.add(pairs.champion[0][row], pairs.candidate[0][row], .none, times: 1) }
        }
        label(pairs, blocks: blocks, times: 1)
    }

    /// Rows that were added before and whose label came or was changed.
    ///
    /// - Parameters:
    ///   - pairs: with the labels as they are now.
    ///   - former: the labels that were added before; NaN for none.
    public mutating func relabel(_ pairs: PairedPredictions, from former: [Double], blocks: [Int]) {
        var before = pairs
        before.labels = former
        label(before, blocks: blocks, times: -1)
        label(pairs, blocks: blocks, times: 1)
    }

    private mutating func label(_ pairs: PairedPredictions, blocks: [Int], times sign: Double) {
        let rows = (0..<pairs.count).filter { !pairs.labels[$0].isNaN }
        if rows.isEmpty { return }
        let losses = PairedLoss.all(pairs, rows: rows)
        let names = pairs.groups.map(\.names)
        for (place, row) in rows.enumerated() {
            let (was, now) = pairs.decisions(row)
            let label = pairs.labels[row]
            eachPart(pairs, names, row) { part in
                part.labelled += sign
                if pairs.task == .binary { part.decisions[label == 1 ? 1 : 2].add(was, now, times: sign) }
                for i in losses.indices { part.losses[i].add(losses[i].champion[place], losses[i].candidate[place], times: sign) }
            }
            guard pairs.task == .binary else { continue }
            let scores = (pairs.champion[0][row], pairs.candidate[0][row])
            cells.add(scores.0, scores.1, .none, times: sign > 0 ? -1 : 1)
            cells.add(scores.0, scores.1, ScoreCells.Label(label), times: sign > 0 ? 1 : -1)
            self.blocks.add(scores, (was, now), label: label, block: blocks[row], times: sign)
        }
    }

    private mutating func eachPart(_ pairs: PairedPredictions, _ names: [[String]], _ row: Int, _ change: (inout PartSums) -> Void) {
        change(&all)
        for place in attributes.indices {
            let code = pairs.groups[place].codes[row]
            guard code >= 0 else { continue }
            var name = names[place][Int(code)]
            if groups[place][name] == nil, groups[place].count >= Self.groupsMax { name = Self.overflow }
            change(&groups[place][name, default: PartSums(losses: all.losses.count)])
        }
        for place in segments.indices where pairs.segments[place].holds[row] { change(&parts[place]) }
    }
}

extension PairedSums {
    /// The first form had neither segments nor costs.
    private static let firstMark: [UInt8] = Array("EKP1".utf8)
    private static let mark: [UInt8] = Array("EKP2".utf8)

    /// The sums as they are stored.
    public var bytes: [UInt8] {
        var out = Self.mark
        func put(_ value: UInt64) { for shift in 0..<8 { out.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(shift)))) } }
        func put(_ values: [Double]) { for value in values { put(value.bitPattern) } }
        func put(_ text: String) {
            put(UInt64(text.utf8.count))
            out += Array(text.utf8)
        }
        put(task.rawValue)
        put(UInt64(attributes.count))
        for attribute in attributes { put(attribute) }
        put(UInt64(segments.count))
        for segment in segments { put(segment) }
        for part in parts { put(part.vector) }
        put(costs.vector)
        put(agreement.vector)
        put(all.vector)
        for parts in groups {
            put(UInt64(parts.count))
            for (name, part) in parts.sorted(by: { $0.key < $1.key }) {
                put(name)
                put(part.vector)
            }
        }
        put(blocks.values)
        put(UInt64(cells.counts.count))
        for (key, count) in cells.counts.sorted(by: { $0.key < $1.key }) {
            put(UInt64(key))
            put(UInt64(bitPattern: count))
        }
        return out
    }

    /// nil for bytes that are no sums.
    public init?(bytes: [UInt8]) {
        let isFirst = bytes.starts(with: Self.firstMark)
        guard isFirst || bytes.starts(with: Self.mark) else { return nil }
        var place = Self.mark.count
        func word() -> UInt64? {
            guard place + 8 <= bytes.count else { return nil }
            defer { place += 8 }
            return (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
        }
        func count(each size: Int) -> Int? {
            guard let word = word(), word <= UInt64((bytes.count - place) / size) else { return nil }
            return Int(word)
        }
        func numbers(_ n: Int) -> [Double]? {
            guard place + 8 * n <= bytes.count else { return nil }
            return (0..<n).map { _ in Double(bitPattern: word() ?? 0) }
        }
        func text() -> String? {
            guard let length = count(each: 1) else { return nil }
            defer { place += length }
            return String(validating: bytes[place..<place + length], as: UTF8.self)
        }
        guard let task = text().flatMap(PairedPredictions.Task.init), let attributeCount = count(each: 8) else { return nil }
        var attributes: [String] = []
        for _ in 0..<attributeCount {
            guard let name = text() else { return nil }
            attributes.append(name)
        }
        var segments: [String] = []
        if !isFirst {
            guard let segmentCount = count(each: 8) else { return nil }
            for _ in 0..<segmentCount {
                guard let name = text() else { return nil }
                segments.append(name)
            }
        }
        self.init(task: task, attributes: attributes, segments: segments)
        let losses = all.losses.count
        let width = PartSums.width(losses: losses)
        if !isFirst {
            for place in segments.indices {
                guard let part = numbers(width), PartSums.isSane(part, losses: losses) else { return nil }
                parts[place] = PartSums(part, losses: losses)
            }
            guard let costs = numbers(MeanSums.width), costs.allSatisfy(\.isFinite) else { return nil }
            self.costs = MeanSums(costs)
        }
        guard let agreement = numbers(AgreementSums.width), let all = numbers(width), PartSums.isSane(all, losses: losses) else {
            return nil
        }
        self.agreement = AgreementSums(agreement)
        self.all = PartSums(all, losses: losses)
        for place in attributes.indices {
            guard let parts = count(each: 8) else { return nil }
            for _ in 0..<parts {
                guard let name = text(), let part = numbers(width), PartSums.isSane(part, losses: losses) else { return nil }
                groups[place][name] = PartSums(part, losses: losses)
            }
        }
        guard let blocks = numbers(self.blocks.values.count), let entries = count(each: 16), blocks.allSatisfy({ abs($0) < 0x1p48 })
        else { return nil }
        self.blocks.values = blocks
        for _ in 0..<entries {
            guard let key = word().flatMap(UInt32.init(exactly:)), let count = word() else { return nil }
            cells.counts[key] = Int64(bitPattern: count)
        }
        guard place == bytes.count else { return nil }
    }
}
