import Foundation
import Profiles
import Statistics
import Vocabulary

/// Writes columns and what our twins of the rivals' rules say of them, for Benchmarks/peers/alarm_rules.py.
enum Columns {
    static func write(to folder: String, seed: UInt64) throws {
        let world = World(name: "columns", isHeavy: true)
        var kept: (hours: [Hour], profiles: [Profile]) = ([], [])
        let subject = Subject(world, seed: seed, number: 1, referenceHours: 96) { kept = ($0, $1) }
        let rivals = try RivalReference(kept.hours, kept.profiles, subject)
        let now = subject.hour(96, drift: Drift(kind: .abrupt, size: 0.4))
        let (reference, current) = (RivalColumns(kept.hours), RivalColumns([now]))
        var lines = ["column,rule,number"]
        for (place, numbers) in try rivals.distances(current).enumerated() {
            let isNumber = place < current.numeric.count
            let level = place - current.numeric.count
            let name = isNumber ? "x\(place)" : "c\(level)"
            for (side, columns) in [("reference", reference), ("current", current)] {
                let values =
                    isNumber
                    ? columns.numeric[place].map { $0.isNaN ? "nan" : "\($0)" } : columns.levels[level].map { World.levelNames[Int($0)] }
                try values.joined(separator: "\n").write(toFile: "\(folder)/\(name).\(side).txt", atomically: true, encoding: .utf8)
            }
            for (rule, number) in [
                ("evidently", numbers.evidently), ("evidently_small", pow(10, -numbers.evidentlySmall)), ("nannyml", numbers.nannyML),
                ("whylogs", pow(10, -numbers.whylogs)),
            ] {
                lines.append("\(name),\(rule),\(number)")
            }
        }
        try lines.joined(separator: "\n").write(toFile: "\(folder)/ours.csv", atomically: true, encoding: .utf8)
    }
}
