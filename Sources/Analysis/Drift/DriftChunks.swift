internal import Statistics
internal import Vocabulary

/// The statistics of a column chunk by chunk, with thresholds from the reference's own chunks.
///
/// By our rules a chunk of the reference is compared with the rest of the reference, so that it is not compared with itself; by NannyML's
/// with all of it. A chunk of the current file is compared with the whole reference. The upper threshold is the mean over the reference's
/// chunks plus three population standard deviations; by our rules without a chunk that is left over at its end with fewer than half the rows.
struct DriftChunks {
    let options: DriftOptions
    let reference: [Chunking.Chunk]
    let current: [Chunking.Chunk]

    /// - Throws: ``AnalysisError`` for chunks that cannot be cut; `TableError` for a bad time.
    init?(_ options: DriftOptions, reference: Frame, current: Frame) throws {
        guard let chunking = options.chunking ?? (options.isNannyML ? .count(10) : nil) else { return nil }
        self.options = options
        self.reference = try reference.chunks(chunking, timestamp: options.timestamp)
        self.current = try current.chunks(chunking, timestamp: options.timestamp)
    }

    /// A statistic of a chunk, and an alert where that is not a matter of its threshold.
    struct Value {
        var statistic: Double?
        /// Why there is no statistic.
        var why: String?
        var alert: Bool?
    }

    struct Result {
        var json: JSON
        /// Of each test, the places of the current file's chunks that are in alert.
        var alerts: [(test: DriftTest, chunks: [Int])]
        /// Chunks of the current file.
        var count: Int
    }

    func result(_ r: ColumnData, _ a: ColumnData, tests: [DriftTest], edges: [Double]?) -> Result {
        let measure = options.isNannyML ? nannyML(r, tests) : ChunkTests(options: options, tests: tests).measure(r, a, edges: edges)
        let ofReference = reference.map { measure(r.rows($0.rows), true) }
        // What is left over at the end of the reference may be a row or two, which differ from everything: then it sets no threshold.
        let isLeftOver = options.chunking?.isByRows == true && (reference.last?.rows.count ?? 0) * 2 < reference.first?.rows.count ?? 0
        let measuring = reference.count - (isLeftOver && !options.isNannyML ? 1 : 0)
        let ofCurrent = current.map { measure(a.rows($0.rows), false) }
        let limits = tests.indices.map { t -> Double? in
            let values = ofReference.prefix(measuring).compactMap { $0[t].statistic }.filter { !$0.isNaN }
            guard !values.isEmpty, !(options.isNannyML && tests[t] == .chiSquared) else { return nil }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            let limit = mean + 3 * variance.squareRoot()
            return tests[t] == .ks ? min(1, limit) : limit
        }
        func isAlert(_ values: [Value], _ t: Int) -> Bool {
            values[t].alert ?? limits[t].flatMap { limit in values[t].statistic.map { $0 > limit } } ?? false
        }
        func list(_ period: String, _ chunks: [Chunking.Chunk], _ values: [[Value]]) -> [JSON] {
            zip(chunks, values).map { chunk, values in
                let members = tests.indices.map { t -> (String, JSON) in
                    let value = values[t]
                    let object = JSONObject([
                        ("statistic", .statistic(value.statistic)), ("lower_threshold", .null), ("upper_threshold", .statistic(limits[t])),
                        ("alert", .bool(isAlert(values, t))),
                    ])
                    return (
                        tests[t].rawValue,
                        .object(
                            object.explained { name in
                                switch name {
                                case "statistic": value.why ?? "the reference or the chunk has no values"
                                case "lower_threshold": "only large values are unusual"
                                default: value.alert != nil ? "alerts by its p-value" : "undefined in every chunk of the reference"
                                }
                            })
                    )
                }
                return .object([
                    "period": .string(period), "start": JSON(chunk.start), "end": JSON(chunk.end), "tests": .object(JSONObject(members)),
                ])
            }
        }
        return Result(
            json: .array(list("reference", reference, ofReference) + list("analysis", current, ofCurrent)),
            alerts: tests.indices.map { t in (tests[t], ofCurrent.indices.filter { isAlert(ofCurrent[$0], t) }) },
            count: ofCurrent.count)
    }

    /// The tests that NannyML has for a kind, among those asked for.
    static func nannyMLTests(_ kind: ColumnKind, _ options: DriftOptions) -> [DriftTest] {
        let known: [DriftTest] =
            kind == .numeric ? [.ks, .jensenShannon, .wasserstein, .hellinger] : [.chiSquared, .jensenShannon, .lInfinity, .hellinger]
        return options.tests.isEmpty ? known : known.filter(options.tests.contains)
    }

    private func nannyML(_ r: ColumnData, _ tests: [DriftTest]) -> ChunkTests.Measure {
        let nothing = tests.map { _ in Value() }
        switch r {
        case .numbers(let values):
            guard let sample = try? SortedSample(values.filter { !$0.isNaN }), let rule = try? NannyMLNumericDrift(reference: sample)
            else { return { _, _ in nothing } }
            return { chunk, _ in
                guard case .numbers(let values) = chunk, let sample = try? SortedSample(values.filter { !$0.isNaN }) else { return nothing }
                return tests.map { test in
                    switch test {
                    case .ks: Value(statistic: rule.kolmogorovSmirnov(sample))
                    case .wasserstein: Value(statistic: try? rule.wasserstein(sample))
                    case .jensenShannon: Value(statistic: rule.jensenShannon(sample))
                    default: Value(statistic: rule.hellinger(sample))
                    }
                }
            }
        case .levels(let levels):
            let counts = levels.tally
            let order = counts.keys.sorted()
            guard let rule = try? NannyMLCategoricalDrift(reference: order.map { counts[$0] ?? 0 }) else { return { _, _ in nothing } }
            return { chunk, _ in
                guard case .levels(let levels) = chunk else { return nothing }
                let tally = levels.tally
                let seen = order.map { tally[$0] ?? 0 }
                let unseen = tally.keys.filter { counts[$0] == nil }.sorted().map { tally[$0] ?? 0 }
                return tests.map { test in
                    switch test {
                    case .chiSquared:
                        let chi = try? rule.chiSquared(seen, unseen: unseen)
                        return Value(statistic: chi?.statistic, alert: (chi?.pValue ?? 1) < 0.05)
                    case .jensenShannon: return Value(statistic: try? rule.jensenShannon(seen, unseen: unseen))
                    case .lInfinity: return Value(statistic: try? rule.lInfinity(seen, unseen: unseen))
                    default: return Value(statistic: try? rule.hellinger(seen, unseen: unseen))
                    }
                }
            }
        }
    }
}
