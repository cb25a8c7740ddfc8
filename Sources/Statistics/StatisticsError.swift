/// Why a statistic has no value. `description` is the sentence that a result shows as its `why`.
public struct StatisticsError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case empty
        case unequalLengths = "unequal_lengths"
        case outOfRange = "out_of_range"
        case undefined
    }
    public var code: Code
    public var description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
