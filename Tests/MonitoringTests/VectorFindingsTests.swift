import Monitoring
import Profiles
import TestSupport
import Testing
import Vocabulary

/// Embeddings whose coordinates go together in fours.
private func embeddings(
    _ count: Int, _ dimension: Int, _ random: inout Seeded, shift: Double = 0, spread: Double = 1, missing: Double = 0
) -> Rows {
    var column = VectorColumn(dimension: dimension)
    for _ in 0..<count {
        if random.uniform() < missing { column.append(nil); continue }
        let common = random.gaussians((dimension + 3) / 4)
        column.append((0..<dimension).map { shift + spread * (0.6 * common[$0 / 4] + 0.8 * random.gaussian()) })
    }
    return Rows(vectors: [column], scores: random.uniforms(count))
}

@Suite("Findings about vectors")
struct VectorFindingsTests {
    private static let verdictGivers = ["mean_shift", "reconstruction_error"]

    @Test("without drift all is well; a shifted mean and another spread are found", arguments: [4, 32, 200])
    func verdicts(dimension: Int) throws {
        var random = Seeded(UInt64(dimension))
        let bench = MonitoringBench(embeddings(3000, dimension, &random, missing: 0.3))
        let calm = bench.evaluate(embeddings(1500, dimension, &random, missing: 0.3))
        for statistic in Self.verdictGivers {
            let finding = calm.finding(statistic, of: "v0", by: .jointDrift)
            #expect(finding?.verdict == .ok, "\(statistic) of \(dimension): \(String(describing: finding))")
        }
        #expect(calm.finding("mmd", of: "v0")?.verdict == nil && calm.finding("mmd", of: "v0")?.value != nil)
        #expect(calm.finding("ks", of: "v0", by: .featureDrift)?.verdict == .ok)
        #expect(calm.finding("missing_ratio", of: "v0")?.verdict == .ok && calm.finding("correlation", of: "v0") == nil)
        #expect(calm.verdict(of: .featureDrift) == .ok)
        let moved = bench.evaluate(embeddings(1500, dimension, &random, shift: 0.4))
        let shift = try #require(moved.finding("mean_shift", of: "v0"))
        #expect(shift.verdict == .drifted && (shift.value ?? 0) > 0.3, "\(dimension): \(shift.why)")
        #expect(moved.finding("missing_ratio", of: "v0")?.verdict == .drifted)
        let wide = bench.evaluate(embeddings(1500, dimension, &random, spread: 1.3))
        #expect(wide.finding("reconstruction_error", of: "v0")?.verdict == .drifted)
        #expect(wide.finding("mean_shift", of: "v0")?.verdict == .ok)
        let length = try #require(wide.finding("ks", of: "v0"))
        #expect(length.verdict == .drifted && length.why.hasPrefix("of its length: values up to"), "\(length.why)")
        let slight = bench.evaluate(embeddings(20_000, dimension, &random, shift: 0.08))
        #expect(slight.finding("mean_shift", of: "v0")?.verdict == .negligible)
    }

    @Test("few vectors are insufficient, none are no data, a reference of few has no such findings") func few() {
        var random = Seeded(1)
        let bench = MonitoringBench(embeddings(1000, 40, &random))
        for statistic in Self.verdictGivers {
            #expect(bench.evaluate(embeddings(20, 40, &random)).finding(statistic, of: "v0")?.verdict == .insufficient, "\(statistic)")
            #expect(bench.emptyWindow.finding(statistic, of: "v0")?.verdict == .noData, "\(statistic)")
            #expect(bench.evaluate(embeddings(50, 40, &random, missing: 1)).finding(statistic, of: "v0")?.verdict == .noData)
        }
        let small = MonitoringBench(embeddings(50, 40, &random)).evaluate(embeddings(50, 40, &random))
        #expect(small.findings(of: .jointDrift).isEmpty && small.finding("ks", of: "v0") != nil)
    }

    /// Goal: alarms that can be believed. Method: 20 windows of 1,000 rows drawn like each of 10 references of 2,000, since windows share
    /// the luck of their reference. Bounds: without floors 5 % of 200 and, for that, five standard deviations of independent ones: 10 +
    /// 15; with floors, which are five standard errors, none.
    @Test("windows like the reference raise no alarm", arguments: [8, 64]) func falseAlarms(dimension: Int) {
        var random = Seeded(UInt64(dimension) + 1)
        var (alarms, bareAlarms) = (0, 0)
        for _ in 0..<10 {
            let bench = MonitoringBench(embeddings(2000, dimension, &random))
            var bare = bench
            (bare.settings.meanShiftFloor, bare.settings.reconstructionFloor) = (0, 0)
            for _ in 0..<20 {
                let rows = embeddings(1000, dimension, &random)
                alarms += bench.evaluate(rows).findings(of: .jointDrift).count { $0.verdict?.isFinding == true }
                bareAlarms += bare.evaluate(rows).verdict(of: .jointDrift) == .drifted ? 1 : 0
            }
        }
        #expect(alarms == 0 && (1...25).contains(bareAlarms), "\(alarms), \(bareAlarms) of 200")
    }

    @Test("the profile of two batches is the sum of theirs, and is read back as it was", arguments: [3, 300])
    func sums(dimension: Int) throws {
        var random = Seeded(9)
        let bench = MonitoringBench(embeddings(400, dimension, &random))
        let grid = bench.reference.grid
        #expect(try ProfileGrid(encoded: grid.encoded()) == grid)
        var (a, b) = (embeddings(70, dimension, &random, missing: 0.1), embeddings(130, dimension, &random, missing: 0.1))
        let large = VectorColumn(dimension: dimension, values: (0..<dimension).map { $0 % 2 == 0 ? 1e308 : -1e308 })
        b.vectors[0].append(large)
        b.scores.append(0.5)
        var joined = b
        joined.vectors[0].append(a.vectors[0])
        joined.scores += a.scores
        a.labels = []
        let whole = joined.profile(bench.version.schema, grid)
        var sum = a.profile(bench.version.schema, grid)
        sum.merge(b.profile(bench.version.schema, grid), grid: grid)
        #expect(sum == whole && sum.encoded() == whole.encoded())
        #expect(try Profile(encoded: whole.encoded(), grid: grid) == whole)
    }
}
