internal import Glibc
internal import Profiles
internal import Statistics
internal import Vocabulary

/// Whether as many records came as at the same time before: an outage has no rows that another monitor could look at.
///
/// x = ln(1 + rows) of the earlier windows is taken as normal: t = (x − x̄) / √(s²(1 + 1/k) + 1/(1 + x̄ as rows)) has about Student's law with k − 1 degrees of
/// freedom; the last term is what counts vary by chance alone.
/// > Source: G. J. Hahn and W. Q. Meeker, "Statistical Intervals", 1991, 4.7.
struct VolumeMonitor {
    let settings: MonitorSettings

    /// - Parameter earlier: rows of comparable windows; with fewer than ``NaturalVariation/windowsMin`` there is no finding.
    func findings(rows: Int64, earlier: EarlierRows?) -> [Draft] {
        guard let earlier, earlier.rows.count >= NaturalVariation.windowsMin, earlier.rows.contains(where: { $0 > 0 }) else { return [] }
        let logs = earlier.rows.map { log1p(Double($0)) }
        let k = Double(logs.count)
        let mean = logs.reduce(0, +) / k
        let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (k - 1)
        let expected = expm1(mean)
        let deviation = (variance * (1 + 1 / k) + 1 / (1 + expected)).squareRoot()
        var finding = Finding(
            monitor: .volume, subject: "", statistic: "rows", value: Double(rows), referenceCount: earlier.rows.reduce(0, +),
            currentCount: rows)
        let t = (log1p(Double(rows)) - mean) / deviation
        finding.pValue = try? Distributions.studentTwoSided(t, degreesOfFreedom: k - 1)
        finding.why = "\(rows) record\(rows == 1 ? "" : "s"), about \(Int64(expected.rounded())) came \(earlier.words)"
        // What chance alone may do to a small count is a large share of it.
        let reach = Distributions.normalQuantile(1 - settings.alpha / 2) * deviation
        return [
            Draft(
                finding: finding, effect: abs(Double(rows) / max(expected, .ulpOfOne) - 1), floor: settings.volumeFloor,
                detectable: -expm1(-reach), needsRows: false)
        ]
    }
}

/// How many records came in windows that a window can be compared with.
public struct EarlierRows: Sendable, Equatable {
    public var rows: [Int64]
    /// Which windows they are: `at this hour of the last 8 weeks`.
    public var words: String
    public init(rows: [Int64], words: String) { (self.rows, self.words) = (rows, words) }
}
