import TestSupport
import Testing
import Vocabulary

@Suite("JSON values are written stably and read back")
struct JSONValueTests {
    @Test(
        "numbers are integers when they fit and doubles when they do not",
        arguments: [
            ("0", JSON.integer(0)),
            ("-1", .integer(-1)),
            ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("123456789012345678901234567890", .number(1.2345678901234568e29)),
            ("1.0", .number(1)),
            ("1e3", .number(1000)),
            ("1E-3", .number(0.001)),
            ("0.1", .number(0.1)),
            ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
            ("5e-324", .number(.leastNonzeroMagnitude)),
            ("1e-999", .number(0)),
            ("0e999", .number(0)),
        ])
    func numbers(text: String, value: JSON) throws {
        #expect(try JSON.parse(text) == value)
    }

    @Test("minus zero keeps its sign when it is read", arguments: ["-0", "-0.0", "-0e5"])
    func minusZero(text: String) throws {
        let value = try #require(try JSON.parse(text).doubleValue)
        #expect(value == 0 && value.sign == .minus)
    }

    @Test("infinities are written as words that are read as numbers, NaN as null")
    func infinities() throws {
        let value: JSON = .array([.number(.infinity), .number(-.infinity), .number(.nan)])
        #expect(value.text == #"["Infinity","-Infinity",null]"#)
        let back = try #require(try JSON.parse(value.text).arrayValue)
        #expect(back.map(\.doubleValue) == [.infinity, -.infinity, nil])
        #expect(JSON.string("inf").doubleValue == nil)
        #expect(JSON.string("NaN").doubleValue == nil)
    }

    @Test(
        "whole numbers are written without a fraction, others with the digits that read back",
        arguments: [
            (1, "1"), (-3, "-3"), (0, "0"), (0.1, "0.1"), (123_456_789_012_345, "123456789012345"), (1e15, "1000000000000000.0"),
            (1e16, "1e+16"), (1e300, "1e+300"),
            (.leastNonzeroMagnitude, "5e-324"), (1.0 / 3, "0.3333333333333333"),
        ] as [(Double, String)])
    func writtenNumbers(value: Double, text: String) throws {
        #expect(JSON.number(value).text == text)
        #expect(try JSON.parse(text).doubleValue == value)
    }

    @Test("a number asks for what it holds")
    func accessors() throws {
        #expect(JSON.integer(7).doubleValue == 7)
        #expect(JSON.number(7).intValue == 7)
        #expect(JSON.number(7.5).intValue == nil)
        #expect(JSON.number(1e300).intValue == nil)
        #expect(JSON.number(.nan).intValue == nil)
        #expect(JSON.string("7").intValue == nil)
        #expect(JSON.null["a"] == nil)
        #expect(JSON(nil as Double?) == .null)
        #expect(JSON("x" as String?) == "x")
        let kinds: [JSON] = [nil, true, 1, 1.5, "s", [], .object([:])]
        #expect(kinds.map(\.kind) == ["null", "a boolean", "a number", "a number", "a string", "an array", "an object"])
    }

    @Test("control characters and quotes are escaped, all else stands as it is")
    func quoting() throws {
        let value = JSON.string("\"\\/\n\r\t\u{8}\u{1F}\u{7F}é😀\r\n")
        #expect(value.text == "\"\\\"\\\\/\\n\\r\\t\\u0008\\u001f\u{7F}é😀\\r\\n\"")
        #expect(try JSON.parse(value.text) == value)
    }

    @Test("pretty text is indented by two and reads back as the same value")
    func pretty() throws {
        let value: JSON = .object(["b": [1, 2.5], "a": .object(["x": nil]), "empty": [], "none": .object([:])])
        #expect(value.text == #"{"b":[1,2.5],"a":{"x":null},"empty":[],"none":{}}"#)
        #expect(
            value.prettyText == """
                {
                  "b": [
                    1,
                    2.5
                  ],
                  "a": {
                    "x": null
                  },
                  "empty": [],
                  "none": {}
                }
                """)
        #expect(try JSON.parse(value.prettyText) == value)
    }

    @Test("random values survive compact and pretty text", arguments: [31, 32, 33] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<150 {
            let value = randomJSON(depth: 4, &random)
            #expect(try JSON.parse(value.text) == value, "seed \(seed)")
            #expect(try JSON.parse(value.prettyText) == value, "seed \(seed)")
        }
    }
}

@Suite("An object keeps the order of its keys")
struct JSONObjectTests {
    @Test("of a repeated key the last value counts")
    func repeatedKey() throws {
        let value = try JSON.parse(#"{"a":1,"b":2,"a":3}"#)
        #expect(value["a"] == 3)
        #expect(value["b"] == 2)
        #expect(value.objectValue?.members.map(\.key) == ["a", "b", "a"])
    }

    @Test("setting a repeated key changes the value that counts")
    func settingRepeated() throws {
        var object = try #require(try JSON.parse(#"{"a":1,"a":2}"#).objectValue)
        object["a"] = 5
        #expect(object["a"] == 5)
    }

    @Test("a removed key is gone, also when it was repeated")
    func removing() throws {
        var object = JSONObject([("a", 1), ("b", 2)])
        object["a"] = nil
        object["missing"] = nil
        #expect(object.members.map(\.key) == ["b"])
        var repeated = try #require(try JSON.parse(#"{"a":1,"b":2,"a":3}"#).objectValue)
        repeated["a"] = nil
        #expect(repeated["a"] == nil)
    }

    @Test("a new key goes to the end, an old one stays in its place")
    func order() {
        var object = JSONObject([("z", 1), ("a", 2)])
        object["m"] = 3
        object["z"] = 4
        #expect(JSON.object(object).text == #"{"z":4,"a":2,"m":3}"#)
        #expect(JSONObject([("a", 1), ("b", 2)]) != JSONObject([("b", 2), ("a", 1)]))
    }
}

private func randomJSON(depth: Int, _ random: inout Seeded) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()))
    case 3: return .number(Double.random(in: -1...1, using: &random) * 0x1p-20 + 0.5)
    case 4: return .number(randomFraction(&random))
    case 5: return .string(randomText(&random))
    case 6: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in randomJSON(depth: depth - 1, &random) })
    default:
        return .object(
            JSONObject(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in (randomText(&random), randomJSON(depth: depth - 1, &random)) }))
    }
}

/// Any finite bits, but not a whole number below 1e15: those are written, and so read back, as integers.
private func randomFraction(_ random: inout Seeded) -> Double {
    while true {
        let value = Double(bitPattern: random.next())
        if value.isFinite, value != value.rounded() || abs(value) >= 1e15 { return value }
    }
}

private func randomText(_ random: inout Seeded) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...8, using: &random) {
        let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
        if let scalar = Unicode.Scalar(UInt32.random(in: 1..<limit, using: &random)) { text.unicodeScalars.append(scalar) }
    }
    return text
}
