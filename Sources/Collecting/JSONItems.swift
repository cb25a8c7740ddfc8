internal import Vocabulary

/// The items of an array by their brackets and quotes alone: one that no parser takes (a number beyond a double's range, half of a surrogate
/// pair) does not spoil the others.
struct JSONItems {
    private let bytes: [UInt8]
    /// Each with the white space behind it.
    private(set) var items: [Range<Int>] = []

    /// nil when the bytes are no array whose brackets and quotes close, or an item is empty.
    ///
    /// - Throws: ``RequestError`` for more than `max` items.
    init?(_ bytes: [UInt8], max: Int) throws(RequestError) {
        self.bytes = bytes
        guard let open = bytes.firstIndex(where: { !Self.isSpace($0) }), bytes[open] == UInt8(ascii: "[") else { return nil }
        var depth = 0
        var isText = false
        var start = open + 1
        var at = start
        while at < bytes.endIndex {
            switch bytes[at] {
            case UInt8(ascii: "\\") where isText: at += 1
            case UInt8(ascii: "\""): isText.toggle()
            case _ where isText: break
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]") where depth == 0:
                guard take(start..<at), bytes[(at + 1)...].allSatisfy(Self.isSpace) else { return nil }
                return
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                guard take(start..<at) else { return nil }
                guard items.count < max else { throw RequestBody.tooMany(max) }
                start = at + 1
            default: break
            }
            if depth < 0 { return nil }
            at += 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

    private mutating func take(_ range: Range<Int>) -> Bool {
        guard let first = range.first(where: { !Self.isSpace(bytes[$0]) }) else { return false }
        items.append(first..<range.upperBound)
        return true
    }

    /// Each item, or why it cannot be read, with its place in the body.
    func parsed() -> [Result<JSON, JSONError>] {
        var line = 1
        var lineStart = 0
        var seen = 0
        return items.map { item in
            for at in seen..<item.lowerBound where bytes[at] == 10 { (line, lineStart) = (line + 1, at + 1) }
            seen = item.lowerBound
            do throws(JSONError) { return .success(try JSON.parse(bytes[item])) } catch {
                var error = error
                if error.line == 1 { error.column += item.lowerBound - lineStart }
                error.line += line - 1
                return .failure(error)
            }
        }
    }
}
