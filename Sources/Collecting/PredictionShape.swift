internal import Kernels
internal import Tables
internal import Vocabulary

/// The keys of a version's records, for the scanner.
struct PredictionShape {
    var plan = RecordPlan()
    let model: Int
    let version: Int
    let id: Int
    let error: Int
    let variant: Int
    /// The slots of ``BatchBuilder``'s numbers, one after the other.
    let numbers: Range<Int>
    /// Of categorical features and sensitive attributes, one after the other.
    let texts: [Int]
    /// With the place of each in the builder, once it has one.
    var measures: [(name: String, slot: Int, place: Int?)] = []
    private let measuresSlot: Int
    private let timeSlot: Int
    /// A number other than 1 that stands for the positive outcome; nil where outcomes are 0 and 1, or any number.
    private let positive: Double?
    private let task: ModelTask

    init(_ schema: FeatureSchema) {
        model = plan.add("model", .name)
        version = plan.add("version", .name)
        id = plan.add("id", .name)
        timeSlot = plan.add("ts", .time)
        error = plan.add("error", .name)
        variant = plan.add("variant", .level)
        measuresSlot = plan.add("measures", .object)
        let features = plan.add("features", .object)
        let groups = plan.add("groups", .object)
        // In the order of BatchBuilder.Number, and after them the numeric features.
        let first = plan.add("score", .number)
        plan.add("prediction", .number)
        plan.add("latency_ms", .number)
        plan.add("cost", .number)
        var end = first + BatchBuilder.Number.count
        for feature in schema.features where feature.sentKind == .numeric { end = plan.add(feature.name, .measure, in: features) + 1 }
        numbers = first..<end
        var texts: [Int] = []
        for feature in schema.features where feature.sentKind == .categorical { texts.append(plan.add(feature.name, .level, in: features)) }
        for attribute in schema.sensitive { texts.append(plan.add(attribute, .level, in: groups)) }
        self.texts = texts
        // Read and never looked at. A value of another kind is the general decoder's, which takes any.
        for name in schema.dropped {
            plan.add(name, .level, in: features)
            plan.add(name, .level, in: groups)
        }
        task = schema.task
        positive = parseNumber(schema.positiveLabel).flatMap { $0 == 1 ? nil : $0 }
    }

    /// Gives a measure's name a slot. - Returns: whether an unknown key of the object `parent` can be one.
    mutating func learn(_ key: [UInt8], in parent: Int?, max: Int) -> Bool {
        guard parent == measuresSlot, measures.count < max, (1...100).contains(key.count),
            let name = String(validating: key, as: UTF8.self), name != PredictionBatch.latencyMeasure, name != PredictionBatch.costMeasure
        else { return false }
        measures.append((name, plan.add(name, .number, in: measuresSlot), nil))
        return true
    }

    /// Of several classes a score is the confidence in one, which the general decoder checks.
    var isScorePlain: Bool { task != .multiclass || plan.numbers[numbers.lowerBound + BatchBuilder.Number.score].isNaN }

    /// The decision as it is stored; nil for what the general decoder has words for.
    func prediction() -> Double? {
        let outcome = plan.numbers[numbers.lowerBound + BatchBuilder.Number.prediction]
        guard task != .regression, !outcome.isNaN else { return outcome }
        if task == .multiclass { return nil }
        if let positive { return outcome == positive ? 1 : 0 }
        return outcome == 0 || outcome == 1 ? outcome : nil
    }

    /// When it happened; nil for what the general decoder has words for.
    func time(_ text: [UInt8], limits: CollectorLimits, now: Timestamp) -> Timestamp? {
        let number = plan.numbers[timeSlot]
        let time: Timestamp
        if let range = plan.text(timeSlot) {
            guard let parsed = Timestamp(rfc3339: text[range]) else { return nil }
            time = parsed
        } else if number.isNaN {
            time = now
        } else {
            guard abs(number) < 9e12 else { return nil }
            time = Timestamp(microseconds: Int64((number * 1000).rounded()))
        }
        guard time >= Timestamp(seconds: limits.earliestSeconds), time <= now.adding(seconds: limits.aheadSecondsMax),
            !limits.droppedWeeks.holds(time)
        else { return nil }
        return time
    }
}
