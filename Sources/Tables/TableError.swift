internal import Vocabulary

/// Bad input in a file, as `FILE:LINE:COLUMN: what, expected what`. Lines and columns count from 1; a column is a field's number.
public struct TableError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int
    public var message: String
    public init(file: String, line: Int, column: Int = 1, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message.oneLine
    }
    public var description: String { "\(file):\(line):\(column): \(message)" }
}
