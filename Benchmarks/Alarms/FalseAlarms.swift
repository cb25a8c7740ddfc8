import Profiles
import Vocabulary

/// A kind of traffic, how many models of it, and what came of them.
struct Cell: Sendable {
    var world: World
    var referenceHours = 672
    var models: Int
    /// That each of them serves.
    var months: Int
    /// Instead of months.
    var hours: Int?
    var kinds: [WindowKind] = [.hour, .day]
    /// Of the models, how many go through every drift.
    var drifting = 0

    var serving: Double { Double(models * (hours ?? months * Contest.month)) / Double(Contest.month) }
}

struct CellResult: Sendable {
    var cell: Cell
    /// Without drift, by model.
    var calm: [Stretch]
    /// By size (small, large), drift and model.
    var drifts: [[[Stretch]]]

    func alarms(_ kind: WindowKind) -> Int { calm.reduce(0) { $0 + ($1.ours[kind]?.count ?? 0) } }

    func rivalScores(_ rival: Rival, _ kind: WindowKind) -> [[Double]] {
        calm.map { $0.rivals[kind]?.map { $0[rival.rawValue] } ?? [] }
    }
    var rivalMonths: Double { Double(calm.count * min(cell.months, FalseAlarms.rivalMonths)) }

    func rate(_ rival: Rival, _ kind: WindowKind) -> Double {
        Double(rivalScores(rival, kind).reduce(0) { $0 + Runs.starts($1, atLeast: rival.threshold) }) / rivalMonths
    }
}

enum FalseAlarms {
    static let largeHours = 120
    /// Of each model, at which the rivals look too.
    static let rivalMonths = 1

    static func measure(_ cell: Cell, seed: UInt64) async -> CellResult {
        let parts = await parallel(cell.models) { number in
            let contest = Contest(cell.world, seed: seed, number: number, referenceHours: cell.referenceHours, kinds: cell.kinds)
            let calm = contest.run(
                hours: cell.hours ?? cell.months * Contest.month, withRivals: min(cell.months, rivalMonths) * Contest.month)
            var drifts: [[Stretch]] = []
            if number < cell.drifting {
                for isLarge in [false, true] {
                    drifts.append(
                        DriftKind.allCases.enumerated().map { i, kind in
                            let drift = Drift(kind: kind, size: isLarge ? kind.sizes.large : kind.sizes.small)
                            let hours = isLarge ? largeHours : Contest.month
                            return contest.run(hours: hours, withRivals: hours, drift: drift, run: 1 + i + (isLarge ? 10 : 0))
                        })
                }
            }
            return (calm: calm, drifts: drifts)
        }
        let drifting = parts.map(\.drifts).filter { !$0.isEmpty }
        let drifts =
            drifting.isEmpty
            ? [] : (0..<2).map { size in DriftKind.allCases.indices.map { kind in drifting.map { $0[size][kind] } } }
        return CellResult(cell: cell, calm: parts.map(\.calm), drifts: drifts)
    }

    static func show(_ results: [CellResult]) {
        for kind in WindowKind.counted where results.contains(where: { $0.cell.kinds.contains(kind) }) {
            let rivals = kind.hasRivals ? Rival.allCases : []
            print(
                "\nFalse alarms in a model-month of 30 days, windows of \(kind.title)."
                    + (rivals.isEmpty ? "\n" : " Rivals at their defaults, in the first month of each model.\n")
            )
            let names = ["months", "Evenkeel", "from", "to"] + rivals.map { short($0) }
            print(row(["traffic"] + names))
            print(line(names.count + 1))
            for result in results where result.cell.kinds.contains(kind) {
                let count = result.alarms(kind)
                let interval = poissonInterval(count, months: result.cell.serving)
                let ours = [
                    decimal(result.cell.serving, result.cell.serving < 1 ? 2 : 0), decimal(Double(count) / result.cell.serving, 3),
                    decimal(interval.lower, 3),
                    decimal(interval.upper, 3),
                ]
                print(row([result.cell.world.name] + ours + rivals.map { decimal(result.rate($0, kind), 1) }))
            }
            total(results, kind)
        }
        print("\nWhich monitors: \(monitors(results))\n")
    }

    private static func total(_ results: [CellResult], _ kind: WindowKind) {
        let own = results.filter { $0.cell.kinds.contains(kind) }
        let months = own.reduce(0) { $0 + $1.cell.serving }
        let count = own.reduce(0) { $0 + $1.alarms(kind) }
        let interval = poissonInterval(count, months: months)
        let words = kind.words
        print(
            "\n\(count) alarms in \(decimal(months, months < 1 ? 2 : 0)) model-months: \(decimal(interval.lower, 3)) to \(decimal(interval.upper, 3)) a month\n"
        )
        claim("false alarms in a model-month, \(words), upper end of the interval", Int(months), interval.upper, 0, 1)
        for result in own {
            claim(
                "false alarms in a model-month, \(words), \(result.cell.world.name)", Int(result.cell.serving),
                Double(result.alarms(kind)) / result.cell.serving, 0, 1)
        }
    }

    private static func monitors(_ results: [CellResult]) -> String {
        var counts: [String: Int] = [:]
        for result in results {
            for stretch in result.calm {
                for (kind, starts) in stretch.ours {
                    for start in starts { counts["\(start.monitor.rawValue) of \(kind.rawValue)s", default: 0] += 1 }
                }
            }
        }
        return counts.isEmpty ? "none" : counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    static func short(_ rival: Rival) -> String {
        switch rival {
        case .evidently: "Ev any"
        case .evidentlyHalf: "Ev half"
        case .evidentlySmall: "Ev 1k any"
        case .evidentlySmallHalf: "Ev 1k half"
        case .nannyML: "NannyML"
        case .nannyMLAll: "NannyML+"
        case .whylogs: "whylogs"
        case .ks: "KS"
        case .psi: "PSI"
        }
    }
}
