import Kernels
import TestSupport
import Testing

@Suite("Lists of numbers in JSON")
struct NumberListsTests {
    /// What follows the list, so that its end is read the quick way.
    private static let rest = ",\"and\":[\"then some text that is long enough\"]}"

    private func read(_ list: String, _ rest: String = rest) -> (numbers: [Double], left: String, isEnd: Bool) {
        let bytes = Array((list + rest).utf8)
        var (at, numbers) = (0, [Double]())
        let isEnd = NumberLists(bytes).append(bytes, from: &at, to: &numbers)
        return (numbers, String(decoding: bytes[at...], as: UTF8.self), isEnd)
    }

    @Test("plain numbers are read as the text of each is", arguments: [1, 2, 255, 256, 257, 1_000])
    func plain(_ count: Int) {
        var random = Seeded(UInt64(count))
        let texts = (0..<count).map { i in
            [
                "\(i % 10)", "-1", "\(Float(random.uniform() - 0.5))", "\(random.uniform() * 1e10)", "-0.0", "1E-5", "0",
                "123456789012345678",
            ][i % 8]
        }
        for comma in [",", " ,\n\t"] {
            let (numbers, left, isEnd) = read(texts.joined(separator: comma) + " ]")
            #expect(numbers.map(\.bitPattern) == texts.map { (Double($0) ?? .nan).bitPattern })
            #expect(isEnd && left == Self.rest)
        }
    }

    @Test(
        "what is no plain number is left where it begins",
        arguments: [
            ("1,2,NaN,3]", 2.0, "NaN,3]"), ("1,2,]", 2, "]"), ("1, ]", 1, " ]"), ("1 2]", 0, "1 2]"), ("1,[2]]", 1, "[2]]"),
            ("1,2}", 1, "2}"), ("1,2e299,3]", 1, "2e299,3]"),
            ("1,true]", 1, "true]"), ("1,--2]", 1, "--2]"), ("1,2x]", 1, "2x]"), ("]", 0, "]"), (",1]", 0, ",1]"), ("1,1e]", 1, "1e]"),
        ])
    func others(_ list: String, _ count: Double, _ left: String) {
        let found = read(list)
        #expect(found.numbers.count == Int(count) && found.left == left + Self.rest && !found.isEnd)
    }

    @Test(
        "nothing is read beyond the end",
        arguments: ["", "]", "1,2", "1,2]", "0000000000000000000000000000000000000000000000000000000000000000"])
    func ends(_ text: String) {
        let found = read(text, "")
        #expect(found.numbers.isEmpty && found.left == text && !found.isEnd)
    }
}
