import Profiles
import Vocabulary

/// The kinds of window whose alarms are counted, and what they are called in tables.
extension WindowKind {
    static let sliding = WindowKind(rawValue: "24h/1h") ?? .day
    static let byRows = WindowKind(rawValue: "10000rows") ?? .day
    /// In the order of the tables.
    static let counted: [WindowKind] = [.hour, .day, .sliding, .byRows]

    var title: String {
        switch self {
        case .hour: "hours, 2 of 3"
        case .day: "days, each"
        default: "\(self == .sliding ? "24h/1h" : rawValue), 2 of 3"
        }
    }
    var words: String { self == .hour ? "hours" : self == .day ? "days" : self == .sliding ? "24h/1h" : rawValue }

    /// Hours of one, of so many rows each.
    func hours(rows: Int) -> Int {
        if let wanted = self.rows { return (Int(wanted) + rows - 1) / rows }
        return Int(seconds ?? 3600) / 3600
    }
    /// Whether rivals look at them too: their rules are of windows one after the other.
    var hasRivals: Bool { self == .hour || self == .day }
}

/// Cuts hours into windows of a kind, as the service does: one after the other, sliding, or whenever the rows are full.
struct WindowCutter {
    private let kind: WindowKind
    private let grid: ProfileGrid
    /// Of a sliding window its hours, the newest last; else their sum alone.
    private var hours: [Profile] = []
    private var sum: Profile
    private var count = 0

    init(_ kind: WindowKind, grid: ProfileGrid) {
        (self.kind, self.grid, sum) = (kind, grid, Profile(grid: grid))
    }

    /// - Returns: a window that ends with this hour, and how many hours it has.
    mutating func add(_ own: Profile) -> (profile: Profile, hours: Int)? {
        let length = kind.hours(rows: 1)
        if kind.step != kind.seconds {
            hours.append(own)
            if hours.count > length { hours.removeFirst() }
            return hours.count == length ? (Profile(sum: hours, grid: grid), length) : nil
        }
        if kind == .hour { return (own, 1) }
        sum.merge(own, grid: grid)
        count += 1
        guard kind.rows.map({ sum.rows >= $0 }) ?? (count == length) else { return nil }
        defer { (sum, count) = (Profile(grid: grid), 0) }
        return (sum, count)
    }
}
