public import Vocabulary

/// What the service said of a segment in the windows of a stretch.
public struct SegmentFacts: Sendable {
    public var segment: Segment
    /// The newest evaluation of each window, the earliest first.
    public var windows: [EvaluationHead]
    public var marks: [VerdictMark]
    /// Of each monitor and subject the finding that weighs most.
    public var worst: [PlacedFinding]

    public init(segment: Segment, windows: [EvaluationHead], marks: [VerdictMark], worst: [PlacedFinding]) {
        self.segment = segment
        self.windows = windows
        self.marks = marks
        self.worst = worst
    }

    /// The worst of all windows, by monitor.
    var verdicts: [Monitor: Verdict] { VerdictMark.combined(marks) }
    var verdict: Verdict { Verdict.combined(verdicts.values) }
    /// The monitors with a finding, and in how many windows.
    var found: [(monitor: Monitor, windows: Int)] {
        Monitor.allCases.compactMap { monitor in
            let places = Set(marks.filter { $0.monitor == monitor && $0.verdict.isFinding }.map(\.place))
            return places.isEmpty ? nil : (monitor, places.count)
        }
    }
}

extension MonitoringReport {
    /// Findings told of one segment.
    static let segmentFindingsMax = 5

    /// What was found in the segments alone, for the summary.
    var segmentsSummary: String {
        let bad = facts.segments.filter { $0.verdict.isFinding }
        if bad.isEmpty { return "" }
        return " In segments: "
            + bad.map { "\($0.segment.name) (\($0.found.map { spoken($0.monitor.rawValue) }.joined(separator: ", ")))" }.joined(
                separator: "; ")
            + "."
    }

    /// Each segment with its worst verdict, and what weighs most in it.
    var segments: Section? {
        if facts.segments.isEmpty { return nil }
        var table = Report.Table(["segment", "its records", "predictions", "windows", "worst verdict", "found", "worst finding"], [])
        let json = facts.segments.map { one -> JSON in
            let worst = one.worst.sorted { ($0.finding.adjustedP ?? 1) < ($1.finding.adjustedP ?? 1) }.prefix(Self.segmentFindingsMax)
            let rows = one.windows.reduce(0) { $0 + $1.rows }
            let first = worst.first?.finding
            table.rows.append([
                one.segment.name, one.segment.words, "\(rows)", "\(one.windows.count)", spoken(one.verdict.rawValue),
                one.found.map { "\(spoken($0.monitor.rawValue)) in \(plural($0.windows))" }.joined(separator: ", "),
                first.map { finding in
                    let name = [finding.subject, spoken(finding.statistic), shortNumber(finding.value)].filter { !$0.isEmpty }
                    return name.joined(separator: " ") + ": " + ownReason(finding)
                } ?? "",
            ])
            table.tones.append(one.verdict.isFinding ? .bad : one.verdict.isInformed ? .good : .faint)
            return .object([
                "segment": .string(one.segment.name), "where": .string(one.segment.words), "predictions": .integer(rows),
                "windows": JSON(one.windows.count), "verdict": .string(one.verdict.rawValue),
                "monitors": .array(
                    Monitor.allCases.compactMap { monitor in
                        one.verdicts[monitor].map { verdict in
                            .object([
                                "monitor": .string(monitor.rawValue), "verdict": .string(verdict.rawValue),
                                "with_finding": JSON(one.found.first { $0.monitor == monitor }?.windows ?? 0),
                            ])
                        }
                    }),
                "findings": .array(
                    worst.map { placed in
                        guard case .object(var finding) = placed.finding.json else { return placed.finding.json }
                        finding["worst_window"] = JSON(
                            one.windows.indices.contains(placed.place) ? one.windows[placed.place].window.start.rfc3339 : nil)
                        return .object(finding)
                    }),
            ])
        }
        return Section(
            key: "segments", json: .array(json),
            blocks: [
                .heading("Segments"), .text("The same monitors over the records of each segment alone, window by window."), .table(table),
            ])
    }
}
