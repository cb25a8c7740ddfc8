public import Vocabulary

/// One function of `evenkeel stat`: a name, the arguments that it takes, and what it makes of them.
public struct StatFunction: Sendable {
    /// An argument as `evenkeel stat --list` shows it: what it is, and its default if it may be left out.
    public struct Argument: Sendable {
        public var name: String
        public var meaning: String
        /// How the default reads; nil when the argument must be given.
        public var preset: String?

        public static func required(_ name: String, _ meaning: String) -> Argument { Argument(name: name, meaning: meaning) }
        public static func optional(_ name: String, _ meaning: String, preset: String) -> Argument {
            Argument(name: name, meaning: meaning, preset: preset)
        }
        /// What to do with null: `omit`, `propagate` or `raise`; read by ``StatArguments/samples(_:)``.
        public static let nanPolicy = optional("nan_policy", "\"omit\", \"propagate\" or \"raise\"", preset: "omit")
        public static let confidence = optional("confidence", "level of the intervals", preset: "0.95")
    }

    public let name: String
    public let summary: String
    public let arguments: [Argument]
    private let body: @Sendable (StatArguments) throws -> JSON

    public init(
        _ name: String, _ summary: String, _ arguments: [Argument], body: @escaping @Sendable (StatArguments) throws -> JSON
    ) {
        self.name = name
        self.summary = summary
        self.arguments = arguments
        self.body = body
    }

    /// - Throws: ``AnalysisError`` or `StatisticsError`, one line each: what was given and what was expected.
    public func call(_ args: JSON) throws -> JSON {
        guard let object = args.objectValue else { throw AnalysisError("args is \(args.kind), expected an object") }
        let names = arguments.map(\.name)
        for member in object.members where !names.contains(member.key) {
            throw AnalysisError("unknown argument \"\(member.key)\", expected \(names.joined(separator: ", "))")
        }
        for argument in arguments where argument.preset == nil && object[argument.name] == nil {
            throw AnalysisError("\(argument.name) is missing, expected \(argument.meaning)")
        }
        return try body(StatArguments(object)).explained("undefined for these arguments, or missing among them")
    }
}
