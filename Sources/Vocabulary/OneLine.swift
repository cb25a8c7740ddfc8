extension Unicode.Scalar {
    /// What a terminal obeys instead of showing it: C0 and C1 controls, and marks that turn the direction of what follows.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<32, 127..<160, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    private static let oneLineEndMax = 250

    /// The text on one line, with control characters as escapes: names and values come from whoever sends records.
    public var visible: String { unicodeScalars.contains(where: \.isControl) ? visible(keeping: []) : self }

    /// The same of a text of several lines.
    public var visibleLines: String { unicodeScalars.contains(where: \.isControl) ? visible(keeping: ["\n"]) : self }

    private func visible(keeping kept: Set<Unicode.Scalar>) -> String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case _ where kept.contains(scalar) || !scalar.isControl: out.unicodeScalars.append(scalar)
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default: out += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return out
    }

    /// The text as an error or a log shows it: ``visible``, of a long one both ends.
    public var oneLine: String {
        guard utf8.count > 2 * Self.oneLineEndMax + 50 else { return visible }
        let scalars = unicodeScalars
        return String(String.UnicodeScalarView(scalars.prefix(Self.oneLineEndMax))).visible + " … "
            + String(String.UnicodeScalarView(scalars.suffix(Self.oneLineEndMax))).visible
    }

    /// A name or value among others in a sentence or table: ``visible``, and not longer than `most` characters.
    public func shown(atMost most: Int = 60) -> String {
        let head = prefix(most + 1)
        return head.count <= most ? visible : String(head.dropLast()).visible + "…"
    }
}
