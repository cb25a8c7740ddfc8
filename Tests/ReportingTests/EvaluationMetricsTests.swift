import FoundationEssentials
import Reporting
import TestSupport
import Testing
import Vocabulary

@Suite("The gauges of an evaluation")
struct EvaluationMetricsTests {
    private func lines(_ latest: [Evaluation]) -> Set<String> {
        Set(
            EvaluationMetrics.samples(Bench.version(), latest: latest, now: Bench.now).map { sample in
                guard case .number(let value) = sample.value else { return "not a number" }
                return "\(sample.metric.rawValue)\(sample.labels.dropFirst(2)) \(value)"
            })
    }

    @Test("every finding with a value has its series")
    func findings() {
        let lines = lines([Bench.full])
        for line in [
            #"evenkeel_feature_drift["age", "ks", "hour"] 0.25"#, #"evenkeel_feature_drift["age", "psi", "hour"] 0.02"#,
            #"evenkeel_feature_drift_pvalue["age", "ks", "hour"] 0.001"#, #"evenkeel_feature_drift_pvalue["age", "psi", "hour"] 0.5"#,
            #"evenkeel_feature_missing_ratio["age", "hour"] 0.125"#, #"evenkeel_prediction_drift["psi", "hour"] 0.0625"#,
            #"evenkeel_calibration_error["ece", "hour"] 0.03"#, #"evenkeel_calibration_error["mce", "hour"] 0.1"#,
            #"evenkeel_performance["roc_auc", "hour", "realized"] 0.875"#,
            #"evenkeel_fairness_disparity["sex", "demographic_parity_difference", "hour"] 0.3"#,
            #"evenkeel_group_rate["sex", "F", "tpr", "hour"] 0.5"#, #"evenkeel_label_coverage_ratio["hour"] 0.25"#,
            #"evenkeel_evaluation_age_seconds[] 10.0"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("all of them are of the version that was evaluated, and no series is there twice")
    func labels() {
        let samples = EvaluationMetrics.samples(
            Bench.version(), latest: [Bench.full, Bench.evaluation(Bench.full.findings, .day)], now: Bench.now)
        #expect(samples.allSatisfy { $0.labels.prefix(2) == ["credit", "3"] })
        #expect(samples.allSatisfy { $0.labels.count == $0.metric.labels.count })
        #expect(Set(samples.map { [$0.metric.rawValue] + $0.labels }).count == samples.count)
    }

    @Test("what could not be computed has no series")
    func noValue() {
        #expect(!lines([Bench.full]).contains { $0.contains("brier") })
        let nothing = Bench.evaluation([Bench.finding(.featureDrift, "age", "ks", nil, .noData)], rows: 0, labelled: 0)
        #expect(!lines([nothing]).contains { $0.contains("age\"") || $0.contains("coverage") })
    }

    @Test("each monitor has one verdict that is 1, and the others are 0")
    func verdicts() {
        let lines = lines([Bench.full])
        for (monitor, verdict) in [
            ("feature_drift", "drifted"), ("prediction_drift", "ok"), ("calibration", "negligible"), ("performance", "ok"),
            ("fairness", "unfair"),
        ] {
            let ones = lines.filter { $0.hasPrefix("evenkeel_verdict[\"\(monitor)\"") && $0.hasSuffix(" 1.0") }
            #expect(ones == ["evenkeel_verdict[\"\(monitor)\", \"\(verdict)\"] 1.0"])
            #expect(lines.count { $0.hasPrefix("evenkeel_verdict[\"\(monitor)\"") } == 5)
        }
        #expect(lines.contains(#"evenkeel_verdict["fairness", "fair"] 0.0"#))
        #expect(lines.contains(#"evenkeel_verdict["feature_drift", "no_data"] 0.0"#))
        #expect(!lines.contains { $0.contains(#"["fairness", "drifted"]"#) })
    }

    @Test(
        "over several windows a finding wins, else the window that had enough data speaks",
        arguments: [
            ([.ok, .drifted], .drifted), ([.ok, .noData], .ok), ([.insufficient, .ok], .ok), ([.insufficient, .noData], .insufficient),
            ([.negligible, .ok], .negligible), ([.noData], .noData), ([.drifted, .insufficient], .drifted),
        ] as [([Verdict], Verdict)])
    func overWindows(verdicts: [Verdict], expected: Verdict) {
        let latest = zip([WindowKind.hour, .day], verdicts).map { kind, verdict in
            Bench.evaluation([Bench.finding(.featureDrift, "age", "ks", 0.1, verdict)], kind)
        }
        let said = EvaluationMetrics.verdicts(latest)
        #expect(said.map(\.monitor) == [.featureDrift])
        #expect(said.map(\.verdict) == [expected])
    }

    @Test("a week's finding does not say that something is wrong now")
    func week() {
        func evaluation(_ kind: WindowKind, _ verdict: Verdict) -> Evaluation {
            Bench.evaluation([Bench.finding(.featureDrift, "age", "ks", 0.1, verdict)], kind)
        }
        #expect(EvaluationMetrics.verdicts([evaluation(.hour, .ok), evaluation(.week, .drifted)]).map(\.verdict) == [.ok])
        #expect(EvaluationMetrics.verdicts([evaluation(.week, .drifted)]).isEmpty)
    }

    @Test("a version that was not evaluated has no series, and one from the future has age 0")
    func edges() {
        #expect(EvaluationMetrics.samples(Bench.version(), latest: [], now: Bench.now).isEmpty)
        let early = EvaluationMetrics.samples(Bench.version(), latest: [Bench.full], now: Bench.now.adding(seconds: -3600))
        #expect(early.contains(MetricSample(.evaluationAge, ["credit", "3"], 0)))
    }

    @Test("the age is that of the newest evaluation")
    func age() {
        var older = Bench.evaluation([], .day)
        older.evaluatedAt = Bench.now.adding(seconds: -5000)
        let samples = EvaluationMetrics.samples(Bench.version(), latest: [older, Bench.full], now: Bench.now)
        #expect(samples.filter { $0.metric == .evaluationAge } == [MetricSample(.evaluationAge, ["credit", "3"], 10)])
    }
}

/// Goal: names are a promise. Method: the section 'Metric names' of ../shared/CONTRACTS.md against the catalogue.
@Suite("Metric names are those of the contract", .enabled(if: SharedFiles.isPresent))
struct ContractedMetricsTests {
    /// Name → labels, where the contract states them.
    private func contracted() throws -> [String: [String]?] {
        let text = String(decoding: try SharedFiles.bytes("CONTRACTS.md"), as: UTF8.self)
        let section = try #require(text.components(separatedBy: "## Metric names").last?.components(separatedBy: "\n## ").first)
        var names: [String: [String]?] = [:]
        for piece in section.components(separatedBy: "`") where piece.hasPrefix("evenkeel_") {
            let parts = piece.split(separator: "{", maxSplits: 1)
            let labels = parts.count > 1 ? parts[1].dropLast().split(separator: ",").map { String($0.prefix { $0 != "=" }) } : nil
            names[String(parts[0])] = .some(labels)
        }
        return names
    }

    @Test("every metric of the catalogue is in the contract, with the labels that it states")
    func catalogue() throws {
        let contract = try contracted()
        #expect(contract.count > 20)
        // What we tell beyond it: of the export itself, of joint drift, data and service, of the spool, and of inference services.
        let ours: Set<Metric> = [
            .seriesDropped, .jointDrift, .dataQuality, .serviceLevel, .labelDrift, .windowRecords, .lastPrediction, .alertBudget,
            .alertBudgetFired,
            .spoolKeptBytes,
            .spoolRecords, .cloudEvents, .kafkaRecords, .kafkaLag, .kafkaPartitions, .shadowVerdict, .shadowBroken, .rolloutWeight,
            .shadowInfo, .shadowRecords, .shadowLabelled, .shadowPerformance, .shadowBound, .shadowAgreement, .shadowSeconds,
            .errorChanges, .errorChangeLast, .segmentVerdict, .leader, .breakerOpen, .databaseUp, .windowsWaiting, .modelInfo,
        ]
        for metric in Metric.allCases where !ours.contains(metric) {
            guard let labels = contract[metric.rawValue] else {
                Issue.record("\(metric.rawValue) is not in the contract")
                continue
            }
            if let labels { #expect(Set(metric.labels) == Set(labels), "\(metric.rawValue)") }
        }
    }

    @Test("an evaluation brings every metric of the contract that speaks of a window")
    func evaluation() throws {
        let contract = try contracted()
        let brought = Set(EvaluationMetrics.samples(Bench.version(), latest: [Bench.full], now: Bench.now).map(\.metric.rawValue))
        let ofWindows = contract.filter { $0.value?.contains("window") == true || $0.value?.contains("verdict") == true }.keys
        #expect(ofWindows.count >= 7)
        for name in ofWindows { #expect(brought.contains(name), "\(name)") }
        for name in [
            "evenkeel_label_coverage_ratio", "evenkeel_feature_drift_pvalue", "evenkeel_feature_missing_ratio",
            "evenkeel_evaluation_age_seconds",
        ] {
            #expect(contract.keys.contains(name) && brought.contains(name), "\(name)")
        }
    }
}
