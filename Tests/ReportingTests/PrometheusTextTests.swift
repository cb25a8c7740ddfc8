import Foundation
import Reporting
import TestSupport
import Testing
import Vocabulary

private let samples = [
    MetricSample(.predictions, ["credit", "3"], 1200),
    MetricSample(.predictions, ["credit", "2"], 7),
    MetricSample(.alertsFiring, ["credit", "warning"], 0),
    MetricSample(.featureDrift, ["credit", "3", "age", "psi", "hour"], 0.25),
    MetricSample(.evaluationDuration, [], counts: [0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 4], sum: 61.5),
    MetricSample(.buildInfo, ["0.1.0"], 1),
]

@Suite("The text of /metrics")
struct PrometheusTextTests {
    @Test("Prometheus 0.0.4: families in the catalogue's order, series as they come, buckets cumulative")
    func prometheus() {
        #expect(
            PrometheusText.render(samples) == """
                # HELP evenkeel_predictions_total Predictions stored.
                # TYPE evenkeel_predictions_total counter
                evenkeel_predictions_total{model="credit",version="3"} 1200
                evenkeel_predictions_total{model="credit",version="2"} 7
                # HELP evenkeel_feature_drift Distance of a feature in the newest window from the reference.
                # TYPE evenkeel_feature_drift gauge
                evenkeel_feature_drift{model="credit",version="3",feature="age",statistic="psi",window="hour"} 0.25
                # HELP evenkeel_alerts_firing Alerts that are firing.
                # TYPE evenkeel_alerts_firing gauge
                evenkeel_alerts_firing{model="credit",severity="warning"} 0
                # HELP evenkeel_evaluation_duration_seconds How long an evaluation pass took.
                # TYPE evenkeel_evaluation_duration_seconds histogram
                evenkeel_evaluation_duration_seconds_bucket{le="0.001"} 0
                evenkeel_evaluation_duration_seconds_bucket{le="0.0025"} 0
                evenkeel_evaluation_duration_seconds_bucket{le="0.005"} 0
                evenkeel_evaluation_duration_seconds_bucket{le="0.01"} 0
                evenkeel_evaluation_duration_seconds_bucket{le="0.025"} 0
                evenkeel_evaluation_duration_seconds_bucket{le="0.05"} 2
                evenkeel_evaluation_duration_seconds_bucket{le="0.1"} 2
                evenkeel_evaluation_duration_seconds_bucket{le="0.25"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="0.5"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="1"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="2.5"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="5"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="10"} 3
                evenkeel_evaluation_duration_seconds_bucket{le="+Inf"} 7
                evenkeel_evaluation_duration_seconds_sum 61.5
                evenkeel_evaluation_duration_seconds_count 7
                # HELP evenkeel_build_info Always 1; the labels say which build this is.
                # TYPE evenkeel_build_info gauge
                evenkeel_build_info{version="0.1.0"} 1

                """)
    }

    @Test("OpenMetrics 1.0: a counter's family has no _total, its samples have, and the text ends with EOF")
    func openMetrics() {
        let text = PrometheusText.render([samples[0], samples[2]], as: .openMetrics)
        #expect(
            text == """
                # HELP evenkeel_predictions Predictions stored.
                # TYPE evenkeel_predictions counter
                evenkeel_predictions_total{model="credit",version="3"} 1200
                # HELP evenkeel_alerts_firing Alerts that are firing.
                # TYPE evenkeel_alerts_firing gauge
                evenkeel_alerts_firing{model="credit",severity="warning"} 0
                # EOF

                """)
    }

    @Test("without samples there is no text, but OpenMetrics still has its end")
    func empty() {
        #expect(PrometheusText.render([]) == "")
        #expect(PrometheusText.render([], as: .openMetrics) == "# EOF\n")
    }

    @Test("a histogram with labels keeps them before le")
    func labelledHistogram() {
        let counts = [Int64](repeating: 1, count: 14)
        let text = PrometheusText.render([MetricSample(.predictionLatency, ["a", "1"], counts: counts, sum: 3)])
        #expect(text.contains("evenkeel_prediction_latency_seconds_bucket{model=\"a\",version=\"1\",le=\"0.0025\"} 2\n"))
        #expect(text.contains("evenkeel_prediction_latency_seconds_bucket{model=\"a\",version=\"1\",le=\"+Inf\"} 14\n"))
        #expect(text.contains("evenkeel_prediction_latency_seconds_sum{model=\"a\",version=\"1\"} 3\n"))
        #expect(text.contains("evenkeel_prediction_latency_seconds_count{model=\"a\",version=\"1\"} 14\n"))
    }

    @Test("quotes, backslashes and line breaks in labels are escaped, other text is not")
    func escaping() {
        func line(_ label: String) -> String {
            let text = PrometheusText.render([MetricSample(.labels, [label], 1)])
            return String(text.dropFirst(text.distance(from: text.startIndex, to: text.range(of: "evenkeel_labels_total{")!.lowerBound)))
        }
        #expect(line("a\"b") == "evenkeel_labels_total{model=\"a\\\"b\"} 1\n")
        #expect(line("a\\b") == "evenkeel_labels_total{model=\"a\\\\b\"} 1\n")
        #expect(line("a\nb") == "evenkeel_labels_total{model=\"a\\nb\"} 1\n")
        #expect(line("\\n") == "evenkeel_labels_total{model=\"\\\\n\"} 1\n")
        #expect(line("a\r\nb") == "evenkeel_labels_total{model=\"a\r\\nb\"} 1\n")
        #expect(line("日本 é {x=\"1\"}") == "evenkeel_labels_total{model=\"日本 é {x=\\\"1\\\"}\"} 1\n")
        #expect(line("") == "evenkeel_labels_total{model=\"\"} 1\n")
    }

    @Test(
        "numbers are written so that they are read back the same",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (1e15, "1000000000000000.0"), (1e16, "1e+16"), (1e-7, "1e-07"),
            (123_456_789, "123456789"), (1.0 / 3, "0.3333333333333333"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.render([MetricSample(.buildInfo, ["1"], value)]).hasSuffix("evenkeel_build_info{version=\"1\"} \(text)\n"))
    }

    @Test("whatever order they come in, each series is there once and those of a family stand together", arguments: [1, 2, 3] as [UInt64])
    func together(seed: UInt64) {
        var random = Seeded(seed)
        let many = samples + (0..<50).map { MetricSample(.verdict, ["m\($0 % 7)", "\($0)", "fairness", "fair"], Double($0)) }
        for format in [PrometheusText.Format.prometheus, .openMetrics] {
            let plain = PrometheusText.render(many, as: format).split(separator: "\n")
            let shuffled = PrometheusText.render(many.shuffled(using: &random), as: format).split(separator: "\n")
            #expect(shuffled.sorted() == plain.sorted(), "seed \(seed)")
            #expect(shuffled.filter { $0.hasPrefix("#") } == plain.filter { $0.hasPrefix("#") })
            let families = shuffled.map { line in line.hasPrefix("# ") ? "#" : String(line.prefix { $0 != "{" && $0 != " " }.prefix(24)) }
            #expect(
                families.indices.dropFirst().count { families[$0] == "evenkeel_verdict" && families[$0 - 1] != "evenkeel_verdict" } == 1)
        }
    }

    @Test("a registry has its series in the order in which they came first, whatever is counted later") func order() {
        let registry = MetricRegistry()
        let names = (0..<200).map { "m\($0 * 7919 % 200)" }
        for name in names { registry.add(to: .labels, [name]) }
        registry.observe([0.2], in: .evaluationDuration, [])
        for name in names.reversed() { registry.add(2, to: .labels, [name]) }
        registry.observe([0.3, .nan], in: .evaluationDuration, [])
        let samples = registry.samples()
        #expect(samples.dropLast() == names.map { MetricSample(.labels, [$0], 3) }[...])
        guard case .histogram(let counts, let sum)? = samples.last?.value else { Issue.record("no histogram"); return }
        #expect(counts.reduce(0, +) == 2 && sum == 0.5)
    }

    @Test("a counter's newest event stands beside it in OpenMetrics, and nowhere else") func exemplars() async throws {
        let registry = MetricRegistry()
        let at = Timestamp(microseconds: 1_780_000_000_250_000)
        for id in ["msg_1", "msg_\"2\\"] {
            registry.add(to: .webhookDeliveries, ["ops", "dead"], exemplar: .init("message_id", id, at: at))
        }
        registry.add(to: .webhookDeliveries, ["ops", "sent"])
        #expect(MetricSample.Exemplar("message_id", String(repeating: "x", count: 119), at: at) == nil)
        let text = PrometheusText.render(registry.samples(), as: .openMetrics)
        #expect(
            text.contains(
                #"evenkeel_webhook_deliveries_total{destination="ops",outcome="dead"} 2 # {message_id="msg_\"2\\"} 1 1780000000.25"# + "\n")
        )
        #expect(text.contains(#"outcome="sent"} 1"# + "\n"))
        let plain = PrometheusText.render(registry.samples())
        #expect(!plain.contains("message_id"))
        if Promtool.isPresent { #expect(try await Promtool.check(plain).status == 0) }
    }

    @Test("families made apart make one text") func parts() {
        let all = [MetricSample(.labels, ["a"], 1), MetricSample(.databaseUp, [], 1)]
        for format in [PrometheusText.Format.prometheus, .openMetrics] {
            let apart = all.flatMap { PrometheusText.families([$0], as: format) } + format.end
            let whole = PrometheusText.render(all, as: format)
            #expect(Set(String(decoding: apart, as: UTF8.self).split(separator: "\n")) == Set(whole.split(separator: "\n")))
            #expect(apart.count == whole.utf8.count && whole.hasSuffix(String(decoding: format.end, as: UTF8.self)))
        }
    }

    /// Metric.featureDrift.seriesMax: "Series of one metric; more are dropped and counted."
    @Test("series beyond the limit are dropped and counted")
    func seriesMax() {
        let series = (0..<Metric.featureDrift.seriesMax + 3).map { MetricSample(.featureDrift, ["m", "1", "f\($0)", "psi", "hour"], 0.5) }
        let text = PrometheusText.render(series)
        #expect(text.split(separator: "\n").count { $0.hasPrefix("evenkeel_feature_drift{") } == Metric.featureDrift.seriesMax)
        #expect(PrometheusText.overflow(series) == [.featureDrift: 3])
    }

    @Test("what the scraper accepts decides the format")
    func formats() {
        #expect(PrometheusText.Format(accept: nil) == .prometheus)
        #expect(PrometheusText.Format(accept: "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == .prometheus)
        #expect(PrometheusText.Format(accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5") == .openMetrics)
        for (accept, format) in [
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                .openMetrics
            ),
            ("Application/OpenMetrics-Text; Version=1.0.0", .openMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text;q=0", .prometheus), ("text/plain;q=0.9,application/openmetrics-text;q=0.1", .prometheus),
            ("application/openmetrics-text;version=0.0.1", .prometheus), ("application/openmetrics-text;q=x", .prometheus),
            ("*/*", .prometheus),
        ] as [(String, PrometheusText.Format)] { #expect(PrometheusText.Format(accept: accept) == format, "\(accept)") }
        #expect(PrometheusText.Format.prometheus.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(PrometheusText.Format.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }
}

/// Goal: Prometheus itself takes the text. Method: `promtool check metrics`, which parses and lints.
@Suite("Prometheus' own checker takes the text", .enabled(if: Promtool.isPresent))
struct PromtoolTests {
    @Test("every metric of the catalogue, with hostile labels and odd numbers")
    func catalogue() async throws {
        var all: [MetricSample] = []
        for metric in Metric.allCases {
            for label in ["plain", "quo\"te", "back\\slash", "new\nline", "日本", ""] {
                let labels = metric.labels.map { _ in label }
                if metric.labels.isEmpty, label != "plain" { continue }
                if metric.kind == .histogram {
                    all.append(MetricSample(metric, labels, counts: [Int64](repeating: 2, count: 14), sum: 0.5))
                } else {
                    all.append(MetricSample(metric, labels, label == "plain" ? 1e-7 : 3))
                }
            }
        }
        all.append(MetricSample(.featureDrift, ["odd", "", "", "", ""], .infinity))
        all.append(MetricSample(.featureDrift, ["odd", "2", "", "", ""], .nan))
        let said = try await Promtool.check(PrometheusText.render(all))
        #expect(said.status == 0 && said.text.isEmpty, "\(said.text)")
    }

    @Test("the gauges of a whole evaluation and the counters of a registry")
    func evaluation() async throws {
        let registry = MetricRegistry()
        registry.add(3, to: .ingestRecords, ["accepted"])
        registry.observe([0.004, 0.2, 30], in: .predictionLatency, ["credit", "3"])
        let gauges = EvaluationMetrics.samples(Bench.version(), latest: [Bench.full], now: Bench.now)
        let said = try await Promtool.check(PrometheusText.render(registry.samples() + gauges))
        #expect(said.status == 0 && said.text.isEmpty, "\(said.text)")
    }

    @Test("it would have said so if the text were wrong")
    func wrong() async throws {
        #expect(try await Promtool.check("evenkeel_x{a=\"b} 1\n").status != 0)
    }
}

private enum Promtool {
    static let path = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first { FileManager.default.isExecutableFile(atPath: $0) }
    static var isPresent: Bool {
        if path == nil { print("skipped: promtool is not installed, so /metrics was not checked by it") }
        return path != nil
    }

    /// What `promtool check metrics` says of a text: its exit status and everything it prints.
    static func check(_ text: String) async throws -> ProgramEnd {
        try await runProgram(try #require(path), ["check", "metrics"], input: Array(text.utf8))
    }
}
