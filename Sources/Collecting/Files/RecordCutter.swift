/// Finds where records end in a piece of a file, so that a file of any size is taken in pieces that hold whole records.
enum RecordCutter {
    struct Record: Sendable, Equatable {
        /// The offset in the piece.
        var start: Int
        /// Line breaks before it in the piece.
        var line: Int
    }

    struct Cut: Equatable {
        var records: [Record] = []
        /// Where the last whole record ends.
        var end = 0
        /// Line breaks before `end`.
        var lines = 0
    }

    /// Lines, each with its line feed.
    static func lines(_ bytes: ArraySlice<UInt8>, recordsMax: Int) -> Cut {
        var cut = Cut()
        var at = bytes.startIndex
        while cut.records.count < recordsMax, let feed = bytes[at...].firstIndex(of: 10) {
            cut.records.append(Record(start: at - bytes.startIndex, line: cut.lines))
            cut.lines += 1
            at = feed + 1
        }
        cut.end = at - bytes.startIndex
        return cut
    }

    /// Rows of CSV: line ends within quotes end no row.
    ///
    /// - Parameter isLast: whether nothing comes after these bytes, so that a carriage return at the end is a whole line end.
    static func csv(_ bytes: ArraySlice<UInt8>, recordsMax: Int, isLast: Bool) -> Cut {
        var cut = Cut()
        let quote = UInt8(ascii: "\"")
        let end = bytes.endIndex
        var at = bytes.startIndex
        var record = Record(start: 0, line: 0)
        var line = 0
        var isFieldStart = true
        var isQuoted = false
        while at < end {
            let c = bytes[at]
            at += 1
            if isQuoted {
                if c == 10 { line += 1 }
                if c != quote { continue }
                if at < end, bytes[at] == quote { at += 1 } else { isQuoted = false }
                continue
            }
            if c == 10 || c == 13 {
                if c == 13 {
                    if at == end, !isLast { break }
                    if at < end, bytes[at] == 10 { at += 1 }
                }
                line += 1
                cut.records.append(record)
                cut.end = at - bytes.startIndex
                cut.lines = line
                if cut.records.count == recordsMax { break }
                record = Record(start: cut.end, line: line)
                isFieldStart = true
            } else {
                isQuoted = isFieldStart && c == quote
                isFieldStart = c == UInt8(ascii: ",")
            }
        }
        return cut
    }
}
