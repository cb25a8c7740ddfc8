internal import Monitoring
public import Vocabulary

/// Which windows hold rows enough to be judged, as far as the times of a reference tell: policies look at hours unless they say otherwise,
/// and a model that nobody asks thirty times an hour would never be heard of.
public struct SuitedWindow: Sendable, Equatable {
    /// Rows of an hour, the one in the middle of those that have any.
    public var hourRows: Int
    /// Rows that one needs.
    public var rowsMin: Int
    /// The shortest that has enough, and its rows; nil where a week has too few.
    public var longer: (kind: WindowKind, rows: Int)?

    public static func == (a: SuitedWindow, b: SuitedWindow) -> Bool {
        a.hourRows == b.hourRows && a.rowsMin == b.rowsMin && a.longer?.kind == b.longer?.kind && a.longer?.rows == b.longer?.rows
    }

    /// - Parameters:
    ///   - times: of the reference's rows. - rowsMin: that of the monitors when nothing else is said.
    /// - Returns: nil where hours have enough.
    public init?(times: [Timestamp], rowsMin: Int64? = nil) {
        let rows = Array(times.indices)
        func middle(_ kind: WindowKind) -> Int {
            let counts = kind.apart(rows, at: times).map(\.count).sorted()
            return counts.isEmpty ? 0 : counts[counts.count / 2]
        }
        hourRows = middle(.hour)
        self.rowsMin = Int(rowsMin ?? MonitorSettings().rowsMin)
        guard !times.isEmpty, hourRows < self.rowsMin else { return nil }
        for kind in [WindowKind.day, .week] where longer == nil {
            let count = middle(kind)
            if count >= self.rowsMin { longer = (kind, count) }
        }
    }

    public var words: String {
        let few =
            "an hour of the reference has \(hourRows) row\(hourRows == 1 ? "" : "s"), and \(rowsMin) are needed to judge one: if traffic is like that, "
        guard let longer else {
            return few + "neither hours nor days nor weeks can be judged; give the policies a longer window, such as window: 30d"
        }
        return few
            + "policies that look at hours, as they do when they say nothing, never alert; a \(longer.kind.rawValue) has \(longer.rows): give them window: \(longer.kind.rawValue) (docs/configuration.md)"
    }
}
