/// Which groups of the sensitive attributes are summed by name: all those of the reference, and of others at most ``unknownMax``, chosen
/// by hash as in ``NameTally`` so that the order of merging does not matter.
struct GroupLimit: Sendable, Equatable {
    private(set) var cutoff: UInt64?

    /// Groups beyond those of the reference.
    static let unknownMax = 256

    init(cutoff: UInt64? = nil) { self.cutoff = cutoff }

    mutating func merge(_ other: GroupLimit) {
        if let theirs = other.cutoff { cutoff = min(cutoff ?? theirs, theirs) }
    }

    /// - Parameters:
    ///   - groups: all that are there, some perhaps several times. - attributes: the levels that each attribute has in the reference.
    /// - Returns: which groups are too many; nil when none can be.
    mutating func beyond(
        _ groups: some Collection<[String?]>, _ attributes: [[String]]
    ) -> ((_ group: [String?]) -> Bool)? {
        if cutoff == nil, groups.count <= Self.unknownMax { return nil }
        let overflow = Self.overflow(attributes)
        func isKnown(_ group: [String?]) -> Bool {
            group == overflow || zip(group, attributes).allSatisfy { level, known in level.map(known.contains) ?? true }
        }
        if groups.count > Self.unknownMax {
            let unknown = Set(groups.filter { !isKnown($0) }).map(Self.hash).sorted()
            if unknown.count > Self.unknownMax { merge(GroupLimit(cutoff: unknown[Self.unknownMax])) }
        }
        guard let cutoff else { return nil }
        return { group in !isKnown(group) && Self.hash(group) >= cutoff }
    }

    /// The group in which the rows of groups beyond the limit are counted.
    static func overflow(_ attributes: [[String]]) -> [String?] { [String?](repeating: Stratum.overflowLevel, count: attributes.count) }

    private static func hash(_ group: [String?]) -> UInt64 { stableHash(Stratum(label: .any, decision: nil, group: group).sortKey) }
}

/// Sums that add, and that can be taken back to nothing.
public protocol GroupSums: Sendable, Equatable {
    init()
    var isEmpty: Bool { get }
    mutating func merge(_ other: Self)
}

/// Sums for each group of the sensitive attributes (their intersections). Bounded as ``Outcomes`` is: what is beyond is in the overflow
/// group.
public struct GroupTable<Sums: GroupSums>: Sendable, Equatable {
    public private(set) var groups: [[String?]: Sums] = [:]
    private(set) var limit = GroupLimit()

    init() {}
    init(groups: [[String?]: Sums], cutoff: UInt64?) {
        self.groups = groups
        limit = GroupLimit(cutoff: cutoff)
    }

    /// Changes the sums of one group.
    mutating func update(_ group: [String?], _ attributes: [[String]], _ change: (inout Sums) -> Void) {
        change(&groups[group, default: Sums()])
        if groups[group]?.isEmpty == true { groups[group] = nil }
        trim(attributes)
    }

    mutating func merge(_ other: GroupTable, attributes: [[String]]) {
        for (group, sums) in other.groups { absorb(group, sums) }
        limit.merge(other.limit)
        trim(attributes)
    }

    private mutating func absorb(_ group: [String?], _ sums: Sums) {
        groups[group, default: Sums()].merge(sums)
        if groups[group]?.isEmpty == true { groups[group] = nil }
    }

    private mutating func trim(_ attributes: [[String]]) {
        guard let isBeyond = limit.beyond(groups.keys, attributes) else { return }
        for (group, sums) in groups where isBeyond(group) {
            groups[group] = nil
            absorb(GroupLimit.overflow(attributes), sums)
        }
    }

    func mapSums(_ change: (Sums) -> Sums) -> GroupTable {
        var out = self
        out.groups = groups.mapValues(change)
        return out
    }

    /// The sums of every group.
    public var total: Sums { groups.values.reduce(into: Sums()) { $0.merge($1) } }

    /// The sums by the names that groups are given; nil leaves a group out. In the order of the names.
    public func sums(by name: ([String?]) -> String?) -> [(name: String, sums: Sums)] {
        var found: [String: Sums] = [:]
        for (group, sums) in groups { if let name = name(group) { found[name, default: Sums()].merge(sums) } }
        return found.sorted { $0.key < $1.key }.map { (name: $0.key, sums: $0.value) }
    }

    func encode(to out: inout ByteWriter, _ encode: (Sums, inout ByteWriter) -> Void) {
        let sorted = groups.map { (key: Stratum(label: .any, decision: nil, group: $0.key).sortKey, group: $0.key, sums: $0.value) }
            .sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
        out.count(sorted.count)
        for (_, group, sums) in sorted {
            out.group(group)
            encode(sums, &out)
        }
        out.optional(limit.cutoff)
    }

    static func decode(
        attributes: Int, _ input: inout ByteReader, _ decode: (inout ByteReader) throws(EncodingError) -> Sums
    ) throws(EncodingError) -> GroupTable {
        var groups: [[String?]: Sums] = [:]
        for _ in 0..<(try input.count()) {
            let group = try input.group(attributes)
            groups[group] = try decode(&input)
        }
        return GroupTable(groups: groups, cutoff: try input.optional())
    }
}

extension ByteWriter {
    mutating func group(_ levels: [String?]) {
        for level in levels {
            byte(level == nil ? 0 : 1)
            if let level { string(level) }
        }
    }
    mutating func optional(_ hash: UInt64?) {
        byte(hash == nil ? 0 : 1)
        if let hash { fixed(hash) }
    }
}

extension ByteReader {
    mutating func group(_ attributes: Int) throws(EncodingError) -> [String?] {
        var group: [String?] = []
        for _ in 0..<attributes { group.append(try byte() == 0 ? nil : try string()) }
        return group
    }
    mutating func optional() throws(EncodingError) -> UInt64? {
        if try byte() == 0 { return nil }
        return try fixed()
    }
}
