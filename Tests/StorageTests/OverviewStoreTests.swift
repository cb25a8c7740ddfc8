import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Pages read many windows at once")
struct OverviewStoreTests {
    private func hour(_ number: Int64) -> Window { Window(kind: .hour, holding: Loans.start.adding(seconds: number * 3600))! }

    private func finding(
        _ monitor: Monitor, _ subject: String, _ statistic: String, _ verdict: Verdict?, value: Double? = 0.5, group: String = "",
        p: Double? = 0.5
    ) -> Finding {
        Finding(
            monitor: monitor, subject: subject, group: group, statistic: statistic, value: value, adjustedP: p, referenceCount: 1,
            currentCount: 2,
            verdict: verdict)
    }

    @discardableResult
    private func save(_ window: Window, _ findings: [Finding], after seconds: Int64 = 60, _ bench: Bench, _ version: RegisteredVersion)
        async throws
        -> Evaluation
    {
        let evaluation = Evaluation(
            version: version.key, window: window, evaluatedAt: window.end.adding(seconds: seconds), rows: 10, labelled: 4,
            findings: findings)
        try await bench.results.save(evaluation, of: version)
        return evaluation
    }

    @Test("the marks of a window add up to what its evaluation says of each monitor", arguments: Loans.seeds)
    func marks(seed: UInt64) async throws {
        try await withBench { bench in
            let overview = OverviewStore(database: bench.database)
            let version = try await bench.register()
            var random = Seeded(seed)
            let verdicts: [Verdict?] = [.ok, .negligible, .drifted, .insufficient, .noData, nil]
            for number in 0..<12 {
                var findings: [Finding] = []
                for feature in ["a", "b"] {
                    for statistic in ["psi", "ks", "missing_ratio"] {
                        let verdict = verdicts.randomElement(using: &random) ?? nil
                        findings.append(finding(.featureDrift, feature, statistic, verdict))
                    }
                }
                findings.append(finding(.fairness, "sex", "x", [.fair, .unfair, .insufficient].randomElement(using: &random)))
                try await save(hour(Int64(number)), findings, bench, version)
            }
            let windows = try await overview.windows(.hour, of: version.streamID, from: hour(0).start, to: hour(20).start, limit: 50)
            #expect(windows.count == 12)
            let marks = Dictionary(grouping: try await overview.marks(windows), by: \.place)
            for (place, head) in windows.enumerated() {
                let evaluation = try #require(try await bench.results.latest(.hour, of: version, by: head.window.end))
                for (monitor, verdict) in VerdictMark.combined(marks[place] ?? []) where monitor == .fairness {
                    #expect(verdict == evaluation.verdict(of: monitor), "seed \(seed)")
                }
                // Where one feature alone could be judged by missing values only, pages may say so; a finding is never lost.
                let drift = VerdictMark.combined(marks[place] ?? [])[.featureDrift]
                #expect(
                    drift?.isFinding
                        == (evaluation.monitors.contains(.featureDrift) ? evaluation.verdict(of: .featureDrift).isFinding : nil),
                    "seed \(seed)")
            }
        }
    }

    @Test("of a window evaluated twice the newest counts, in the order of time, and no more than were asked for")
    func windows() async throws {
        try await withBench { bench in
            let overview = OverviewStore(database: bench.database)
            let version = try await bench.register()
            for number in 0..<5 { try await save(hour(Int64(number)), [finding(.featureDrift, "a", "psi", .ok)], bench, version) }
            let again = try await save(hour(2), [finding(.featureDrift, "a", "psi", .drifted, value: 0.9)], after: 600, bench, version)
            let windows = try await overview.windows(.hour, of: version.streamID, from: hour(1).start, to: hour(4).start, limit: 50)
            #expect(windows.map(\.window) == [hour(1), hour(2), hour(3)])
            #expect(windows[1].evaluatedAt == again.evaluatedAt && windows[1].coverage == 0.4)
            #expect(
                try await overview.windows(.hour, of: version.streamID, from: hour(0).start, to: hour(9).start, limit: 2).map(\.window) == [
                    hour(3), hour(4),
                ])
            #expect(try await overview.windows(.day, of: version.streamID, from: hour(0).start, to: hour(9).start, limit: 2).isEmpty)

            let head = try await overview.heads(of: [version.streamID, 999])
            #expect(head[0].evaluations.map(\.window) == [hour(4)] && head[1] == StreamHead())
            let trail = ValueTrail(head: windows[2], first: hour(1).start, finding: finding(.featureDrift, "a", "psi", nil))
            let values = try await overview.values([trail, trail])
            #expect(
                values[0] == values[1] && values[0].map(\.value) == [0.5, 0.9, 0.5] && values[0].map(\.isFinding) == [false, true, false])
            #expect(try await overview.values([]).isEmpty)
            #expect(try await overview.marks([]).isEmpty)
            #expect(try await overview.worst([], limit: 1).isEmpty)
        }
    }

    @Test("the numbers of many evaluations are those of each, without the reasons")
    func numbers() async throws {
        try await withBench { bench in
            let overview = OverviewStore(database: bench.database)
            let version = try await bench.register()
            for number in 0..<3 as Range<Int64> {
                var findings = [
                    finding(.fairness, "sex", "tpr", nil, value: Double(number) / 3, group: "F"),
                    finding(.featureDrift, "a", "psi", .ok, value: -.infinity),
                    finding(.featureDrift, "a", "ks", .insufficient, value: nil),
                    finding(.featureDrift, "ä\"", "psi", .drifted, value: 1e-300),
                ]
                for place in findings.indices { (findings[place].pValue, findings[place].why) = (place == 1 ? nil : 0.25, "because") }
                try await save(hour(number), findings, bench, version)
            }
            let heads = try await overview.windows(.hour, of: version.streamID, from: hour(0).start, to: hour(9).start, limit: 9)
            let found = try await overview.numbers(heads.reversed())
            #expect(found.count == 3)
            for (head, findings) in zip(heads.reversed(), found) {
                var expected = try #require(try await bench.results.latest(.hour, of: version, by: head.window.end)).findings
                for place in expected.indices {
                    (expected[place].adjustedP, expected[place].why) = (nil, "")
                    (expected[place].referenceCount, expected[place].currentCount) = (0, 0)
                }
                #expect(findings == expected)
            }
            #expect(try await overview.numbers([]).isEmpty)
        }
    }

    @Test("the worst finding comes first, groups only when asked for")
    func worst() async throws {
        try await withBench { bench in
            let overview = OverviewStore(database: bench.database)
            let version = try await bench.register()
            let findings = [
                finding(.featureDrift, "a", "psi", .ok, p: 0.001), finding(.featureDrift, "b", "psi", .drifted, p: 0.01),
                finding(.performance, "", "roc_auc", .drifted, p: 0.002), finding(.fairness, "sex", "tpr", nil, group: "F"),
                finding(.fairness, "sex", "equalized_odds_difference", .fair),
            ]
            try await save(hour(0), findings, bench, version)
            let heads = try await overview.windows(.hour, of: version.streamID, from: hour(0).start, to: hour(1).start, limit: 1)
            #expect(try await overview.worst(heads, limit: 2).map(\.finding.statistic) == ["roc_auc", "psi"])
            #expect(try await overview.worst(heads, subject: "a", limit: 9).map(\.finding.subject) == ["a"])
            #expect(try await overview.statistics([.fairness], of: heads).count == 1)
            #expect(try await overview.statistics([.fairness], of: heads, includesGroups: true).map(\.finding.group) == ["", "F"])
            let fleet = try await overview.versions()
            #expect(fleet.map(\.key) == [Loans.key] && fleet[0].features == Int64(version.schema.features.count))
            #expect(try await overview.versions(of: Loans.key.model).map(\.key) == [Loans.key])
            #expect(try await overview.versions(of: "none").isEmpty)
        }
    }
}
