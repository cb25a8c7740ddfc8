import Statistics
import TestSupport
import Testing

private let scores = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.6, 0.4]
private let labels = [false, false, true, true, false, false, true, true]

@Suite("Brier score and logarithmic loss")
struct ScoringRuleTests {
    // scikit-learn 1.9.1: brier_score_loss, log_loss.
    @Test("both of a small sample")
    func fixture() throws {
        #expect(isNear(try brierScore(scores: scores, labels: labels), 0.22906250000000003))
        #expect(isNear(try logLoss(scores: scores, labels: labels), 0.6436062043281451))
    }

    @Test("sure and right costs nothing")
    func perfect() throws {
        #expect(try brierScore(scores: [0, 1], labels: [false, true]) == 0)
        #expect(try logLoss(scores: [0, 1], labels: [false, true]) < 1e-15)
    }

    @Test("sure and wrong costs 1, and 36 nats instead of infinitely many")
    func wrong() throws {
        #expect(try brierScore(scores: [0, 1], labels: [true, false]) == 1)
        // scikit-learn 1.9.1: log_loss([1], [0.0], labels=[0, 1])
        #expect(isNear(try logLoss(scores: [0, 1], labels: [true, false]), 36.04365338911715))
    }

    @Test("a constant ½ gets ¼, and ln 2")
    func constant() throws {
        #expect(try brierScore(scores: [0.5, 0.5, 0.5], labels: [true, false, true]) == 0.25)
        #expect(isNear(try logLoss(scores: [0.5, 0.5, 0.5], labels: [true, false, true]), 0.6931471805599453))
    }

    @Test("the true rate is the best constant score", arguments: [0.1, 0.2, 0.4, 0.5])
    func proper(other: Double) throws {
        let labels = (0..<10).map { $0 < 3 }
        func constant(_ score: Double) -> [Double] { [Double](repeating: score, count: 10) }
        #expect(try brierScore(scores: constant(0.3), labels: labels) < brierScore(scores: constant(other), labels: labels))
        #expect(try logLoss(scores: constant(0.3), labels: labels) < logLoss(scores: constant(other), labels: labels))
    }
}

@Suite("expected calibration error")
struct ExpectedCalibrationErrorTests {
    // By the definition in NumPy 2.4.6, with SciPy 1.17.1's chi2.sf.
    @Test("error, largest gap, chance level and p-value of a small sample in five bins")
    func fixture() throws {
        let ece = try ExpectedCalibrationError(scores: scores, labels: labels, bins: 5)
        #expect(isNear(ece.value, 0.26875))
        #expect(isNear(ece.maximum, 0.4))
        #expect(ece.count == 8)
        #expect(isNear(ece.expectedByChance, 0.23963255586381205))
        #expect(isNear(ece.pValue, 0.5308611722040364, relative: 1e-9))
    }

    @Test("there are ten bins when nobody says otherwise")
    func tenBins() throws {
        let ten = try ExpectedCalibrationError(scores: scores, labels: labels, bins: 10)
        #expect(try ExpectedCalibrationError(scores: scores, labels: labels) == ten)
    }

    @Test("bins are closed on the right, and the first holds 0", arguments: [2, 3, 5, 7, 10, 15, 49])
    func edges(bins: Int) throws {
        // A score on every edge k/bins, and one just above it, all of label 0: the gap of a bin is its mean score.
        let edges = (0...bins).map { Double($0) / Double(bins) }
        for (k, edge) in edges.enumerated() {
            for score in [edge, edge.nextUp] where score <= 1 {
                let bin = score == edge ? max(k - 1, 0) : k
                var curve = (0..<bins).map {
                    ReliabilityBin(lower: edges[$0], upper: edges[$0 + 1], count: 1, positives: 0, scoreSum: edges[$0 + 1])
                }
                curve[bin].count += 1
                curve[bin].scoreSum += score
                let ours = try ExpectedCalibrationError(
                    scores: edges.dropFirst() + [score], labels: [Bool](repeating: false, count: bins + 1), bins: bins)
                #expect(try ours == ExpectedCalibrationError(bins: curve), "\(score) belongs into bin \(bin) of \(bins)")
            }
        }
    }

    @Test("bins without rows take no part")
    func emptyBins() throws {
        let filled = ReliabilityBin(lower: 0, upper: 0.5, count: 10, positives: 4, scoreSum: 3)
        let empty = ReliabilityBin(lower: 0.5, upper: 1, count: 0, positives: 0, scoreSum: 0)
        #expect(try ExpectedCalibrationError(bins: [filled, empty]) == ExpectedCalibrationError(bins: [filled]))
    }

    @Test("a bin knows its mean score and its observed rate")
    func bin() {
        let bin = ReliabilityBin(lower: 0.2, upper: 0.4, count: 8, positives: 2, scoreSum: 2.4)
        #expect(isNear(bin.meanScore, 0.3))
        #expect(bin.observed == 0.25)
    }

    @Test("scores that come true are calibrated")
    func calibrated() throws {
        let ece = try ExpectedCalibrationError(bins: [
            ReliabilityBin(lower: 0, upper: 0.5, count: 8, positives: 2, scoreSum: 2),
            ReliabilityBin(lower: 0.5, upper: 1, count: 4, positives: 3, scoreSum: 3),
        ])
        #expect(ece.value == 0)
        #expect(ece.maximum == 0)
        #expect(ece.pValue == 1)
    }

    @Test("sure and right is calibrated, sure and wrong is refuted", arguments: [(true, 0.0, 1.0), (false, 1.0, 0.0)])
    func sure(right: Bool, error: Double, pValue: Double) throws {
        let ece = try ExpectedCalibrationError(scores: [0, 1], labels: [!right, right])
        #expect(ece.value == error)
        #expect(ece.maximum == error)
        #expect(ece.expectedByChance == 0)
        #expect(ece.pValue == pValue)
    }

    @Test("the error of a calibrated model is about what chance makes of it", arguments: 1...5 as ClosedRange<UInt64>)
    func chanceLevel(seed: UInt64) throws {
        // The mean over 100 windows of 300 rows; its standard error is about 2% of the level.
        var random = Seeded(seed)
        var errors = 0.0
        var levels = 0.0
        for _ in 0..<100 {
            let scores = (0..<300).map { _ in random.uniform() }
            let ece = try ExpectedCalibrationError(scores: scores, labels: scores.map { random.uniform() < $0 })
            errors += ece.value
            levels += ece.expectedByChance
        }
        #expect(abs(errors / levels - 1) < 0.1, "seed \(seed): \(errors / 100), by chance \(levels / 100)")
    }
}

@Suite("scores that cannot be judged")
struct RefusedScoresTests {
    private let measures: [@Sendable ([Double], [Bool]) throws -> Double] = [
        { try brierScore(scores: $0, labels: $1) },
        { try logLoss(scores: $0, labels: $1) },
        { try ExpectedCalibrationError(scores: $0, labels: $1).value },
    ]

    @Test("a score outside 0…1 or NaN is out of range", arguments: [-0.1, 1.2, .nan, .infinity, 1.0.nextUp])
    func outOfRange(score: Double) {
        for measure in measures {
            #expect { try measure([0.2, score], [false, true]) } throws: { ($0 as? StatisticsError)?.code == .outOfRange }
        }
    }

    @Test("every score needs a label")
    func unequalLengths() {
        for measure in measures {
            #expect { try measure([0.2, 0.3], [true]) } throws: { ($0 as? StatisticsError)?.code == .unequalLengths }
        }
    }

    @Test("no rows are no value")
    func empty() {
        for measure in measures {
            #expect { try measure([], []) } throws: { ($0 as? StatisticsError)?.code == .empty }
        }
        #expect { try ExpectedCalibrationError(bins: []) } throws: { ($0 as? StatisticsError)?.code == .empty }
    }
}
