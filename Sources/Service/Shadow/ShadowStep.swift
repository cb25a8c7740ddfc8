internal import Shadowing
internal import Storage
internal import Vocabulary

/// What one step of a run makes of its rows: scores, and sums with them added. A function of its arguments.
enum ShadowStep {
    static func make(
        _ new: ShadowRows, _ labelled: ShadowRows, _ bytes: [UInt8]?, _ schema: FeatureSchema, _ model: CandidateModel
    ) throws -> ShadowStore.Made {
        var sums: PairedSums
        if let bytes {
            guard let known = PairedSums(bytes: bytes) else { throw ShadowFault("the sums of \(model.name) cannot be read") }
            sums = known
        } else {
            sums = PairedSums(task: model.task, attributes: schema.sensitive, segments: schema.segments.map(\.name))
        }
        let clock = ContinuousClock()
        var seconds = 0.0
        func scored(_ rows: ShadowRows) throws -> (pairs: PairedPredictions, places: [Int])? {
            let places = usable(rows, schema)
            guard !places.isEmpty else { return nil }
            let start = clock.now
            // All rows, so that none has to be copied; those that cannot be compared are few.
            let scores = try model.scores(rows)
            seconds += start.duration(to: clock.now) / .seconds(1)
            return (pairs(rows, places, scores, schema, model), places)
        }
        var made = ShadowStore.Made(sums: [], taken: 0, skipped: new.skipped, seconds: 0, latencyRows: 0, latencySeconds: 0)
        if let (pairs, places) = try scored(new) {
            sums.add(pairs, blocks: places.map { PairedSums.block(of: new.ids[$0]) }, costs: places.map { new.costs[$0] })
            made.taken = places.count
            made.skipped += new.count - places.count
            made.seconds = seconds
            for place in places where new.latencies[place] >= 0 {
                made.latencyRows += 1
                made.latencySeconds += new.latencies[place]
            }
        } else {
            made.skipped += new.count
        }
        if let (pairs, places) = try scored(labelled) {
            sums.relabel(
                pairs, from: places.map { labelled.formerLabels[$0] }, blocks: places.map { PairedSums.block(of: labelled.ids[$0]) })
        }
        made.sums = sums.bytes
        return made
    }

    /// Rows whose champion's score can be compared.
    private static func usable(_ rows: ShadowRows, _ schema: FeatureSchema) -> [Int] {
        (0..<rows.count).filter { row in
            switch schema.task {
            case .binary: (0...1).contains(rows.scores[row])
            case .regression: rows.scores[row].isFinite
            case .multiclass: rows.classScores[row].count == schema.classes.count && rows.classScores[row].allSatisfy((0...1).contains)
            }
        }
    }

    private static func pairs(
        _ rows: ShadowRows, _ places: [Int], _ scores: [[Double]], _ schema: FeatureSchema, _ model: CandidateModel
    ) -> PairedPredictions {
        let task = model.task
        let champion =
            task == .multiclass
            ? schema.classes.indices.map { name in places.map { rows.classScores[$0][name] } } : [places.map { rows.scores[$0] }]
        let groups = zip(schema.sensitive, rows.groups).map { attribute, values -> PairedPredictions.Groups in
            var names: [String] = []
            var known: [String: Int32] = [:]
            let codes = places.map { place -> Int32 in
                guard let value = values[place] else { return -1 }
                if let code = known[value] { return code }
                let code = Int32(names.count)
                known[value] = code
                names.append(value)
                return code
            }
            return PairedPredictions.Groups(attribute: attribute, names: names, codes: codes)
        }
        var pairs = PairedPredictions(
            task: task, labels: places.map { rows.labels[$0] }, champion: champion,
            candidate: scores.map { column in places.map { column[$0] } }, threshold: schema.threshold,
            candidateThreshold: model.threshold, groups: groups)
        pairs.segments = schema.segments.enumerated().map { place, segment in
            .init(name: segment.name, holds: places.map { rows.segments[$0].contains(place) })
        }
        return pairs
    }
}
