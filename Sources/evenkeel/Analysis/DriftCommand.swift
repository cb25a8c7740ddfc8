public import Analysis
public import ArgumentParser

extension DriftOptions.PValues: ExpressibleByArgument {}
extension DriftOptions.Alternative: ExpressibleByArgument {}
extension DriftOptions.Binning: ExpressibleByArgument {}
extension DriftOptions.Base: ExpressibleByArgument {}
extension DriftOptions.MissingValues: ExpressibleByArgument {}

/// Compares two files, every column, by exact statistics.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Compare two files column by column: what drifted, by how much, and how sure that is.",
        discussion: """
            A column has drifted when its change is significant after correction over all columns and large enough to matter.
            Example: evenkeel drift reference.csv current.csv --columns age,purpose --format json
            """)

    @Argument(help: "CSV file to compare with.")
    var reference: String

    @Argument(help: "CSV file that may have drifted; - for standard input.")
    var current: String

    @Option(help: "Only these columns, comma-separated.")
    var columns = ""

    @Option(help: "Columns to compare as numbers, whatever they look like.")
    var numeric = ""

    @Option(help: "Columns to compare as levels, whatever they look like.")
    var categorical = ""

    @Option(help: "Tests, comma-separated, by their names in the result; those that suit the kind when not given.")
    var tests = ""

    @Option(help: "auto, exact or asymptotic: the p-values of ks and cramer_von_mises; asymptotic also leaves psi to its law.")
    var pValues = DriftOptions.PValues.auto

    @Option(help: "two-sided, less or greater: of ks, with the reference first.")
    var alternative = DriftOptions.Alternative.twoSided

    @Option(help: "Cells of a numeric column.")
    var bins = 10

    @Option(help: "quantiles (of the reference) or equal-width (over its range).")
    var binning = DriftOptions.Binning.quantiles

    @Option(help: "COLUMN=1,2,3: edges of that column's cells, in place of --bins; may be repeated.")
    var edges: [String] = []

    @Option(help: "Least share of a cell in psi and kullback_leibler.")
    var psiFloor = 1e-4

    @Option(help: "apart, or cell: missing values are one more cell in psi, jensen_shannon, chi_squared and their kin.")
    var missingValues = DriftOptions.MissingValues.apart

    @Option(help: "2 or e: base of jensen_shannon.")
    var jsBase = DriftOptions.Base.two

    @Option(help: "Column of times, for --chunk-period.")
    var timestamp: String?

    @Option(help: "nannyml: chunk statistics and thresholds by that tool's rules.")
    var convention: String?

    @OptionGroup var chunks: ChunkOptions
    @OptionGroup var analysis: AnalysisOptions

    func run() throws {
        var options = DriftOptions()
        options.columns = list(columns)
        options.numeric = list(numeric)
        options.categorical = list(categorical)
        options.tests = try list(tests).map(DriftTest.named)
        options.pValues = pValues
        options.alternative = alternative
        options.bins = bins
        options.binning = binning
        for text in edges { try options.setEdges(text) }
        options.psiFloor = psiFloor
        options.base = jsBase
        options.missingValues = missingValues
        options.hasHistograms = analysis.hasCharts
        options.timestamp = timestamp
        options.chunking = chunks.chunking
        options.seed = analysis.seed
        options.confidence = analysis.confidence
        switch convention {
        case nil: break
        case "nannyml": options.isNannyML = true
        case let other?: throw AnalysisError.unsupported("--convention \(other), expected nannyml")
        }
        let inputs = [try analysis.frame(reference), try analysis.frame(current)]
        try analysis.print(
            DriftAnalysis.report(reference: inputs[0], current: inputs[1], options: options), options.settings, from: inputs)
    }
}
