public import Foundation

extension EvenkeelClient {
    /// A value of a feature, group, prediction or label.
    public enum Value: Sendable, Equatable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
        ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral
    {
        /// One that is not finite is sent as missing: JSON has no word for it.
        case number(Double)
        case text(String)
        case flag(Bool)
        /// Of a vector feature. With a number that is not finite the whole vector is missing.
        case vector([Double])
        case missing

        public init(floatLiteral value: Double) { self = .number(value) }
        public init(integerLiteral value: Int) { self = .number(Double(value)) }
        public init(stringLiteral value: String) { self = .text(value) }
        public init(booleanLiteral value: Bool) { self = .flag(value) }
        public init(arrayLiteral numbers: Double...) { self = .vector(numbers) }
        public init(nilLiteral: ()) { self = .missing }
    }

    /// One prediction, as docs/http.md describes it.
    public struct Prediction: Sendable {
        public var id: String
        public var features: [String: Value]
        /// Event time. It is set when the record is made: a batch that is sent late keeps its time.
        public var time: Date
        public var score: Double?
        /// Of a model of several classes: the score of each, in place of `score`.
        public var scores: [String: Double] = [:]
        public var prediction: Value?
        public var groups: [String: Value] = [:]
        public var latency: Duration?
        public var cost: Double?
        public var measures: [String: Double] = [:]
        /// The prediction failed: it is counted, but not judged.
        public var error: String?
        public var variant: String?

        public init(id: String, features: [String: Value], at time: Date = Date()) {
            self.id = id
            self.features = features
            self.time = time
        }

        func line(model: String, version: String) -> [UInt8] {
            var line = JSONLine()
            line.field("model", .text(model))
            line.field("version", .text(version))
            line.field("id", .text(id))
            line.field("ts", milliseconds: time)
            line.fields("features", features)
            if !scores.isEmpty {
                line.fields("score", scores.mapValues { .number($0) })
            } else if let score, score.isFinite {
                line.field("score", .number(score))
            }
            if let prediction { line.field("prediction", prediction) }
            if !groups.isEmpty { line.fields("groups", groups) }
            if let latency { line.field("latency_ms", .number(latency / .milliseconds(1))) }
            if let cost, cost.isFinite { line.field("cost", .number(cost)) }
            if !measures.isEmpty { line.fields("measures", measures.filter(\.value.isFinite).mapValues { .number($0) }) }
            if let error { line.field("error", .text(error)) }
            if let variant { line.field("variant", .text(variant)) }
            return line.finish()
        }
    }

    static func labelLine(model: String, id: String, label: Value, at time: Date) -> [UInt8] {
        var line = JSONLine()
        line.field("model", .text(model))
        line.field("id", .text(id))
        line.field("label", label)
        line.field("ts", milliseconds: time)
        return line.finish()
    }
}

/// Writes one JSON object without line breaks, and one at its end.
struct JSONLine {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func field(_ name: String, _ value: EvenkeelClient.Value) {
        open(name)
        append(value)
    }

    mutating func field(_ name: String, milliseconds time: Date) {
        open(name)
        // A time that is no number of milliseconds becomes 1970, which the service refuses by name.
        let milliseconds = Int64(exactly: (time.timeIntervalSince1970 * 1000).rounded()) ?? 0
        bytes.append(contentsOf: "\(milliseconds)".utf8)
    }

    mutating func fields(_ name: String, _ values: [String: EvenkeelClient.Value]) {
        open(name)
        bytes.append(UInt8(ascii: "{"))
        for (name, value) in values { field(name, value) }
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func finish() -> [UInt8] {
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }

    private mutating func open(_ name: String) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        append(.text(name))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ value: EvenkeelClient.Value) {
        switch value {
        case .number(let number): bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
        case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .vector(let numbers):
            let numbers = numbers.allSatisfy(\.isFinite) ? "[\(numbers.map(\.description).joined(separator: ","))]" : "null"
            bytes.append(contentsOf: numbers.utf8)
        case .missing: bytes.append(contentsOf: "null".utf8)
        case .text(let text):
            bytes.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
                case 0..<0x20:
                    bytes.append(contentsOf: "\\u00".utf8)
                    for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 48 + digit : 87 + digit) }
                default: bytes.append(byte)
                }
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }
}
