import Foundation
import Statistics

/// A row of a Markdown table whose columns line up in a terminal too.
func row(_ cells: [String]) -> String {
    "| "
        + cells.enumerated().map { i, cell in
            let space = String(repeating: " ", count: max(0, (i == 0 ? 32 : 9) - cell.count))
            return i == 0 ? cell + space : space + cell
        }.joined(separator: " | ") + " |"
}

func line(_ columns: Int) -> String { "|---" + String(repeating: "|---:", count: columns - 1) + "|" }

func decimal(_ x: Double, _ places: Int) -> String { String(format: "%.\(places)f", x) }

/// A line for Benchmarks/alarms.py.
func claim(_ what: String, _ n: Int, _ rate: Double, _ least: Double, _ most: Double) {
    print("claim", what.replacingOccurrences(of: " ", with: "_"), n, rate, least, most)
}

/// The exact 95 % interval of a Poisson mean, of a count over so many months.
///
/// > Source: F. Garwood, "Fiducial Limits for the Poisson Distribution", 1936.
func poissonInterval(_ count: Int, months: Double) -> (lower: Double, upper: Double) {
    let lower = count == 0 ? 0 : Distributions.chiSquaredCritical(0.975, degreesOfFreedom: Double(2 * count)) / 2
    return (lower / months, Distributions.chiSquaredCritical(0.025, degreesOfFreedom: Double(2 * count + 2)) / 2 / months)
}
