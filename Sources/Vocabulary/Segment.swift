/// A declared part of a version's records, with sums, findings and verdicts of its own. Frozen with the version: what its reference
/// looked like is counted at registration.
public struct Segment: Sendable, Equatable {
    public var name: String
    /// What holds for each of its records, all together.
    public var conditions: [Condition]

    public struct Condition: Sendable, Equatable {
        /// A feature, or a sensitive attribute.
        public var column: String
        public var test: Test

        public init(column: String, test: Test) {
            self.column = column
            self.test = test
        }
    }

    public enum Test: Sendable, Equatable {
        /// One of these levels; nil stands for a missing value, alone also of numbers.
        case levels([String?])
        case numbers(Bounds)
    }

    /// Numbers between two ends. A missing one is never between them.
    public struct Bounds: Sendable, Equatable {
        public var lower = -Double.infinity
        public var upper = Double.infinity
        /// Whether the end itself is outside.
        public var isLowerOpen = false
        public var isUpperOpen = false

        public init() {}

        public func holds(_ x: Double) -> Bool { (isLowerOpen ? x > lower : x >= lower) && (isUpperOpen ? x < upper : x <= upper) }
        public var isEmpty: Bool { lower > upper || lower == upper && (isLowerOpen || isUpperOpen) }
    }

    public init(name: String, conditions: [Condition]) {
        self.name = name
        self.conditions = conditions
    }

    /// Of a version: a stored record has a bit for each.
    public static let max = 16
    public static let conditionsMax = 8
    public static let levelsMax = 100
}

extension Segment {
    public var json: JSON {
        .object(["name": .string(name), "where": .array(conditions.map(\.json))])
    }

    public init?(json: JSON) {
        guard let name = json["name"]?.stringValue, let given = json["where"]?.arrayValue else { return nil }
        let conditions = given.compactMap(Condition.init)
        guard conditions.count == given.count else { return nil }
        self.init(name: name, conditions: conditions)
    }

    /// `age >= 25, purpose is car or home`: for people.
    public var words: String { conditions.map(\.words).joined(separator: ", ") }

    /// Whether it tells something of a sensitive attribute: its numbers are those of a group.
    public func isOfGroups(_ schema: FeatureSchema) -> Bool { conditions.contains { schema.sensitive.contains($0.column) } }
}

extension Segment.Condition {
    var json: JSON {
        var object = JSONObject([("column", .string(column))])
        switch test {
        case .levels(let levels): object["levels"] = .array(levels.map { JSON($0) })
        case .numbers(let bounds):
            if bounds.lower > -.infinity { object[bounds.isLowerOpen ? "above" : "at_least"] = .number(bounds.lower) }
            if bounds.upper < .infinity { object[bounds.isUpperOpen ? "below" : "at_most"] = .number(bounds.upper) }
        }
        return .object(object)
    }

    init?(json: JSON) {
        guard let column = json["column"]?.stringValue else { return nil }
        if let levels = json["levels"]?.arrayValue {
            guard levels.allSatisfy({ $0 == .null || $0.stringValue != nil }) else { return nil }
            self.init(column: column, test: .levels(levels.map(\.stringValue)))
            return
        }
        var bounds = Segment.Bounds()
        if let lower = json["above"]?.doubleValue { (bounds.lower, bounds.isLowerOpen) = (lower, true) }
        if let lower = json["at_least"]?.doubleValue { bounds.lower = lower }
        if let upper = json["below"]?.doubleValue { (bounds.upper, bounds.isUpperOpen) = (upper, true) }
        if let upper = json["at_most"]?.doubleValue { bounds.upper = upper }
        self.init(column: column, test: .numbers(bounds))
    }

    var words: String {
        switch test {
        case .levels(let levels): return "\(column) is \(levels.map { $0 ?? "missing" }.joined(separator: " or "))"
        case .numbers(let bounds):
            func text(_ x: Double) -> String { JSON.number(x).text }
            if bounds.lower == bounds.upper { return "\(column) = \(text(bounds.lower))" }
            let lower = bounds.lower > -.infinity ? "\(column) \(bounds.isLowerOpen ? ">" : ">=") \(text(bounds.lower))" : nil
            let upper = bounds.upper < .infinity ? "\(column) \(bounds.isUpperOpen ? "<" : "<=") \(text(bounds.upper))" : nil
            return [lower, upper].compactMap { $0 }.joined(separator: ", ")
        }
    }

    /// Leaves those rows set for which it holds.
    fileprivate func narrow(_ holds: inout [Bool], _ batch: PredictionBatch, _ schema: FeatureSchema) {
        if let place = schema.features.firstIndex(where: { $0.name == column }) {
            switch (batch.features[place], test) {
            case (.numeric(let values), .numbers(let bounds)):
                for row in holds.indices where holds[row] { holds[row] = bounds.holds(values[row]) }
            case (.numeric(let values), .levels([nil])): for row in holds.indices where holds[row] { holds[row] = values[row].isNaN }
            case (.categorical(let column), .levels(let levels)): column.narrow(&holds, to: levels)
            default: holds = holds.map { _ in false }
            }
        } else if let place = schema.sensitive.firstIndex(of: column), case .levels(let levels) = test {
            batch.groups[place].narrow(&holds, to: levels)
        } else {
            holds = holds.map { _ in false }
        }
    }
}

extension LevelColumn {
    fileprivate func narrow(_ holds: inout [Bool], to wanted: [String?]) {
        let known = Set(wanted.compactMap { $0 })
        let isWanted = levels.map(known.contains)
        let takesMissing = wanted.contains(nil)
        for row in holds.indices where holds[row] { holds[row] = codes[row] < 0 ? takesMissing : isWanted[Int(codes[row])] }
    }
}

/// The segments that a record belongs to, by their places among those of its version: what is stored beside its row.
public struct SegmentBits: RawRepresentable, Sendable, Equatable {
    public var rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let none = SegmentBits(rawValue: 0)

    public func contains(_ place: Int) -> Bool { rawValue & 1 << Int32(place) != 0 }
    mutating func insert(_ place: Int) { rawValue |= 1 << Int32(place) }
}

extension [SegmentBits] {
    /// The records of the segment at this place.
    public func rows(in place: Int) -> [Int] { indices.filter { self[$0].contains(place) } }
}

extension FeatureSchema {
    /// Of each record which of its version's segments it belongs to; nil for a version without segments.
    public func segmentBits(of batch: PredictionBatch) -> [SegmentBits]? { segmentBits(of: batch, among: segments) }

    /// - Parameter segments: those that have sums, which may be fewer than the schema's.
    public func segmentBits(of batch: PredictionBatch, among segments: [Segment]) -> [SegmentBits]? {
        if segments.isEmpty { return nil }
        var bits = [SegmentBits](repeating: .none, count: batch.count)
        for (place, segment) in segments.enumerated() {
            var holds = [Bool](repeating: true, count: batch.count)
            for condition in segment.conditions { condition.narrow(&holds, batch, self) }
            for row in holds.indices where holds[row] { bits[row].insert(place) }
        }
        return bits
    }

    /// What is wrong with the segments, each with its path.
    var segmentProblems: [String] {
        var found: [String] = []
        if segments.count > Segment.max { found.append("segments: \(segments.count), expected at most \(Segment.max)") }
        var seen: Set<String> = []
        for segment in segments {
            if let problem = Self.problem(ofName: segment.name) { found.append("segments: \(problem)") }
            if !seen.insert(segment.name).inserted { found.append("segments: \(segment.name) is named twice") }
            if !(1...Segment.conditionsMax).contains(segment.conditions.count) {
                found.append(
                    "segments.\(segment.name).where: \(segment.conditions.count) conditions, expected 1 to \(Segment.conditionsMax)")
            }
            for condition in segment.conditions {
                let path = "segments.\(segment.name).where.\(condition.column)"
                if case .numbers(let bounds) = condition.test, bounds.isEmpty { found.append("\(path): no number is between the ends") }
                if case .levels(let levels) = condition.test, !(1...Segment.levelsMax).contains(levels.count) {
                    found.append("\(path): \(levels.count) levels, expected 1 to \(Segment.levelsMax)")
                }
            }
        }
        return found
    }
}
