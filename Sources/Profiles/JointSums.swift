internal import Kernels
public import Vocabulary

/// What the numeric features of a stretch of predictions are together: co-moments, and sums of random Fourier features.
///
/// Sums of the same grid add, as profiles do: the sums of A ∪ B are those of A plus those of B, bit for bit, in any order.
/// > Source: A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", 2007; D. J. Sutherland and J. Schneider, "On the Error
/// > of Random Fourier Features", 2015 (a cosine and a sine of each frequency).
public struct JointSums: Sendable, Equatable {
    /// Of the grid on which this was summed.
    public let gridFingerprint: UInt64
    var totals: JointTotals

    public init(grid: JointGrid) {
        gridFingerprint = grid.fingerprint
        totals = JointTotals(features: grid.features.count)
    }

    /// The n of the tests: records that were sampled and miss no value.
    public var count: Int { Int(totals.rows) }
    /// Sampled records that miss a value, which take no part.
    public var incomplete: Int { Int(totals.incomplete) }
    /// By feature: values at the clip or beyond.
    public var clipped: [Int64] { totals.clipped }
    /// Of z, by feature.
    public var means: [Double] { totals.means }
    /// Σ (zᵢ − mean)(zⱼ − mean), row by row of the matrix.
    public var moments: [Double] { totals.moments }
    /// Of the kernel features: cosines, then sines, each between −1 and 1.
    public var waveMeans: [Double] { totals.waveMeans }

    /// Adds predictions.
    ///
    /// - Parameter rows: the rows of the batch to fold; nil for all.
    public mutating func fold(_ batch: PredictionBatch, grid: JointGrid, rows: [Int]? = nil) {
        precondition(grid.fingerprint == gridFingerprint, "joint sums are folded on their own grid")
        var rows = rows
        if grid.sampleEvery > 1 { rows = (rows ?? Array(0..<batch.count)).filter { grid.isSampled(batch.ids[$0]) } }
        let columns = grid.features.map { place in
            guard case .numeric(let values) = batch.features[place] else {
                preconditionFailure("the batch's columns are of the schema's kinds")
            }
            return values
        }
        totals.add(columns, rows: rows, scale: grid.scale)
    }

    /// Adds other sums of the same grid.
    public mutating func merge(_ other: JointSums) {
        precondition(other.gridFingerprint == gridFingerprint, "joint sums add on one grid only")
        totals.add(other.totals)
    }
}
