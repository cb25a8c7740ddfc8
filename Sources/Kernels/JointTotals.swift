internal import CKernels

/// How values become the whole numbers of ``JointTotals``, and the waves that are summed over rows.
public struct JointScale: Sendable, Equatable {
    /// By feature; a value's z is (value − center) · inverse, clipped to ±``clip``.
    public let centers: [Double]
    public let inverses: [Double]
    /// For each pair of features, for each wave, two whole numbers.
    let frequencies: [Int16]
    /// A whole frequency of 1 turns the wave by 2^(shift − 32) for each ``step`` of z.
    let shift: Int32

    public static let featuresMax = EK_JOINT_FEATURES
    public static let waveCount = EK_JOINT_WAVES
    public static let clip = Double(EK_JOINT_CLIP / EK_JOINT_STEP)
    /// What z is rounded to a multiple of.
    public static let step = 1 / Double(EK_JOINT_STEP)

    /// - Parameters:
    ///   - inverses: above 0 and finite.
    ///   - frequencies: ``waveCount`` of them, in radians for each unit of z, by feature.
    public init(centers: [Double], inverses: [Double], frequencies: [[Double]]) {
        precondition(
            frequencies.count == Self.waveCount && frequencies.allSatisfy { $0.count == centers.count }, "a frequency for each feature")
        // As fine as whole numbers of 16 bits and phases of 32 allow.
        let largest = frequencies.joined().reduce(0x1p-40) { max($0, abs($1)) } / (2 * .pi) * Self.step
        var bits = 32
        while bits > 1, largest * Double(sign: .plus, exponent: bits, significand: 1) > 32_767 { bits -= 1 }
        let unit = Double(sign: .plus, exponent: bits, significand: 1) * Self.step / (2 * .pi)
        let width = (centers.count + 1) / 2 * 2
        var whole = [Int16](repeating: 0, count: width * Self.waveCount)
        for (wave, row) in frequencies.enumerated() {
            for (feature, frequency) in row.enumerated() {
                whole[Self.place(wave, feature)] = Int16((frequency * unit).rounded())
            }
        }
        self.init(centers: centers, inverses: inverses, whole: whole, shift: 32 - bits)
    }

    public init?(centers: [Double], inverses: [Double], wholeFrequencies: [Int16], shift: Int) {
        guard centers.count == inverses.count, 1...Self.featuresMax ~= centers.count, 0...31 ~= shift,
            wholeFrequencies.count == (centers.count + 1) / 2 * 2 * Self.waveCount, !wholeFrequencies.contains(.min),
            centers.allSatisfy(\.isFinite), inverses.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
        self.init(centers: centers, inverses: inverses, whole: wholeFrequencies, shift: shift)
    }

    private init(centers: [Double], inverses: [Double], whole: [Int16], shift: Int) {
        precondition(centers.count == inverses.count && 1...Self.featuresMax ~= centers.count, "a scale for each of at most 64 features")
        (self.centers, self.inverses, frequencies, self.shift) = (centers, inverses, whole, Int32(shift))
    }

    /// Where a frequency stands: a pair of features lies together, and so do the waves of a pair.
    private static func place(_ wave: Int, _ feature: Int) -> Int { (feature / 2 * waveCount + wave) * 2 + feature % 2 }

    public var count: Int { centers.count }
    public var wholeFrequencies: [Int16] { frequencies }
    public var phaseShift: Int { Int(shift) }

    /// The frequencies as they are used, in radians for each unit of z.
    public var radians: [[Double]] {
        let unit = Double(sign: .plus, exponent: Int(shift) - 32, significand: 2 * .pi) / Self.step
        return (0..<Self.waveCount).map { wave in
            centers.indices.map { Double(frequencies[Self.place(wave, $0)]) * unit }
        }
    }

    /// A value's z as it is summed: clipped and rounded.
    public func standardised(_ value: Double, feature: Int) -> Double {
        let z = (value - centers[feature]) * inverses[feature] / Self.step
        let limit = Self.clip / Self.step
        return max(-limit, min(limit, z)).rounded(.toNearestOrEven) * Self.step
    }
}

/// Sums over rows of what several features are together: values, products of two, and waves. All are whole numbers, so the sums are exact
/// and do not depend on the order of rows, on how they were cut into batches, or on the machine.
///
/// Rows in which a value is missing are only counted.
public struct JointTotals: Sendable, Equatable {
    public var rows: Int64 = 0
    public var incomplete: Int64 = 0
    /// By feature: values at the clip or beyond, in rows that took part.
    public var clipped: [Int64]
    /// In steps.
    public var sums: [Int64]
    /// Of features i ≥ j at i(i + 1)/2 + j, in squared steps.
    public var products: [Int64]
    /// Cosines, then sines, in units of ``unit``.
    public var waves: [Int64]

    public static let unit = 1 / Double(EK_JOINT_UNIT)

    public init(features: Int) {
        clipped = [Int64](repeating: 0, count: features)
        sums = clipped
        products = [Int64](repeating: 0, count: features * (features + 1) / 2)
        waves = [Int64](repeating: 0, count: 2 * JointScale.waveCount)
    }

    /// - Parameters:
    ///   - columns: as many as the scale has features, of equal length.
    ///   - isPlain: by the plain loops, with which the tests compare the others.
    /// - Complexity: with AVX2 about 80 ns a row of 25 features.
    public mutating func add(_ columns: [[Double]], scale: JointScale, isPlain: Bool = false) {
        precondition(columns.count == scale.count && sums.count == scale.count, "the scale's features")
        let total = columns[0].count
        precondition(columns.allSatisfy { $0.count == total }, "columns of equal length")
        let block = EK_JOINT_ROWS
        var whole = [Int16](repeating: 0, count: block * scale.count)
        var present = [Int16](repeating: 0, count: block)
        for start in stride(from: 0, to: total, by: block) {
            let count = min(block, total - start)
            for row in 0..<count { present[row] = -1 }
            for (feature, column) in columns.enumerated() {
                unsafe whole.withUnsafeMutableBufferPointer { out in
                    guard let base = out.baseAddress else { return }
                    unsafe column.withUnsafeBufferPointer { values in
                        guard let first = values.baseAddress else { return }
                        unsafe ek_joint_quantise(
                            first + start, count, scale.centers[feature], scale.inverses[feature], base + feature * block, &present)
                    }
                }
            }
            let added = unsafe (isPlain ? ek_joint_add_plain : ek_joint_add)(
                &whole, count, scale.count, &present, scale.frequencies, scale.shift, &sums, &products, &waves, &clipped)
            self.rows += Int64(added)
            incomplete += Int64(count - added)
        }
    }

    public mutating func add(_ other: JointTotals) {
        precondition(other.sums.count == sums.count, "as many features")
        rows += other.rows
        incomplete += other.incomplete
        for i in sums.indices { (sums[i], clipped[i]) = (sums[i] &+ other.sums[i], clipped[i] &+ other.clipped[i]) }
        for i in products.indices { products[i] &+= other.products[i] }
        for i in waves.indices { waves[i] &+= other.waves[i] }
    }

    /// Turns the sums into those that take them back.
    public mutating func negate() {
        (rows, incomplete) = (-rows, -incomplete)
        for i in sums.indices { (sums[i], clipped[i]) = (-sums[i], -clipped[i]) }
        for i in products.indices { products[i] = -products[i] }
        for i in waves.indices { waves[i] = -waves[i] }
    }

    /// The means of z by feature; none without rows.
    public var means: [Double] { sums.map { Double($0) / Double(max(1, rows)) * JointScale.step } }

    /// Σ (zᵢ − mean)(zⱼ − mean), row by row, rounded once.
    public var moments: [Double] {
        let size = sums.count
        let unit = JointScale.step * JointScale.step
        let count = Double(max(1, rows))
        var out = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                let whole = Int128(rows) * Int128(products[i * (i + 1) / 2 + j]) - Int128(sums[i]) * Int128(sums[j])
                out[i * size + j] = Double(wide: whole) / count * unit
                out[j * size + i] = out[i * size + j]
            }
        }
        return out
    }

    /// The means of the waves, each between −1 and 1: cosines, then sines.
    public var waveMeans: [Double] { waves.map { Double($0) / Double(max(1, rows)) * Self.unit } }
}
