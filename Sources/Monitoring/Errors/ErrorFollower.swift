internal import Profiles
internal import Statistics
public import Vocabulary

/// Gives the errors of labelled predictions to a version's detectors, one after the other, and says where they changed.
///
/// Pure: the same rows give the same changes, in whatever portions they come, and also when the follower was stored and made again
/// between any two of them.
public struct ErrorFollower: Sendable {
    private struct Watcher: Sendable {
        var setting: DetectorSetting
        var detector: any ChangeDetector
        /// Of the errors since its last change.
        var split = ErrorSplit()
    }
    private let schema: FeatureSchema
    private var watchers: [Watcher]
    private var followed: Int64
    private var skipped: Int64

    /// A larger error of a regression has squares and sums that overflow.
    static let errorMax = 1e100
    static let magic = "EKERR"
    static let version: UInt8 = 1

    /// - Parameters:
    ///   - settings: detectors; those that the task's errors are nothing for are left out.
    ///   - run: where it goes on. A detector that is new, or has other parameters than before, begins with the next label; so do all of them
    ///     after a state that cannot be read.
    public init(_ settings: [DetectorSetting], schema: FeatureSchema, run: ErrorRun = ErrorRun()) {
        self.schema = schema
        (followed, skipped) = (run.followed, run.skipped)
        let known = run.state.flatMap { try? Self.memories($0) } ?? [:]
        watchers = settings.filter { $0.takes(schema.task) }.compactMap { setting in
            guard var detector = try? setting.detector() else { return nil }
            guard let memory = known[setting.line], detector.restore(memory.words) else {
                return Watcher(setting: setting, detector: detector)
            }
            return Watcher(setting: setting, detector: detector, split: memory.split)
        }
    }

    /// Takes the next label. - Returns: the changes that it completed, at most one of each detector.
    ///
    /// - Parameter row: nil for a label whose prediction is gone.
    public mutating func follow(_ row: LabelledRow?, at now: Timestamp) -> [ErrorChange] {
        guard let row, let error = Self.error(of: row, schema) else {
            skipped += 1
            return []
        }
        followed += 1
        var changes: [ErrorChange] = []
        for i in watchers.indices {
            watchers[i].split.add(error, at: row.time)
            watchers[i].detector.add(error)
            guard watchers[i].detector.hasChanged else { continue }
            var change = ErrorChange(detector: watchers[i].setting.name, time: row.time, followed: followed, detectedAt: now)
            watchers[i].split.describe(&change)
            changes.append(change)
            // The detector starts afresh with the next value, and so does what it is compared with.
            watchers[i].split = ErrorSplit()
        }
        return changes
    }

    /// 1 for a wrong decision or class and 0 for a right one; of a regression the absolute error. nil without a decision, a class or a value.
    static func error(of row: LabelledRow, _ schema: FeatureSchema) -> Double? {
        switch schema.task {
        case .binary:
            // The record's own decision goes before the threshold, as everywhere.
            if row.prediction.isNaN, row.score.isNaN { return nil }
            let decision = row.prediction.isNaN ? row.score >= schema.threshold : row.prediction >= 0.5
            return decision == (row.label == 1) ? 0 : 1
        case .multiclass:
            let classes = 0..<Double(schema.classes.count)
            guard classes.contains(row.prediction), classes.contains(row.label) else { return nil }
            return row.prediction == row.label ? 0 : 1
        case .regression:
            let error = abs((row.prediction.isNaN ? row.score : row.prediction) - row.label)
            return error < errorMax ? error : nil
        }
    }

    // MARK: Kept over restarts

    /// How far it is, with everything that its detectors remember.
    public var run: ErrorRun {
        var out = ByteWriter()
        out.count(watchers.count)
        for watcher in watchers {
            out.string(watcher.setting.line)
            let words = watcher.detector.memory
            out.count(words.count)
            for word in words { out.fixed(word) }
            watcher.split.encode(to: &out)
        }
        return ErrorRun(state: out.sealed(magic: Self.magic, version: Self.version), followed: followed, skipped: skipped)
    }

    /// Whether stored bytes are a state that this program can go on from.
    public static func canRead(_ state: [UInt8]) -> Bool { (try? memories(state)) != nil }

    private typealias Memory = (words: [UInt64], split: ErrorSplit)

    /// By the detector's line.
    private static func memories(_ state: [UInt8]) throws -> [String: Memory] {
        var input = try ByteReader(sealed: state, magic: magic, version: version)
        var out: [String: Memory] = [:]
        for _ in 0..<(try input.count()) {
            let line = try input.string()
            var words: [UInt64] = []
            for _ in 0..<(try input.count()) { words.append(try input.fixed()) }
            out[line] = (words, try ErrorSplit(&input))
        }
        try input.finish()
        return out
    }
}
