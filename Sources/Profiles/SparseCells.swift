/// The cells of a score grid that hold anything, in ascending order.
public struct SparseCells: Sendable, Equatable, Sequence {
    private var places: [UInt32] = []
    private(set) var entries: [ScoreCells.Cell] = []

    public init() {}

    public var count: Int { places.count }
    public var isEmpty: Bool { places.isEmpty }

    /// An empty cell where there is none; setting one removes it.
    subscript(_ cell: UInt32) -> ScoreCells.Cell {
        get {
            let at = firstPlace(from: cell)
            return at < places.count && places[at] == cell ? entries[at] : ScoreCells.Cell()
        }
        set {
            let at = firstPlace(from: cell)
            if at < places.count, places[at] == cell {
                if newValue.isEmpty {
                    places.remove(at: at)
                    entries.remove(at: at)
                } else {
                    entries[at] = newValue
                }
            } else if !newValue.isEmpty {
                places.insert(cell, at: at)
                entries.insert(newValue, at: at)
            }
        }
    }

    private func firstPlace(from cell: UInt32) -> Int {
        // Cells mostly come in order.
        if places.last.map({ $0 < cell }) ?? true { return places.count }
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < cell { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func merge(_ other: SparseCells) {
        if other.isEmpty { return }
        if isEmpty {
            self = other
            return
        }
        var out = SparseCells()
        out.places.reserveCapacity(count + other.count)
        out.entries.reserveCapacity(count + other.count)
        var (i, j) = (0, 0)
        while i < count || j < other.count {
            if j == other.count || (i < count && places[i] < other.places[j]) {
                out.append(places[i], entries[i])
                i += 1
            } else if i == count || other.places[j] < places[i] {
                out.append(other.places[j], other.entries[j])
                j += 1
            } else {
                let (mine, theirs) = (entries[i], other.entries[j])
                out.append(places[i], ScoreCells.Cell(count: mine.count + theirs.count, sum: mine.sum + theirs.sum))
                i += 1
                j += 1
            }
        }
        self = out
    }

    /// Adds a cell behind all others.
    mutating func append(_ cell: UInt32, _ entry: ScoreCells.Cell) {
        if entry.isEmpty { return }
        places.append(cell)
        entries.append(entry)
    }

    public func makeIterator() -> Zip2Sequence<[UInt32], [ScoreCells.Cell]>.Iterator { zip(places, entries).makeIterator() }
}
