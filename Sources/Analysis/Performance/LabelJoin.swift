internal import Vocabulary

/// Labels that came later, in a file of their own, joined to predictions by id: of those known by some time, the last one counts.
struct LabelJoin {
    var labels: Cells
    /// Events known by then, and among them: those of ids without a prediction (counted once an id), those that repeat the label
    /// that their id had, and the ids whose label changed.
    var events = 0
    var orphans = 0
    var resent = 0
    var corrected = 0
    var labelled = 0
    /// Without a label; and of those, the ones made by then.
    var unlabelled = 0
    var unlabelledDue = 0
    /// Events without an id, a label or (with a time asked for) a time: left out.
    var incomplete = 0

    init(_ frame: Frame, events file: Frame, _ options: PerformanceOptions) throws {
        guard let id = options.id else { throw AnalysisError("--label-events needs --id") }
        var until = Double.infinity
        if let asOf = options.asOf {
            guard let time = Timestamp(lenient: asOf) else {
                throw AnalysisError("--as-of \(asOf), expected a time such as 2026-01-31T12:00:00Z")
            }
            until = Double(time.microseconds) / 1e6
        }
        let eventIDs = try file.texts(id)
        let eventLabels = try file.coded(options.label)
        let times = try options.labelTimestamp.map { try file.times($0) }
        var last: [String: Int] = [:]
        var changed: Set<String> = []
        for row in eventIDs.indices {
            guard let id = eventIDs[row], let label = eventLabels[row], options.asOf == nil || !(times?[row].isNaN ?? true) else {
                incomplete += 1
                continue
            }
            if let times, times[row] > until { continue }
            events += 1
            if let before = last[id] {
                if Self.isSame(eventLabels[before], label) { resent += 1 } else { changed.insert(id) }
            }
            last[id] = row
        }
        let ids = try frame.texts(id)
        let known = Set(ids.compactMap { $0 })
        orphans = last.keys.count { !known.contains($0) }
        corrected = changed.count
        let rows = ids.map { id in id.flatMap { last[$0] } }
        let made = try options.timestamp.map { try frame.times($0) }
        for row in rows.indices {
            if rows[row] != nil {
                labelled += 1
            } else {
                unlabelled += 1
                if made.map({ $0[row] <= until }) ?? true { unlabelledDue += 1 }
            }
        }
        let codes = rows.map { row in row.map { eventLabels.codes[$0] } ?? -1 }
        let joined = CodedColumn(codes: codes, names: eventLabels.names)
        labels = Cells(
            name: options.label, texts: { joined }, outcomes: { joined },
            error: { row, message in file.error(options.label, row: rows[row] ?? 0, message) })
    }

    private static func isSame(_ a: String?, _ b: String) -> Bool {
        a.map { Outcome($0) == Outcome(b) } ?? false
    }
}
