public import Statistics
public import Vocabulary

/// A detector that follows a version's errors, with the parameters that somebody wrote; the others have River's defaults.
public struct DetectorSetting: Sendable, Equatable {
    public var method: DetectorMethod
    /// As written, by name.
    public var parameters: [String: String]

    public init(_ method: DetectorMethod, _ parameters: [String: String] = [:]) {
        self.method = method
        self.parameters = parameters
    }

    /// What follows where nothing else is said.
    public static let standard = DetectorSetting(.adwin)

    public var name: String { method.rawValue }

    /// Detectors of one version.
    public static let countMax = DetectorMethod.allCases.count
    /// What bounds the memory of a detector, and so the bytes that are kept of it: about 100 kB.
    static let windowMax = 5000
    static let bucketsMax = 100

    /// Name and parameters in one line: what a detector remembers is of no use to one with others.
    var line: String { ([name] + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ") }

    /// - Throws: ``StatisticsError`` for a parameter that makes no sense, or that would make its memory too large.
    public func detector() throws -> any ChangeDetector {
        for (name, most) in [("window_size", Self.windowMax), ("max_buckets", Self.bucketsMax)] where parameters[name] != nil {
            let value = try count(name, 0)
            if value > most { throw StatisticsError(.outOfRange, "\(name) \(value), expected at most \(most)") }
        }
        return try method.detector(self, seed: 1)
    }

    /// Whether the errors of a task are what it takes: those of a regression are any numbers, all others 0 or 1.
    public func takes(_ task: ModelTask) -> Bool { task != .regression || method.input.accepts(2) }

    /// The names of those that do.
    public static func names(for task: ModelTask) -> [String] {
        DetectorMethod.allCases.filter { DetectorSetting($0).takes(task) }.map(\.rawValue)
    }
}

extension DetectorSetting: DetectorParameters {
    private func value<T>(_ name: String, _ standard: T, _ expected: String, _ read: (String) -> T?) throws -> T {
        guard let word = parameters[name] else { return standard }
        guard let value = read(word) else { throw StatisticsError(.outOfRange, "\(name) \(word), expected \(expected)") }
        return value
    }

    public func number(_ name: String, _ standard: Double) throws -> Double { try value(name, standard, "a number") { Double($0) } }
    public func count(_ name: String, _ standard: Int) throws -> Int {
        try value(name, standard, "a whole number") { Int($0) ?? Double($0).flatMap { Int(exactly: $0) } }
    }
    public func seed(_ name: String, _ standard: UInt64) throws -> UInt64 {
        try value(name, standard, "a whole number of at least 0") { UInt64($0) }
    }
    public func flag(_ name: String) throws -> Bool { try value(name, false, "true or false") { Bool($0) } }
    public func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ standard: T) throws -> T where T.RawValue == String {
        try value(name, standard, "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))") { T(rawValue: $0) }
    }
}
