public import Vocabulary

/// The exposition format of `/metrics`: Prometheus text 0.0.4, or OpenMetrics 1.0 when the scraper asks for it.
public enum PrometheusText {
    public enum Format: Sendable {
        case prometheus
        case openMetrics

        public var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
        public init(accept: String?) { self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus }
    }

    /// Families in the catalogue's order, series sorted by their labels: the same samples give the same text.
    public static func render(_ samples: [MetricSample], as format: Format = .prometheus) -> String {
        var families = Dictionary(grouping: samples, by: \.metric)
        for (metric, series) in families where series.count > Metric.seriesMax {
            let dropped = Double(series.count - Metric.seriesMax)
            var counts = families[.seriesDropped] ?? []
            if let at = counts.firstIndex(where: { $0.labels == [metric.rawValue] }), case .number(let before) = counts[at].value {
                counts[at].value = .number(before + dropped)
            } else {
                counts.append(MetricSample(.seriesDropped, [metric.rawValue], dropped))
            }
            families[.seriesDropped] = counts
        }
        var out = ""
        for metric in Metric.allCases {
            guard let series = families[metric], !series.isEmpty else { continue }
            // OpenMetrics names a counter's family without `_total`.
            let isShort = format == .openMetrics && metric.kind == .counter && metric.rawValue.hasSuffix("_total")
            let name = isShort ? String(metric.rawValue.dropLast(6)) : metric.rawValue
            out += "# HELP \(name) \(escape(metric.help, quotes: false))\n# TYPE \(name) \(metric.kind.rawValue)\n"
            for sample in series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }).prefix(Metric.seriesMax) {
                write(sample, to: &out)
            }
        }
        if format == .openMetrics { out += "# EOF\n" }
        return out
    }

    private static func write(_ sample: MetricSample, to out: inout String) {
        let labels = Array(zip(sample.metric.labels, sample.labels))
        let name = sample.metric.rawValue
        switch sample.value {
        case .number(let value): out += "\(name)\(braces(labels)) \(number(value))\n"
        case .histogram(let counts, let sum):
            var total: Int64 = 0
            for (i, count) in counts.enumerated() {
                total += count
                let bound = i < Metric.secondsBuckets.count ? number(Metric.secondsBuckets[i]) : "+Inf"
                out += "\(name)_bucket\(braces(labels + [("le", bound)])) \(total)\n"
            }
            out += "\(name)_sum\(braces(labels)) \(number(sum))\n\(name)_count\(braces(labels)) \(total)\n"
        }
    }

    private static func braces(_ labels: [(String, String)]) -> String {
        labels.isEmpty ? "" : "{" + labels.map { "\($0.0)=\"\(escape($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func number(_ x: Double) -> String {
        if x.isNaN { return "NaN" }
        if x.isInfinite { return x > 0 ? "+Inf" : "-Inf" }
        return x == x.rounded() && abs(x) < 1e15 ? String(Int64(x)) : "\(x)"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
