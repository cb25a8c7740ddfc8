import Statistics
import TestSupport
import Testing

@Suite("area under the ROC curve")
struct RocAUCTests {
    // scikit-learn 1.9.1, roc_auc_score; DeLong's variance by its definition in NumPy 2.4.6 (divisors m − 1, n − 1).
    static let scores = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.6, 0.4]
    static let labels = [false, false, true, true, false, false, true, true]

    @Test("area and DeLong's variance of a small sample with ties")
    func fixture() throws {
        let auc = try RocAUC(scores: Self.scores, labels: Self.labels)
        #expect(auc.value == 0.6875)
        #expect(auc.lowerBound == 0.6875 && auc.upperBound == 0.6875)
        #expect(auc.positives == 4 && auc.negatives == 4)
        #expect(isNear(try #require(auc.variance), 0.049479166666666664))
    }

    @Test("the interval is the normal one, cut at 1")
    func interval() throws {
        let interval = try #require(try RocAUC(scores: Self.scores, labels: Self.labels).interval())
        #expect(isNear(interval.lower, 0.2515273159563074, relative: 1e-9))  // 0.6875 ± norm.ppf(0.975) √variance, SciPy 1.17.1
        #expect(interval.upper == 1)
    }

    @Test("more confidence makes a wider interval")
    func confidence() throws {
        let auc = try RocAUC(scores: [1, 2, 3, 4, 5, 6, 7, 8], labels: [false, true, false, false, true, false, true, true])
        let narrow = try #require(auc.interval(confidence: 0.5))
        let wide = try #require(auc.interval(confidence: 0.9))
        #expect(wide.lower < narrow.lower && narrow.lower < auc.value && auc.value < narrow.upper && narrow.upper < wide.upper)
    }

    @Test("it is the share of pairs in the right order, ties counting half", arguments: 1...20 as ClosedRange<UInt64>)
    func definition(seed: UInt64) throws {
        var random = Seeded(seed)
        let (scores, labels) = sample(&random)
        let auc = try RocAUC(scores: scores, labels: labels)
        #expect(isNear(auc.value, shareOfPairs(scores, labels)), "seed \(seed): \(scores), \(labels)")
    }

    @Test("exchanging the labels, or turning the scores around, mirrors the area at ½", arguments: 1...10 as ClosedRange<UInt64>)
    func mirrored(seed: UInt64) throws {
        var random = Seeded(seed)
        let (scores, labels) = sample(&random)
        let auc = try RocAUC(scores: scores, labels: labels)
        let exchanged = try RocAUC(scores: scores, labels: labels.map(!))
        let turned = try RocAUC(scores: scores.map(-), labels: labels)
        #expect(isNear(exchanged.value, 1 - auc.value), "seed \(seed)")
        #expect(isNear(turned.value, 1 - auc.value), "seed \(seed)")
        #expect(isNear(exchanged.variance ?? -1, auc.variance ?? -1, relative: 1e-9), "seed \(seed)")
    }

    @Test(
        "perfect, inverted and constant scores",
        arguments: [([1, 2, 3, 4], 1), ([4, 3, 2, 1], 0), ([5, 5, 5, 5], 0.5)] as [([Double], Double)])
    func extremes(scores: [Double], area: Double) throws {
        let auc = try RocAUC(scores: scores, labels: [false, false, true, true])
        #expect(auc.value == area)
        #expect(auc.variance == 0)
        #expect(auc.interval() == Interval(lower: area, upper: area))
    }

    @Test("infinite scores are at the ends, zeros of both signs tie")
    func unusualScores() throws {
        #expect(try RocAUC(scores: [-.infinity, .infinity, 3], labels: [false, true, false]).value == 1)
        #expect(try RocAUC(scores: [0, -0.0], labels: [false, true]).value == 0.5)
    }

    @Test("a single positive or negative has an area but no variance", arguments: [[true, false, false], [false, true, true]])
    func singleRow(labels: [Bool]) throws {
        let auc = try RocAUC(scores: [3, 2, 1], labels: labels)
        #expect(auc.variance == nil)
        #expect(auc.interval() == nil)
    }

    @Test("with one class only there is no area", arguments: [true, false])
    func oneClass(label: Bool) {
        let wanted = StatisticsError(.undefined, "no \(label ? "negative" : "positive") label in the window")
        #expect(throws: wanted) { try RocAUC(scores: [1, 2], labels: [label, label]) }
    }

    @Test("no rows are no area either")
    func noRows() {
        #expect { try RocAUC(scores: [], labels: []) } throws: { ($0 as? StatisticsError)?.code == .undefined }
    }

    @Test("NaN scores and missing labels are refused")
    func refused() {
        #expect { try RocAUC(scores: [1, .nan], labels: [true, false]) } throws: { ($0 as? StatisticsError)?.code == .outOfRange }
        #expect { try RocAUC(scores: [1, 2, 3], labels: [true, false]) } throws: { ($0 as? StatisticsError)?.code == .unequalLengths }
    }
}

@Suite("area under the ROC curve from counts by cell")
struct RocAUCOfCellsTests {
    @Test("cells of equal scores lose nothing")
    func tiedCells() throws {
        // The scores 0.1, 0.2, 0.35, 0.4, 0.6, 0.8 of the raw fixture.
        let cells = try RocAUC(positives: [0, 0, 1, 1, 1, 1], negatives: [1, 1, 0, 1, 0, 1])
        #expect(try cells == RocAUC(scores: RocAUCTests.scores, labels: RocAUCTests.labels))
    }

    @Test("empty cells change nothing")
    func emptyCells() throws {
        #expect(try RocAUC(positives: [0, 1, 0, 3, 0], negatives: [0, 2, 0, 1, 0]) == RocAUC(positives: [1, 3], negatives: [2, 1]))
    }

    @Test("a cell of different scores is worth between none and all of its pairs")
    func openCell() throws {
        // 4 of 12 pairs are inside the open cell 0; of the others 3 × 2 are right (cell 1 over cell 0), 0 wrong, 2 tie at cell 1.
        let auc = try RocAUC(positives: [2, 2], negatives: [2, 1], isTied: { $0 == 1 })
        #expect(isNear(auc.value, (4 * 0.5 + 4 + 2 * 0.5) / 12))
        #expect(isNear(auc.lowerBound, (0 + 4 + 2 * 0.5) / 12))
        #expect(isNear(auc.upperBound, (4 + 4 + 2 * 0.5) / 12))
    }

    @Test("an interval never promises more than the bounds know")
    func intervalHoldsTheBounds() throws {
        let auc = try RocAUC(positives: [1000], negatives: [1000], isTied: { _ in false })
        #expect(auc.variance == 0)
        #expect(auc.interval() == Interval(lower: 0, upper: 1))
    }

    @Test("the true area lies between the bounds, which the interval holds", arguments: 1...20 as ClosedRange<UInt64>)
    func bounds(seed: UInt64) throws {
        var random = Seeded(seed)
        let (scores, labels) = sample(&random)
        let width = 3.0
        var positives = [Int64](repeating: 0, count: 40)
        var negatives = positives
        for (score, label) in zip(scores, labels) {
            let cell = Int((score / width).rounded(.down)) + 20
            if label { positives[cell] += 1 } else { negatives[cell] += 1 }
        }
        let onCells = try RocAUC(positives: positives, negatives: negatives, isTied: { _ in false })
        let truth = shareOfPairs(scores, labels)
        #expect(onCells.lowerBound <= truth + 1e-12 && truth <= onCells.upperBound + 1e-12, "seed \(seed): \(scores), \(labels)")
        if let interval = onCells.interval() {
            #expect(interval.lower <= onCells.lowerBound && onCells.upperBound <= interval.upper, "seed \(seed)")
        }
    }

    @Test("pairs by the quintillion are counted exactly")
    func billions() throws {
        let billions: Int64 = 3_000_000_000
        #expect(try RocAUC(positives: [0, billions], negatives: [billions, 0]).value == 1)
        #expect(try RocAUC(positives: [billions, billions], negatives: [billions, billions]).value == 0.5)
    }

    @Test("with one class only there is no area")
    func oneClass() {
        #expect { try RocAUC(positives: [3, 4], negatives: [0, 0]) } throws: { ($0 as? StatisticsError)?.code == .undefined }
    }
}

/// 4 to 60 whole scores in −20…20, in which positives lie somewhat higher; both classes occur twice at least.
private func sample(_ random: inout Seeded) -> (scores: [Double], labels: [Bool]) {
    let labels = [true, true, false, false] + (0..<Int.random(in: 0...56, using: &random)).map { _ in Bool.random(using: &random) }
    return (labels.map { max(-20, min(20, (random.gaussian() * 4 + ($0 ? 2 : 0)).rounded())) }, labels)
}

/// The definition: over all pairs of a positive and a negative.
private func shareOfPairs(_ scores: [Double], _ labels: [Bool]) -> Double {
    let positives = zip(scores, labels).filter(\.1).map(\.0)
    let negatives = zip(scores, labels).filter { !$0.1 }.map(\.0)
    let won = positives.reduce(0.0) { sum, p in sum + negatives.reduce(0.0) { $0 + (p > $1 ? 1 : p == $1 ? 0.5 : 0) } }
    return won / Double(positives.count * negatives.count)
}
