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
        /// What stands after the last family.
        public var end: [UInt8] { self == .openMetrics ? Array("# EOF\n".utf8) : [] }

        /// - Parameter accept: the scraper's header; OpenMetrics needs a version that we write, and to be liked at least as much as plain text.
        public init(accept: String?) {
            var (openMetrics, plain) = (0.0, 0.0)
            for range in (accept ?? "").split(separator: ",") {
                let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
                var parameters: [String: String] = [:]
                for part in parts.dropFirst() {
                    guard let mark = part.firstIndex(of: "=") else { continue }
                    parameters[String(part[..<mark])] = part[part.index(after: mark)...].filter { $0 != "\"" }
                }
                let weight = parameters["q"].map { Double($0) ?? 0 } ?? 1
                switch parts.first {
                case "application/openmetrics-text" where (parameters["version"] ?? "1.0.0") == "1.0.0":
                    openMetrics = max(openMetrics, weight)
                case "text/plain": plain = max(plain, weight)
                default: continue
                }
            }
            self = openMetrics > 0 && openMetrics >= plain ? .openMetrics : .prometheus
        }
    }

    /// Families in the catalogue's order, the series of each as they come: the same samples give the same text. Of a family with too many series the first ``Metric/seriesMax`` are written; ``overflow(_:)`` says how many are not.
    public static func render(_ samples: [MetricSample], as format: Format = .prometheus) -> String {
        String(decoding: families(samples, as: format) + format.end, as: UTF8.self)
    }

    /// As ``render(_:as:)``, without the mark at the end: several of them make one text when no family is in two.
    public static func families(_ samples: [MetricSample], as format: Format) -> [UInt8] {
        var families = [[Int]](repeating: [], count: metrics.count)
        for i in samples.indices {
            if let place = places[samples[i].metric] { families[place].append(i) }
        }
        var out: [UInt8] = []
        out.reserveCapacity(samples.count * 120 + 4096)
        for (metric, series) in zip(metrics, families) where !series.isEmpty {
            // OpenMetrics names a counter's family without `_total`.
            let isShort = format == .openMetrics && metric.kind == .counter && metric.rawValue.hasSuffix("_total")
            let name = isShort ? String(metric.rawValue.dropLast(6)) : metric.rawValue
            out += "# HELP \(name) ".utf8
            escape(metric.help, quotes: false, to: &out)
            out += "\n# TYPE \(name) \(metric.kind.rawValue)\n".utf8
            var writer = SeriesWriter(metric, hasExemplars: format == .openMetrics && metric.kind == .counter)
            for i in series.prefix(metric.seriesMax) { writer.write(samples[i], to: &out) }
        }
        return out
    }

    /// How many series each metric has too many.
    public static func overflow(_ samples: [MetricSample]) -> [Metric: Int] {
        var counts: [Metric: Int] = [:]
        for sample in samples { counts[sample.metric, default: 0] += 1 }
        for (metric, count) in counts { counts[metric] = count - metric.seriesMax }
        return counts.filter { $0.value > 0 }
    }

    private static let metrics = Metric.allCases
    private static let places = Dictionary(metrics.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })

    /// Writes the series of one metric: what all of them share is made once, and what one shares with the one before it is kept.
    private struct SeriesWriter {
        private let name: String
        /// `{model="`, `",version="`, …
        private let openings: [[UInt8]]
        private let hasExemplars: Bool
        /// The name and labels of the line before, where each label ends in them, and what they were made of.
        private var start: [UInt8] = []
        private var ends: [Int] = []
        private var last: (suffix: String, labels: [String]) = ("", [])

        init(_ metric: Metric, hasExemplars: Bool) {
            self.hasExemplars = hasExemplars
            name = metric.rawValue
            openings = metric.labels.enumerated().map { Array((($0 == 0 ? "{" : "\",") + $1 + "=\"").utf8) }
        }

        mutating func write(_ sample: MetricSample, to out: inout [UInt8]) {
            switch sample.value {
            case .number(let value):
                line("", sample.labels, nil, PrometheusText.number(value), to: &out)
                if hasExemplars, let exemplar = sample.exemplar { put(exemplar, to: &out) }
            case .histogram(let counts, let sum):
                var total: Int64 = 0
                for (i, count) in counts.enumerated() {
                    total += count
                    let bound = i < Metric.secondsBuckets.count ? PrometheusText.number(Metric.secondsBuckets[i]) : "+Inf"
                    line("_bucket", sample.labels, bound, String(total), to: &out)
                }
                line("_sum", sample.labels, nil, PrometheusText.number(sum), to: &out)
                line("_count", sample.labels, nil, String(total), to: &out)
            }
        }

        /// After the line's value, before its end.
        private func put(_ exemplar: MetricSample.Exemplar, to out: inout [UInt8]) {
            out.removeLast()
            out += " # {\(exemplar.name)=\"".utf8
            PrometheusText.escape(exemplar.value, quotes: true, to: &out)
            out += "\"} 1 \(PrometheusText.number(Double(exemplar.at.microseconds) / 1e6))\n".utf8
        }

        private mutating func line(_ suffix: String, _ labels: [String], _ bound: String?, _ value: String, to out: inout [UInt8]) {
            var shared = 0
            if start.isEmpty || suffix != last.suffix {
                start = Array((name + suffix).utf8)
                ends = []
            } else {
                while shared < ends.count, shared < labels.count, labels[shared] == last.labels[shared] { shared += 1 }
                if shared < ends.count {
                    start.removeLast(start.count - (shared == 0 ? name.utf8.count + suffix.utf8.count : ends[shared - 1]))
                    ends.removeLast(ends.count - shared)
                }
            }
            for i in shared..<min(labels.count, openings.count) {
                start += openings[i]
                PrometheusText.escape(labels[i], quotes: true, to: &start)
                ends.append(start.count)
            }
            last = (suffix, labels)
            out += start
            if let bound {
                out += (openings.isEmpty ? "{le=\"" : "\",le=\"").utf8
                out += bound.utf8
            }
            if !openings.isEmpty || bound != nil { out += "\"}".utf8 }
            out.append(UInt8(ascii: " "))
            out += value.utf8
            out.append(UInt8(ascii: "\n"))
        }
    }

    private static func number(_ x: Double) -> String {
        if x.isNaN { return "NaN" }
        if x.isInfinite { return x > 0 ? "+Inf" : "-Inf" }
        return x == x.rounded() && abs(x) < 1e15 ? String(Int64(x)) : "\(x)"
    }

    private static func escape(_ text: String, quotes: Bool, to out: inout [UInt8]) {
        let backslash = UInt8(ascii: "\\"), line = UInt8(ascii: "\n"), quote = UInt8(ascii: "\"")
        let bytes = text.utf8.span
        var isPlain = true
        for i in bytes.indices where bytes[i] == backslash || bytes[i] == line || bytes[i] == quote { isPlain = false }
        if isPlain {
            out += text.utf8
            return
        }
        for byte in text.utf8 {
            switch byte {
            case backslash: out += [backslash, backslash]
            case line: out += [backslash, UInt8(ascii: "n")]
            case quote where quotes: out += [backslash, quote]
            default: out.append(byte)
            }
        }
    }
}
