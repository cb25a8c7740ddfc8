import Kernels
import Testing

@Suite("Wide whole numbers as doubles")
struct WideNumberTests {
    @Test("the nearest double, as the standard library finds it: small, large, halfway, just beside halfway, of either sign")
    func nearest() {
        var numbers: [Int128] = [0, 1, -1, .max, .min, Int128(UInt64.max), Int128(UInt64.max) + 1]
        for bits in 50..<127 {
            let power = Int128(1) << Int128(bits)
            // Half of the last place of a double of this size, on even and on odd neighbours.
            let half = bits > 53 ? Int128(1) << Int128(bits - 53) : 1
            for base in [power, power + 2 * half, power - half] {
                numbers += [base, base + half, base + half + 1, base + half - 1, base - half, base + 2 * half - 1]
            }
        }
        var state: UInt64 = 1
        for _ in 0..<10_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let high = Int128(Int64(bitPattern: state)) >> Int128(state % 64)
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            numbers.append(high << 64 | Int128(state))
        }
        for number in numbers {
            #expect(Double(wide: number) == Double(number), "\(number)")
            guard number > .min else { continue }
            #expect(Double(wide: -number) == Double(-number), "−\(number)")
        }
    }
}
