internal import CPostgres
internal import Vocabulary

/// The rows of a result, as text or in the server's binary form: int2, int4, int8, float4, float8, bool, text, bytea and timestamptz. Owns the `PGresult`.
@safe final class Rows {
    private let result: OpaquePointer
    let count: Int
    private let isBinary: Bool

    init(owning result: OpaquePointer) {
        unsafe self.result = result
        count = unsafe Int(PQntuples(result))
        isBinary = unsafe PQbinaryTuples(result) == 1
    }
    deinit { unsafe PQclear(result) }

    /// Rows that the statement changed.
    var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }

    func text(_ row: Int, _ column: Int) -> String? {
        guard let value = unsafe value(row, column) else { return nil }
        return unsafe String(cString: value)
    }

    func int(_ row: Int, _ column: Int) -> Int64? {
        isBinary ? number(row, column) : text(row, column).flatMap(Int64.init)
    }

    func double(_ row: Int, _ column: Int) -> Double? {
        guard isBinary else { return text(row, column).flatMap(Double.init) }
        let isSingle = unsafe PQgetlength(result, Int32(row), Int32(column)) == 4
        return number(row, column).map {
            isSingle ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) : Double(bitPattern: UInt64(bitPattern: $0))
        }
    }

    func bool(_ row: Int, _ column: Int) -> Bool { isBinary ? number(row, column) == 1 : text(row, column) == "t" }

    /// A timestamptz, which the server writes as `2026-01-31 12:00:00+00` in a UTC session.
    func time(_ row: Int, _ column: Int) -> Timestamp? {
        if isBinary {
            // The ends of the range stand for infinity.
            guard let value = number(row, column), value != .min, value != .max else { return nil }
            return Timestamp(microseconds: value + Timestamp.postgresEpochMicroseconds)
        }
        guard let text = text(row, column), text.hasSuffix("+00") else { return nil }
        return Timestamp(rfc3339: text.dropLast(3) + "Z")
    }

    /// A bytea, which the server writes as `\x` and hexadecimal digits.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        guard let value = unsafe value(row, column) else { return nil }
        let length = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        if isBinary { return unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: length)) }
        guard length >= 2, length % 2 == 0 else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: length / 2 - 1) { out, count in
            for place in 0..<length / 2 - 1 {
                let high = unsafe UInt8(bitPattern: value[2 * place + 2])
                let low = unsafe UInt8(bitPattern: value[2 * place + 3])
                unsafe out[place] = nibble(high) << 4 | nibble(low)
            }
            count = length / 2 - 1
        }
    }

    private func nibble(_ c: UInt8) -> UInt8 { c < 58 ? c - 48 : c - 87 }

    /// An integer of the server's order of bytes, its sign kept.
    private func number(_ row: Int, _ column: Int) -> Int64? {
        guard let value = unsafe value(row, column) else { return nil }
        let length = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        guard (1...8).contains(length) else { return nil }
        var number = unsafe Int64(value[0])
        for place in 1..<length { number = unsafe number << 8 | Int64(UInt8(bitPattern: value[place])) }
        return number
    }

    /// libpq writes to standard error when it is asked for a row that is not there.
    private func value(_ row: Int, _ column: Int) -> UnsafeMutablePointer<CChar>? {
        guard row < count, unsafe PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return nil }
        return unsafe PQgetvalue(result, Int32(row), Int32(column))
    }
}

extension Timestamp {
    /// PostgreSQL counts from the beginning of 2000.
    static let postgresEpochMicroseconds: Int64 = 946_684_800_000_000
}
