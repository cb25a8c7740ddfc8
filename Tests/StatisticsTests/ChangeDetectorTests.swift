import Statistics
import TestSupport
import Testing

@Suite("change detectors")
struct ChangeDetectorTests {
    /// Zeros and ones: an error rate of 0.1, then of 0.6.
    static func errors(seed: UInt64 = 7, count: Int = 4000) -> [Double] {
        var random = Seeded(seed)
        return (0..<count).map { random.uniform() < ($0 < count / 2 ? 0.1 : 0.6) ? 1 : 0 }
    }

    static let all: [@Sendable () throws -> any ChangeDetector] = [
        { try ADWIN() }, { try PageHinkley() }, { try CUSUM() }, { try KSWIN(alpha: 0.0001) },
        { try KSWIN(alpha: 0.0001, sampling: .even) }, { try DDM(warmStart: 200) }, { try HDDMA() }, { try HDDMW() },
    ]

    @Test("a jump of the error rate is seen soon after it", arguments: all.indices)
    func jump(which: Int) throws {
        var detector = try Self.all[which]()
        let found = detector.scan(Self.errors(), stateEvery: nil).changes
        let first = try #require(found.first { $0 >= 2000 }, "\(type(of: detector))")
        #expect(first < 2400, "\(type(of: detector)) at \(first)")
    }

    @Test("a constant stream never changes, nor one without values", arguments: all.indices)
    func constant(which: Int) throws {
        var detector = try Self.all[which]()
        #expect(detector.scan([], stateEvery: nil).changes.isEmpty)
        #expect(detector.scan([Double](repeating: 0, count: 3000), stateEvery: nil).changes.isEmpty)
        #expect(!detector.isWarning)
    }

    @Test("after a change a detector is as good as new", arguments: all.indices)
    func restart(which: Int) throws {
        var detector = try Self.all[which]()
        // Random sampling goes on drawing, and the even one keeps the newest values.
        if detector is KSWIN { return }
        let stream = Self.errors(seed: 12)
        let found = detector.scan(stream, stateEvery: nil).changes
        let first = try #require(found.first)
        var fresh = try Self.all[which]()
        #expect(fresh.scan(Array(stream[(first + 1)...]), stateEvery: nil).changes.map { $0 + first + 1 } == Array(found.dropFirst()))
    }

    @Test("EDDM sees errors come closer together")
    func closer() throws {
        var detector = try EDDM()
        let stream = (0..<4000).map { $0 % ($0 < 2000 ? 20 + $0 % 3 : 4) == 0 ? 1.0 : 0 }
        let found = detector.scan(stream, stateEvery: nil).changes
        #expect(try #require(found.first { $0 >= 2000 }) < 2300)
    }

    @Test("Page-Hinkley by hand: deviations from the running mean, the mean updated first")
    func pageHinkley() throws {
        var detector = try PageHinkley(minInstances: 1, delta: 0.5, threshold: 3, alpha: 1)
        for value in [1.0, 1, 5] { detector.add(value) }
        // Means 1, 1, 7/3; deviations 0, 0, 8/3.
        let state = Dictionary(uniqueKeysWithValues: detector.state.map { ($0.name, $0.value) })
        #expect(isNear(try #require(state["mean"]), 7.0 / 3))
        #expect(isNear(try #require(state["sum_increase"]), 8.0 / 3 - 1.5))
        #expect(isNear(try #require(state["sum_decrease"]), 8.0 / 3 + 1.5))
        #expect(!detector.hasChanged)  // 8/3 − 1.5 − (−1) = 2.17
        detector.add(6)  // mean 3.25, deviation 2.75: the sum rises by 2.25 to 3.42, 4.42 above its minimum
        #expect(detector.hasChanged)
        var down = try PageHinkley(minInstances: 1, delta: 0.5, threshold: 3, alpha: 1, mode: .down)
        #expect(down.scan([1, 1, 5, 6], stateEvery: nil).changes.isEmpty)
    }

    @Test("CUSUM by hand")
    func cusum() throws {
        var detector = try CUSUM(minInstances: 2, delta: 0, threshold: 2)
        #expect(detector.scan([0, 3, 3, 3], stateEvery: nil).changes == [2])  // sums 0, 1.5, 2.5
        #expect(detector.scan([9], stateEvery: nil).changes == [0])  // after 3 afresh: mean 6, sum 3
    }

    @Test("DDM: while there was no error at all the first one is a change")
    func firstError() throws {
        var detector = try DDM(warmStart: 3)
        #expect(detector.scan([0, 0, 0, 0, 0, 1, 0], stateEvery: nil).changes == [5])
    }

    @Test("ADWIN keeps the mean and the variance of its window exactly enough")
    func window() throws {
        var random = Seeded(5)
        let stream = (0..<5000).map { _ in random.uniform() }
        var detector = try ADWIN(delta: 1e-6)
        let scan = detector.scan(stream, stateEvery: 777)
        #expect(scan.changes.isEmpty && scan.states.map(\.after) == [777, 1554, 2331, 3108, 3885, 4662])
        for state in scan.states {
            let seen = stream[..<state.after]
            let mean = seen.reduce(0, +) / Double(seen.count)
            let values = Dictionary(uniqueKeysWithValues: state.values.map { ($0.name, $0.value) })
            #expect(values["width"] == Double(state.after) && values["n_detections"] == 0)
            #expect(isNear(try #require(values["estimation"]), mean))
            #expect(isNear(try #require(values["variance"]), seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, relative: 1e-9))
        }
    }

    @Test("ADWIN works with any number of buckets to a row", arguments: [1, 2, 3, 50])
    func buckets(count: Int) throws {
        var detector = try ADWIN(clock: 1, maxBuckets: count, minWindowLength: 1, gracePeriod: 0)
        let found = detector.scan(Self.errors(seed: 3), stateEvery: nil).changes
        #expect(found.contains { $0 > 2000 && $0 < 2200 })
    }

    @Test("KSWIN equals a sort and a test at every step, ties included", arguments: [3, 10, 30])
    func naive(size: Int) throws {
        var random = Seeded(11)
        let stream = (0..<1500).map { (random.gaussian() * 3 + ($0 / 400 % 2 == 0 ? 0 : 4)).rounded() / 2 }
        let length = 4 * size
        let alpha = 0.02
        var detector = try KSWIN(alpha: alpha, windowSize: length, statSize: size, sampling: .even)
        var window: [Double] = []
        var expected: [Int] = []
        for (place, value) in stream.enumerated() {
            window.append(value)
            if window.count > length { window.removeFirst() }
            guard window.count == length else { continue }
            let older = (0..<size).map { window[$0 * (length - size) / size] }
            let newest = Array(window.suffix(size))
            let distance = try KolmogorovSmirnov(reference: older, current: newest).statistic
            if Self.exactTail(Int((distance * Double(size)).rounded()), size) <= alpha, distance > 0.1 {
                expected.append(place)
                window = newest
            }
        }
        #expect(detector.scan(stream, stateEvery: nil).changes == expected)
        if size > 3 { #expect(!expected.isEmpty) }
    }

    /// P(D ≥ h/n) by counting the lattice paths that stay inside of the band.
    static func exactTail(_ h: Int, _ n: Int) -> Double {
        var inside = [[Double]](repeating: [Double](repeating: 0, count: n + 1), count: n + 1)
        var paths = inside
        for i in 0...n {
            for j in 0...n {
                paths[i][j] = i == 0 || j == 0 ? 1 : paths[i - 1][j] + paths[i][j - 1]
                if abs(i - j) >= h { continue }
                inside[i][j] = i == 0 && j == 0 ? 1 : (i > 0 ? inside[i - 1][j] : 0) + (j > 0 ? inside[i][j - 1] : 0)
            }
        }
        return 1 - inside[n][n] / paths[n][n]
    }

    @Test("KSWIN compares with the exact p-value: full separation of 3 and 3 has p = 0.1")
    func criticalValue() throws {
        let stream = [0.0, 1, 2, 10, 11, 12]
        var significant = try KSWIN(alpha: 0.1, windowSize: 6, statSize: 3, sampling: .even)
        var strict = try KSWIN(alpha: 0.0999, windowSize: 6, statSize: 3, sampling: .even)
        #expect(significant.scan(stream, stateEvery: nil).changes == [5])
        #expect(strict.scan(stream, stateEvery: nil).changes.isEmpty)
    }

    @Test("random sampling is repeated by its seed")
    func seeds() throws {
        var random = Seeded(2)
        let stream = (0..<4000).map { _ in random.uniform() }
        func changes(_ seed: UInt64) throws -> [Int] {
            var detector = try KSWIN(alpha: 0.05, sampling: .random(seed: seed))
            return detector.scan(stream, stateEvery: nil).changes
        }
        #expect(try changes(1) == changes(1))
        #expect(try changes(1) != changes(2))
    }

    @Test("two-sided tests see a fall, one-sided ones do not")
    func falls() throws {
        let stream = Array(Self.errors(seed: 9).reversed())
        for isTwoSided in [true, false] {
            var a = try HDDMA(isTwoSided: isTwoSided)
            var w = try HDDMW(isTwoSided: isTwoSided)
            #expect(a.scan(stream, stateEvery: nil).changes.contains { $0 > 2000 && $0 < 2300 } == isTwoSided)
            #expect(w.scan(stream, stateEvery: nil).changes.contains { $0 > 2000 && $0 < 2100 } == isTwoSided)
        }
    }

    @Test("parameters that make no sense are refused")
    func refused() {
        #expect(throws: StatisticsError.self) { try ADWIN(delta: 0) }
        #expect(throws: StatisticsError.self) { try ADWIN(clock: 0) }
        #expect(throws: StatisticsError.self) { try PageHinkley(alpha: 1.5) }
        #expect(throws: StatisticsError.self) { try EDDM(alpha: 0.5, beta: 0.9) }
        #expect(throws: StatisticsError.self) { try KSWIN(windowSize: 30, statSize: 30) }
        #expect(throws: StatisticsError.self) { try KSWIN(windowSize: 50, statSize: 30, sampling: .random(seed: 1)) }
        #expect(throws: StatisticsError.self) { try HDDMA(driftConfidence: 0) }
        #expect(throws: StatisticsError.self) { try HDDMW(lambda: -1) }
        #expect(throws: StatisticsError.self) { try DDM(warmStart: -1) }
    }
}
