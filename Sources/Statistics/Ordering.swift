/// The places of the numbers in ascending order, equal ones in their own order. NaN must be kept out by the caller.
///
/// The numbers become integers of the same order, which are put in order digit by digit (11 bits at a time); digits on which all agree
/// are skipped. Short lists are sorted by comparison.
/// - Complexity: O(*n*), with four or five passes for scores between 0 and 1.
/// > Source: D. E. Knuth, "The Art of Computer Programming", volume 3, 1973, section 5.2.5.
public func stableOrder(_ values: [Double]) -> [Int] {
    if values.count < 2000 {
        return values.indices.sorted { values[$0] < values[$1] || (values[$0] == values[$1] && $0 < $1) }
    }
    struct Item {
        var key: UInt64
        var row: UInt64
    }
    var items = values.enumerated().map { row, value in
        let bits = (value == 0 ? 0 : value).bitPattern  // −0 equals 0
        return Item(key: bits >> 63 == 1 ? ~bits : bits | 1 << 63, row: UInt64(row))
    }
    var spare = items
    for digit in 0..<6 {
        let shift = UInt64(digit * 11)
        var counts = [Int](repeating: 0, count: 2048)
        for item in items { counts[Int(item.key >> shift & 2047)] += 1 }
        if counts.contains(items.count) { continue }
        var at = 0
        for value in counts.indices {
            let count = counts[value]
            counts[value] = at
            at += count
        }
        for item in items {
            let value = Int(item.key >> shift & 2047)
            spare[counts[value]] = item
            counts[value] += 1
        }
        swap(&items, &spare)
    }
    return items.map { Int($0.row) }
}

/// The p-quantile of numbers in ascending order, with linear interpolation.
func linearQuantile(_ sorted: [Double], _ p: Double) -> Double {
    precondition(!sorted.isEmpty && p >= 0 && p <= 1, "a quantile needs numbers and 0 ≤ p ≤ 1")
    let place = p * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
}
