import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Joint sums of rows") struct JointTotalsTests {
    static let hard: [Double] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 1e300, -1e300, 8, -8, 7.99976, 0.000244140625]

    private func columns(_ rows: Int, _ features: Int, _ random: inout Seeded) -> [[Double]] {
        (0..<features).map { _ in
            (0..<rows).map { _ in
                random.uniform() < 0.02 ? Self.hard[Int.random(in: Self.hard.indices, using: &random)] : random.gaussian() * 2
            }
        }
    }

    private func scale(_ features: Int, _ random: inout Seeded, spread: Double = 0.5) -> JointScale {
        JointScale(
            centers: (0..<features).map { _ in random.gaussian() }, inverses: (0..<features).map { _ in 0.25 + random.uniform() },
            frequencies: (0..<JointScale.waveCount).map { _ in (0..<features).map { _ in random.gaussian() * spread } })
    }

    @Test("the fast kernel gives the plain loops' sums, bit for bit", arguments: [1, 2, 3, 5, 25, 63, 64])
    func twins(features: Int) {
        var random = Seeded(UInt64(features))
        let scale = scale(features, &random)
        for rows in Array(0...33) + [255, 256, 257, 700] {
            let columns = columns(rows, features, &random)
            let picked = (0..<rows).filter { _ in random.uniform() < 0.6 }
            for places in [nil, picked] {
                var fast = JointTotals(features: features)
                var plain = fast
                fast.add(columns, rows: places, scale: scale)
                plain.add(columns, rows: places, scale: scale, isPlain: true)
                let isEqual = fast == plain
                #expect(isEqual, "\(rows) rows of \(features) features")
                #expect(fast.rows + fast.incomplete == Int64(places?.count ?? rows))
            }
        }
    }

    @Test("values at the clip in every row do not overflow") func extremes() {
        var random = Seeded(3)
        let scale = scale(4, &random)
        let columns = [1e300, -1e300, .infinity, -.infinity].map { [Double](repeating: $0, count: 1000) }
        var fast = JointTotals(features: 4)
        fast.add(columns, rows: nil, scale: scale)
        #expect(fast.clipped == [1000, 1000, 1000, 1000])
        #expect(fast.products[0] == 1000 << 28 && fast.products[1] == -1000 << 28)
        #expect(fast.means == [8, -8, 8, -8])
    }

    @Test("sums are those of the rounded values, taken one by one") func definition() {
        var random = Seeded(4)
        let scale = scale(5, &random)
        let columns = columns(500, 5, &random)
        var sums = JointTotals(features: 5)
        sums.add(columns, rows: nil, scale: scale)
        let rows = (0..<500).map { row in columns.indices.map { columns[$0][row] } }.filter { !$0.contains(where: \.isNaN) }
            .map { row in row.indices.map { scale.standardised(row[$0], feature: $0) } }
        #expect(Int(sums.rows) == rows.count && sums.incomplete > 0)
        for i in 0..<5 {
            #expect(sums.means[i] == rows.reduce(0) { $0 + $1[i] } / Double(rows.count))
            let square = rows.reduce(0) { $0 + ($1[i] - sums.means[i]) * ($1[i] - sums.means[i]) }
            #expect(isNear(sums.moments[i * 5 + i], square, relative: 1e-12))
        }
        for (wave, frequency) in scale.radians.enumerated() {
            func mean(_ f: (Double) -> Double) -> Double {
                rows.reduce(0) { $0 + f(zip($1, frequency).reduce(0) { $0 + $1.0 * $1.1 }) } / Double(rows.count)
            }
            #expect(abs(sums.waveMeans[wave] - mean(cos)) < 0x1p-15)
            #expect(abs(sums.waveMeans[JointScale.waveCount + wave] - mean(sin)) < 0x1p-15)
        }
    }

    @Test("wide and narrow spectra keep their frequencies to a ten-thousandth of the largest, or to 2e-6", arguments: [1e-3, 0.05, 1, 30])
    func spectra(spread: Double) {
        var random = Seeded(5)
        let wanted = (0..<JointScale.waveCount).map { _ in [random.gaussian() * spread, random.gaussian() * spread] }
        let scale = JointScale(centers: [0, 0], inverses: [1, 1], frequencies: wanted)
        let largest = wanted.joined().reduce(0) { max($0, abs($1)) }
        for (a, b) in zip(wanted.joined(), scale.radians.joined()) { #expect(abs(a - b) <= max(1e-4 * largest, 2e-6)) }
    }
}
