internal import CPostgres
internal import Vocabulary

/// The rows of a result, as text. Owns the `PGresult`.
@safe final class Rows {
    private let result: OpaquePointer
    let count: Int

    init(owning result: OpaquePointer) {
        unsafe self.result = result
        count = unsafe Int(PQntuples(result))
    }
    deinit { unsafe PQclear(result) }

    /// Rows that the statement changed.
    var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }

    func text(_ row: Int, _ column: Int) -> String? {
        // libpq writes to standard error when it is asked for a row that is not there.
        guard row < count, unsafe PQgetisnull(result, Int32(row), Int32(column)) == 0,
            let value = unsafe PQgetvalue(result, Int32(row), Int32(column))
        else { return nil }
        return unsafe String(cString: value)
    }
    func int(_ row: Int, _ column: Int) -> Int64? { text(row, column).flatMap(Int64.init) }
    func double(_ row: Int, _ column: Int) -> Double? { text(row, column).flatMap(Double.init) }
    func bool(_ row: Int, _ column: Int) -> Bool { text(row, column) == "t" }
    /// A timestamptz, which the server writes as `2026-01-31 12:00:00+00` in a UTC session.
    func time(_ row: Int, _ column: Int) -> Timestamp? {
        guard let text = text(row, column), text.hasSuffix("+00") else { return nil }
        return Timestamp(rfc3339: text.dropLast(3) + "Z")
    }

    /// A bytea, which the server writes as `\x` and hexadecimal digits.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        guard row < count, unsafe PQgetisnull(result, Int32(row), Int32(column)) == 0,
            let value = unsafe PQgetvalue(result, Int32(row), Int32(column))
        else { return nil }
        let length = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        guard length >= 2, length % 2 == 0 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(length / 2 - 1)
        for i in stride(from: 2, to: length, by: 2) {
            let high = unsafe UInt8(bitPattern: value[i])
            let low = unsafe UInt8(bitPattern: value[i + 1])
            out.append(nibble(high) << 4 | nibble(low))
        }
        return out
    }

    private func nibble(_ c: UInt8) -> UInt8 { c < 58 ? c - 48 : c - 87 }
}
