internal import Kernels
public import Vocabulary

/// What the numeric features of a stretch of predictions are together: co-moments, and sums of random Fourier features.
///
/// Sums of the same grid add, as profiles do: the sums of A ∪ B are those of A plus those of B, bit for bit, in any order.
/// > Source: A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", 2007; D. J. Sutherland and J. Schneider, "On the Error
/// > of Random Fourier Features", 2015 (a cosine and a sine of each frequency).
public struct JointSums: Sendable, Equatable {
    var totals: JointTotals

    public init(grid: JointGrid) {
        totals = JointTotals(features: grid.features.count)
    }

    /// The n of the tests: records that miss no value.
    public var count: Int { Int(totals.rows) }
    /// Records that miss a value, which take no part.
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
    public mutating func fold(_ batch: PredictionBatch, grid: JointGrid) {
        let columns = grid.features.map { place in
            guard case .numeric(let values) = batch.features[place] else {
                preconditionFailure("the batch's columns are of the schema's kinds")
            }
            return values
        }
        fold(columns, grid: grid)
    }

    /// - Parameter columns: those of the grid.
    mutating func fold(_ columns: [[Double]], grid: JointGrid) { totals.add(columns, scale: grid.scale) }

    /// Adds other sums of the same grid.
    public mutating func merge(_ other: JointSums) {
        totals.add(other.totals)
    }
}
