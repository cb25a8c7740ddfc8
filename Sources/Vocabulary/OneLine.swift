extension String {
    private static let oneLineEndMax = 250

    /// The text as an error or a log shows it: on one line, control characters escaped; of a long one both ends.
    public var oneLine: String {
        let scalars = unicodeScalars
        guard utf8.count > 2 * Self.oneLineEndMax + 50 || scalars.contains(where: { $0.value < 32 || $0.value == 127 }) else { return self }
        var out = ""
        func add(_ scalar: Unicode.Scalar) {
            switch scalar {
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127: out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        if utf8.count <= 2 * Self.oneLineEndMax + 50 {
            scalars.forEach(add)
        } else {
            scalars.prefix(Self.oneLineEndMax).forEach(add)
            out += " … "
            scalars.suffix(Self.oneLineEndMax).forEach(add)
        }
        return out
    }
}
