internal import CKernels

/// Cells that cut the line of numbers in order; a value beyond their range belongs to the first or last one. No NaN.
struct CellMap {
    private let map: ek_cells
    var count: Int { Int(map.last) + 1 }

    /// Cells of equal width. Nil where there is no range to cut.
    init?(evenFrom low: Double, to high: Double, cells: Int) {
        guard low < high else { return nil }
        // Halved, because the range of two huge numbers may be infinite.
        let scale = Double(cells) / 2 / (high / 2 - low / 2)
        map = ek_cells(low: low, scale: scale, low_bits: 0, shift: -1, last: UInt32(cells - 1))
    }

    /// Cells that grow with the distance from 0, for values of many magnitudes. Nil where there is no range to cut.
    init?(growingFrom low: Double, to high: Double, cells: Int) {
        guard low < high else { return nil }
        let (a, b) = (Self.order(low), Self.order(high))
        var shift: Int32 = 0
        while UInt64(bitPattern: b &- a) >> UInt64(shift) >= UInt64(cells) { shift += 1 }
        map = ek_cells(low: 0, scale: 0, low_bits: a, shift: shift, last: UInt32(cells - 1))
    }

    /// The order of doubles as whole numbers.
    private static func order(_ x: Double) -> Int64 {
        let bits = Int64(bitPattern: (x + 0).bitPattern)
        return bits ^ ((bits >> 63) & .max)
    }
    private static func number(_ order: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: order ^ ((order >> 63) & .max)))
    }

    /// The kernel's rule for one value: its twin.
    func cell(of x: Double) -> Int {
        if map.shift < 0 {
            let t = (x - map.low) * map.scale
            let cut = t > 0 ? t : 0
            return Int(cut < Double(map.last) ? cut : Double(map.last))
        }
        let order = Self.order(x)
        let distance = order < map.low_bits ? 0 : UInt64(bitPattern: order &- map.low_bits) >> UInt64(map.shift)
        return Int(min(distance, UInt64(map.last)))
    }

    func counts(_ x: [Double]) -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 2 * count)
        unsafe withMap { map in unsafe ek_cell_counts(x, x.count, map, &tables) }
        return (0..<count).map { tables[$0] &+ tables[count + $0] }
    }

    /// The counts, and of each cell the sum of the distances from `base`.
    func sums(_ x: [Double], base: Double) -> (counts: [UInt32], sums: [Double]) {
        var counts = [UInt32](repeating: 0, count: count)
        var sums = [Double](repeating: 0, count: count)
        unsafe withMap { map in unsafe ek_cell_sums(x, x.count, map, base, &counts, &sums) }
        return (counts, sums)
    }

    /// The values of each cell up to its edge, and those above it.
    func counts(_ x: [Double], halvedAt edges: [Double]) -> [(upTo: Int64, above: Int64)] {
        var tables = [UInt32](repeating: 0, count: 4 * count)
        unsafe withMap { map in unsafe ek_halved_cell_counts(x, x.count, map, edges, &tables) }
        func total(_ place: Int) -> Int64 { Int64(tables[place]) + Int64(tables[2 * count + place]) }
        return (0..<count).map { (total(2 * $0), total(2 * $0 + 1)) }
    }

    /// Whether a cell holds values that differ, and a value of each cell.
    ///
    /// - Parameter before: where each cell starts in `x`, if it is sorted.
    func mixed(_ x: [Double], _ y: [Double], before: [Int]? = nil) -> (mixed: [UInt8], values: [Double]) {
        var first = [Double](repeating: .nan, count: count)
        var mixed = [UInt8](repeating: 0, count: count)
        if let before {
            for (cell, start) in before.enumerated() {
                let end = cell + 1 < count ? before[cell + 1] : x.count
                if start == end { continue }
                first[cell] = x[start]
                mixed[cell] = x[start] < x[end - 1] ? 1 : 0
            }
        } else {
            unsafe withMap { map in unsafe ek_cell_mixed(x, x.count, map, &first, &mixed) }
        }
        unsafe withMap { map in unsafe ek_cell_mixed(y, y.count, map, &first, &mixed) }
        return (mixed, first)
    }

    /// The values of some cells, a list each. - Parameter counts: of the sample, by cell.
    func values(_ sample: [Double], _ counts: [UInt32], of cells: [Int]) -> [[Double]] {
        var flags = [UInt8](repeating: 0, count: count)
        var starts = [UInt32](repeating: 0, count: count)
        var total: UInt32 = 0
        for cell in cells {
            flags[cell] = 1
            starts[cell] = total
            total += counts[cell]
        }
        let split = split(pick(sample, flags, count: Int(total)), starts: starts)
        return cells.map { Array(split[Int(starts[$0])..<Int(starts[$0] + counts[$0])]) }
    }

    /// The values in flagged cells, in their order.
    func pick(_ x: [Double], _ flags: [UInt8], count: Int) -> [Double] {
        unsafe withMap { map in
            unsafe [Double](unsafeUninitializedCapacity: count + 1) { out, taken in
                if let base = out.baseAddress { taken = unsafe ek_cell_pick(x, x.count, map, flags, base) }
            }
        }
    }

    /// The values cell by cell. - Parameter starts: where each cell begins.
    func split(_ x: [Double], starts: [UInt32]) -> [Double] {
        var next = starts
        return unsafe withMap { map in
            unsafe [Double](unsafeUninitializedCapacity: x.count) { out, count in
                if let base = out.baseAddress { unsafe ek_cell_split(x, x.count, map, &next, base) }
                count = x.count
            }
        }
    }

    private func withMap<R>(_ body: (UnsafePointer<ek_cells>) -> R) -> R {
        unsafe withUnsafePointer(to: map) { unsafe body($0) }
    }

    /// Where a cell ends, to rounding: for areas, which do not mind.
    func roughEnd(of cell: Int) -> Double {
        if map.shift < 0 { return map.low + Double(cell + 1) / map.scale }
        // From the most negative to the most positive number it is more than half of all integers.
        let distance = UInt64(cell + 1) << UInt64(map.shift)
        if distance >= UInt64(bitPattern: Self.order(.infinity) &- map.low_bits) { return .infinity }
        return Self.number(Int64(bitPattern: UInt64(bitPattern: map.low_bits) &+ distance))
    }

    /// The largest number in a cell or below it: where the cell ends.
    func end(of cell: Int) -> Double {
        if cell >= Int(map.last) { return .infinity }
        var inside = Self.order(-.infinity)
        var outside = Self.order(.infinity)
        while inside < outside - 1 {
            let middle = (inside & outside) &+ ((inside ^ outside) >> 1)
            if self.cell(of: Self.number(middle)) <= cell { inside = middle } else { outside = middle }
        }
        return Self.number(inside)
    }

    /// Cells over the bulk of two samples: a few far values must not make all others share a cell. Nil where all values are equal.
    static func fitting(_ x: [Double], _ y: [Double]) -> CellMap? {
        let total = x.count + y.count
        let cells = total > 1 << 22 ? 1 << 18 : total > 1 << 19 ? 1 << 16 : total > 1 << 15 ? 1 << 13 : 1 << 9
        var sample: [Double] = []
        for values in [x, y] where !values.isEmpty {
            let step = max(1, values.count / 1024)
            sample += stride(from: 0, to: values.count, by: step).lazy.map { values[$0] }.filter(\.isFinite)
        }
        sample.sort()
        let cut = sample.count / 200
        if cut > 0, sample[cut] < sample[sample.count - 1 - cut] {
            return spreading(sample, from: sample[cut], to: sample[sample.count - 1 - cut], cells: cells)
        }
        guard let range = range(x, y) else { return nil }
        return spreading(sample, from: range.low, to: range.high, cells: cells)
    }

    /// The map that spreads the sample over more cells; the one of equal width when they are alike.
    private static func spreading(_ sample: [Double], from low: Double, to high: Double, cells: Int) -> CellMap? {
        guard let even = CellMap(evenFrom: low, to: high, cells: cells), let growing = CellMap(growingFrom: low, to: high, cells: cells)
        else { return nil }
        // The sample is sorted, and so are its cells.
        func spread(_ map: CellMap) -> Int {
            var last = -1
            return sample.count { value in
                let cell = map.cell(of: value)
                defer { last = cell }
                return cell != last
            }
        }
        // On few cells, where the sample shows how crowded they are.
        guard let few = CellMap(evenFrom: low, to: high, cells: 512), let fewGrowing = CellMap(growingFrom: low, to: high, cells: 512)
        else {
            return even
        }
        return spread(few) * 10 >= spread(fewGrowing) * 9 ? even : growing
    }

    /// The finite values' range of two samples; nil when there are none.
    static func range(_ x: [Double], _ y: [Double]) -> (low: Double, high: Double)? {
        switch (range(x), range(y)) {
        case (let a?, let b?): (min(a.low, b.low), max(a.high, b.high))
        case (let a?, nil): a
        case (nil, let b): b
        }
    }

    /// The finite values' range; nil when there are none.
    static func range(_ x: [Double]) -> (low: Double, high: Double)? {
        var low = 0.0
        var high = 0.0
        unsafe ek_finite_range(x, x.count, &low, &high)
        return low <= high ? (low, high) : nil
    }
}
