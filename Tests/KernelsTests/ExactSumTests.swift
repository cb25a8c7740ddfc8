import Kernels
import TestSupport
import Testing

/// Terms, and their sum in exact arithmetic rounded once to the nearest double, ties to even.
struct HardSum: Sendable, CustomTestStringConvertible {
    var name: String
    var terms: [Double]
    var value: Double
    init(_ name: String, _ terms: [Double], _ value: Double) {
        self.name = name
        self.terms = terms
        self.value = value
    }
    var testDescription: String { name }
}

func exactSum(_ terms: [Double]) -> ExactSum {
    var sum = ExactSum()
    for term in terms { sum.add(term) }
    return sum
}

func sameDigits(_ a: ExactSum, _ b: ExactSum) -> Bool {
    a.canonicalDigits.elementsEqual(b.canonicalDigits) { $0.index == $1.index && $0.digit == $1.digit }
}

@Suite("An exact sum is rounded once, at the end")
struct ExactSumRoundingTests {
    static let tiny = Double.leastNonzeroMagnitude
    static let huge = Double.greatestFiniteMagnitude
    static let hard = [
        HardSum("nothing", [], 0),
        HardSum("zeros", [0, -0.0, 0], 0),
        HardSum("1e308 + 1 − 1e308", [1e308, 1, -1e308], 1),
        HardSum("1e16 + 1 − 1e16", [1e16, 1, -1e16], 1),
        HardSum("1e100 + 1 − 1e100 − 1", [1e100, 1, -1e100, -1], 0),
        HardSum("1e308 + 1e-308 − 1e308", [1e308, 1e-308, -1e308], 1e-308),
        HardSum("a tenth ten times", [Double](repeating: 0.1, count: 10), 1),
        HardSum("a tie goes to the even one below", [1, 0x1p-53], 1),
        HardSum("a tie goes to the even one above", [1, 0x1p-52, 0x1p-53], 1 + 0x1p-51),
        HardSum("more than a tie by the smallest number", [1, 0x1p-53, tiny], 1 + 0x1p-52),
        HardSum("less than a tie by the smallest number", [1, 0x1p-52, 0x1p-53, -tiny], 1 + 0x1p-52),
        HardSum("a negative tie", [-1, -0x1p-53], -1),
        HardSum("a negative tie to the even one", [-1, -0x1p-52, -0x1p-53], -1 - 0x1p-51),
        HardSum("more than a negative tie", [-1, -0x1p-53, -tiny], -1 - 0x1p-52),
        HardSum("half ulps add up", [1] + [Double](repeating: 0x1p-53, count: 4096), 1 + 0x1p-41),
        HardSum("just below one", [1, -tiny], 1),
        HardSum("just below one by half its lower ulp", [1, -0x1p-54], 1),
        HardSum("just below one by a little more", [1, -0x1p-54, -tiny], 1 - 0x1p-53),
        HardSum("carry over all bits", [0x1p53, -1, 1], 0x1p53),
        HardSum("2⁵³ + 1 is a tie", [0x1p53, 1], 0x1p53),
        HardSum("2⁵³ + 3 is a tie", [0x1p53, 3], 0x1p53 + 4),
        HardSum("the smallest subnormal three times", [tiny, tiny, tiny], 3 * tiny),
        HardSum("subnormals reach the normal range", [Double.leastNormalMagnitude.nextDown, tiny], .leastNormalMagnitude),
        HardSum("normal numbers fall back to a subnormal", [.leastNormalMagnitude, -tiny], Double.leastNormalMagnitude.nextDown),
        HardSum("subnormals cancel", [tiny, -tiny], 0),
        HardSum("negative subnormals", [-tiny, -tiny], -2 * tiny),
        HardSum("the largest number", [huge], huge),
        HardSum("beyond the range and back", [huge, huge, huge, -huge, -huge], huge),
        HardSum("beyond the range", [huge, huge], .infinity),
        HardSum("below the range", [-huge, -huge], -.infinity),
        HardSum("half an ulp over the largest number", [huge, 0x1p970], .infinity),
        HardSum("less than half an ulp over the largest number", [huge, 0x1p970, -tiny], huge),
        HardSum("largest and smallest", [huge, tiny, -huge], tiny),
        HardSum("over a digit's edge", [0x1p-1042, -tiny], 0x1p-1042 - tiny),
    ]

    @Test("a hard sum is rounded correctly", arguments: hard)
    func rounding(sum: HardSum) {
        #expect(exactSum(sum.terms).value == sum.value)
        #expect(exactSum(sum.terms.map { -$0 }).value == -sum.value)
    }

    /// Goal: rounding in general. Method: terms that are multiples of 2⁻⁶⁰, summed in 128-bit integers, whose conversion rounds once.
    @Test("a random sum is the rounded sum of 128-bit integers", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func integerOracle(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<300 {
            var sum = ExactSum()
            var integer: Int128 = 0
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let mantissa = Int64(bitPattern: random.next()) >> Int64.random(in: 11...62, using: &random)
                let shift = Int.random(in: 0...50, using: &random)
                integer += Int128(mantissa) << Int128(shift)
                sum.add(Double(mantissa) * Double(sign: .plus, exponent: shift - 60, significand: 1))
            }
            #expect(sum.value == Double(integer) * 0x1p-60, "seed \(seed)")
        }
    }

    @Test("one number is its own sum", arguments: [6, 7] as [UInt64])
    func single(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<1000 {
            let x = anyFinite(&random)
            #expect(exactSum([x]).value == x, "seed \(seed)")
        }
    }
}

@Suite("An exact sum does not know the order of its terms")
struct ExactSumLawTests {
    static let seeds: [UInt64] = [101, 102, 103, 104]

    static func terms(_ random: inout Seeded) -> [Double] {
        (0..<Int.random(in: 0...300, using: &random)).map { _ in
            random.uniform() < 0.5 ? anyFinite(&random) : random.gaussian() * (random.uniform() < 0.5 ? 1e16 : 1e-9)
        }
    }

    @Test("any order gives the same digits", arguments: seeds)
    func order(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<10 {
            let terms = Self.terms(&random)
            let sum = exactSum(terms)
            for other in [terms.sorted(), terms.reversed(), terms.shuffled(using: &random)] {
                #expect(exactSum(other) == sum && sameDigits(exactSum(other), sum), "seed \(seed)")
                #expect(exactSum(other).value.bitPattern == sum.value.bitPattern, "seed \(seed)")
            }
        }
    }

    @Test("any grouping gives the same digits", arguments: seeds)
    func grouping(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<10 {
            let terms = Self.terms(&random)
            let whole = exactSum(terms)
            var parts: [ExactSum] = []
            var at = 0
            while at < terms.count {
                let end = min(terms.count, at + Int.random(in: 1...50, using: &random))
                parts.append(exactSum(Array(terms[at..<end])))
                at = end
            }
            var left = ExactSum()
            for part in parts.shuffled(using: &random) { left.add(part) }
            var right = ExactSum()
            for part in parts.reversed() {
                var next = part
                next.add(right)
                right = next
            }
            #expect(left == whole && sameDigits(left, whole), "seed \(seed)")
            #expect(right == whole && sameDigits(right, whole), "seed \(seed)")
        }
    }

    @Test("taking back every term leaves exactly nothing", arguments: seeds)
    func takingBack(seed: UInt64) {
        var random = Seeded(seed)
        let terms = Self.terms(&random)
        var sum = exactSum(terms)
        for term in terms.shuffled(using: &random) { sum.subtract(term) }
        #expect(sum == ExactSum(), "seed \(seed)")
        #expect(sum.canonicalDigits.isEmpty && sum.value == 0, "seed \(seed)")
    }

    @Test("taking back one term leaves the sum of the others", arguments: seeds)
    func takingBackOne(seed: UInt64) {
        var random = Seeded(seed)
        let terms = Self.terms(&random) + [1e300]
        var sum = exactSum(terms)
        sum.subtract(terms[0])
        #expect(sum == exactSum(Array(terms.dropFirst())), "seed \(seed)")
    }

    @Test("the value can be read between additions without changing them", arguments: seeds)
    func readingBetween(seed: UInt64) {
        var random = Seeded(seed)
        let terms = Self.terms(&random)
        var sum = ExactSum()
        for term in terms {
            sum.add(term)
            _ = sum.value
            _ = sum.canonicalDigits
        }
        #expect(sum == exactSum(terms), "seed \(seed)")
    }

    @Test("unequal sums are unequal however small the difference")
    func inequality() {
        #expect(exactSum([1e308, .leastNonzeroMagnitude]) != exactSum([1e308]))
        #expect(exactSum([-1]) != exactSum([1]))
    }
}

extension ExactSum {
    /// nil when a digit is refused.
    fileprivate init?(canonicalDigits: [(index: Int, digit: Int64)]) {
        self.init()
        for (index, digit) in canonicalDigits { guard add(canonicalDigit: digit, at: index) else { return nil } }
    }
}

@Suite("An exact sum is stored as its digits")
struct ExactSumCodingTests {
    @Test("digits read back are the same sum", arguments: ExactSumLawTests.seeds)
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<20 {
            let sum = exactSum(ExactSumLawTests.terms(&random))
            let back = try #require(ExactSum(canonicalDigits: sum.canonicalDigits))
            #expect(back == sum && sameDigits(back, sum), "seed \(seed)")
            #expect(back.value.bitPattern == sum.value.bitPattern, "seed \(seed)")
        }
    }

    @Test("a hard sum survives, and can be added to", arguments: ExactSumRoundingTests.hard)
    func hardSums(hard: HardSum) throws {
        let sum = exactSum(hard.terms)
        var back = try #require(ExactSum(canonicalDigits: sum.canonicalDigits))
        #expect(back.value == hard.value)
        for term in hard.terms { back.subtract(term) }
        #expect(back == ExactSum())
    }

    @Test("nothing has no digits and one has one")
    func compact() {
        #expect(ExactSum().canonicalDigits.isEmpty)
        #expect(exactSum([1]).canonicalDigits.count == 1)
        #expect(exactSum([.greatestFiniteMagnitude, .leastNonzeroMagnitude]).canonicalDigits.count == 4)
    }

    @Test("every digit but the last is below 2³² and not negative")
    func canonical() {
        let digits = exactSum([-1e-300, 3.5, -1e20]).canonicalDigits
        #expect(digits.dropLast().allSatisfy { $0.digit > 0 && $0.digit < 1 << 32 })
        #expect(digits.last?.digit == -1)
    }

    @Test("a digit outside the number is refused", arguments: [-1, 70, Int.max, Int.min])
    func outOfRange(index: Int) {
        #expect(ExactSum(canonicalDigits: [(index: index, digit: 1)]) == nil)
    }

    /// Stored digits come from outside: any 64-bit number may stand there.
    @Test("a digit of any size does not stop the program")
    func anyDigit() async {
        await #expect(processExitsWith: .success) {
            for digit in [Int64.min, .max, -1] {
                for index in [0, 35, 68, 69] {
                    let sum = ExactSum(canonicalDigits: [(index: index, digit: digit)])
                    _ = sum?.value
                    _ = sum?.canonicalDigits
                }
            }
        }
    }

    @Test("a number that is not finite is our own mistake")
    func notFinite() async {
        await #expect(processExitsWith: .failure) { _ = exactSum([.nan]) }
        await #expect(processExitsWith: .failure) { _ = exactSum([.infinity]) }
    }
}

/// Any finite double, all exponents alike.
private func anyFinite(_ random: inout Seeded) -> Double {
    while true {
        let x = Double(bitPattern: random.next())
        if x.isFinite { return x }
    }
}
