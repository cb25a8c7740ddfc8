internal import Kernels
internal import Tables
internal import Vocabulary

/// The keys of a version's records, for the scanner.
final class PredictionShape {
    let plan = RecordPlan()
    let features: [Int]
    let isNumeric: [Bool]
    let groups: [Int]
    /// Of categorical features and sensitive attributes, one after the other.
    var texts: [RecentLevels]
    private let measuresSlot: Int
    private var measures: [(name: String, slot: Int)] = []
    private let idSlot: Int
    private let timeSlot: Int
    private let scoreSlot: Int
    private let predictionSlot: Int
    private let latencySlot: Int
    private let costSlot: Int
    private let errorSlot: Int
    private let variantSlot: Int
    /// A number other than 1 that stands for the positive outcome; nil where outcomes are 0 and 1, or any number.
    private let positive: Double?
    private let isBinary: Bool

    init(_ schema: FeatureSchema) {
        plan.add("model", .name)
        plan.add("version", .name)
        idSlot = plan.add("id", .name)
        timeSlot = plan.add("ts", .time)
        let featuresSlot = plan.add("features", .object)
        scoreSlot = plan.add("score", .number)
        predictionSlot = plan.add("prediction", .number)
        let groupsSlot = plan.add("groups", .object)
        latencySlot = plan.add("latency_ms", .number)
        costSlot = plan.add("cost", .number)
        measuresSlot = plan.add("measures", .object)
        errorSlot = plan.add("error", .name)
        variantSlot = plan.add("variant", .level)
        isNumeric = schema.features.map { $0.kind == .numeric }
        features = schema.features.map { [plan] in plan.add($0.name, $0.kind == .numeric ? .measure : .level, in: featuresSlot) }
        groups = schema.sensitive.map { [plan] in plan.add($0, .level, in: groupsSlot) }
        texts = (0..<schema.features.count + schema.sensitive.count).map { _ in RecentLevels() }
        isBinary = schema.task == .binary
        positive = parseNumber(schema.positiveLabel).flatMap { $0 == 1 ? nil : $0 }
    }

    /// A measure's name becomes a slot. - Returns: whether there is room for it.
    func learn(_ key: [UInt8], in parent: Int?, max: Int) -> Bool {
        guard parent == measuresSlot, measures.count < max, (1...100).contains(key.count),
            let name = String(validating: key, as: UTF8.self), name != PredictionBatch.latencyMeasure, name != PredictionBatch.costMeasure
        else { return false }
        measures.append((name, plan.add(name, .number, in: measuresSlot)))
        return true
    }

    /// The filled slots as a row, its features and groups left in their slots; nil where something is for the general decoder, which
    /// knows the words for what is wrong.
    func row(_ text: [UInt8], limits: CollectorLimits, now: Timestamp) -> ParsedPrediction? {
        guard let id = plan.text(idSlot), !id.isEmpty, id.count <= limits.idBytesMax else { return nil }
        for (i, slot) in features.enumerated() where !isNumeric[i] {
            if let range = plan.text(slot), range.count > limits.levelBytesMax { return nil }
        }
        for slot in groups { if let range = plan.text(slot), range.count > limits.levelBytesMax { return nil } }
        var row = ParsedPrediction()
        row.id = Self.string(text, id)
        guard let time = time(text, limits: limits, now: now) else { return nil }
        row.time = time
        row.score = plan.numbers[scoreSlot]
        let outcome = plan.numbers[predictionSlot]
        if isBinary, !outcome.isNaN {
            guard positive != nil || outcome == 0 || outcome == 1 else { return nil }
            row.prediction = positive.map { outcome == $0 ? 1 : 0 } ?? outcome
        } else {
            row.prediction = outcome
        }
        for (slot, name, scale) in [(latencySlot, PredictionBatch.latencyMeasure, 1000.0), (costSlot, PredictionBatch.costMeasure, 1)] {
            let value = plan.numbers[slot]
            if value.isNaN { continue }
            guard value >= 0 else { return nil }
            row.measures.append((name, value / scale))
        }
        var count = 0
        for (name, slot) in measures where !plan.numbers[slot].isNaN {
            count += 1
            row.measures.append((name, plan.numbers[slot]))
        }
        if count > limits.measuresMax { return nil }
        if let range = plan.text(errorSlot) {
            guard range.count <= 500 else { return nil }
            row.error = Self.string(text, range)
        }
        if let range = plan.text(variantSlot), !range.isEmpty {
            guard range.count <= limits.levelBytesMax else { return nil }
            row.variant = Self.string(text, range)
        }
        return row
    }

    private func time(_ text: [UInt8], limits: CollectorLimits, now: Timestamp) -> Timestamp? {
        let number = plan.numbers[timeSlot]
        let time: Timestamp
        if let range = plan.text(timeSlot) {
            guard let parsed = Timestamp(rfc3339: text[range]) else { return nil }
            time = parsed
        } else if number.isNaN {
            return now
        } else {
            guard abs(number) < 9e12 else { return nil }
            time = Timestamp(microseconds: Int64((number * 1000).rounded()))
        }
        guard time >= Timestamp(seconds: limits.earliestSeconds), time <= now.adding(seconds: limits.aheadSecondsMax),
            !limits.droppedWeeks.holds(time)
        else { return nil }
        return time
    }

    /// The scanner has seen that it is UTF-8.
    private static func string(_ text: [UInt8], _ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
}

/// The last few texts of a column with their codes: most columns have no more.
struct RecentLevels {
    private var known: [(text: [UInt8], code: Int32)] = []
    private static let knownMax = 16

    mutating func append(_ text: [UInt8], _ range: Range<Int>?, to column: inout LevelColumn) {
        guard let range, !range.isEmpty else {
            column.append(nil)
            return
        }
        for (bytes, code) in known where bytes.count == range.count && bytes.elementsEqual(text[range]) {
            column.append(code: code)
            return
        }
        let code = column.append(String(decoding: text[range], as: UTF8.self))
        if known.count < Self.knownMax { known.append((Array(text[range]), code)) }
    }
}
