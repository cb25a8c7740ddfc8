import Foundation
import Reporting
import Vocabulary

/// What a scrape costs: the gauges of a registry, as text. One line `name value` each; the best of several runs, CPU time.
///
///     exposition-benchmarks [SERIES] [--text]      --text: the text itself, to be compared with that of others
@main enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let series = arguments.compactMap { Int($0) }.first ?? 100_000
        let registry = MetricRegistry()
        let perMetric = Metric.featureDrift.seriesMax
        // As a service has them: ten models with a hundred features and ten statistics each.
        let metrics = Metric.allCases.filter { $0.kind == .gauge && $0.labels.count >= 4 }
        for placed in 0..<min(series, metrics.count * perMetric) {
            let (metric, i) = (metrics[placed / perMetric], placed % perMetric)
            let own = ["feature_\(i % 100)", "statistic_\(i / 100 % 10)"] + [String](repeating: "hour", count: 4)
            registry.set(Double(placed) / 7, in: metric, ["credit-\(i / 1000)", "3"] + own.prefix(metric.labels.count - 2))
        }
        if arguments.contains("--text") {
            FileHandle.standardOutput.write(Data(PrometheusText.render(registry.samples()).utf8))
            return
        }
        var (best, gathered) = (Double.infinity, Double.infinity)
        var count = 0
        for _ in 0..<7 {
            let start = clock()
            let samples = registry.samples()
            gathered = min(gathered, Double(clock() - start) / Double(CLOCKS_PER_SEC))
            count = PrometheusText.families(samples, as: .prometheus).count
            best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        print("series", registry.samples().count)
        print("bytes", count)
        print("gather_ms", gathered * 1e3)
        print("scrape_ms", best * 1e3)
    }
}
