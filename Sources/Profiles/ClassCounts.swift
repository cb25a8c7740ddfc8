internal import Vocabulary

/// Predictions of one of several classes, counted by class and by label: what accuracy, recalls, F1 and selection rates are functions of.
public struct ClassCounts: GroupSums {
    /// Places in the version's list of classes.
    public struct Cell: Sendable, Hashable {
        public var predicted: UInt16
        /// nil: every prediction, labelled or not.
        public var label: UInt16?
    }
    public private(set) var cells: [Cell: Int64] = [:]

    public init() {}
    init(_ cells: [Cell: Int64]) { self.cells = cells }

    public var isEmpty: Bool { cells.isEmpty }

    mutating func add(_ cell: Cell, _ count: Int64) {
        let sum = (cells[cell] ?? 0) + count
        cells[cell] = sum == 0 ? nil : sum
    }

    public mutating func merge(_ other: ClassCounts) { for (cell, count) in other.cells { add(cell, count) } }

    var negated: ClassCounts {
        var out = self
        out.cells = cells.mapValues { -$0 }
        return out
    }

    /// All predictions by class, as those of a categorical column.
    public func predicted(classes: Int) -> CategoricalCells {
        var out = CategoricalCells(levelCount: classes)
        for (cell, count) in cells where cell.label == nil { out.counts[Int(cell.predicted)] += count }
        return out
    }

    /// All labels by class, as those of a categorical column.
    public func labels(classes: Int) -> CategoricalCells {
        var out = CategoricalCells(levelCount: classes)
        for (cell, count) in cells { if let label = cell.label { out.counts[Int(label)] += count } }
        return out
    }

    /// Labelled predictions: rows are labels, columns predictions.
    public func confusion(classes: Int) -> [[Int64]] {
        var out = [[Int64]](repeating: [Int64](repeating: 0, count: classes), count: classes)
        for (cell, count) in cells { if let label = cell.label { out[Int(label)][Int(cell.predicted)] += count } }
        return out
    }

    /// Label 0 is any, the others come one higher.
    func encode(to out: inout ByteWriter) {
        out.count(cells.count)
        func order(_ cell: Cell) -> UInt32 { UInt32(cell.predicted) << 16 | (cell.label.map { UInt32($0) + 1 } ?? 0) }
        for (cell, count) in cells.sorted(by: { order($0.key) < order($1.key) }) {
            out.count(Int(cell.predicted))
            out.count(cell.label.map { Int($0) + 1 } ?? 0)
            out.signed(count)
        }
    }

    init(_ input: inout ByteReader, classes: Int) throws(EncodingError) {
        for _ in 0..<(try input.count()) {
            let (predicted, label) = (try input.unsigned(), try input.unsigned())
            guard predicted < UInt128(classes), label <= UInt128(classes) else { throw EncodingError("a class is out of range") }
            cells[Cell(predicted: UInt16(predicted), label: label == 0 ? nil : UInt16(label - 1))] = try input.signed()
        }
    }
}

extension GroupTable<ClassCounts> {
    /// Adds predictions; records without one are left out.
    mutating func fold(_ batch: PredictionBatch, classes: Int, _ attributes: [[String]]) {
        // By the codes of the batch first: most rows are of few kinds.
        var kinds: [[Int32]: Int64] = [:]
        for row in 0..<batch.count {
            guard let predicted = place(batch.predictions[row], classes: classes) else { continue }
            kinds[batch.groups.map { $0.codes[row] } + [Int32(predicted)], default: 0] += 1
        }
        var parts: [[String?]: ClassCounts] = [:]
        for (kind, count) in kinds {
            let group = zip(batch.groups, kind).map { column, code in code < 0 ? nil : column.levels[Int(code)] }
            parts[group, default: ClassCounts()].add(ClassCounts.Cell(predicted: UInt16(kind[kind.count - 1]), label: nil), count)
        }
        merge(GroupTable(groups: parts, cutoff: nil), attributes: attributes)
    }
}

/// A class as batches have it, by its place in the version's list; nil for none.
func place(_ value: Double, classes: Int) -> UInt16? {
    guard let place = UInt16(exactly: value), place < classes else { return nil }
    return place
}
