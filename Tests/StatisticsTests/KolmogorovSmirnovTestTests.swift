import Statistics
import TestSupport
import Testing

@Suite("Two-sample Kolmogorov-Smirnov test") struct KolmogorovSmirnovTestTests {
    private func test(
        _ a: [Double], _ b: [Double], _ alternative: KolmogorovSmirnovTest.Alternative = .twoSided,
        _ method: KolmogorovSmirnovTest.Method = .exact
    ) throws -> KolmogorovSmirnovTest {
        KolmogorovSmirnovTest(
            reference: try SortedSample(a), current: try SortedSample(b), alternative: alternative, method: method)
    }

    @Test("separated samples: of C(n + m, n) orders two have a distance of 1, one on either side")
    func separated() throws {
        let (a, b) = ([1.0, 2, 3], [4.0, 5])
        #expect(try test(a, b).statistic == 1)
        #expect(isNear(try #require(try test(a, b).pValue), 2.0 / 10))
        #expect(isNear(try #require(try test(a, b, .greater).pValue), 1.0 / 10))
        #expect(try test(a, b, .less).pValue == 1)
        #expect(try test(a, b).sign == 1)
        #expect(try test(b, a).sign == -1)
    }

    @Test("the exact p-value is the share of all orders with as large a distance", arguments: [(3, 5), (4, 6), (5, 5), (2, 7), (6, 4)])
    func enumeration(n: Int, m: Int) throws {
        // Every way to choose which of n + m ranks are the reference's.
        var counts: [KolmogorovSmirnovTest.Alternative: [Int128: Int]] = [:]
        var total = 0
        for mask in 0..<(1 << (n + m)) where mask.nonzeroBitCount == n {
            var (i, j) = (0, 0)
            var (high, low) = (0, 0)
            for place in 0..<(n + m) {
                if mask >> place & 1 == 1 { i += 1 } else { j += 1 }
                high = max(high, i * m - j * n)
                low = min(low, i * m - j * n)
            }
            total += 1
            counts[.twoSided, default: [:]][Int128(max(high, -low)), default: 0] += 1
            counts[.greater, default: [:]][Int128(high), default: 0] += 1
            counts[.less, default: [:]][Int128(-low), default: 0] += 1
        }
        for (alternative, seen) in counts {
            for distance in seen.keys {
                let share = Double(seen.reduce(0) { $1.key >= distance ? $0 + $1.value : $0 }) / Double(total)
                let tail = try #require(ksExactTail(n: Int64(n), m: Int64(m), distance: distance, alternative: alternative))
                #expect(isNear(tail, share), "\(alternative) \(distance)")
            }
        }
    }

    @Test("ties move both functions at once") func ties() throws {
        let result = try test([1, 1, 2, 2], [1, 2, 2, 3])
        #expect(result.statistic == 0.25)
        #expect(try test([5, 5], [5, 5, 5]).statistic == 0)
        #expect(try test([5, 5], [5, 5, 5]).pValue == 1)
    }

    @Test("infinite values are values like others, NaN is refused") func infinities() throws {
        #expect(try test([-.infinity, 1], [1, .infinity]).statistic == 0.5)
        #expect(throws: StatisticsError.self) { try SortedSample([1, .nan]) }
        #expect(throws: StatisticsError.self) { try SortedSample([]) }
    }

    @Test("auto is exact up to 10,000 values and asymptotic beyond") func selection() throws {
        var random = Seeded(3)
        let small = (0..<10_000).map { _ in random.gaussian() }
        #expect(try test(small, Array(small.prefix(50)), .twoSided, .auto).method == .exact)
        #expect(try test(small + [0], Array(small.prefix(50)), .twoSided, .auto).method == .asymptotic)
    }

    @Test("sizes whose least common multiple passes 32 bits fall back to the asymptotic law") func fallback() throws {
        let a = (0..<70_001).map(Double.init)
        let b = (0..<70_000).map { Double($0) + 0.5 }
        #expect(try test(a, b).method == .asymptotic)
    }

    @Test("the exact p-value keeps its digits far out") func farTail() throws {
        // Two separated samples of 200 and 300: 2 / C(500, 200).
        let a = (0..<200).map(Double.init)
        let b = (0..<300).map { Double($0) + 1000 }
        let p = try #require(try test(a, b).pValue)
        var expected = 2.0
        for k in 1...200 { expected *= Double(k) / Double(300 + k) }
        #expect(isNear(p, expected, relative: 1e-9))
    }

    @Test("many values are sorted as few are", arguments: [1999, 2000, 5000])
    func sorting(count: Int) throws {
        var random = Seeded(UInt64(count))
        var values = (0..<count).map { _ in random.gaussian() * 1e3 }
        values += [.infinity, -.infinity, -0.0, 0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e308, -1e308]
        let sample = try SortedSample(values)
        #expect(sample.values == values.sorted())
    }
}
