import Reporting
import Testing
import Vocabulary

@Suite("What callers choose is shown, not obeyed")
struct VisibleTextTests {
    @Test(
        "control characters are escapes",
        arguments: [
            ("plain é 日本 🙂", "plain é 日本 🙂"), ("a\u{1b}[31mb", "a\\u{1b}[31mb"), ("a\nb\tc\rd", "a\\nb\\tc\\rd"), ("\u{9b}2J", "\\u{9b}2J"),
            ("x\u{202e}y", "x\\u{202e}y"),
        ])
    func visible(_ text: String, _ shown: String) {
        #expect(text.visible == shown)
        var table = TextTable(["name", "n"])
        table.add([text, "1"])
        #expect(table.text.contains(shown) && table.text.split(separator: "\n").count == 2)
        let report = Report(
            title: text, json: .null, blocks: [.heading(text), .table(Report.Table(["name"], [[text]]))], hasFinding: false)
        for form in [ReportFormat.table, .markdown, .html].map({ ReportText.render(report, as: $0) }) {
            #expect(!form.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || (127..<160).contains($0.value) || $0.value == 0x202e })
        }
    }

    @Test("long ones are cut, by characters") func shown() {
        #expect("abcdef".shown(atMost: 6) == "abcdef" && "abcdefg".shown(atMost: 6) == "abcdef…")
        #expect(String(repeating: "e\u{301}", count: 9).shown(atMost: 3).count == 4)
    }
}

@Suite("A table for the terminal")
struct TextTableTests {
    @Test("columns are aligned, numbers to the right, and no line ends in blanks")
    func aligned() {
        var table = TextTable(["model", "rows", "stage"])
        table.add(["credit", "7", "champion"])
        table.add(["a", "12000", ""])
        #expect(
            table.text == """
                model    rows  stage
                credit      7  champion
                a       12000

                """)
    }

    @Test("a column of numbers and blanks is a column of numbers; one word makes it text")
    func numeric() {
        var table = TextTable(["x", "y"])
        table.add(["-1.5", "1"])
        table.add(["", "n/a"])
        table.add(["1e-9", "22"])
        #expect(table.text == "   x  y\n-1.5  1\n      n/a\n1e-9  22\n")
    }

    @Test("without rows there is only the header")
    func empty() {
        #expect(TextTable(["a", "long name", "c"]).text == "a  long name  c\n")
    }

    @Test("in a narrow terminal the widest words go on in the next line, numbers stay whole")
    func narrow() {
        var table = TextTable(["of", "value", "why"])
        table.add(["income", "0.25", "income above 4000 rose from one percent to twenty"])
        table.add(["age", "7", "x"])
        let text = table.text(width: 40)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 40 })
        #expect(
            text == """
                of      value  why
                income   0.25  income above 4000 rose
                               from one percent to
                               twenty
                age         7  x

                """)
        #expect(table.text(width: 200) == table.text)
        var times = TextTable(["registered", "why"])
        times.add(["2026-11-22T02:34:52Z", "one two three four five six"])
        #expect(
            times.text(width: 34)
                == "registered            why\n2026-11-22T02:34:52Z  one two\n                      three four\n                      five six\n"
        )
        // Where nothing else helps, words are broken.
        #expect(times.text(width: 26).split(separator: "\n").allSatisfy { $0.count <= 26 })
    }

    @Test("a column without any value is text")
    func blankColumn() {
        var table = TextTable(["a", "bcd"])
        table.add(["x", ""])
        #expect(table.text == "a  bcd\nx\n")
    }

    @Test("letters of any script count as one")
    func unicode() {
        var table = TextTable(["città", "n"])
        table.add(["Köln", "1"])
        table.add(["e\u{301}a", "10"])
        #expect(table.text == "città   n\nKöln    1\ne\u{301}a     10\n")
    }

    @Test(
        "numbers are short: four significant digits",
        arguments: [
            (nil, ""), (0, "0"), (-0.0, "0"), (1, "1"), (0.5, "0.5"), (0.123456, "0.1235"), (-0.123456, "-0.1235"), (12.3456, "12.35"),
            (1234.5678, "1235"),
            (123_456, "123456"), (0.05, "0.05"), (0.00012345, "0.0001235"), (3.2e-9, "3.2e-9"), (-4e-20, "-4e-20"), (1e-12, "1e-12"),
            (.infinity, "inf"),
            (.nan, "nan"),
        ] as [(Double?, String)])
    func shortNumbers(value: Double?, text: String) {
        #expect(shortNumber(value) == text)
    }
}
