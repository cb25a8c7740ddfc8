import Statistics
import TestSupport
import Testing

@Suite("isotonic regression")
struct IsotonicRegressionTests {
    @Test("neighbours out of order are pooled, ties are averaged first")
    func pooled() throws {
        let fit = try IsotonicRegression(scores: [4, 1, 2, 3, 3], outcomes: [1, 0, 1, 0, 0])
        #expect(fit.x == [1, 2, 3, 4])
        #expect(fit.y == [0, 1.0 / 3, 1.0 / 3, 1])
        #expect(fit(0) == 0 && fit(9) == 1 && fit(2.5) == 1.0 / 3)
        #expect(isNear(fit(3.5), 2.0 / 3))
        #expect(fit(.nan).isNaN)
    }

    @Test("weights count as so many rows, a weight of 0 as none")
    func weighted() throws {
        let fit = try IsotonicRegression(scores: [1, 2, 3], outcomes: [1, 0, 5], weights: [1, 3, 0])
        #expect(fit.x == [1, 2] && fit.y == [0.25, 0.25])
    }

    @Test("the fit has the mean of its rows, ascends, and beats every other step function that ascends")
    func best() throws {
        var random = Seeded(4)
        let x = (0..<200).map { _ in (random.uniform() * 50).rounded() }
        let y = x.map { $0 / 50 + random.gaussian() }
        let fit = try IsotonicRegression(scores: x, outcomes: y)
        let fitted = x.map { fit($0) }
        #expect(isNear(fitted.reduce(0, +), y.reduce(0, +), relative: 1e-9))
        #expect(zip(fit.y, fit.y.dropFirst()).allSatisfy { $0 <= $1 })
        func error(_ guess: [Double]) -> Double { zip(guess, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        for _ in 0..<50 {
            let shift = random.uniform() * 50
            let size = random.gaussian()
            let other = zip(x, fitted).map { $1 + ($0 > shift ? abs(size) : 0) }
            #expect(error(other) >= error(fitted))
        }
    }

    @Test("rows that cannot be fitted are refused")
    func refused() {
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [], outcomes: []) }
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [1], outcomes: [1, 2]) }
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [.infinity], outcomes: [1]) }
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [1], outcomes: [1], weights: [-1]) }
    }
}
