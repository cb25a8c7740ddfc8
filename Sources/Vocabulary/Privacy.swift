internal import Foundation

/// What is done with the values of a private feature or sensitive attribute before they reach a batch, and so before any disk.
public enum Privacy: Sendable, Hashable {
    /// A level is replaced by the start of its HMAC under the service's key: equal values stay equal, and cannot be read.
    case hash
    /// A number is replaced by the interval that it is in, between ascending edges.
    case bucket([Double])

    public static let edgesMax = 100
    /// The words of a spec; `drop` leaves no value at all (``FeatureSchema/dropped``).
    public static let words = ["drop", "hash", "bucket"]

    /// The level that a text becomes; nil is missing. Without a key nothing is hashed and nothing shown.
    public func level(of text: String, name: String, key: PrivacyKey?) -> String? {
        switch self {
        case .hash: key?.level(of: text, name: name)
        case .bucket: Self.number(text).flatMap(interval)
        }
    }

    /// The number that a text to be put into an interval stands for.
    public static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isNaN ? nil : $0 } }

    /// `< 30`, `[30, 40)`, `>= 40`; nil for a missing number.
    public func interval(of number: Double) -> String? {
        guard case .bucket(let edges) = self, !number.isNaN, let first = edges.first, let last = edges.last else { return nil }
        func text(_ edge: Double) -> String { JSON.number(edge).text }
        if number < first { return "< \(text(first))" }
        guard let above = edges.firstIndex(where: { number < $0 }) else { return ">= \(text(last))" }
        return "[\(text(edges[above - 1])), \(text(edges[above])))"
    }

    public var json: JSON {
        switch self {
        case .hash: .string("hash")
        case .bucket(let edges): .object(["bucket": .array(edges.map(JSON.number))])
        }
    }

    public init?(json: JSON) {
        if json.stringValue == "hash" {
            self = .hash
        } else if let edges = json["bucket"]?.arrayValue {
            let numbers = edges.compactMap(\.doubleValue)
            guard numbers.count == edges.count, Self.problem(ofEdges: numbers) == nil else { return nil }
            self = .bucket(numbers)
        } else {
            return nil
        }
    }

    public static func problem(ofEdges edges: [Double]) -> String? {
        if edges.isEmpty || edges.count > edgesMax { return "\(edges.count) edges, expected 1 to \(edgesMax)" }
        let isAscending = edges.allSatisfy(\.isFinite) && zip(edges, edges.dropFirst()).allSatisfy(<)
        return isAscending ? nil : "expected ascending finite numbers"
    }
}

/// The key of the hashes of private values. Another key gives other hashes of the same values.
public struct PrivacyKey: Sendable, Equatable {
    /// The environment variable that gives it where the configuration does not.
    public static let environmentName = "EVENKEEL_PRIVACY_KEY"
    public static let bytesMin = 16
    public static let expected = "too short, expected at least \(bytesMin) bytes"
    private static let digits = 16

    private let secret: Secret
    /// Tells keys apart without showing them: it stands in the schema of each version that hashes.
    public let fingerprint: String

    /// - Returns: nil for one that is too short to be a secret.
    public init?(_ secret: Secret) {
        guard secret.reveal().utf8.count >= Self.bytesMin else { return nil }
        self.secret = secret
        let text = Array("evenkeel privacy key".utf8)
        fingerprint = Digest.hex(Digest.hmacSHA256(key: Array(secret.reveal().utf8), text).prefix(Self.digits / 2))
    }

    /// The name is a part of what is hashed: the same value in two columns cannot be told to be the same.
    func level(of text: String, name: String) -> String {
        let message = Array(name.utf8) + [0] + Array(text.precomposedStringWithCanonicalMapping.utf8)
        return Digest.hex(Digest.hmacSHA256(key: Array(secret.reveal().utf8), message).prefix(Self.digits / 2))
    }

    /// A digest that cannot be found again by trying likely texts.
    public func digest(of bytes: [UInt8]) -> String { Digest.hex(Digest.hmacSHA256(key: Array(secret.reveal().utf8), bytes)) }
}

extension Feature {
    var json: JSON {
        var object = JSONObject([("name", .string(name)), ("kind", .string(kind.rawValue))])
        if let privacy { object["privacy"] = privacy.json }
        if kind == .vector { object["dimension"] = .integer(Int64(dimension)) }
        return .object(object)
    }

    /// What its values are when they come: before a number becomes an interval.
    public var sentKind: FeatureKind { if case .bucket = privacy { .numeric } else { kind } }
}

extension FeatureSchema {
    /// Whether any value is hashed.
    public var needsPrivacyKey: Bool { features.contains { $0.privacy == .hash } || sensitivePrivacy.values.contains(.hash) }

    /// Whether any value must not reach a disk in clear.
    public var isPrivate: Bool { !dropped.isEmpty || !sensitivePrivacy.isEmpty || features.contains { $0.privacy != nil } }

    /// What contradicts itself about private columns, each with its path.
    var privacyProblems: [String] {
        var found: [String] = []
        for name in dropped where features.contains(where: { $0.name == name }) || sensitive.contains(name) {
            found.append("dropped: \(name) is a feature or a sensitive attribute too, expected a name that is neither")
        }
        for name in sensitivePrivacy.keys.sorted() where !sensitive.contains(name) {
            found.append("sensitive_privacy: \(name), expected one of the sensitive attributes \(sensitive.joined(separator: ", "))")
        }
        for feature in features {
            if feature.privacy != nil, feature.kind != .categorical {
                found.append("features: \(feature.name) is private and \(feature.kind.rawValue), expected categorical")
            }
            if sensitive.contains(feature.name), feature.privacy != sensitivePrivacy[feature.name] {
                found.append("features: \(feature.name) is a sensitive attribute of another privacy, expected the same for both")
            }
        }
        return found
    }
}

extension LevelColumn {
    /// The same rows with the levels of a private column.
    public init(codes: [Int32], of texts: [String], name: String, _ privacy: Privacy, key: PrivacyKey?) {
        let levels = texts.map { privacy.level(of: $0, name: name, key: key) }
        let known = levels.compactMap { $0 }
        if known.count == levels.count {
            self.init(codes: codes, of: known)
            return
        }
        self.init(codes.map { $0 < 0 ? nil : levels[Int($0)] })
    }

    /// The intervals of numbers.
    public init(_ numbers: [Double], _ privacy: Privacy) { self.init(numbers.map { privacy.interval(of: $0) }) }
}
