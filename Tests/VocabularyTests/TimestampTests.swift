import TestSupport
import Testing
import Vocabulary

@Suite("Times are read from RFC 3339 and written back in UTC")
struct TimestampTests {
    /// Goal: fixed points of the calendar. Method: epoch seconds as GNU `date -u +%s` prints them.
    @Test(
        "a known moment has its known number of seconds",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-01-01T00:00:00Z", 946_684_800),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2038-01-19T03:14:07Z", 2_147_483_647),
            ("1969-12-31T23:59:59Z", -1),
            ("1900-01-01T00:00:00Z", -2_208_988_800),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func knownMoments(text: String, seconds: Int64) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time == Timestamp(seconds: seconds))
        #expect(time.rfc3339 == text)
        #expect("\(time)" == text)
    }

    @Test(
        "every accepted spelling of one moment is that moment",
        arguments: [
            "2026-11-21T02:04:05.25Z", "2026-11-21t02:04:05.25z", "2026-11-21 02:04:05.25Z", "2026-11-21T02:04:05.25",
            "2026-11-21T03:04:05.25+01:00", "2026-11-21T03:04:05.25+0100", "2026-11-20T20:34:05.25-05:30",
            "2026-11-22T02:03:05.250000000+23:59", "2026-11-21T02:04:05.25-00:00", "2026-11-21T02:04:05.2500009Z",
        ])
    func spellings(text: String) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time.microseconds == 1_795_226_645_250_000)
        #expect(time.rfc3339 == "2026-11-21T02:04:05.25Z")
    }

    @Test("a date alone is its midnight, and seconds may be left out")
    func shortForms() {
        #expect(Timestamp(rfc3339: "2026-11-21") == Timestamp(rfc3339: "2026-11-21T00:00:00Z"))
        #expect(Timestamp(rfc3339: "2026-11-21T03:04Z") == Timestamp(rfc3339: "2026-11-21T03:04:00Z"))
        #expect(Timestamp(rfc3339: "2026-11-21 03:04+02:00") == Timestamp(rfc3339: "2026-11-21T01:04:00Z"))
    }

    @Test("a leap second is the first second of the next minute")
    func leapSecond() {
        #expect(Timestamp(rfc3339: "2016-12-31T23:59:60Z") == Timestamp(rfc3339: "2017-01-01T00:00:00Z"))
    }

    @Test(
        "digits beyond the microsecond are dropped and trailing zeros are not written",
        arguments: [
            ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.1Z"),
            ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000001Z"),
            ("2026-01-01T00:00:00.0000009Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.123456789012345678901234567890Z", "2026-01-01T00:00:00.123456Z"),
            ("2026-01-01T00:00:00.120000Z", "2026-01-01T00:00:00.12Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ])
    func fractions(text: String, written: String) throws {
        #expect(try #require(Timestamp(rfc3339: text)).rfc3339 == written)
    }

    @Test("a leap year is every fourth, not every hundredth, but every four hundredth", arguments: [2024, 2000, 1996, 1600])
    func leapDays(year: Int) {
        #expect(Timestamp(rfc3339: "\(year)-02-29") != nil)
        #expect(Timestamp(rfc3339: "\(year)-02-30") == nil)
    }

    @Test(
        "what is not RFC 3339, or names a day or an hour that does not exist, is refused",
        arguments: [
            "", " ", "now", "0", "1700000000", "2026", "2026-11", "2026-1-1", "26-11-21", "2026/11/21", "20261121", "2026-11-21T",
            "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "1900-02-29", "2100-02-29",
            "2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z", "2026-11-21T23:00:61Z", "2026-11-21T2:00:00Z", "2026-11-21T02",
            "2026-11-21T02:00:00.Z", "2026-11-21T02:00:00,5Z", "2026-11-21T02:00:00ZZ", "2026-11-21T02:00:00 Z", "2026-11-21Z",
            "2026-11-21T02:00:00+1:00", "2026-11-21T02:00:00+01", "2026-11-21T02:00:00+24:00", "2026-11-21T02:00:00+01:60",
            "2026-11-21T02:00:00 CET", " 2026-11-21", "2026-11-21 ", "2026-11-21T02:00:00Z\n", "-2026-11-21", "+2026-11-21", "12026-11-21",
            "２０２６-11-21", "2026-11-21T02:00:-1Z", "2026‐11‐21",
        ])
    func badTexts(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    /// ISO 8601 reads `03:04.5` as half a minute and RFC 3339 forbids it: taking it for half a second would be a guess.
    @Test("a fraction without seconds is refused")
    func fractionOfMinute() {
        #expect(Timestamp(rfc3339: "2026-11-21T03:04.5Z") == nil)
    }

    /// Goal: no day is lost or doubled. Method: count days by hand beside the formatter, over leap and century years.
    @Test("every day from 1896 to 2104 follows the day before it")
    func everyDay() throws {
        var time = try #require(Timestamp(rfc3339: "1896-01-01"))
        var wrong = 0
        for year in 1896...2104 {
            let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            for (month, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...days {
                    let date = "\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(day < 10 ? "0" : "")\(day)"
                    if time.rfc3339 != date + "T00:00:00Z" || Timestamp(rfc3339: date) != time { wrong += 1 }
                    time = time.adding(seconds: 86_400)
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("what is written is read back", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<2000 {
            let time = Timestamp(microseconds: .random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &random))
            #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)")
        }
    }

    @Test("a zone may move a time before the year 0, which then has its sign in front")
    func yearBeforeZero() throws {
        let time = try #require(Timestamp(rfc3339: "0000-01-01T00:00:00+01:00"))
        #expect(time.microseconds == -62_167_222_800_000_000)
        #expect(time.rfc3339 == "-0001-12-31T23:00:00Z")
    }

    /// An epoch in milliseconds from a caller may be anything; a time that cannot be printed would stop the service.
    @Test("the first and the last moment that can be held can be printed")
    func extremes() async {
        #expect(Timestamp(microseconds: .max).rfc3339 == "294247-01-10T04:00:54.775807Z")
        await #expect(processExitsWith: .success) {
            _ = Timestamp(microseconds: .min).rfc3339
        }
    }
}

@Suite("Times are cut into buckets aligned on the epoch")
struct FlooringTests {
    @Test(
        "a time floors to the start of its bucket, also before 1970",
        arguments: [
            ("2026-11-21T03:04:05.25Z", 3600, "2026-11-21T03:00:00Z"),
            ("2026-11-21T03:00:00Z", 3600, "2026-11-21T03:00:00Z"),
            ("2026-11-21T03:04:05Z", 86_400, "2026-11-21T00:00:00Z"),
            ("2026-11-21T03:04:59.999999Z", 60, "2026-11-21T03:04:00Z"),
            ("1969-12-31T23:59:59.999999Z", 1, "1969-12-31T23:59:59Z"),
            ("1969-12-31T23:59:59.999999Z", 86_400, "1969-12-31T00:00:00Z"),
            ("1969-12-31T23:00:00Z", 3600, "1969-12-31T23:00:00Z"),
            ("1969-12-31T22:59:59Z", 3600, "1969-12-31T22:00:00Z"),
        ] as [(String, Int64, String)])
    func floors(text: String, width: Int64, start: String) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time.floored(toSeconds: width).rfc3339 == start)
    }

    @Test("a bucket holds its time and flooring twice is flooring once", arguments: [11, 12] as [UInt64])
    func bucketHoldsTime(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<1000 {
            let time = Timestamp(microseconds: .random(in: -1_000_000_000_000_000...1_000_000_000_000_000, using: &random))
            let width = Int64.random(in: 1...100_000, using: &random)
            let start = time.floored(toSeconds: width)
            #expect(start <= time && time < start.adding(seconds: width), "seed \(seed)")
            #expect(start.microseconds % (width * 1_000_000) == 0, "seed \(seed)")
            #expect(start.floored(toSeconds: width) == start, "seed \(seed)")
        }
    }

    @Test("a window holds the moment it is asked for and not its own end")
    func windows() throws {
        let time = try #require(Timestamp(rfc3339: "1969-12-31T23:30:00Z"))
        let hour = try #require(Window(kind: .hour, holding: time))
        #expect(hour.start.rfc3339 == "1969-12-31T23:00:00Z")
        #expect(hour.end.rfc3339 == "1970-01-01T00:00:00Z")
        #expect(Window(kind: .hour, holding: hour.end)?.start == hour.end)
        #expect(Window(kind: .day, holding: time)?.start.rfc3339 == "1969-12-31T00:00:00Z")
        #expect(Window(kind: .custom, holding: time) == nil)
    }

    @Test("differences are in seconds with their fraction")
    func differences() {
        let time = Timestamp(microseconds: 1_500_000)
        #expect(time.seconds(since: Timestamp(seconds: 0)) == 1.5)
        #expect(Timestamp(seconds: 0).seconds(since: time) == -1.5)
        #expect(Timestamp(seconds: 0) < time)
    }
}
