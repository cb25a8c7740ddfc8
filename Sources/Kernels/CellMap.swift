internal import CKernels

/// Cells of equal width over a range; a value beyond it belongs to the first or last cell. No NaN.
struct CellMap {
    let low: Double
    let scale: Double
    let last: UInt32

    /// Nil where there is no range to cut.
    init?(low: Double, high: Double, cells: Int) {
        guard low < high else { return nil }
        self.low = low
        // Halved, because the range of two huge numbers may be infinite.
        scale = Double(cells) / 2 / (high / 2 - low / 2)
        last = UInt32(cells - 1)
    }

    var count: Int { Int(last) + 1 }

    /// The kernel's rule for one value.
    func cell(of x: Double) -> Int {
        let t = (x - low) * scale
        let cut = t > 0 ? t : 0
        return Int(cut < Double(last) ? cut : Double(last))
    }

    func counts(_ x: [Double]) -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 2 * count)
        unsafe ek_cell_counts(x, x.count, low, scale, last, &tables)
        return (0..<count).map { tables[$0] &+ tables[count + $0] }
    }

    /// The values in flagged cells, in their order.
    func pick(_ x: [Double], _ flags: [UInt8], count: Int) -> [Double] {
        unsafe [Double](unsafeUninitializedCapacity: count + 1) { out, taken in
            if let base = out.baseAddress { taken = unsafe ek_cell_pick(x, x.count, low, scale, last, flags, base) }
        }
    }

    /// The values cell by cell. - Parameter starts: where each cell begins.
    func split(_ x: [Double], starts: [UInt32]) -> [Double] {
        var next = starts
        return unsafe [Double](unsafeUninitializedCapacity: x.count) { out, count in
            if let base = out.baseAddress { unsafe ek_cell_split(x, x.count, low, scale, last, &next, base) }
            count = x.count
        }
    }

    /// The largest number in a cell or below it: where the cell ends.
    func end(of cell: Int) -> Double {
        if cell >= Int(last) { return .infinity }
        // The order of doubles is that of their bits, turned around for the negative ones.
        func key(_ x: Double) -> Int64 { let bits = Int64(bitPattern: x.bitPattern); return bits < 0 ? Int64.min &- bits : bits }
        func value(_ key: Int64) -> Double { Double(bitPattern: UInt64(bitPattern: key < 0 ? Int64.min &- key : key)) }
        var inside = key(-.greatestFiniteMagnitude)
        var outside = key(.greatestFiniteMagnitude)
        while inside < outside - 1 {
            let middle = (inside & outside) &+ ((inside ^ outside) >> 1)
            if self.cell(of: value(middle)) <= cell { inside = middle } else { outside = middle }
        }
        return value(inside)
    }

    /// The finite values' range; nil when there are none.
    static func range(_ x: [Double]) -> (low: Double, high: Double)? {
        var low = 0.0
        var high = 0.0
        unsafe ek_finite_range(x, x.count, &low, &high)
        return low <= high ? (low, high) : nil
    }
}
