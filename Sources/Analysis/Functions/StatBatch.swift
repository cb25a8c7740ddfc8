/// The items of a JSON list, as they are written: what is between its brackets, cut at the commas that are in no text and no inner bracket.
struct StatBatch {
    private(set) var items: [ArraySlice<UInt8>] = []

    /// Nil when the brackets do not match, or something is before or after the list, or an item is blank.
    init?(_ text: [UInt8]) {
        var closing: [UInt8] = []
        var isText = false
        var isEscaped = false
        var start: Int?
        var isDone = false
        for (place, byte) in text.enumerated() {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            if byte == 32 || byte == 9 || byte == 10 || byte == 13 { continue }
            if isDone || (start == nil && byte != UInt8(ascii: "[")) { return nil }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "["):
                closing.append(UInt8(ascii: "]"))
                if start == nil { start = place + 1 }
            case UInt8(ascii: "{"): closing.append(UInt8(ascii: "}"))
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard closing.popLast() == byte else { return nil }
                guard closing.isEmpty, let first = start else { continue }
                items.append(text[first..<place])
                isDone = true
            case UInt8(ascii: ","):
                guard closing.count == 1, let first = start else { continue }
                items.append(text[first..<place])
                start = place + 1
            default: continue
            }
        }
        guard isDone, items.allSatisfy({ $0.contains { $0 > 32 } }) else { return nil }
    }
}
