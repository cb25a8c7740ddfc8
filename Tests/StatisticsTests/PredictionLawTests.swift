import Statistics
import Testing

@Suite("The law of the next value")
struct PredictionLawTests {
    /// scipy 1.16: t.sf((10 − 3) / (s·√1.2), 4) of the values 1 to 5.
    @Test("is Student's, about the mean of those that are known") func tail() throws {
        let law = try #require(PredictionLaw([1, 2, 3, 4, 5], areDistances: false))
        #expect(abs(law.upperTail(10) - 0.007792650094031047) < 1e-14)
        #expect(abs(law.upperTail(3) - 0.5) < 1e-15)
        #expect(abs(law.upperTail(-4) - (1 - 0.007792650094031047)) < 1e-14)
    }

    /// scipy 1.16: 2 · t.sf(2 / √(30 / 4), 4).
    @Test("of distances is that of |t| about 0") func distances() throws {
        let law = try #require(PredictionLaw([1, 2, 3, 4], areDistances: true))
        #expect(abs(law.upperTail(2) - 0.5056805487068863) < 1e-14)
        #expect(law.upperTail(0) == 1)
    }

    @Test("of values that are all the same, any larger one is a surprise") func constant() throws {
        let law = try #require(PredictionLaw([2, 2, 2], areDistances: false))
        #expect(law.upperTail(2) == 1 && law.upperTail(1) == 1 && law.upperTail(2.0.nextUp) == 0)
    }

    @Test("needs two finite values", arguments: [[], [1], [1, .nan], [.infinity, 2]] as [[Double]]) func few(values: [Double]) {
        #expect(PredictionLaw(values, areDistances: true) == nil && PredictionLaw(values, areDistances: false) == nil)
    }
}
