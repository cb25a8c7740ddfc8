import Analysis
import ArgumentParser

struct DetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect", abstract: "Finds where a stream changed.",
        discussion: """
            Rows are taken in the order of the file; rows without a value are left out. Streams of errors hold 1 for an error and 0 \
            for none (ddm, eddm, hddm-a, hddm-w); the others take any numbers. After a change the detector starts afresh.

            Example: evenkeel detect log.csv --column error --detector adwin --set delta=0.01
            """)

    @Argument(help: "A CSV file, or - for standard input.")
    var file: String

    @Option(help: "The column with the stream.")
    var column: String

    @Option(help: "\(DetectorKind.names.joined(separator: ", ")).")
    var detector: String

    @Option(help: "A parameter of the detector as name=value; may be given again.")
    var set: [String] = []

    @Option(help: "Add the detector's state after every n-th value.")
    var stateEvery: Int?

    @OptionGroup var analysis: AnalysisOptions

    func run() throws {
        guard let kind = DetectorKind(named: detector) else {
            throw AnalysisError.unsupported("detector \(detector), expected one of \(DetectorKind.names.joined(separator: ", "))")
        }
        let detection = Detection(column: column, detector: kind, settings: set, stateEvery: stateEvery, seed: analysis.seed)
        let input = try analysis.frame(file)
        try analysis.print(detection.report(input), detection.allSettings, from: [input])
    }
}
