public import Vocabulary

/// What a collector takes at once. Each is reported by name when it is reached.
public struct CollectorLimits: Sendable, Equatable {
    /// A request body; a larger one is answered 413.
    public var bodyBytesMax = 16 << 20
    /// Bytes of all bodies that are in work at once; what comes beyond is answered 429.
    public var bodyBytesInWorkMax = 256 << 20
    public var recordsMax = 50_000
    public var idBytesMax = 256
    public var levelBytesMax = 500
    /// Named measures of one record, beside latency and cost.
    public var measuresMax = 16
    /// Earlier event times are refused: mostly they are seconds sent as milliseconds. 1990-01-01.
    public var earliestSeconds: Int64 = 631_152_000
    /// How far ahead of our clock an event may be.
    public var aheadSecondsMax: Int64 = 86_400
    /// Not a setting: what retention has dropped so far, handed in for each request.
    var droppedWeeks = DroppedWeeks()
    /// Not a limit either: the key of private values, which goes wherever records are checked.
    public var privacyKey: PrivacyKey?

    public init() {}
}

/// A record that was not taken: its place in the request, and what was expected.
public struct Rejection: Sendable, Equatable {
    public var index: Int
    public var error: String
    public init(index: Int, error: String) {
        self.index = index
        self.error = error
    }
}

/// A request of which nothing can be used.
public struct RequestError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable { case malformed, tooLarge }
    public var code: Code
    public var description: String
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
