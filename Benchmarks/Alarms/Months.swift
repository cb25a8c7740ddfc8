import Monitoring
import Profiles
import Statistics
import Vocabulary

/// What came of a stretch of windows: where our alerts began, and the rivals' numbers.
struct Stretch: Sendable {
    /// By policy, the place of the window and the monitor.
    var ours: [WindowKind: [(window: Int, monitor: Vocabulary.Monitor)]] = [:]
    /// By window, then by rival.
    var rivals: [WindowKind: [[Double]]] = [:]
    var hours = 0
}

/// A model, and the rivals' view of its reference.
struct Contest: Sendable {
    let subject: Subject
    private let rivals: RivalReference?
    let kinds: [WindowKind]

    static let month = 720
    /// Hours after which a drift is not followed any more once each of our policies has spoken.
    static let patience = 240

    init(_ world: World, seed: UInt64, number: Int, referenceHours: Int, kinds: [WindowKind]) {
        var kept: (hours: [Hour], profiles: [Profile]) = ([], [])
        let withRivals = kinds.allSatisfy(\.hasRivals)
        self.kinds = kinds
        subject = Subject(world, seed: seed, number: number, referenceHours: referenceHours, kinds: kinds) {
            if withRivals { kept = ($0, $1) }
        }
        rivals = withRivals ? try? RivalReference(kept.hours, kept.profiles, subject) : nil
    }

    /// - Parameters:
    ///   - withRivals: in the first so many hours.
    ///   - run: the same model, other numbers.
    func run(hours: Int, withRivals: Int = 0, drift: Drift? = nil, run: Int = 0) -> Stretch {
        let evaluator = WindowEvaluator()
        var watches = Dictionary(uniqueKeysWithValues: kinds.map { ($0, Watch($0)) })
        var out = Stretch(hours: hours)
        let grid = subject.reference.grid
        var cutters = kinds.map { WindowCutter($0, grid: grid) }
        var today: [Hour] = []
        for age in 0..<hours {
            let hour = subject.hour(subject.referenceHours + age, drift: drift, age: age, run: run)
            let own = Profile(hour, grid: grid)
            if age < withRivals { today.append(hour) }
            for (place, kind) in kinds.enumerated() {
                guard let (profile, length) = cutters[place].add(own) else { continue }
                let rows = kind == .day ? today : [hour]
                let window = Subject.window(kind, hour: subject.referenceHours + age + 1 - length, hours: length)
                let evaluation = evaluator.evaluate(
                    subject.version, window, reference: subject.reference, current: profile, at: window.end)
                watches[kind]?.observe(evaluation)
                if age < withRivals, kind.hasRivals, let scores = try? rivals?.scores(rows, kind, profile, subject) {
                    out.rivals[kind, default: []].append(scores)
                }
            }
            if drift != nil, age + 1 >= Self.patience, watches.values.allSatisfy({ !$0.starts.isEmpty }) { break }
            if age % 24 == 23 { today = [] }
        }
        for kind in kinds { out.ours[kind] = watches[kind]?.starts ?? [] }
        return out
    }
}

/// Runs of flagged windows.
enum Runs {
    /// Where they begin.
    static func starts(_ scores: [Double], atLeast threshold: Double) -> Int {
        var count = 0
        var isInside = false
        for score in scores {
            if score >= threshold, !isInside { count += 1 }
            isInside = score >= threshold
        }
        return count
    }

    /// The lowest threshold at which all stretches together have at most so many runs.
    static func threshold(_ stretches: [[Double]], runs allowed: Int) -> Double {
        let all = Set(stretches.joined()).sorted(by: >)
        var threshold = (all.first ?? 0).nextUp
        for candidate in all {
            let count = stretches.reduce(0) { $0 + starts($1, atLeast: candidate) }
            if count > allowed { break }
            threshold = candidate
        }
        return threshold
    }
}

/// Work in parallel whose results do not depend on it.
func parallel<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async -> Value) async -> [Value] {
    await withTaskGroup(of: (Int, Value).self) { group in
        var out: [Int: Value] = [:]
        for i in 0..<count {
            if i >= 2, let (place, value) = await group.next() { out[place] = value }
            group.addTask { (i, await body(i)) }
        }
        for await (place, value) in group { out[place] = value }
        return (0..<count).compactMap { out[$0] }
    }
}
