import Foundation
import Monitoring
import Profiles
import Vocabulary

/// CPU time of the evaluation of hours, days and weeks from profiles in memory.
enum Cost {
    private static let models = 100
    private static let features = 100
    /// Models that are different; each is evaluated several times.
    private static let distinct = 4
    private static let kinds: [(kind: WindowKind, hours: Int)] = [(.hour, 1), (.day, 24), (.custom, 168)]

    static func run(seed: UInt64) async {
        var seconds: [Int: [Double]] = [:]
        print("\nEvaluation from profiles in memory: \(models) models × \(features) features, every monitor but latency and cost\n")
        print(row(["rows an hour", "window", "CPU ms a window", "µs a feature and window"]))
        for rows in [100, 1000] {
            let world = World(name: "cost", features: features, rows: rows, isHeavy: true, isSeasonal: true)
            // The reference does not grow with the traffic.
            let small = World(name: "cost", features: features, rows: 100, isHeavy: true, isSeasonal: true)
            let subjects = await parallel(distinct) { Subject(small, seed: seed, number: $0, referenceHours: 168) }
            for (kind, hours) in kinds {
                let profiles = await parallel(distinct) { i in
                    let subject = subjects[i]
                    let parts = (0..<hours).lazy.map { hour in
                        Profile(world.hour(168 + hour, seed: seed, stream: UInt64(i) << 8), grid: subject.reference.grid)
                    }
                    return Profile(sum: parts, grid: subject.reference.grid)
                }
                var window = Subject.window(.hour, hour: 168)
                (window.kind, window.end) = (kind, window.start.adding(seconds: Int64(hours) * 3600))
                var best = Double.infinity
                for _ in 0..<3 {
                    let start = clock()
                    for i in 0..<models {
                        let subject = subjects[i % distinct]
                        _ = WindowEvaluator().evaluate(
                            subject.version, window, reference: subject.reference, current: profiles[i % distinct], at: window.end)
                    }
                    best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
                }
                seconds[rows, default: []].append(best)
                let one = best / Double(models)
                print(row(["\(rows)", "\(hours) h", decimal(one * 1e3, 2), decimal(one * 1e6 / Double(features), 1)]))
            }
        }
        let read = await reading(seed: seed)
        let few = (seconds[100] ?? []).reduce(0, +)
        let many = (seconds[1000] ?? []).reduce(0, +)
        print("\nall windows: \(decimal(few, 2)) s of CPU, \(decimal(many, 2)) s at ten times the traffic\n")
        claim("evaluation from memory, µs of CPU a feature and window", 300, few * 1e6 / Double(models * features * kinds.count), 0, 50)
        claim("evaluation of 100 models × 100 features × 3 windows, s of CPU", 300, few, 0, 2)
        claim(
            "the same with its stored hours added up, µs of CPU a feature and window", 300,
            (few + read) * 1e6 / Double(models * features * kinds.count), 0, 50)
        claim("evaluation at ten times the traffic, times the CPU", 300, many / few, 0, 1.1)
    }

    /// What it takes to add up the stored hours of each window, as the service does with what the database gives it. Days are rolled up after
    /// `hour_profile_days`, 35: a week that was judged before is 168 hours, one that is looked at later is seven days.
    ///
    /// - Returns: seconds for all windows, at 100 rows an hour.
    static func reading(seed: UInt64) async -> Double {
        let world = World(name: "cost", features: features, rows: 100, isHeavy: true, isSeasonal: true)
        let subject = Subject(world, seed: seed, number: 0, referenceHours: 168)
        let grid = subject.reference.grid
        let hours = (0..<168).map { Profile(world.hour(168 + $0, seed: seed, stream: 0), grid: grid) }
        let days = (0..<7).map { Profile(sum: hours[$0 * 24..<$0 * 24 + 24], grid: grid).encoded() }
        var total = 0.0
        print(row(["stored sums", "bytes", "CPU ms a window", "µs a feature and window"]))
        let stored = hours.map { $0.encoded() }
        for (name, parts) in [
            ("an hour", Array(stored[..<1])), ("24 hours", Array(stored[..<24])), ("168 hours", stored), ("7 days", days),
        ] {
            var best = Double.infinity
            for _ in 0..<3 {
                let start = clock()
                for _ in 0..<10 {
                    var sum = Profile(grid: grid)
                    for part in parts where (try? sum.add(encoded: part, grid: grid)) == nil { print("a stored profile cannot be read") }
                }
                best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC) / 10)
            }
            if parts.count != days.count { total += best * Double(models) }
            print(row([name, "\(parts.reduce(0) { $0 + $1.count })", decimal(best * 1e3, 2), decimal(best * 1e6 / Double(features), 1)]))
        }
        return total
    }
}
