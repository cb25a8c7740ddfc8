import Foundation
import Kernels

// Times kernels on their own, for run.py: one line `name n nanoseconds-per-value` of CPU time each, the best of several runs.

/// splitmix64: the numbers need only be alike from run to run.
struct Numbers {
    var state: UInt64
    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
}

func time(_ name: String, values: Int, _ body: () -> Void) {
    var best = Double.infinity
    for _ in 0..<5 {
        let start = clock()
        body()
        best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
    }
    print(name, values, best * 1e9 / Double(values))
}

var numbers = Numbers(state: 1)
let n = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1_000_000 : 1_000_000
for shape in ["normal", "heavy", "ties"] {
    func draw() -> Double {
        switch shape {
        case "heavy": 1 / (1e-9 + numbers.next() * numbers.next())
        case "ties": Double(Int(numbers.next() * 100))
        default: numbers.next() + numbers.next() + numbers.next() - 1.5
        }
    }
    let reference = (0..<n).map { _ in draw() }
    let current = (0..<n).map { _ in draw() }
    time("ks_\(shape)", values: 2 * n) { _ = DistributionGap(reference, current) }
    let prepared = PreparedSample(reference)
    time("prepared_\(shape)", values: n) { _ = DistributionGap(prepared, current) }
    for bins in [10, 64] {
        let sample = (0..<1000).map { reference[$0] }.sorted()
        var edges: [Double] = []
        for i in 1..<bins where edges.last != sample[1000 * i / bins] { edges.append(sample[1000 * i / bins]) }
        time("psi\(bins)_\(shape)", values: 2 * n) {
            let counter = BinCounter(edges: edges)
            _ = (counter.counts(reference), counter.counts(current))
        }
    }
    time("sum_\(shape)", values: 2 * n) { _ = SampleMoments(reference).mean + SampleMoments(current).mean }
    time("column_\(shape)", values: 2 * n) {
        let pair = SamplePair(reference: present(reference), current: present(current))
        _ = pair.wasserstein
        _ = pair.counts(upTo: pair.orderStatistics((1...9).map { n * $0 / 10 }))
        _ = SampleMoments(reference)
        _ = SampleMoments(current)
    }
}
