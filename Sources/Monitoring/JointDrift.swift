public import Profiles
public import Statistics
public import Vocabulary

extension JointGrid {
    /// Freezes the joint grid of a version from its reference batch, with Statistics' frequencies and law.
    ///
    /// - Returns: nil where the numeric features say nothing together: fewer than two that vary, too few complete rows, or most rows equal.
    public init?(reference: PredictionBatch, seed: UInt64 = 1) { self.init(columns: reference.features, seed: seed) }

    /// - Parameter columns: numeric ones take part.
    public init?(columns: [Column], seed: UInt64 = 1) {
        self.init(reference: columns) { rows in
            let half = rows.count / 2
            guard let bandwidth = try? FourierDiscrepancy.medianBandwidth(Array(rows[..<half]), Array(rows[half...])),
                let frequencies = try? FourierDiscrepancy.frequencies(
                    columns: rows[0].count, bandwidth: bandwidth, count: JointGrid.waveCount, seed: seed)
            else { return nil }
            return Prepared(frequencies: frequencies, bandwidth: bandwidth)
        } law: { rows, frequencies in
            (try? JointLaw(rows: rows, frequencies: frequencies))?.numbers
        }
    }
}

extension JointSums {
    /// The co-moments of the standardised features.
    public var covariance: Covariance { Covariance(count: count, mean: means, moments: moments) }
}

/// Drift of the numeric features together, of a window against a reference, both as sums.
///
/// A part that has no value is nil: without at least 10 complete rows, or where the reference gives nothing to compare.
public struct JointDrift: Sendable, Equatable {
    /// Of Pearson's correlations; pairs are places in ``JointGrid/features``.
    public var correlation: CorrelationDrift?
    /// Mean squared reconstruction error against that of held-out rows of the reference that the grid was frozen from.
    public var reconstruction: ReconstructionError?
    public var discrepancy: FourierDiscrepancy?

    public init(reference: JointSums, current: JointSums, grid: JointGrid) {
        guard let law = JointLaw(numbers: grid.law, size: grid.features.count) else { return }
        let covariance = current.covariance
        correlation = try? CorrelationDrift(reference: reference.covariance, current: covariance, law: law)
        reconstruction = try? ReconstructionError(law: law, current: covariance)
        discrepancy = try? FourierDiscrepancy(
            reference: reference.waveMeans, referenceRows: reference.count, current: current.waveMeans,
            currentRows: current.count, traces: law.traces, bandwidth: grid.bandwidth)
    }
}
