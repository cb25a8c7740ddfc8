import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Goal: what a monitor says from sums is what the statistic says from the raw arrays. Method: both, on seeded arrays.
@Suite("Drift findings from profiles are the statistics of the raw arrays")
struct DriftFindingsTests {
    static let seeds: [UInt64] = [1, 2, 3]

    private func byHand(_ values: [Double], edges: [Double]) -> [Int64] {
        var bins = [Int64](repeating: 0, count: edges.count + 1)
        for x in values where !x.isNaN { bins[edges.count { $0 < x }] += 1 }
        return bins
    }

    @Test("with few distinct values the KS distance is exact, and so is its p-value", arguments: seeds)
    func exactKS(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.gaussians(2000).map { ($0 * 10).rounded() } + [.nan, .infinity]
        let new = random.gaussians(700, shift: 0.4).map { ($0 * 10).rounded() } + [.nan, .nan, -.infinity]
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [new]))
        let raw = try KolmogorovSmirnov(reference: old.filter { !$0.isNaN }, current: new.filter { !$0.isNaN })
        let ks = try #require(evaluation.finding("ks", of: "x0"))
        #expect(ks.monitor == .featureDrift)
        #expect(ks.value == raw.statistic && ks.pValue == raw.pValue, "seed \(seed)")
        #expect(ks.lower == raw.statistic && ks.upper == raw.statistic, "seed \(seed)")
        #expect(ks.referenceCount == 2001 && ks.currentCount == 701)
    }

    @Test("with many distinct values the true KS distance lies between the bounds", arguments: seeds)
    func boundedKS(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.gaussians(5000)
        let new = random.gaussians(3000, shift: 0.2)
        let raw = try KolmogorovSmirnov(reference: old, current: new).statistic
        let ks = try #require(MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [new])).finding("ks", of: "x0"))
        #expect(try #require(ks.lower) <= raw && raw <= (try #require(ks.upper)), "seed \(seed)")
        #expect(try #require(ks.upper) - (try #require(ks.lower)) < 0.01, "seed \(seed)")
    }

    @Test("PSI and the Jensen-Shannon distance are those of the reference's decile bins", arguments: seeds)
    func binned(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.gaussians(3000) + [.nan]
        let new = random.gaussians(900, shift: 0.3) + [.infinity, .nan]
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [new]))
        let edges = quantileEdges(ofSorted: old.filter { !$0.isNaN }.sorted(), bins: 10)
        let r = byHand(old, edges: edges)
        let a = byHand(new, edges: edges)
        let psi = try PopulationStabilityIndex(reference: r, current: a)
        #expect(evaluation.finding("psi", of: "x0")?.value == psi.statistic, "seed \(seed)")
        #expect(evaluation.finding("psi", of: "x0")?.pValue == psi.pValue, "seed \(seed)")
        let js = try JensenShannon(reference: r, current: a)
        #expect(evaluation.finding("jensen_shannon", of: "x0")?.value == js.statistic, "seed \(seed)")
        #expect(evaluation.finding("jensen_shannon", of: "x0")?.pValue == js.pValue, "seed \(seed)")
    }

    @Test("chi-squared, PSI and Jensen-Shannon of levels count the unseen ones as one more level", arguments: seeds)
    func levels(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.levels(1500, ["a", "b", "c"]) + [nil, nil]
        let new = random.levels(400, ["a", "b", "b", "tv", "boat"]) + [nil]
        func count(_ values: [String?], _ name: String) -> Int64 { Int64(values.count { $0 == name }) }
        let r = ["a", "b", "c"].map { count(old, $0) } + [0]
        let a = ["a", "b", "c"].map { count(new, $0) } + [count(new, "tv") + count(new, "boat")]
        let evaluation = MonitoringBench(Rows(categorical: [old])).evaluate(Rows(categorical: [new]))
        let chi = try ChiSquared(reference: r, current: a)
        let finding = try #require(evaluation.finding("chi_squared", of: "c0"))
        #expect(finding.value == chi.statistic && finding.pValue == chi.pValue, "seed \(seed)")
        #expect(finding.referenceCount == 1500 && finding.currentCount == 400)
        #expect(
            evaluation.finding("psi", of: "c0")?.value == (try PopulationStabilityIndex(reference: r, current: a).statistic), "seed \(seed)"
        )
        #expect(
            evaluation.finding("jensen_shannon", of: "c0")?.value == (try JensenShannon(reference: r, current: a).statistic), "seed \(seed)"
        )
    }

    @Test("the drift of the scores is that of the raw scores", arguments: seeds)
    func scores(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.uniforms(2000).map { ($0 * 100).rounded() / 100 }
        let new = random.uniforms(800).map { ($0 * $0 * 100).rounded() / 100 } + [.nan]
        let evaluation = MonitoringBench(Rows(scores: old)).evaluate(Rows(scores: new))
        let ks = try #require(evaluation.finding("ks", by: .predictionDrift))
        #expect(ks.value == (try KolmogorovSmirnov(reference: old, current: new.filter { !$0.isNaN }).statistic), "seed \(seed)")
        let edges = quantileEdges(ofSorted: old.sorted(), bins: 10)
        let psi = try PopulationStabilityIndex(reference: byHand(old, edges: edges), current: byHand(new, edges: edges))
        #expect(evaluation.finding("psi", by: .predictionDrift)?.value == psi.statistic, "seed \(seed)")
        #expect(evaluation.verdict(of: .predictionDrift) == .drifted)
    }

    @Test("a model without scores in its reference has no prediction drift")
    func withoutScores() {
        let evaluation = MonitoringBench(Rows(numeric: [[1, 2, 3]])).evaluate(Rows(numeric: [[1, 2, 3]], scores: [0.1, 0.2, 0.3]))
        #expect(evaluation.findings(of: .predictionDrift).isEmpty)
    }

    @Test("rows that failed take no part in drift")
    func failures() throws {
        let bench = MonitoringBench(Rows(numeric: [Array(repeating: 1, count: 500)]))
        var batch = Rows(numeric: [Array(repeating: 1, count: 500) + Array(repeating: 9, count: 500)]).batch(bench.version.schema)
        batch.errors = batch.errors.indices.map { $0 < 500 ? nil : "timeout" }
        var profile = Profile(grid: bench.reference.grid)
        profile.fold(batch, grid: bench.reference.grid)
        let evaluation = WindowEvaluator().evaluate(
            bench.version, MonitoringBench.window, reference: bench.reference, current: profile, at: MonitoringBench.now)
        #expect(evaluation.rows == 1000)
        #expect(evaluation.finding("ks", of: "x0")?.value == 0)
        #expect(evaluation.finding("ks", of: "x0")?.currentCount == 500)
    }

    @Test("an evaluation says which window of which version it is about, and when it was made")
    func frame() {
        let evaluation = MonitoringBench(Rows(numeric: [[1, 2]])).evaluate(
            Rows(numeric: [[1, 2, 3]], scores: [.nan, .nan, .nan], labels: [1, .nan, 0]))
        #expect(evaluation.version == ModelVersion(model: "credit", version: "3"))
        #expect(evaluation.window == MonitoringBench.window && evaluation.evaluatedAt == MonitoringBench.now)
        #expect(evaluation.rows == 3 && evaluation.labelled == 2)
    }
}

@Suite("A drift finding says what moved")
struct DriftReasonTests {
    @Test("a numeric feature's reason names the place and both shares")
    func numeric() throws {
        let old = (0..<1000).map { Double($0 % 10) }
        let new = (0..<1000).map { Double($0 % 10 < 5 ? 9 : $0 % 10) }
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [new]))
        // Half of the values, those up to 4, are gone.
        #expect(evaluation.finding("ks", of: "x0")?.why == "values up to 4: 50.0 % in the reference, 0.0 % now")
        #expect(evaluation.finding("psi", of: "x0")?.why.hasPrefix("the share of values above 8") == true)
        #expect(evaluation.finding("psi", of: "x0")?.why.hasSuffix("rose from 10.0 % to 60.0 %") == true)
    }

    @Test("long numbers are told in groups of three digits")
    func digits() throws {
        let old = (0..<1000).map { Double($0 % 10) * 10_000 }
        let why = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [old.map { min($0, 40_000) }])).finding("psi", of: "x0")?.why
        #expect(why?.contains("values from 36\u{202F}000 to 45\u{202F}000") == true, "\(why ?? "")")
    }

    @Test("levels that the reference does not have are named, the heaviest first")
    func unseen() throws {
        let old = (0..<900).map { ["a", "b", "c"][$0 % 3] as String? }
        let new = (0..<500).map { $0 % 5 == 0 ? "boat" : $0 % 5 < 3 ? "tv" : "a" as String? }
        let why = try #require(
            MonitoringBench(Rows(categorical: [old])).evaluate(Rows(categorical: [new])).finding("chi_squared", of: "c0")
        ).why
        #expect(
            why.hasPrefix("the share of levels that the reference does not have (\"tv\", \"boat\") rose from 0.0 % to 60.0 %, effect size"),
            "\(why)")
    }

    @Test("a level that vanished is named")
    func vanished() throws {
        let old = (0..<900).map { ["car", "tv", "boat"][$0 % 3] as String? }
        let new = (0..<500).map { ["tv", "boat"][$0 % 2] as String? }
        let finding = try #require(MonitoringBench(Rows(categorical: [old])).evaluate(Rows(categorical: [new])).finding("psi", of: "c0"))
        #expect(finding.why == "the share of \"car\" fell from 33.3 % to 0.0 %")
        #expect(finding.verdict == .drifted)
    }

    @Test("a surge of missing values is found by name, while the values that are there stay as they were")
    func missing() throws {
        let old = (0..<2000).map { Double($0 % 50) }
        let new = (0..<1000).map { $0 % 4 == 0 ? Double.nan : Double($0 % 50) }
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [new]))
        let finding = try #require(evaluation.finding("missing_ratio", of: "x0"))
        #expect(finding.value == 0.25)
        #expect(finding.verdict == .drifted)
        #expect(finding.why == "missing: 0.0 % in the reference, 25.0 % now")
        #expect(finding.currentCount == 1000 && finding.referenceCount == 2000)
        let interval = try #require(wilsonInterval(count: 250, of: 1000))
        #expect(finding.lower == interval.lower && finding.upper == interval.upper)
        #expect(finding.pValue == (try ChiSquared(reference: [0, 2000], current: [250, 750]).pValue))
        #expect(evaluation.findings(of: .featureDrift).filter { $0.verdict == .drifted }.map(\.statistic) == ["missing_ratio"])
    }

    @Test("a feature that is missing altogether has no data, but its missing share says so")
    func allMissing() {
        let old = (0..<500).map { Double($0 % 7) }
        let evaluation = MonitoringBench(Rows(numeric: [old], categorical: [old.map { "l\($0)" }]))
            .evaluate(Rows(numeric: [old.map { _ in .nan }], categorical: [old.map { _ in nil }]))
        for (subject, statistic) in [("x0", "ks"), ("x0", "psi"), ("x0", "jensen_shannon"), ("c0", "chi_squared"), ("c0", "psi")] {
            #expect(evaluation.finding(statistic, of: subject)?.verdict == .noData)
            #expect(evaluation.finding(statistic, of: subject)?.value == nil)
            #expect(evaluation.finding(statistic, of: subject)?.why == "no values in the window")
        }
        #expect(evaluation.finding("missing_ratio", of: "x0")?.verdict == .drifted)
        #expect(evaluation.finding("missing_ratio", of: "c0")?.value == 1)
        #expect(evaluation.verdict(of: .featureDrift) == .drifted)
    }

    @Test("a feature that the reference did not have says whose fault it is")
    func emptyReference() {
        let evaluation = MonitoringBench(Rows(numeric: [[.nan, .nan]])).evaluate(Rows(numeric: [[1, 2]]))
        #expect(evaluation.finding("ks", of: "x0")?.verdict == .noData)
        #expect(evaluation.finding("ks", of: "x0")?.why == "the reference has no values")
    }

    @Test("a single level on both sides is fine")
    func singleLevel() {
        let same: [String?] = Array(repeating: "a", count: 1000)
        let evaluation = MonitoringBench(Rows(categorical: [same])).evaluate(Rows(categorical: [same]))
        #expect(evaluation.finding("chi_squared", of: "c0")?.verdict == .ok)
        #expect(evaluation.finding("chi_squared", of: "c0")?.why == "a single level on both sides")
        #expect(evaluation.verdict(of: .featureDrift) == .ok)
    }
}
