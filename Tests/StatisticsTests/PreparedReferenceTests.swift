import Statistics
import TestSupport
import Testing

@Suite("A prepared reference gives what the raw samples give") struct PreparedReferenceTests {
    static let shapes = ["normal", "ties", "heavy", "constant"]

    private func draw(_ count: Int, _ shape: String, _ random: inout Seeded) -> [Double] {
        (0..<count).map { _ in
            switch shape {
            case "ties": (random.gaussian() * 3).rounded()
            case "heavy": 1 / (1e-6 + random.uniform() * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1)
            case "constant": 7
            default: random.gaussian()
            }
        }
    }

    @Test("KS to the bit, Wasserstein to rounding, of other samples and of parts against the rest", arguments: shapes)
    func twins(shape: String) throws {
        var random = Seeded(2026)
        for size in [1, 2, 3, 10, 500] {
            let values = draw(size, shape, &random)
            let whole = try SortedSample(values)
            let prepared = PreparedReference(whole)
            for count in [1, 2, 7, 60, 500] {
                let other = draw(count, shape, &random).map { shape == "constant" || random.uniform() < 0.5 ? $0 : $0 + 0.25 }
                try check(prepared, against: whole, SortedSample(other), isPart: false, "\(shape) \(size) \(count)")
                if count < size {
                    let part = try SortedSample(Array(values[..<count]))
                    try check(prepared, against: #require(whole.without(part)), part, isPart: true, "\(shape) \(size) \(count), part")
                }
            }
            try check(prepared, against: whole, whole, isPart: true, "\(shape) \(size), all of it")
        }
    }

    private func check(
        _ prepared: PreparedReference, against reference: SortedSample, _ sample: SortedSample, isPart: Bool, _ name: Comment
    ) throws {
        for alternative in KolmogorovSmirnovTest.Alternative.allCases {
            let exact = KolmogorovSmirnovTest(reference: reference, current: sample, alternative: alternative, method: .asymptotic)
            #expect(prepared.kolmogorovSmirnov(sample, isPart: isPart, alternative: alternative) == exact.statistic, name)
        }
        let distance = try Wasserstein(reference: reference, current: sample).statistic
        let spread = max(abs(reference.values[0]), abs(reference.values[reference.count - 1]), abs(sample.values[sample.count - 1]))
        #expect(isNear(try prepared.wasserstein(sample, isPart: isPart), distance, relative: 1e-12, absolute: 1e-14 * spread), name)
    }

    @Test("ranges too wide for a double have the distance that the raw samples have, infinite values have none") func wide() throws {
        let whole = try SortedSample([-1.7e308, 0, 1.7e308])
        let sample = try SortedSample([1, 2])
        #expect(
            try PreparedReference(whole).wasserstein(sample, isPart: false) == Wasserstein(reference: whole, current: sample).statistic)
        let infinite = try SortedSample([1, .infinity])
        #expect(throws: StatisticsError.self) { try PreparedReference(whole).wasserstein(infinite, isPart: false) }
        #expect(throws: StatisticsError.self) { try PreparedReference(infinite).wasserstein(sample, isPart: false) }
        #expect(PreparedReference(infinite).kolmogorovSmirnov(sample, isPart: false) == 0.5)
    }
}
