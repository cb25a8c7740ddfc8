public import Statistics
public import Vocabulary

/// Where a stream changed: a column of a file, row by row, through a concept-drift detector.
public struct Detection: Sendable {
    public var column: String
    public var detector: DetectorKind
    /// Parameters as `name=value`; the others have River's defaults.
    public var settings: [String]
    /// Adds the state after every so many values.
    public var stateEvery: Int?
    public var seed: UInt64

    public init(column: String, detector: DetectorKind, settings: [String] = [], stateEvery: Int? = nil, seed: UInt64 = 1) {
        self.column = column
        self.detector = detector
        self.settings = settings
        self.stateEvery = stateEvery
        self.seed = seed
    }

    /// - Throws: ``AnalysisError`` for a parameter or a value that the detector does not take; a `TableError` for a cell that is no number.
    public func report(_ frame: Frame) throws -> Report {
        if let stateEvery, stateEvery < 1 { throw AnalysisError("--state-every \(stateEvery), expected at least 1") }
        var watcher = try detector.detector(settings, seed: seed)
        let stream = try DetectorStream(frame, column, for: watcher, named: detector.rawValue)
        let scan = watcher.scan(stream.values, stateEvery: stateEvery)
        let segments = stream.segments(cutAfter: scan.changes)

        let changes = scan.changes.map { stream.rows[$0] }
        let warnings = scan.warnings.map { stream.rows[$0] }
        var members: [(String, JSON)] = [
            ("command", "detect"), ("detector", .string(detector.rawValue)), ("column", .string(column)), ("rows", JSON(frame.rows)),
            ("missing", JSON(frame.rows - stream.values.count)), ("changes", .array(changes.map { JSON($0) })),
            ("warnings", .array(warnings.map { JSON($0) })),
            (
                "segments",
                .array(
                    segments.map {
                        .object(["start": JSON($0.start), "end": JSON($0.end), "n": JSON($0.count), "mean": .statistic($0.mean)])
                    })
            ),
        ]
        if stateEvery != nil {
            members.append(
                (
                    "state",
                    .array(
                        scan.states.map { state in
                            .object(
                                JSONObject([("after", JSON(state.after))] + state.values.map { ($0.name, JSON.statistic($0.value)) })
                                    .explained { _ in "not enough values since the start or the last change" })
                        })
                ))
        }
        return Report(
            title: "Changes of \(column) by \(detector.rawValue)", json: .object(JSONObject(members)),
            blocks: DetectionPage(column: column, detector: detector, frame: frame, stream: stream, segments: segments)
                .blocks(changes: changes, warnings: warnings),
            hasFinding: !changes.isEmpty)
    }
}

/// The values of a column that are there, with their rows.
struct DetectorStream {
    private(set) var values: [Double] = []
    private(set) var rows: [Int] = []

    /// Values between two changes, or between a change and an end of the stream; both rows included.
    struct Segment {
        var start: Int
        var end: Int
        var count: Int
        var mean: Double
    }

    init(_ frame: Frame, _ column: String, for detector: any ChangeDetector, named name: String) throws {
        let input = type(of: detector).input
        let numbers = try frame.numbers(column)
        values.reserveCapacity(numbers.count)
        rows.reserveCapacity(numbers.count)
        for (row, value) in numbers.enumerated() where !value.isNaN {
            guard input.accepts(value) else {
                throw frame.error(column, row: row, "\(value) in \(column), expected \(input.expected) for \(name)")
            }
            values.append(value)
            rows.append(row)
        }
        try frame.requireRows(rows, in: [column])
    }

    /// The value at which a change is seen belongs to the segment before it: the detector starts afresh with the next one.
    func segments(cutAfter changes: [Int]) -> [Segment] {
        var out: [Segment] = []
        var first = 0
        for last in changes + [values.count - 1] where last >= first {
            let sum = values[first...last].reduce(0, +)
            out.append(Segment(start: rows[first], end: rows[last], count: last - first + 1, mean: sum / Double(last - first + 1)))
            first = last + 1
        }
        return out
    }
}
