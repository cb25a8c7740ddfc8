public import Statistics

/// The detectors by the names of the command line, each with its parameters.
public typealias DetectorKind = DetectorMethod

extension DetectorMethod {
    public static var names: [String] { allCases.map(\.rawValue) }
    public init?(named name: String) { self.init(rawValue: name) }

    /// A detector with these settings; `seed` is the one that random sampling takes when the settings name none.
    /// - Throws: ``AnalysisError`` for a name that is not known, or a value that makes no sense.
    func detector(_ words: [String], seed: UInt64) throws -> any ChangeDetector {
        let settings = try DetectorSettings(words, of: rawValue, known: parameters)
        do { return try detector(settings, seed: seed) } catch let error as StatisticsError {
            throw AnalysisError("--set of \(rawValue): \(error.description)")
        }
    }
}
