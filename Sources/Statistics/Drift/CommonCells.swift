/// The cells that a chi-squared law can be applied to: those too rare for it are put together.
///
/// One value in a cell of which a hundredth was expected would be significant. The usual remedy (Cochran, "Some methods for strengthening
/// the common χ² tests", 1954) is to pool cells of small expectation, neighbours first. Which ones is decided by the sum of both sides, of which
/// the law under the null hypothesis does not depend.
public struct CommonCells: Sendable, Equatable {
    public private(set) var reference: [Int64] = []
    public private(set) var current: [Int64] = []
    /// Cells that were put together.
    public private(set) var rare = 0

    public static let expectedMin = 5.0
    /// With fewer rows per cell the chi-squared law of PSI and its kin rejects far too often.
    public static let rowsPerCellMin = 10
    /// A cell that holds this many of the smaller side is not rare, whatever was expected: by chance that happens less than once in a million.
    public static let observedMin: Int64 = 25

    public init(_ r: [Int64], _ a: [Int64]) {
        let (n, m) = (r.reduce(0, +), a.reduce(0, +))
        let smaller = Double(min(n, m)) / Double(max(1, n + m))
        func isRare(_ r: Int64, _ a: Int64) -> Bool {
            Double(r + a) * smaller < Self.expectedMin && (n <= m ? r : a) < Self.observedMin
        }
        var pool: (r: Int64, a: Int64) = (0, 0)
        var lastPool: Int?
        for (r, a) in zip(r, a) where r + a > 0 {
            guard isRare(r, a) else {
                reference.append(r)
                current.append(a)
                continue
            }
            rare += 1
            pool = (pool.r + r, pool.a + a)
            if isRare(pool.r, pool.a) { continue }
            lastPool = reference.count
            reference.append(pool.r)
            current.append(pool.a)
            pool = (0, 0)
        }
        if pool.r + pool.a == 0 { return }
        if let place = lastPool ?? reference.indices.min(by: { reference[$0] + current[$0] < reference[$1] + current[$1] }) {
            reference[place] += pool.r
            current[place] += pool.a
        } else {
            reference.append(pool.r)
            current.append(pool.a)
        }
    }

    /// Whether anything is left to test: more than one cell, or there never was more than one.
    public var isTestable: Bool { count >= 2 || rare == 0 }
    public var count: Int { reference.count }

    /// The rows that the law asks for; nil with a single cell left of several: there is nothing that it could judge.
    public var rowsNeeded: Int64? { isTestable ? Int64(count * Self.rowsPerCellMin) : nil }
}
