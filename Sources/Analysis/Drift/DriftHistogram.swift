internal import Dispatch
internal import Synchronization
internal import Vocabulary

/// The values of a numeric column on both sides, counted in the same bins of equal width: for a picture, not for a test.
struct DriftHistogram {
    /// Ascending; one more than there are bins.
    var edges: [Double]
    /// Shares of the values that are present.
    var reference: [Double]
    var current: [Double]
    /// Whether values beyond the edges are counted in the outermost bins.
    var isClipped: Bool

    /// A page shows so many columns at most.
    static let columnsMax = 20
    private static let binsUsual = 40.0
    /// Whole numbers have a bin each while they are this few.
    private static let wholeBinsMax = 40.0

    /// Of the drifted numeric columns, the worst ones, by their place.
    static func ofDrifted(_ compared: [ComparedColumn], _ columns: [DriftColumn]) -> [Int: DriftHistogram] {
        let drifted = compared.filter { $0.verdict == .drifted && $0.kind == .numeric }.sorted {
            ($1.severity, $0.place) < ($0.severity, $1.place)
        }
        let places = drifted.prefix(columnsMax).map(\.place)
        let out = Mutex<[Int: DriftHistogram]>([:])
        DispatchQueue.concurrentPerform(iterations: places.count) { i in
            guard case .compared(_, _, .numbers(let r), .numbers(let a)) = columns[places[i]] else { return }
            let made = DriftHistogram(r, a)
            out.withLock { $0[places[i]] = made }
        }
        return out.withLock { $0 }
    }

    /// Bins of a round width over the range of both sides; where a few values lie so far out that the others would be pressed into a third
    /// of it, over the range of these and a quarter more.
    /// Nil without a finite value on each side, or for a range beyond numbers.
    init?(_ reference: [Double], _ current: [Double]) {
        var (low, high, isWhole) = (Double.infinity, -Double.infinity, true)
        for side in [reference, current] {
            var isEmpty = true
            for value in side where value.isFinite {
                isEmpty = false
                low = min(low, value)
                high = max(high, value)
                if isWhole, value != value.rounded() { isWhole = false }
            }
            if isEmpty { return nil }
        }
        guard (high - low).isFinite else { return nil }
        let bulk = Self.bulk(reference, current)
        let margin = 0.25 * (bulk.high - bulk.low)
        if margin > 0, high - low > 3 * (bulk.high - bulk.low), !isWhole || high - low >= Self.wholeBinsMax {
            low = max(low, bulk.low - margin)
            high = min(high, bulk.high + margin)
        }
        let width: Double
        if isWhole, high - low < Self.wholeBinsMax {
            // From below the first whole number to above the last one.
            (width, low, high) = (1, low.rounded(.up) - 0.5, high.rounded(.down) + 0.5)
        } else {
            width = Self.roundWidth((high - low) / Self.binsUsual)
            guard width > 0 else { return nil }
            (low, high) = ((low / width).rounded(.down) * width, (high / width).rounded(.up) * width)
        }
        let count = max(1, Int(((high - low) / width).rounded()))
        guard count <= 1000 else { return nil }
        let first = (low / width).rounded()
        edges = (0...count).map { width == 1 && low != low.rounded() ? low + Double($0) : (first + Double($0)) * width }
        let bottom = edges[0]
        isClipped = false
        func shares(_ side: [Double]) -> (shares: [Double], isClipped: Bool) {
            var counts = [Int](repeating: 0, count: count)
            var total = 0
            var beyond = 0
            for value in side where !value.isNaN {
                let place = (value - bottom) / width
                if place < 0 || place > Double(count) { beyond += 1 }
                counts[Int(min(max(place, 0), Double(count - 1)))] += 1
                total += 1
            }
            return (counts.map { Double($0) / Double(total) }, beyond > 0)
        }
        let (r, a) = (shares(reference), shares(current))
        (self.reference, self.current, isClipped) = (r.shares, a.shares, r.isClipped || a.isClipped)
    }

    /// Where 96 % of the values lie, from at most 10,000 of each side taken evenly.
    private static func bulk(_ reference: [Double], _ current: [Double]) -> (low: Double, high: Double) {
        var (low, high) = (Double.infinity, -Double.infinity)
        for side in [reference, current] {
            let step = max(1, side.count / 10_000)
            let some = stride(from: 0, to: side.count, by: step).map { side[$0] }.filter(\.isFinite).sorted()
            guard !some.isEmpty else { continue }
            low = min(low, some[some.count / 50])
            high = max(high, some[some.count - 1 - some.count / 50])
        }
        return (low, high)
    }

    /// The next of 1, 2, 2.5, 5 times a power of ten.
    private static func roundWidth(_ width: Double) -> Double {
        if width <= 0 { return 1 }
        var power = 1.0
        while power * 10 <= width { power *= 10 }
        while power > width { power /= 10 }
        return [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= width } ?? 10 * power
    }

    func chart(_ name: String, summary: String) -> Report.Chart {
        Report.Chart(
            name, summary: summary + (isClipped ? ". Values further out are counted in the outermost bars" : ""),
            shape: .histogram(edges: edges), series: [.init("reference", y: reference), .init("current", y: current)], xLabel: name,
            yLabel: "share of values")
    }
}
