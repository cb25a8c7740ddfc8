internal import Glibc

/// The directions along which rows of numbers vary most: eigenvectors of their covariance matrix, widest first.
///
/// > Source: C. G. J. Jacobi, 1846 (cyclic rotations); K. Pearson, "On Lines and Planes of Closest Fit…", 1901.
public struct PrincipalComponents: Sendable {
    public private(set) var variances: [Double]
    /// One unit vector for each variance.
    public private(set) var directions: [[Double]]

    /// - Parameter matrix: symmetric, row by row.
    /// - Complexity: O(size³) for each of about ten sweeps.
    public init(symmetric matrix: [Double], size: Int) {
        precondition(matrix.count == size * size, "a square matrix")
        var a = matrix
        var v = [Double](repeating: 0, count: size * size)
        for i in 0..<size { v[i * size + i] = 1 }
        for _ in 0..<60 {
            var off = 0.0
            var scale = 0.0
            for i in 0..<size {
                scale += a[i * size + i] * a[i * size + i]
                for j in 0..<i { off += a[i * size + j] * a[i * size + j] }
            }
            if off <= 1e-30 * scale { break }
            for p in 0..<size {
                for q in (p + 1)..<max(p + 1, size) { Self.rotate(&a, &v, size, p, q) }
            }
        }
        let order = (0..<size).sorted { (a[$1 * size + $1], $0) < (a[$0 * size + $0], $1) }
        variances = order.map { max(0, a[$0 * size + $0]) }
        directions = order.map { c in (0..<size).map { v[$0 * size + c] } }
    }

    /// The directions that together hold `share` of the variance, never all of them.
    func leading(share: Double) -> [[Double]] {
        let total = variances.reduce(0, +)
        var reached = 0.0
        var count = 0
        while count < variances.count - 1, reached < share * total {
            reached += variances[count]
            count += 1
        }
        return Array(directions.prefix(count))
    }

    private static func rotate(_ a: inout [Double], _ v: inout [Double], _ size: Int, _ p: Int, _ q: Int) {
        let apq = a[p * size + q]
        if apq == 0 { return }
        let theta = (a[q * size + q] - a[p * size + p]) / (2 * apq)
        let t = (theta >= 0 ? 1 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<size {
            let (x, y) = (a[k * size + p], a[k * size + q])
            a[k * size + p] = c * x - s * y
            a[k * size + q] = s * x + c * y
        }
        for k in 0..<size {
            let (x, y) = (a[p * size + k], a[q * size + k])
            a[p * size + k] = c * x - s * y
            a[q * size + k] = s * x + c * y
        }
        for k in 0..<size {
            let (x, y) = (v[k * size + p], v[k * size + q])
            v[k * size + p] = c * x - s * y
            v[k * size + q] = s * x + c * y
        }
    }
}

/// How badly rows are rebuilt from the components that hold most of the reference's variance: the structure between columns is lost when
/// the error of the current rows is larger.
///
/// Columns are standardised by the reference; components are fitted on every other row of it (so that it is not compared with itself) up to `share`
/// of the variance; a row's error is the length of what the components leave over. The statistic is the mean error now over the mean error of the
/// reference's other rows: 1 means unchanged. The p-value compares the two means by Welch's large-sample test.
/// > Source: NannyML's data reconstruction drift; I. T. Jolliffe, "Principal Component Analysis", 2002.
public struct ReconstructionError: Sendable, Equatable {
    public var reference: Double
    public var current: Double
    public var ratio: Double { current / reference }
    public var pValue: Double
    public var components: Int

    /// - Parameters: rows of finite numbers, as many in each.
    /// - Throws: ``StatisticsError`` with fewer than two columns, too few rows, or nothing left over by the components.
    public init(reference rows: [[Double]], current now: [[Double]], share: Double = 0.65) throws(StatisticsError) {
        guard let size = rows.first?.count, size >= 2 else { throw StatisticsError(.undefined, "fewer than two columns of numbers") }
        guard rows.count >= 20, now.count >= 10 else { throw StatisticsError(.undefined, "too few complete rows") }
        let fitted = stride(from: 0, to: rows.count, by: 2).map { rows[$0] }
        let kept = stride(from: 1, to: rows.count, by: 2).map { rows[$0] }
        let scale = Standardisation(fitted)
        var sums = Covariance(size: size)
        for row in fitted { sums.add(scale.applied(row)) }
        let directions = PrincipalComponents(symmetric: sums.matrix, size: size).leading(share: share)
        func error(_ row: [Double]) -> Double {
            let x = scale.applied(row)
            let whole = x.reduce(0) { $0 + $1 * $1 }
            let explained = directions.reduce(0.0) { sum, d in
                let dot = zip(x, d).reduce(0) { $0 + $1.0 * $1.1 }
                return sum + dot * dot
            }
            return max(0, whole - explained).squareRoot()
        }
        var before = Covariance(size: 1)
        var after = Covariance(size: 1)
        for row in kept { before.add([error(row)]) }
        for row in now { after.add([error(row)]) }
        guard before.mean[0] > 0 else { throw StatisticsError(.undefined, "the components leave nothing of the reference over") }
        let variance =
            before.moments[0] / Double(before.count) / Double(before.count) + after.moments[0] / Double(after.count) / Double(after.count)
        let gap = after.mean[0] - before.mean[0]
        self.init(
            reference: before.mean[0], current: after.mean[0],
            pValue: variance > 0 ? Distributions.normalTwoSided(gap / variance.squareRoot()) : 1, components: directions.count)
    }

    init(reference: Double, current: Double, pValue: Double, components: Int) {
        (self.reference, self.current, self.pValue, self.components) = (reference, current, pValue, components)
    }
}

/// Columns moved and stretched to mean 0 and standard deviation 1 of a reference; constant ones only moved.
public struct Standardisation: Sendable {
    private let means: [Double]
    private let deviations: [Double]

    public init(_ rows: [[Double]]) {
        var sums = Covariance(size: rows.first?.count ?? 0)
        for row in rows { sums.add(row) }
        means = sums.mean
        deviations = sums.mean.indices.map { i in
            let deviation = (sums.moments[i * sums.size + i] / Double(max(1, sums.count))).squareRoot()
            return deviation > 0 && deviation.isFinite ? deviation : 1
        }
    }

    public func applied(_ row: [Double]) -> [Double] { row.indices.map { (row[$0] - means[$0]) / deviations[$0] } }
}
