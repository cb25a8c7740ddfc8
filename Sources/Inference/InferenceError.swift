/// Why a model file cannot be used, or a table not be scored: one line that names the file, the place, what is there and what was expected.
public struct InferenceError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The file breaks its format.
        case malformed
        /// The file is well, but asks for something that this build does not have.
        case unsupported
        /// The table does not have what the model needs.
        case input
        /// A limit with a name was reached.
        case limit
    }
    public var code: Code
    public var file: String
    public var place: String
    public var message: String

    public init(_ code: Code, file: String, place: String = "", _ message: String) {
        self.code = code
        self.file = file
        self.place = place
        self.message = message
    }

    public var description: String {
        let words = [file, place, message].filter { !$0.isEmpty }.joined(separator: ": ")
        let line = words.map { $0.isNewline ? " " : $0 }
        return (code == .unsupported ? "unsupported: " : "") + String(line)
    }
}

/// What a model file may be large in.
enum InferenceLimits {
    /// Columns that a model reads.
    static let features = 1 << 20
    /// Numbers that a model answers with for each row.
    static let outputs = 4_096
    /// Objects within objects.
    static let nesting = 64
    /// Bytes of a model file.
    static let fileBytes = 4 << 30
    /// Numbers in one tensor between two operators of a graph.
    static let tensorNumbers = 1 << 28
    /// Rows that go through a graph at a time.
    static let graphRows = 2_048
    /// Trees or graph nodes.
    static let parts = 1 << 22
}
