public import Kernels
public import Vocabulary

/// On what the numeric features are summed together: frozen at registration from the reference, beside ``ProfileGrid``.
///
/// A value enters as z = (value − center) / scale, clipped at ±8 scales and rounded to 1/2048; center and scale are the reference's mean and
/// standard deviation without its outermost hundredths, so that one wild value does not flatten the rest. Rows with a missing value take no part
/// and are counted; so that a feature that is often missing does not take all rows away, it is left out itself.
public struct JointGrid: Sendable, Equatable {
    /// Places of the features in the schema, ascending.
    public let features: [Int]
    public let scale: JointScale
    /// The Gaussian kernel's bandwidth, in scales; the waves' frequencies are drawn from its spectrum.
    public let bandwidth: Double
    /// One record of so many takes part, chosen by its id: what a record costs is divided by it, and so is the n of the tests.
    public let sampleEvery: UInt64
    /// Numbers of the reference that the laws of the tests need, as Statistics' `JointLaw` writes and reads them.
    public let law: [Double]
    /// Identifies the grid inside every encoded sum.
    public let fingerprint: UInt64

    /// Features that take part at most: the first ones in the schema's order.
    public static let featuresMax = JointScale.featuresMax
    /// Random frequencies; each gives a cosine and a sine.
    public static let waveCount = JointScale.waveCount
    /// A feature that is missing in more of the reference's rows is left out.
    public static let missingShareMax = 0.1
    /// Complete rows of the reference below which there is nothing to go by.
    public static let referenceRowsMin = 100
    /// Rows of the reference, about, evenly spaced, from which frequencies and law are made.
    public static let referenceRowsMax = 10_000

    /// What Statistics makes of the reference's rows.
    public struct Prepared: Sendable {
        /// ``JointGrid/waveCount`` of them, in radians for each unit of z, by feature.
        public var frequencies: [[Double]]
        public var bandwidth: Double

        public init(frequencies: [[Double]], bandwidth: Double) {
            self.frequencies = frequencies
            self.bandwidth = bandwidth
        }
    }

    /// - Parameters:
    ///   - prepare: draws the waves' frequencies for standardised rows; nil where no bandwidth can be had.
    ///   - law: makes the law's numbers of the same rows and of the frequencies as they were rounded.
    /// - Returns: nil with fewer than two features that vary, too few complete rows, or no bandwidth.
    public init?(
        reference columns: [Column], sampleEvery: Int = 1, prepare: (_ rows: [[Double]]) -> Prepared?,
        law: (_ rows: [[Double]], _ frequencies: [[Double]]) -> [Double]?
    ) {
        precondition(sampleEvery >= 1, "one record of at least one")
        var features: [Int] = []
        var values: [[Double]] = []
        var scales: [(center: Double, deviation: Double)] = []
        for (place, column) in columns.enumerated() where features.count < Self.featuresMax {
            guard case .numeric(let numbers) = column, let scale = Self.scale(of: numbers) else { continue }
            features.append(place)
            values.append(numbers)
            scales.append(scale)
        }
        guard features.count >= 2 else { return nil }
        let complete = values[0].indices.filter { row in values.allSatisfy { !$0[row].isNaN } }
        guard complete.count >= Self.referenceRowsMin else { return nil }
        let (centers, inverses) = (scales.map(\.center), scales.map { 1 / $0.deviation })
        let still = JointScale(
            centers: centers, inverses: inverses,
            frequencies: [[Double]](repeating: centers.map { _ in 0 }, count: JointScale.waveCount))
        let every = (complete.count + Self.referenceRowsMax - 1) / Self.referenceRowsMax
        let rows = stride(from: 0, to: complete.count, by: every).map { row in
            values.indices.map { still.standardised(values[$0][complete[row]], feature: $0) }
        }
        guard let prepared = prepare(rows) else { return nil }
        let scale = JointScale(centers: centers, inverses: inverses, frequencies: prepared.frequencies)
        guard let law = law(rows, scale.radians) else { return nil }
        self.init(features: features, scale: scale, bandwidth: prepared.bandwidth, sampleEvery: UInt64(sampleEvery), law: law)
    }

    init(features: [Int], scale: JointScale, bandwidth: Double, sampleEvery: UInt64, law: [Double]) {
        (self.features, self.scale, self.bandwidth, self.sampleEvery, self.law) = (features, scale, bandwidth, sampleEvery, law)
        fingerprint = JointGrid.encode(features, scale, bandwidth, sampleEvery, law).fingerprint
    }

    /// Mean and standard deviation of the finite values between the 1 % and the 99 % quantile, or of all of them where these are equal; nil
    /// for a column that does not vary or is often missing.
    private static func scale(of numbers: [Double]) -> (center: Double, deviation: Double)? {
        let sorted = numbers.filter(\.isFinite).sorted()
        guard let first = sorted.first, let last = sorted.last, first < last else { return nil }
        guard Double(numbers.count { $0.isNaN }) <= missingShareMax * Double(numbers.count) else { return nil }
        let cut = sorted.count / 100
        let inner = sorted[cut..<sorted.count - cut]
        let kept = inner.first == inner.last ? sorted[...] : inner
        let n = Double(kept.count)
        let base = kept[kept.startIndex + kept.count / 2]
        let mean = base + kept.reduce(0) { $0 + ($1 - base) / n }
        let deviation = kept.reduce(0) { $0 + ($1 - mean) * (($1 - mean) / n) }.squareRoot()
        guard mean.isFinite, deviation > 0, deviation.isFinite, (1 / deviation).isFinite else { return nil }
        return (mean, deviation)
    }

    /// Whether the record of this id is one that takes part.
    func isSampled(_ id: String) -> Bool {
        // FNV-1a, mixed: the same on every machine and in every version.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        return hash % sampleEvery == 0
    }
}
