import Foundation
import Vocabulary

/// How often alarms are false, how late they are, and what the evaluation of windows costs: simulated months through the real evaluator
/// and the real alert lifecycle, beside the rules of others.
///
///     alarm-benchmarks all [--quick]
///     alarm-benchmarks calm|cost|reading|burst [--quick]
///     alarm-benchmarks try                 a few days, to see that it runs
///     alarm-benchmarks columns FOLDER      for Benchmarks/peers/alarm_rules.py
@main enum Main {
    private static let seed: UInt64 = 2026

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        // A look at whether it runs: a tenth of a month of one model.
        if arguments.first == "try" { return FalseAlarms.show(await tries()) }
        let isQuick = arguments.contains("--quick")
        switch arguments.first {
        case "all":
            FalseAlarms.show(
                try await calm(isQuick) { result in
                    guard result.cell.drifting > 0 else { return }
                    Detection.show(result, seasonal: result.cell.world.isSeasonal ? try await seasonal(result.cell, isQuick) : nil)
                })
            await Cost.run(seed: seed)
            Burst.run()
        case "calm": FalseAlarms.show(await calm(isQuick) { _ in })
        case "columns": try Columns.write(to: arguments.last ?? ".", seed: seed)
        case "cost": await Cost.run(seed: seed)
        case "reading": _ = await Cost.reading(seed: seed)
        case "burst": Burst.run()
        default: print("alarm-benchmarks all|calm|cost|reading|burst [--quick], try, columns FOLDER")
        }
    }

    private static func tries() async -> [CellResult] {
        let world = World(name: "heavy tails, seasons", rows: 200, isHeavy: true, isSeasonal: true)
        var results: [CellResult] = []
        for kinds in [[WindowKind.hour, .day], [.sliding, .byRows]] {
            let cell = Cell(world: world, referenceHours: 336, models: 1, months: 1, hours: 150, kinds: kinds)
            results.append(await FalseAlarms.measure(cell, seed: seed))
        }
        return results
    }

    private static func calm(_ isQuick: Bool, _ each: @Sendable (CellResult) async throws -> Void) async rethrows -> [CellResult] {
        let (models, months, drifting) = isQuick ? (2, 2, 1) : (17, 10, 6)
        var cells = [
            Cell(world: World(name: "heavy tails", isHeavy: true), models: models, months: months, drifting: drifting),
            Cell(
                world: World(name: "heavy tails, seasons", isHeavy: true, isSeasonal: true), models: models, months: months,
                drifting: drifting),
            Cell(world: World(name: "even, light tails"), models: models, months: months),
        ]
        // Windows that overlap and windows that end by their rows: of both kinds of heavy tails, without and with seasons.
        cells += [false, true].map { isSeasonal in
            Cell(
                world: World(name: isSeasonal ? "heavy tails, seasons" : "heavy tails", isHeavy: true, isSeasonal: isSeasonal),
                models: isQuick ? 1 : 6, months: isQuick ? 1 : 5, kinds: [.sliding, .byRows])
        }
        if !isQuick {
            cells += [
                Cell(
                    world: World(name: "100 features, heavy, seasons", features: 100, isHeavy: true, isSeasonal: true), referenceHours: 336,
                    models: 2, months: 2),
                Cell(world: World(name: "1,000 rows an hour", rows: 1000, isHeavy: true), referenceHours: 168, models: 4, months: 2),
                Cell(world: World(name: "10,000 rows an hour", rows: 10_000, isHeavy: true), referenceHours: 96, models: 1, months: 1),
                Cell(
                    world: World(name: "100,000 rows a day", rows: 4167, isHeavy: true), referenceHours: 240, models: 3, months: 1,
                    kinds: [.day]),
            ]
        }
        var results: [CellResult] = []
        for cell in cells {
            let start = clock()
            let result = await FalseAlarms.measure(cell, seed: seed)
            results.append(result)
            let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            let found = cell.kinds.map { "\(result.alarms($0)) alarms of \($0.rawValue)s" }.joined(separator: ", ")
            let line = "\(cell.world.name): \(Int(cell.serving)) months, \(found), \(decimal(seconds, 0)) s of CPU\n"
            FileHandle.standardError.write(Data(line.utf8))
            try await each(result)
            fflush(nil)
        }
        return results
    }

    /// The seasonal baseline: false alarms in a month, delays in a week of each small drift.
    private static func seasonal(_ cell: Cell, _ isQuick: Bool) async throws -> [Delays] {
        let models = isQuick ? 2 : 6
        let hours = 168
        let parts = await parallel(models) { number -> (calm: [(window: Int, monitor: Vocabulary.Monitor)], drifts: [Int?]) in
            let subject = Subject(cell.world, seed: seed, number: 1000 + number, referenceHours: cell.referenceHours)
            let drifts = DriftKind.allCases.map { Drift(kind: $0, size: $0.sizes.small) }
            guard let calm = try? await Seasonal.run(subject, hours: Contest.month, drifts: [nil]),
                let found = try? await Seasonal.run(subject, hours: hours, drifts: drifts)
            else { return ([], []) }
            return (calm[0], found.map { $0.first.map { $0.window + 1 } })
        }
        let count = parts.reduce(0) { $0 + $1.calm.count }
        let interval = poissonInterval(count, months: Double(models))
        print(
            "\nSeasonal baseline, \(cell.world.name), hours: \(count) false alarms in \(models) model-months, "
                + "\(decimal(interval.lower, 3)) to \(decimal(interval.upper, 3)) a month")
        claim("false alarms in a model-month, hours, seasonal baseline", models, Double(count) / Double(models), 0, 1)
        return DriftKind.allCases.indices.map { i in Delays(values: parts.map { $0.drifts[i] }, windows: hours) }
    }
}
