/// Round numbers along an axis.
struct Axis {
    let low: Double
    let high: Double
    let ticks: [Double]

    /// At most about six ticks at 1, 2 or 5 times a power of ten, which enclose the values.
    init(low: Double, high: Double) {
        let span = high > low ? high - low : max(abs(high), 1)
        var step = 1.0
        while step * 10 <= span / 5 { step *= 10 }
        while step > span / 5 { step /= 10 }
        // Now step ≤ span / 5 < 10 step.
        step = [1.0, 2, 5, 10].map { $0 * step }.first { span / $0 <= 6 } ?? step
        let first = (low / step).rounded(.down)
        let last = max((high / step).rounded(.up), first + 1)
        self.low = first * step
        self.high = last * step
        ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    /// Times in seconds since 1970: the ends are those of the data, the ticks round in UTC.
    init(from low: Double, to high: Double, ticksMax: Int) {
        self.low = low
        self.high = high > low ? high : low + 3600
        let span = self.high - low
        let hour = 3600.0
        let steps = [1.0 / 60, 1.0 / 30, 1.0 / 12, 1.0 / 6, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 336, 728, 1456, 2912, 8736].map { $0 * hour }
        let step = steps.first { span / $0 <= Double(ticksMax) } ?? max(hour, span / Double(ticksMax))
        let first = (low / step).rounded(.up)
        let last = (self.high / step).rounded(.down)
        ticks = first <= last ? (0...Int(last - first)).map { (first + Double($0)) * step } : [low]
    }

    /// 0 at the low end, 1 at the high end.
    func place(_ value: Double) -> Double { (value - low) / (high - low) }
}
