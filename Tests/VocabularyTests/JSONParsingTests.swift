import TestSupport
import Testing
import Vocabulary

/// A text that is not JSON, and where a person must look.
struct BadJSON: Sendable, CustomTestStringConvertible {
    var text: String
    var line: Int
    var column: Int
    var message: String
    init(_ text: String, _ line: Int, _ column: Int, _ message: String) {
        self.text = text
        self.line = line
        self.column = column
        self.message = message
    }
    var testDescription: String { text.debugDescription }

    func expectRefused(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let error = try #require(throws: JSONError.self, sourceLocation: sourceLocation) { try JSON.parse(text) }
        #expect(error.description == "line \(line), column \(column): \(message)", sourceLocation: sourceLocation)
    }
}

@Suite("JSON is read strictly, and an error says where")
struct JSONParsingTests {
    @Test(
        "an error names its line, its column in bytes, and what was expected",
        arguments: [
            BadJSON("", 1, 1, "expected a value, got the end"),
            BadJSON("  ", 1, 3, "expected a value, got the end"),
            BadJSON("\n\n", 3, 1, "expected a value, got the end"),
            BadJSON("[1,]", 1, 4, "expected a value, got ']'"),
            BadJSON("[,1]", 1, 2, "expected a value, got ','"),
            BadJSON("[1 2]", 1, 4, "expected ',' or ']', got '2'"),
            BadJSON("[1", 1, 3, "expected ',' or ']', got the end"),
            BadJSON("[1}", 1, 3, "expected ',' or ']', got '}'"),
            BadJSON("{", 1, 2, "expected a key in quotes, got the end"),
            BadJSON("{a:1}", 1, 2, "expected a key in quotes, got 'a'"),
            BadJSON("{1:1}", 1, 2, "expected a key in quotes, got '1'"),
            BadJSON("{\"a\" 1}", 1, 6, "expected ':', got '1'"),
            BadJSON("{\"a\":}", 1, 6, "expected a value, got '}'"),
            BadJSON("{\"a\":1,}", 1, 8, "expected a key in quotes, got '}'"),
            BadJSON("{\"a\":1 \"b\":2}", 1, 8, "expected ',' or '}', got '\"'"),
            BadJSON("tru", 1, 1, "expected true"),
            BadJSON("[nil]", 1, 2, "expected null"),
            BadJSON("False", 1, 1, "expected a value, got 'F'"),
            BadJSON("nulll", 1, 5, "expected the end of the value, got 'l'"),
            BadJSON("1 2", 1, 3, "expected the end of the value, got '2'"),
            BadJSON("[1]\n\n ]", 3, 2, "expected the end of the value, got ']'"),
            BadJSON("'a'", 1, 1, "expected a value, got '''"),
            BadJSON("// no\n1", 1, 1, "expected a value, got '/'"),
            BadJSON("\u{FEFF}1", 1, 1, "expected a value, got byte 0xef"),
            BadJSON("\r\n[,]", 2, 2, "expected a value, got ','"),
            BadJSON("[1,\t,2]", 1, 5, "expected a value, got ','"),
            BadJSON("{\"é\":x}", 1, 7, "expected a value, got 'x'"),
            BadJSON("{\n  \"a\": [1, 2,\n    oops]\n}", 3, 5, "expected a value, got 'o'"),
        ])
    func whereErrorsAre(bad: BadJSON) throws {
        try bad.expectRefused()
    }

    @Test(
        "a bad number is refused where it goes wrong",
        arguments: [
            BadJSON("01", 1, 1, "a number must not start with 0"),
            BadJSON("-01", 1, 2, "a number must not start with 0"),
            BadJSON("-", 1, 2, "expected a digit, got the end"),
            BadJSON("-x", 1, 2, "expected a digit, got 'x'"),
            BadJSON("1.", 1, 3, "expected a digit, got the end"),
            BadJSON("1.e5", 1, 3, "expected a digit, got 'e'"),
            BadJSON("1e", 1, 3, "expected a digit, got the end"),
            BadJSON("1e+", 1, 4, "expected a digit, got the end"),
            BadJSON(".5", 1, 1, "expected a value, got '.'"),
            BadJSON("+1", 1, 1, "expected a value, got '+'"),
            BadJSON("NaN", 1, 1, "expected a value, got 'N'"),
            BadJSON("-Infinity", 1, 2, "expected a digit, got 'I'"),
            BadJSON("0x10", 1, 2, "expected the end of the value, got 'x'"),
            BadJSON("1_000", 1, 2, "expected the end of the value, got '_'"),
            BadJSON("1e999", 1, 1, "a number beyond the range of a double"),
            BadJSON("[\n 1,\n -1e400]", 3, 2, "a number beyond the range of a double"),
            BadJSON(String(repeating: "9", count: 400), 1, 1, "a number beyond the range of a double"),
        ])
    func badNumbers(bad: BadJSON) throws {
        try bad.expectRefused()
    }

    @Test(
        "a bad string is refused where it goes wrong",
        arguments: [
            BadJSON("\"abc", 1, 1, "the string that starts here has no end"),
            BadJSON("[\"abc]", 1, 2, "the string that starts here has no end"),
            BadJSON("\"a\\nb", 1, 1, "the string that starts here has no end"),
            BadJSON("\"a\nb\"", 1, 3, "a control character must be escaped in a string"),
            BadJSON("\"a\\n\tb\"", 1, 5, "a control character must be escaped in a string"),
            BadJSON("\"\\x\"", 1, 2, "unknown escape"),
            BadJSON("\"ab\\", 1, 4, "the escape has no end"),
            BadJSON("\"\\u12g4\"", 1, 6, "expected four hexadecimal digits"),
            BadJSON("\"\\u12", 1, 6, "expected four hexadecimal digits"),
            BadJSON("\"\\ud800\"", 1, 2, "half of a surrogate pair"),
            BadJSON("\"\\ud800\\n\"", 1, 2, "half of a surrogate pair"),
            BadJSON("\"\\ud800\\u0041\"", 1, 2, "half of a surrogate pair"),
            BadJSON("\"\\ud800\\ud800\"", 1, 2, "half of a surrogate pair"),
            BadJSON("\"x\\udc00\"", 1, 3, "half of a surrogate pair"),
            BadJSON("\"\\u0000\"", 1, 2, "the character U+0000 is not allowed"),
        ])
    func badStrings(bad: BadJSON) throws {
        try bad.expectRefused()
    }

    @Test(
        "escapes stand for their characters",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u00E9\u20ac""#, "Aéé€"),
            (#""\ud83d\ude00\uD83D\uDE00""#, "😀😀"),
            (#""\ud800\udc00\udbff\udfff""#, "\u{10000}\u{10FFFF}"),
            (#""\u0001\u001f\u007f\uffff""#, "\u{1}\u{1F}\u{7F}\u{FFFF}"),
            ("\"é😀\u{2028}\"", "é😀\u{2028}"),
            ("\"\"", ""),
        ])
    func escapes(text: String, value: String) throws {
        #expect(Array(try #require(try JSON.parse(text).stringValue).unicodeScalars) == Array(value.unicodeScalars))
    }

    @Test(
        "bytes that are not UTF-8 are refused inside strings and outside",
        arguments: [
            [0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let quote = UInt8(ascii: "\"")
        let line = Array("\n".utf8)
        for text in [line + bytes, line + [quote] + bytes + [quote], line + [quote] + Array(#"\n"#.utf8) + bytes + [quote]] {
            let error = try #require(throws: JSONError.self) { try JSON.parse(text[...]) }
            #expect(error.line == 2)
        }
    }

    @Test("a slice of a larger buffer is parsed from its own start")
    func slices() throws {
        let bytes = Array("garbage\n[1, 2]\n{".utf8)
        #expect(try JSON.parse(bytes[8..<14]) == [1, 2])
        let error = try #require(throws: JSONError.self) { try JSON.parse((bytes + [10])[15...]) }
        #expect(error.line == 2 && error.column == 1)
    }

    @Test("nesting is read up to the limit and refused beyond it, however deep")
    func depth() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        var value = try JSON.parse(nested(JSON.depthMax))
        var depth = 0
        while let inner = value.arrayValue {
            depth += 1
            guard let first = inner.first else { break }
            value = first
        }
        #expect(depth == JSON.depthMax)
        for tooDeep in [nested(JSON.depthMax + 1), nested(1_000_000), String(repeating: "{\"a\":", count: 1_000_000)] {
            let error = try #require(throws: JSONError.self) { try JSON.parse(tooDeep) }
            #expect(error.message == "nested deeper than \(JSON.depthMax) levels")
        }
    }

    /// Goal: no text makes the parser trap. Method: cut and damage a text that uses everything, and parse what is left.
    @Test("a damaged text is a value or an error, never a trap", arguments: [21, 22, 23] as [UInt64])
    func damage(seed: UInt64) {
        var random = Seeded(seed)
        let whole = Array(#"{"a":[1,-2.5e-3,true,false,null],"é\ud83d\ude00\n":{"b":"\u00e9"},"c":9223372036854775807}"#.utf8)
        for cut in whole.indices { #expect(throws: JSONError.self, "cut at \(cut)") { try JSON.parse(whole[..<cut]) } }
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { _ = try JSON.parse(bytes[...]) } catch { #expect(error.line >= 1 && error.column >= 1, "seed \(seed)") }
        }
    }
}
