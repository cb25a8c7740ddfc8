/// What holds back messages about alerts for a while: somebody's silence.
public struct Silence: Sendable, Equatable {
    public var id: Int64?
    /// `*` for every model.
    public var model: String
    /// nil silences every monitor of the model.
    public var monitor: Monitor?
    /// All of them must fit as well.
    public var matchers: [AlertMatcher] = []
    /// nil: from when it was made.
    public var startsAt: Timestamp?
    public var until: Timestamp
    public var reason: String
    public static let allModels = "*"

    public init(id: Int64? = nil, model: String, monitor: Monitor?, until: Timestamp, reason: String) {
        self.id = id
        self.model = model
        self.monitor = monitor
        self.until = until
        self.reason = reason
    }

    public func covers(_ alert: Alert, at now: Timestamp) -> Bool {
        (model == Self.allModels || model == alert.version.model) && (monitor == nil || monitor == alert.monitor)
            && (startsAt.map { $0 <= now } ?? true) && until > now && matchers.allSatisfy { $0.fits(alert) }
    }

    public var json: JSON {
        .object([
            "id": id.map(JSON.integer) ?? .null, "model": .string(model), "monitor": JSON(monitor?.rawValue),
            "matchers": .array(matchers.map { .string($0.description) }), "starts_at": JSON(startsAt?.rfc3339),
            "until": .string(until.rfc3339), "reason": .string(reason),
        ])
    }
}

/// One condition on an alert: `version=3`, `policy!=inputs`, `model=credit-*`. A `*` stands for any characters.
public struct AlertMatcher: Sendable, Equatable, CustomStringConvertible {
    public enum Field: String, Sendable, CaseIterable { case model, version, monitor, policy, severity }
    public var field: Field
    public var isEqual: Bool
    public var pattern: String

    public static let patternLengthMax = 200
    /// Matchers of one silence.
    public static let countMax = 10

    /// nil for a text that is no matcher.
    public init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let isNegated = text[..<equals].hasSuffix("!")
        guard let field = Field(rawValue: String(text[..<equals].dropLast(isNegated ? 1 : 0))) else { return nil }
        let pattern = String(text[text.index(after: equals)...])
        guard !pattern.isEmpty, pattern.utf8.count <= Self.patternLengthMax else { return nil }
        self.field = field
        isEqual = !isNegated
        self.pattern = pattern
    }

    public static let expected =
        "expected for example version=3, policy!=inputs or model=credit-*, of "
        + Field.allCases.map(\.rawValue).joined(separator: ", ")

    public var description: String { "\(field.rawValue)\(isEqual ? "=" : "!=")\(pattern)" }

    public func fits(_ alert: Alert) -> Bool {
        let value =
            switch field {
            case .model: alert.version.model
            case .version: alert.version.version
            case .monitor: alert.monitor.rawValue
            case .policy: alert.policy
            case .severity: alert.severity.rawValue
            }
        return Self.fits(Array(pattern.utf8)[...], Array(value.utf8)[...]) == isEqual
    }

    /// In a time of at most pattern times value: after a `*` the shortest fit is tried first, and only the last `*` is ever taken back.
    static func fits(_ pattern: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        var p = pattern.startIndex
        var v = value.startIndex
        var retry: (pattern: Int, value: Int)?
        while v < value.endIndex {
            if p < pattern.endIndex, pattern[p] == star {
                retry = (p, v)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == value[v] {
                p += 1
                v += 1
            } else if let last = retry {
                retry = (last.pattern, last.value + 1)
                (p, v) = (last.pattern + 1, last.value + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }
}

/// Hours that come again in which nobody is told of alerts, since what happens then is known: a batch load, a deployment.
public struct MaintenanceWindow: Sendable, Equatable {
    public var name: String
    /// 0 for Sunday, in UTC; empty for every day.
    public var weekdays: Set<Int>
    /// From midnight, in UTC.
    public var startMinute: Int
    public var minutes: Int
    public var matchers: [AlertMatcher]

    public static let weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    public static let minutesMax = 7 * 1440

    public init(name: String, weekdays: Set<Int> = [], startMinute: Int, minutes: Int, matchers: [AlertMatcher] = []) {
        self.name = name
        self.weekdays = weekdays
        self.startMinute = startMinute
        self.minutes = minutes
        self.matchers = matchers
    }

    public func covers(_ alert: Alert, at now: Timestamp) -> Bool { isOpen(at: now) && matchers.allSatisfy { $0.fits(alert) } }

    /// It may last over midnight, and longer than a day.
    public func isOpen(at now: Timestamp) -> Bool {
        let seconds = now.microseconds / 1_000_000 - (now.microseconds % 1_000_000 < 0 ? 1 : 0)
        let today = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        return (0...Int64(minutes / 1440 + 1)).contains { daysAgo in
            let day = today - daysAgo
            // 1970-01-01 was a Thursday.
            let weekday = Int(((day + 4) % 7 + 7) % 7)
            guard weekdays.isEmpty || weekdays.contains(weekday) else { return false }
            let start = day * 86_400 + Int64(startMinute) * 60
            return start <= seconds && seconds < start + Int64(minutes) * 60
        }
    }
}
