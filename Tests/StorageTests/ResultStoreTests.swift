import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Every evaluation is kept, and the newest is found")
struct ResultStoreTests {
    private func hour(_ number: Int64) -> Window { Window(kind: .hour, holding: Loans.start.adding(seconds: number * 3600))! }

    private func evaluation(_ window: Window, at time: Timestamp, _ findings: [Finding], rows: Int64 = 10) -> Evaluation {
        Evaluation(version: Loans.key, window: window, evaluatedAt: time, rows: rows, labelled: 4, findings: findings)
    }
    private func finding(_ subject: String, _ value: Double?, statistic: String = "psi") -> Finding {
        Finding(monitor: .featureDrift, subject: subject, statistic: statistic, value: value, referenceCount: 1, currentCount: 2)
    }
    private func sorted(_ findings: [Finding]) -> [Finding] {
        func key(_ f: Finding) -> [String] { [f.monitor.rawValue, f.subject, f.statistic, f.group] }
        return findings.sorted { key($0).lexicographicallyPrecedes(key($1)) }
    }

    @Test("findings come back bit for bit, with nulls, infinities and any text", arguments: Loans.seeds)
    func roundTrip(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let numbers: [Double?] = [nil] + Loans.hardNumbers.filter { !$0.isNaN }
            func number() -> Double? { numbers.randomElement(using: &random) ?? nil }
            let findings = (0..<60).map { i in
                Finding(
                    monitor: Monitor.allCases[i % Monitor.allCases.count], subject: i % 7 == 0 ? "" : "it's \"\\ \(i) 日本",
                    group: i % 3 == 0 ? "{f,NULL} \(i)" : "", statistic: "s\(i)", value: number(), lower: number(), upper: number(),
                    pValue: number(),
                    adjustedP: number(), referenceCount: Int64.random(in: 0...Int64.max, using: &random), currentCount: Int64(i),
                    verdict: i % 4 == 0 ? nil : Verdict.allCases[i % Verdict.allCases.count], why: i % 5 == 0 ? "" : "n = 3, \"why\"\nnot")
            }
            let saved = evaluation(hour(0), at: Timestamp(microseconds: Bench.now.microseconds + 1), findings, rows: 1 << 40)
            try await bench.results.save(saved, of: version)
            var found = try #require(try await bench.results.latest(.hour, of: version, by: hour(0).end))
            #expect(sorted(found.findings) == sorted(findings), "seed \(seed)")
            let bits = { (f: [Finding]) in f.map { [$0.value, $0.lower, $0.upper, $0.pValue, $0.adjustedP].map { $0?.bitPattern } } }
            #expect(bits(sorted(found.findings)) == bits(sorted(findings)), "seed \(seed)")
            found.findings = findings
            #expect(found == saved, "seed \(seed)")
        }
    }

    @Test("an evaluation without findings is one all the same")
    func withoutFindings() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let saved = evaluation(hour(0), at: Bench.now, [], rows: 0)
            try await bench.results.save(saved, of: version)
            #expect(try await bench.results.latest(.hour, of: version, by: Bench.now) == saved)
        }
    }

    @Test("the latest is the newest window's newest evaluation, among those that ended in time, of this kind and version")
    func latest() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let other = try await bench.register(ModelVersion(model: "other", version: "1"))
            #expect(try await bench.results.latest(.hour, of: version, by: Bench.now) == nil)
            // The older window was evaluated last.
            let steps: [(Int64, Int64)] = [(1, 10), (1, 30), (1, 20), (0, 40)]
            for (number, seconds) in steps {
                let saved = evaluation(hour(number), at: Bench.now.adding(seconds: seconds), [finding("x", Double(seconds))])
                try await bench.results.save(saved, of: version)
            }
            let found = try await bench.results.latest(.hour, of: version, by: Bench.now)
            #expect(found?.window == hour(1) && found?.findings.map(\.value) == [30])
            #expect(try await bench.results.latest(.hour, of: version, by: hour(1).end)?.window == hour(1))
            #expect(try await bench.results.latest(.hour, of: version, by: hour(1).end.adding(seconds: -1))?.window == hour(0))
            #expect(try await bench.results.latest(.hour, of: version, by: hour(0).start) == nil)
            #expect(try await bench.results.latest(.day, of: version, by: Bench.now) == nil)
            #expect(try await bench.results.latest(.hour, of: other, by: Bench.now) == nil)
        }
    }

    @Test("two evaluations of one window are both kept, each with what was known then, the newest first")
    func twice() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            for (seconds, value) in [(Int64(0), 0.25), (60, 0.5)] {
                try await bench.results.save(
                    evaluation(hour(0), at: Bench.now.adding(seconds: seconds), [finding("x", value)]), of: version)
            }
            let kept = try await bench.results.results(ResultStore.Filter(), of: version)
            #expect(kept.map(\.finding.value) == [0.5, 0.25])
            #expect(kept.map(\.evaluatedAt) == [Bench.now.adding(seconds: 60), Bench.now])
            #expect(kept.allSatisfy { $0.window == hour(0) })
        }
    }

    @Test("an evaluation whose findings cannot be stored is not stored either")
    func atomic() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let twice = [finding("x", 1), finding("x", 2)]
            await #expect(throws: StoreError.self) { try await bench.results.save(evaluation(hour(0), at: Bench.now, twice), of: version) }
            #expect(try await bench.results.latest(.hour, of: version, by: Bench.now) == nil)
        }
    }

    @Test("results are asked for by statistic, subject, time, window and number")
    func filters() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            for number in 0..<4 {
                let findings = ["age", "income"].flatMap { subject in ["ks", "psi"].map { finding(subject, Double(number), statistic: $0) }
                }
                try await bench.results.save(evaluation(hour(Int64(number)), at: Bench.now, findings), of: version)
            }
            let day = Window(kind: .day, holding: Loans.start)!
            try await bench.results.save(evaluation(day, at: Bench.now, [finding("age", 9)]), of: version)
            func count(_ filter: ResultStore.Filter) async throws -> Int { try await bench.results.results(filter, of: version).count }
            #expect(try await count(.init()) == 17)
            #expect(try await count(.init(statistic: "psi")) == 9)
            #expect(try await count(.init(statistic: "psi", subject: "age", window: .hour)) == 4)
            #expect(try await count(.init(subject: "nobody")) == 0)
            #expect(try await count(.init(window: .day)) == 1)
            #expect(try await count(.init(limit: 5)) == 5)
            // A window belongs to a stretch of time that it shares a moment with.
            let hours = try await bench.results.results(.init(from: hour(1).start, to: hour(2).end, window: .hour), of: version)
            #expect(Set(hours.map(\.window)) == [hour(1), hour(2)])
            let moment = try await bench.results.results(
                .init(from: hour(1).start.adding(seconds: 60), to: hour(1).start.adding(seconds: 120), window: .hour), of: version)
            #expect(Set(moment.map(\.window)) == [hour(1)])
        }
    }

    @Test("more results than an answer may hold are not given")
    func limit() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let many = (0..<ResultStore.resultsMax + 10).map { finding("x\($0)", 1) }
            try await bench.results.save(evaluation(hour(0), at: Bench.now, many), of: version)
            #expect(try await bench.results.results(.init(limit: .max), of: version).count == ResultStore.resultsMax)
            #expect(try await bench.results.latest(.hour, of: version, by: Bench.now)?.findings.count == many.count)
        }
    }
}
