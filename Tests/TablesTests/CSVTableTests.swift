import Tables
import Testing

@Suite("A CSV file is columns of text, by RFC 4180")
struct CSVTableTests {
    @Test("names come from the header and cells from the rows, column by column")
    func plain() throws {
        let log = try table("age,city\n37,Oslo\n41,Lima\n")
        #expect(log.file == "log.csv")
        #expect(log.names == ["age", "city"])
        #expect(log.columns == [["37", "41"], ["Oslo", "Lima"]])
        #expect(log.rowCount == 2)
        #expect(log.lines == [2, 3])
    }

    @Test("commas, quotes and line breaks are text inside quotes")
    func quoted() throws {
        let log = try table("\"name, full\",note\n\"Berg, Ada\",\"said \"\"no\"\"\"\n\"two\nlines\",\"crlf\r\ninside\"\n\"\"\"\",\",\"\n")
        #expect(log.names == ["name, full", "note"])
        #expect(log.columns[0] == ["Berg, Ada", "two\nlines", "\""])
        #expect(log.columns[1] == ["said \"no\"", "crlf\r\ninside", ","])
    }

    @Test("a row's line is where it starts, also after fields of several lines")
    func lines() throws {
        let log = try table("a,b\n\"1\n2\n3\",x\n\"4\r\n5\",y\n\n6,z\n")
        #expect(log.lines == [2, 5, 8])
    }

    @Test(
        "rows end with LF, CRLF or a lone CR, and the last one may end with the file",
        arguments: [
            "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\n1,2\r\n3,4\r", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4",
        ])
    func lineEnds(text: String) throws {
        let log = try table(text)
        #expect(log.names == ["a", "b"])
        #expect(log.columns == [["1", "3"], ["2", "4"]])
        #expect(log.lines == [2, 3])
    }

    @Test("a byte order mark is not part of the first name, quoted or not")
    func byteOrderMark() throws {
        #expect(try table("\u{FEFF}a,b\n1,2\n").names == ["a", "b"])
        #expect(try table("\u{FEFF}\"a\",b\n1,2\n").names == ["a", "b"])
        // Later in the file it is a character like any other.
        #expect(try table("a\n\u{FEFF}1\n").columns == [["\u{FEFF}1"]])
    }

    @Test("empty lines between rows and at the end are passed over")
    func emptyLines() throws {
        let log = try table("a,b\n\n1,2\n\n\r\n3,4\n\n\n")
        #expect(log.columns == [["1", "3"], ["2", "4"]])
        #expect(log.lines == [3, 6])
    }

    @Test("in a file of one column an empty line is a missing value")
    func oneColumn() throws {
        let log = try table("x\n1\n\n3\n\"\"\n")
        #expect(log.columns == [["1", nil, "3", nil]])
        #expect(log.lines == [2, 3, 4, 5])
    }

    @Test("empty fields stand at any place of a row, also at the very end of the file")
    func emptyFields() throws {
        #expect(try table("a,b,c\n,2,\n1,,3\n,,").columns == [[nil, "1", nil], ["2", nil, nil], [nil, "3", nil]])
    }

    @Test("a header alone is a table without rows")
    func headerOnly() throws {
        for text in ["a,b", "a,b\n", "a,b\r\n", "a,b\n\n\n"] {
            let log = try table(text)
            #expect(log.names == ["a", "b"])
            #expect(log.rowCount == 0)
            #expect(log.columns == [[], []])
        }
    }

    @Test("blanks belong to the field, as RFC 4180 says")
    func blanks() throws {
        #expect(try table("a, b\n 1 ,\t2\n").names == ["a", " b"])
        #expect(try table("a, b\n 1 ,\t2\n").columns == [[" 1 "], ["\t2"]])
    }

    @Test("text of any script comes through as it is")
    func unicode() throws {
        let log = try table("città,都市\nKöln,日本 🚢\n")
        #expect(log.column("città") == ["Köln"])
        #expect(log.column("都市") == ["日本 🚢"])
    }
}

@Suite("What is missing in a CSV file")
struct MissingWordsTests {
    @Test("empty, NA, NaN and null are missing by default")
    func defaults() throws {
        #expect(try table("x,y\n,1\nNA,1\nNaN,1\nnull,1\nna,1\nNULL,1\nN/A,1\n").columns[0] == [nil, nil, nil, nil, "na", "NULL", "N/A"])
    }

    @Test("other words may be said, and they replace the default ones")
    func settable() throws {
        #expect(try table("x,y\n,1\n?,1\nNA,1\n-999,1\n", missing: ["?", "-999"]).columns[0] == [nil, nil, "NA", nil])
    }

    @Test("without words only the empty field is missing")
    func noWords() throws {
        #expect(try table("x,y\n,1\nNA,1\nNaN,1\nnull,1\n", missing: []).columns[0] == [nil, "NA", "NaN", "null"])
    }

    @Test("what stands in quotes was meant: neither a quoted empty field nor a quoted NA is missing")
    func quoted() throws {
        #expect(try table("x,y\n\"\",1\n\"NA\",1\n\"null\",1\n").columns[0] == ["", "NA", "null"])
    }

    @Test("a word counts only when it is the whole field")
    func wholeField() throws {
        #expect(try table("x,y\nNAN,1\n NA,1\nNA-12,1\n").columns[0] == ["NAN", " NA", "NA-12"])
    }

    @Test("missing cells are NaN among numbers")
    func amongNumbers() throws {
        let numbers = try table("x,y\n1,a\n,a\nNA,a\n4,a\n").numbers("x")
        #expect(numbers.count == 4)
        #expect(numbers[0] == 1 && numbers[1].isNaN && numbers[2].isNaN && numbers[3] == 4)
    }
}
