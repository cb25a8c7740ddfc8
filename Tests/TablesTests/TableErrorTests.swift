import Tables
import Testing

@Suite("Bad input is refused with file, line and column")
struct TableErrorTests {
    @Test(
        "a row with another number of fields than the header",
        arguments: [
            ("a,b\n1,2\n3\n", "log.csv:3:2: 1 fields, expected 2 as in the header"),
            ("a,b\n1,2,3\n", "log.csv:2:3: 3 fields, expected 2 as in the header"),
            ("a,b\n1,2\n3,4,", "log.csv:3:3: 3 fields, expected 2 as in the header"),
            ("a\n1\n2,3\n", "log.csv:3:2: 2 fields, expected 1 as in the header"),
            ("a,b\n\"x\ny\",2\n\n\"5\n6\"\n", "log.csv:5:2: 1 fields, expected 2 as in the header"),
            ("a,b\r1,2\r3\r", "log.csv:3:2: 1 fields, expected 2 as in the header"),
            ("a,b\n\"\"\n", "log.csv:2:2: 1 fields, expected 2 as in the header"),
        ])
    func fieldCount(text: String, message: String) {
        #expect(refusal(text) == message)
    }

    @Test("an error is one line of bearable length, whatever stands in the cell")
    func oneLine() throws {
        func message(_ cell: String) throws -> String {
            let table = try CSVTable(Array("a\n1\n\"\(cell)\"\n".utf8), file: "log.csv")
            do { _ = try table.numbers("a") } catch { return error.description }
            return "no error"
        }
        #expect(try message("x\ny\u{1}") == "log.csv:3:1: \"x\\ny\\u{1}\" in a, expected a number")
        let long = try message(String(repeating: "é\n", count: 100_000))
        #expect(long.count < 1000 && long.hasPrefix("log.csv:3:1: \"é\\né") && long.hasSuffix("\" in a, expected a number"))
        #expect(!long.contains("\n"))
    }

    @Test("a quote that is never closed is named where it opens")
    func openQuote() {
        #expect(refusal("a,b\n1,\"two\nthree\n").hasPrefix("log.csv:2:2: the quote that opens here is never closed"))
        #expect(refusal("a,b\n1,\"").hasPrefix("log.csv:2:2: the quote that opens here is never closed"))
        #expect(refusal("a,b\n1,\"x\"\"").hasPrefix("log.csv:2:2: the quote that opens here is never closed"))
        #expect(refusal("\"a\n").hasPrefix("log.csv:1:1: the quote that opens here is never closed"))
    }

    @Test("text after a closing quote")
    func afterQuote() {
        let rest = "text after a closing quote, expected a comma or the end of the line"
        #expect(refusal("a,b\n\"1\"x,2\n") == "log.csv:2:1: " + rest)
        #expect(refusal("a,b\n1,\"2\" \n") == "log.csv:2:2: " + rest)
        #expect(refusal("a,b\n1,\"2\n3\"4\n") == "log.csv:3:2: " + rest)
    }

    @Test("a header that names a column twice, or not at all")
    func header() {
        #expect(refusal("a,b,a\n1,2,3\n").hasPrefix("log.csv:1:3: the column a stands twice in the header"))
        #expect(refusal("a,,c\n1,2,3\n").hasPrefix("log.csv:1:2: an empty column name"))
        #expect(refusal("a,\"\"\n1,2\n").hasPrefix("log.csv:1:2: an empty column name"))
        #expect(refusal("a,b,\n1,2,3\n").hasPrefix("log.csv:1:3: an empty column name"))
        #expect(refusal("\na,b\n").hasPrefix("log.csv:1:1: an empty column name"))
    }

    @Test("a file without a header line")
    func noHeader() {
        #expect(refusal("") == "log.csv:1:1: no header line, expected column names")
        #expect(refusal("\u{FEFF}") == "log.csv:1:1: no header line, expected column names")
    }

    @Test("invalid UTF-8 and zero bytes, quoted or not, in the header or below")
    func invalidText() {
        let rest = "invalid UTF-8 or a zero byte, expected text"
        let row = Array("a,b\n1,".utf8)
        #expect(refusal(row + [0xFF, 10]) == "log.csv:2:2: " + rest)
        #expect(refusal(row + [0xC3]) == "log.csv:2:2: " + rest)  // half of a character, at the end
        #expect(refusal(row + [0xED, 0xA0, 0x80]) == "log.csv:2:2: " + rest)  // half of a surrogate pair
        #expect(refusal(row + [0xC0, 0x80]) == "log.csv:2:2: " + rest)  // an overlong zero
        #expect(refusal(row + [0x00, 10]) == "log.csv:2:2: " + rest)
        #expect(refusal(row + [34, 10, 0xFF, 34, 10]) == "log.csv:2:2: " + rest)  // named where the field starts
        #expect(refusal([0x61, 0x2C, 0xFE, 10]) == "log.csv:1:2: " + rest)
        // Latin-1 bytes, the usual cause.
        #expect(refusal(Array("name\nK".utf8) + [0xF6] + Array("ln\n".utf8)) == "log.csv:2:1: " + rest)
    }

    @Test("a number that is none is named with its column")
    func badNumber() throws {
        let log = try table("id,age\n1,37\n\n2,forty\n")
        #expect(throws: TableError(file: "log.csv", line: 4, column: 2, message: "\"forty\" in age, expected a number")) {
            try log.numbers("age")
        }
        #expect(
            TableError(file: "log.csv", line: 4, column: 2, message: "\"forty\" in age, expected a number").description
                == "log.csv:4:2: \"forty\" in age, expected a number")
    }

    @Test("a quoted empty field is missing among numbers, and a text among texts")
    func quotedEmpty() throws {
        let log = try table("id,age\n1,\"\"\n,7.0\n")
        #expect(try log.numbers("age").map(\.isNaN) == [true, false])
        #expect(try log.requiredColumn("age") == [nil, "7.0"] && log.levels("age").names == ["7.0"])
        #expect(try table("t\nx\n\"\"\n").requiredColumn("t") == ["x", ""])
        #expect(throws: TableError(file: "log.csv", line: 3, column: 1, message: "\"x\" in t, expected a number")) {
            try table("t\n1\nx\n\"\"\n").numbers("t")
        }
    }

    @Test("a column that is not there, with those that are")
    func absentColumn() throws {
        let log = try table("id,age\n1,37\n")
        #expect(log.column("score") == nil)
        let expected = TableError(file: "log.csv", line: 1, message: "no column score, expected one of id, age")
        #expect(expected.description == "log.csv:1:1: no column score, expected one of id, age")
        #expect(throws: expected) { try log.requiredColumn("score") }
        #expect(throws: expected) { try log.numbers("score") }
        #expect(try log.requiredColumn("age") == ["37"])
    }

    /// CONTRACTS.md: a malformed line is reported as `FILE:LINE:COLUMN: what, expected what`.
    @Test(
        "every refusal says what was expected",
        arguments: ["", "a,,c\n", "a,a\n", "a\n1,2\n", "a\n\"1\n", "a\n\"1\"2\n", "a,b\n1,\u{0}\n"])
    func saysWhatWasExpected(text: String) {
        #expect(refusal(text).contains(", expected "), "\(refusal(text))")
    }
}

@Suite("A number in a file")
struct ParseNumberTests {
    @Test(
        "decimal numbers are taken with sign, fraction and exponent",
        arguments: [
            ("0", 0), ("-0", 0), ("37", 37), ("+1", 1), ("-1.5", -1.5), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("1E-3", 0.001),
            ("-2.5e+2", -250),
            ("007", 7), ("5e-324", .leastNonzeroMagnitude), ("1.7976931348623157e308", Double.greatestFiniteMagnitude), ("0.1", 0.1),
        ] as [(String, Double)])
    func decimal(text: String, value: Double) {
        #expect(parseNumber(text) == value)
    }

    @Test(
        "infinities are taken in any case", arguments: ["inf", "Inf", "INF", "infinity", "Infinity", "+inf", "-inf", "-Infinity", "-INF"])
    func infinite(text: String) {
        #expect(parseNumber(text) == (text.hasPrefix("-") ? -.infinity : .infinity))
    }

    @Test(
        "what is no decimal number is refused: NaN, hexadecimal, blanks, separators, words",
        arguments: [
            "", " ", "NaN", "nan", "-nan", "+NaN", "nan(1)", "0x10", "-0x1p3", "0X1", " 1", "1 ", "\t1", "1,000", "1_000", "1.2.3", "1e",
            "e5", "-", "+", ".",
            "--1", "1-", "true", "ten", "infinit", "½", "٣", "$5", "5%", "1e5x",
        ])
    func refused(text: String) {
        #expect(parseNumber(text) == nil)
    }
}
