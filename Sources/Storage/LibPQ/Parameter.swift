internal import Vocabulary

/// A bound parameter. Text stands for every type but bytes: PostgreSQL reads it by the parameter's own type, and the
/// shortest text of a double reads back as the same double.
enum Parameter {
    case text(String?)
    case bytes([UInt8])

    static let null = Parameter.text(nil)
    static func int(_ value: Int64?) -> Parameter { .text(value.map(String.init)) }
    static func double(_ value: Double?) -> Parameter { .text(value.map(PostgresText.double)) }
    static func time(_ value: Timestamp?) -> Parameter { .text(value?.rfc3339) }
    static func json(_ value: JSON) -> Parameter { .text(value.text) }

    static func texts(_ values: [String?]) -> Parameter { .text(PostgresText.array(values)) }
    /// A text[] in the binary form, which the server need not take apart.
    static func texts(_ column: TextColumn) -> Parameter { .bytes(PostgresText.array(column)) }
    static func ints(_ values: [Int64?]) -> Parameter {
        .text("{" + values.map { $0.map(String.init) ?? "NULL" }.joined(separator: ",") + "}")
    }
    static func doubles(_ values: [Double?]) -> Parameter {
        .text("{" + values.map { $0.map(PostgresText.double) ?? "NULL" }.joined(separator: ",") + "}")
    }
    static func times(_ values: [Timestamp?]) -> Parameter {
        .text("{" + values.map { $0.map { "\"" + $0.rfc3339 + "\"" } ?? "NULL" }.joined(separator: ",") + "}")
    }
}

enum PostgresText {
    static func double(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "Infinity" : "-Infinity" }
        return "\(value)"
    }

    /// PostgreSQL's binary form of an array of one dimension.
    static func array(_ column: TextColumn) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20 + column.utf8.count + 4 * column.count)
        // Dimensions, no nulls, the type text, and of the dimension its length and first index.
        for word in [column.isEmpty ? 0 : 1, 0, 25] + (column.isEmpty ? [] : [column.count, 1]) { out.appendBigEndian(Int32(word)) }
        for place in column.indices {
            let range = column.range(place)
            out.appendBigEndian(Int32(range.count))
            out.append(contentsOf: column.utf8[range])
        }
        return out
    }

    static func array(_ values: [String?]) -> String {
        var out: [UInt8] = [UInt8(ascii: "{")]
        out.reserveCapacity(values.count * 24)
        for value in values {
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            guard let value else { out.append(contentsOf: "NULL".utf8); continue }
            out.append(UInt8(ascii: "\""))
            if value.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for byte in value.utf8 {
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { out.append(UInt8(ascii: "\\")) }
                    out.append(byte)
                }
            } else {
                out.append(contentsOf: value.utf8)
            }
            out.append(UInt8(ascii: "\""))
        }
        out.append(UInt8(ascii: "}"))
        return String(decoding: out, as: UTF8.self)
    }
}
