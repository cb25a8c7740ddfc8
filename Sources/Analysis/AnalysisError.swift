internal import Vocabulary

/// Why an analysis cannot be made: one line that says what was expected. Exit code 2.
public struct AnalysisError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description.oneLine }
    /// Something that this build does not know.
    public static func unsupported(_ what: String) -> AnalysisError { AnalysisError("unsupported: \(what)") }
}
