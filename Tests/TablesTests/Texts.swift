import Tables

/// A table of this text, called `log.csv` in messages.
func table(_ text: String, missing: Set<String> = CSVTable.defaultMissing) throws(TableError) -> CSVTable {
    try CSVTable(Array(text.utf8), file: "log.csv", missing: missing)
}

/// The message that these bytes are refused with; "taken" when they are not.
func refusal(_ bytes: [UInt8]) -> String {
    do throws(TableError) {
        _ = try CSVTable(bytes, file: "log.csv")
        return "taken"
    } catch {
        return error.description
    }
}
func refusal(_ text: String) -> String { refusal(Array(text.utf8)) }
