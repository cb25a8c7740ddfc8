/// What the laws of joint drift need of the reference beside its co-moments: frozen once, so that windows need only be summed.
///
/// Under no drift a window's rows are drawn as the reference's are, so what depends on fourth moments (the spread of correlations, of
/// reconstruction errors, of kernel features) may be taken from the reference's rows.
public struct JointLaw: Sendable, Equatable {
    /// By pair i > j at i(i − 1)/2 + j: the variance of Fisher's z of Pearson's correlation, times n.
    public private(set) var correlationVariances: [Double] = []
    /// The point around which components were fitted, and their directions.
    private(set) var center: [Double] = []
    private(set) var directions: [[Double]] = []
    /// Squared reconstruction errors of reference rows that the components were not fitted on.
    private(set) var heldOut = Spread(count: 0, mean: 0, variance: 0)
    public private(set) var traces = Traces(first: 0, second: 0, third: 0)

    struct Spread: Sendable, Equatable {
        var count: Double
        var mean: Double
        var variance: Double
    }

    /// tr Σ, tr Σ², tr Σ³ of the covariance matrix of the kernel features.
    public struct Traces: Sendable, Equatable {
        public var first: Double
        public var second: Double
        public var third: Double
    }

    public static let rowsMin = 60
    /// Of the variance, what the components hold.
    public static let share = 0.65

    /// - Parameters: standardised rows without a missing value; frequencies of the kernel features.
    /// - Throws: ``StatisticsError`` with fewer than two columns or fewer than ``rowsMin`` rows.
    public init(rows: [[Double]], frequencies: [[Double]]) throws(StatisticsError) {
        guard let size = rows.first?.count, size >= 2 else { throw StatisticsError(.undefined, "fewer than two columns of numbers") }
        guard rows.count >= Self.rowsMin else {
            throw StatisticsError(.undefined, "\(rows.count) complete rows, expected at least \(Self.rowsMin)")
        }
        correlationVariances = Self.correlationVariances(rows, size)
        var fitted = Covariance(size: size)
        for place in stride(from: 0, to: rows.count, by: 2) { fitted.add(rows[place]) }
        center = fitted.mean
        directions = PrincipalComponents(symmetric: fitted.matrix, size: size).leading(share: Self.share)
        var errors = Covariance(size: 1)
        for place in stride(from: 1, to: rows.count, by: 2) { errors.add([squaredError(rows[place])]) }
        heldOut = Spread(
            count: Double(errors.count), mean: errors.mean[0], variance: errors.moments[0] / Double(errors.count - 1))
        // Products of covariance matrices of different rows: their traces are right on average, which that of a square is not.
        var parts = [Covariance](repeating: Covariance(size: 2 * frequencies.count), count: 3)
        for (place, row) in rows.enumerated() { parts[place % 3].add(FourierDiscrepancy.waves(row, frequencies)) }
        let scale = 1 / Double(frequencies.count)
        let matrices = parts.map { part in part.matrix.map { $0 * scale * Double(part.count) / Double(part.count - 1) } }
        traces = Traces(of: matrices, size: 2 * frequencies.count)
    }

    /// The squared length of what the components leave over of a row.
    public func squaredError(_ row: [Double]) -> Double {
        let x = zip(row, center).map { $0 - $1 }
        let whole = x.reduce(0) { $0 + $1 * $1 }
        let explained = directions.reduce(0.0) { sum, direction in
            let dot = zip(x, direction).reduce(0) { $0 + $1.0 * $1.1 }
            return sum + dot * dot
        }
        return max(0, whole - explained)
    }

    /// The mean of `squaredError` over rows, from their co-moments.
    func meanSquaredError(_ rows: Covariance) -> Double {
        let size = rows.size
        let matrix = rows.matrix
        let offset = zip(rows.mean, center).map { $0 - $1 }
        func square(_ direction: [Double]) -> Double {
            var sum = 0.0
            for i in 0..<size { for j in 0..<size { sum += direction[i] * matrix[i * size + j] * direction[j] } }
            let dot = zip(offset, direction).reduce(0) { $0 + $1.0 * $1.1 }
            return sum + dot * dot
        }
        let whole = (0..<size).reduce(0) { $0 + matrix[$1 * size + $1] + offset[$1] * offset[$1] }
        return max(0, directions.reduce(whole) { $0 - square($1) })
    }

    /// Without normal columns: ((1 + ρ²/2)μ₂₂ + ρ²/4 (μ₄₀ + μ₀₄) − ρ(μ₃₁ + μ₁₃)) / (1 − ρ²)², 1 for normal ones.
    /// > Source: J. H. Steiger and A. R. Hakstian, "The Asymptotic Distribution of Elements of a Correlation Matrix", 1982.
    private static func correlationVariances(_ rows: [[Double]], _ size: Int) -> [Double] {
        let units = Standardisation(rows)
        let pairs = size * (size - 1) / 2
        var (m11, m22, m13, m31) = (
            [Double](repeating: 0, count: pairs), [Double](repeating: 0, count: pairs), [Double](repeating: 0, count: pairs),
            [Double](repeating: 0, count: pairs)
        )
        var m4 = [Double](repeating: 0, count: size)
        for row in rows {
            let x = units.applied(row)
            let squares = x.map { $0 * $0 }
            var pair = 0
            for i in 0..<size {
                m4[i] += squares[i] * squares[i]
                for j in 0..<i {
                    let product = x[i] * x[j]
                    m11[pair] += product
                    m22[pair] += product * product
                    m31[pair] += product * squares[i]
                    m13[pair] += product * squares[j]
                    pair += 1
                }
            }
        }
        let n = Double(rows.count)
        var out: [Double] = []
        for i in 0..<size {
            for j in 0..<i {
                let pair = out.count
                let r = m11[pair] / n
                let spread = (1 + r * r / 2) * m22[pair] + r * r / 4 * (m4[i] + m4[j]) - r * (m31[pair] + m13[pair])
                let variance = spread / n / ((1 - r * r) * (1 - r * r))
                // Two columns that are one, or one that is constant in these rows, have no spread to go by.
                out.append(variance > 0 && variance.isFinite ? variance : 1)
            }
        }
        return out
    }
}

extension JointLaw.Traces {
    /// Of one matrix, or of up to three that estimate it independently.
    init(of matrices: [[Double]], size: Int) {
        let (a, b, c) = (matrices[0], matrices[matrices.count > 1 ? 1 : 0], matrices[matrices.count - 1])
        first = matrices.reduce(0) { sum, m in sum + (0..<size).reduce(0) { $0 + m[$1 * size + $1] } } / Double(matrices.count)
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }  // symmetric ones
        second = (product(a, b) + product(b, c) + product(a, c)) / 3
        third = 0
        for i in 0..<size {
            for j in 0..<size {
                var dot = 0.0
                for k in 0..<size { dot += a[i * size + k] * b[k * size + j] }
                third += dot * c[j * size + i]
            }
        }
    }
}

extension JointLaw {
    /// The law as numbers, for those who store it without knowing what it is.
    public var numbers: [Double] {
        correlationVariances + center + [heldOut.count, heldOut.mean, heldOut.variance, traces.first, traces.second, traces.third]
            + directions.joined()
    }

    /// - Parameter size: the number of columns.
    /// - Returns: nil for numbers that are none of a law of this size.
    public init?(numbers: [Double], size: Int) {
        let pairs = size * (size - 1) / 2
        let head = pairs + size + 6
        guard size >= 2, numbers.count >= head, (numbers.count - head) % size == 0, numbers.allSatisfy(\.isFinite) else { return nil }
        correlationVariances = Array(numbers[..<pairs])
        center = Array(numbers[pairs..<pairs + size])
        let rest = numbers[(pairs + size)..<head].map { $0 }
        heldOut = Spread(count: rest[0], mean: rest[1], variance: rest[2])
        traces = Traces(first: rest[3], second: rest[4], third: rest[5])
        directions = stride(from: head, to: numbers.count, by: size).map { Array(numbers[$0..<$0 + size]) }
    }
}

extension ReconstructionError {
    /// From co-moments: the mean squared error of the window's rows against that of held-out rows of the reference, on components fitted before.
    ///
    /// The square is what co-moments know; the error from raw rows is a mean of lengths, so the two ratios differ.
    /// - Throws: ``StatisticsError`` with fewer than 10 rows, or when the components leave nothing of the reference over.
    public init(law: JointLaw, current: Covariance) throws(StatisticsError) {
        guard current.count >= 10 else { throw StatisticsError(.undefined, "too few complete rows") }
        guard law.heldOut.mean > 0 else { throw StatisticsError(.undefined, "the components leave nothing of the reference over") }
        let now = law.meanSquaredError(current)
        let variance = law.heldOut.variance * (1 / law.heldOut.count + 1 / Double(current.count))
        self.init(
            reference: law.heldOut.mean, current: now,
            pValue: variance > 0 ? Distributions.normalTwoSided((now - law.heldOut.mean) / variance.squareRoot()) : 1,
            components: law.directions.count)
    }
}
