/// A moment of event time: microseconds since 1970-01-01T00:00:00Z, as PostgreSQL keeps it.
///
/// Times enter as RFC 3339 text or epoch milliseconds and leave as RFC 3339 text in UTC.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }
    public init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// PostgreSQL has no year 0.
    public static let earliest = Timestamp(seconds: -62_135_596_800)

    public func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
    public func seconds(since other: Timestamp) -> Double { Double(microseconds - other.microseconds) / 1e6 }

    /// The start of the bucket of `width` seconds that holds this moment; buckets are aligned on the epoch.
    public func floored(toSeconds width: Int64) -> Timestamp {
        let step = width * 1_000_000
        let remainder = microseconds % step
        return Timestamp(microseconds: microseconds - (remainder < 0 ? remainder + step : remainder))
    }
}

extension Timestamp {
    /// RFC 3339 (`2026-11-21T03:04:05.25+01:00`; a space or lower-case `t` and `z` are taken too; without a zone it is UTC),
    /// or a date alone. `nil` when the text is anything else or names a day that does not exist.
    public init?(rfc3339 text: String) { self.init(rfc3339: Array(text.utf8)[...]) }

    /// The same of the text's bytes.
    public init?(rfc3339 bytes: ArraySlice<UInt8>) {
        var scan = DigitScanner(bytes)
        guard let year = scan.digits(4), scan.take("-"), let month = scan.digits(2), scan.take("-"), let day = scan.digits(2),
            (1...12).contains(month), day >= 1, day <= daysInMonth(year, month)
        else { return nil }
        var micros = daysFromCivil(year, month, day) * 86_400_000_000
        if scan.isAtEnd { self.init(microseconds: micros); return }
        guard scan.take("T") || scan.take("t") || scan.take(" "), let hour = scan.digits(2), scan.take(":"), let minute = scan.digits(2),
            hour < 24, minute < 60
        else { return nil }
        var second: Int64 = 0
        if scan.take(":") {
            guard let s = scan.digits(2), s <= 60 else { return nil }
            second = s
            if scan.take(".") {
                guard let fraction = scan.fractionMicroseconds() else { return nil }
                micros += fraction
            }
        }
        micros += ((hour * 60 + minute) * 60 + second) * 1_000_000
        if !scan.isAtEnd, !scan.take("Z"), !scan.take("z") {
            let sign: Int64
            if scan.take("+") { sign = 1 } else if scan.take("-") { sign = -1 } else { return nil }
            guard let h = scan.digits(2), h < 24 else { return nil }
            _ = scan.take(":")
            guard let m = scan.digits(2), m < 60 else { return nil }
            micros -= sign * (h * 60 + m) * 60_000_000
        }
        guard scan.isAtEnd else { return nil }
        self.init(microseconds: micros)
    }

    /// RFC 3339 in UTC, with as many fraction digits as are needed.
    public var rfc3339: String {
        // The start of the first day that can be held is itself out of range: days are floored, not moments.
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
        let (y, m, d) = civilFromDays(remainder < 0 ? quotient - 1 : quotient)
        let inDay = remainder < 0 ? remainder + 86_400_000_000 : remainder
        let s = inDay / 1_000_000
        var text = "\(pad(y, 4))-\(pad(m, 2))-\(pad(d, 2))T\(pad(s / 3600, 2)):\(pad(s / 60 % 60, 2)):\(pad(s % 60, 2))"
        var fraction = inDay % 1_000_000
        if fraction != 0 {
            var width = 6
            while fraction % 10 == 0 { fraction /= 10; width -= 1 }
            text += "." + pad(fraction, width)
        }
        return text + "Z"
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { rfc3339 }
}

private struct DigitScanner {
    private let bytes: ArraySlice<UInt8>
    private var at: Int
    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }
    var isAtEnd: Bool { at == bytes.endIndex }

    mutating func digits(_ count: Int) -> Int64? {
        guard at + count <= bytes.endIndex else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            let c = bytes[at]
            guard c >= 48, c <= 57 else { return nil }
            value = value * 10 + Int64(c - 48)
            at += 1
        }
        return value
    }
    mutating func take(_ c: Unicode.Scalar) -> Bool {
        guard at < bytes.endIndex, bytes[at] == UInt8(ascii: c) else { return false }
        at += 1
        return true
    }
    /// Digits beyond the sixth are dropped, as PostgreSQL could not keep them.
    mutating func fractionMicroseconds() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 100_000
        let start = at
        while at < bytes.endIndex, bytes[at] >= 48, bytes[at] <= 57 {
            value += Int64(bytes[at] - 48) * scale
            scale /= 10
            at += 1
        }
        return at > start ? value : nil
    }
}

private func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
/// > Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2014, days_from_civil.
private func daysFromCivil(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civilFromDays(_ days: Int64) -> (Int64, Int64, Int64) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let mp = (5 * dayOfYear + 2) / 153
    let month = mp < 10 ? mp + 3 : mp - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
}
