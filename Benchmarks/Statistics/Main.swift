import Foundation

/// Times statistics for Benchmarks/run.py, and proves by simulation what intervals and p-values promise.
@main enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let columns = Columns(folder: arguments.last ?? ".")
        switch arguments.first {
        case "audit": try Timings.audit(columns)
        case "scores": try Timings.scores(columns)
        case "detectors": try Timings.detectors(columns)
        case "coverage": try Coverage.run(Int(arguments.last ?? "") ?? 1000)
        case "joint": JointCoverage.run(Int(arguments.last ?? "") ?? 200)
        default: print("statistics-benchmarks audit|scores|detectors FOLDER, coverage|joint RUNS")
        }
    }
}
