import Statistics
import TestSupport
import Testing

@Suite("Benjamini-Hochberg adjustment")
struct MultipleTestingTests {
    // statsmodels 0.15.0: multipletests(method="fdr_bh"). The fifteen p-values are the example of Benjamini and Hochberg,
    // "Controlling the False Discovery Rate", 1995 (thrombolysis after a heart attack), who reject the first four at 0.05.
    @Test("the fifteen p-values of the paper")
    func paper() {
        let pValues: [Double?] = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
        ]
        let wanted = [
            0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645, 0.07650000000000001,
            0.48600000000000004, 0.5811818181818182, 0.7148749999999999, 0.7532307692307693, 0.8132142857142857, 1.0,
        ]
        let adjusted = benjaminiHochberg(pValues)
        #expect(adjusted.count == 15)
        for (ours, theirs) in zip(adjusted, wanted) { #expect(isNear(ours ?? .nan, theirs)) }
        #expect(adjusted.count { $0! <= 0.05 } == 4)
    }

    @Test("the order of the answers is the order of the questions, ties included")
    func order() {
        let adjusted = benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.5, 0.04])
        for (ours, theirs) in zip(adjusted, [0.03, 0.048, 0.048, 0.03, 0.5, 0.048]) { #expect(isNear(ours ?? .nan, theirs)) }
        #expect(adjusted.count == 6)
    }

    @Test("a test that could not be done stays open and is outside the family")
    func missing() {
        let family = benjaminiHochberg([0.01, 0.04, 0.03])
        #expect(benjaminiHochberg([nil, 0.01, nil, 0.04, 0.03, nil]) == [nil, family[0], nil, family[1], family[2], nil])
    }

    @Test("no tests and only open tests have no answer", arguments: [[], [nil], [nil, nil]] as [[Double?]])
    func nothing(pValues: [Double?]) {
        #expect(benjaminiHochberg(pValues) == pValues)
    }

    @Test("a single test is not adjusted", arguments: [0, 0.049, 1])
    func single(pValue: Double) {
        #expect(benjaminiHochberg([pValue]) == [pValue])
    }

    @Test("adjusting keeps the order, lowers nothing and stays at most 1", arguments: 1...20 as ClosedRange<UInt64>)
    func properties(seed: UInt64) {
        var random = Seeded(seed)
        let raw = (0..<Int.random(in: 1...50, using: &random)).map { _ in (random.uniform() * 40).rounded() / 40 }
        let adjusted = benjaminiHochberg(raw).map { $0 ?? .nan }
        for i in raw.indices {
            #expect(adjusted[i] >= raw[i] * (1 - 4 * .ulpOfOne) && adjusted[i] <= 1, "seed \(seed): \(raw)")
            for j in raw.indices where raw[i] <= raw[j] { #expect(adjusted[i] <= adjusted[j], "seed \(seed): \(raw)") }
        }
    }

    @Test("the answers do not depend on the order of the questions", arguments: 1...10 as ClosedRange<UInt64>)
    func shuffled(seed: UInt64) {
        var random = Seeded(seed)
        let raw = (0..<30).map { _ in (random.uniform() * 20).rounded() / 20 }
        let order = raw.indices.shuffled(using: &random)
        let adjusted = benjaminiHochberg(raw)
        #expect(benjaminiHochberg(order.map { raw[$0] }) == order.map { adjusted[$0] }, "seed \(seed): \(raw)")
    }
}
