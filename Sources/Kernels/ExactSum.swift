/// A sum of doubles without rounding: the same for every order and grouping of its terms, bit for bit.
///
/// The sum is kept as a fixed-point number of 2¹⁰⁷⁴-ths, in 32-bit digits with 64-bit room for carries. That is what lets
/// profiles be merged in any order, and lets a corrected label take back exactly what the first one added.
/// NaN and infinities must be kept out by the caller.
/// > Source: Radford M. Neal, "Fast exact summation using small and large superaccumulators", 2015 (the small one).
public struct ExactSum: Sendable, Equatable {
    /// Digit i weighs 2^(32·i − 1074). Canonical form: every digit in 0 ..< 2³², the sign in the last.
    var digits: [Int64]
    private var pending = 0

    private static let digitCount = 70
    /// Each addition changes a digit by less than 2³³; carries must be settled before 2³⁰ of them.
    private static let additionsMax = 1 << 29

    public init() { digits = [Int64](repeating: 0, count: ExactSum.digitCount) }

    public mutating func add(_ x: Double) { add(x, negated: false) }
    public mutating func add(_ terms: [Double]) { for x in terms { add(x, negated: false) } }
    public mutating func subtract(_ x: Double) { add(x, negated: true) }

    private mutating func add(_ x: Double, negated: Bool) {
        precondition(x.isFinite, "only finite numbers can be summed")
        let bits = x.bitPattern
        let exponent = Int(bits >> 52 & 0x7FF)
        let mantissa = exponent == 0 ? bits & 0xF_FFFF_FFFF_FFFF : bits & 0xF_FFFF_FFFF_FFFF | 0x10_0000_0000_0000
        if mantissa == 0 { return }
        let position = max(exponent, 1) - 1  // the mantissa's last bit weighs 2^(position − 1074)
        let at = position >> 5
        let shift = UInt64(position & 31)
        let low = mantissa << shift
        let high = shift == 0 ? 0 : mantissa >> (64 - shift)
        let negative = (bits >> 63 == 1) != negated
        let a = Int64(low & 0xFFFF_FFFF), b = Int64(low >> 32), c = Int64(high)
        digits[at] &+= negative ? -a : a
        digits[at + 1] &+= negative ? -b : b
        digits[at + 2] &+= negative ? -c : c
        pending += 1
        if pending >= ExactSum.additionsMax { settle() }
    }

    /// Makes room for so many additions to `digits`.
    mutating func prepare(additions: Int) {
        precondition(additions < ExactSum.additionsMax, "the digits have room for them")
        if pending + additions >= ExactSum.additionsMax { settle() }
        pending += additions
    }

    public mutating func add(_ other: ExactSum) {
        var other = other
        other.settle()
        settle()
        for i in digits.indices { digits[i] &+= other.digits[i] }
        settle()
    }

    /// What takes this sum back.
    public var negated: ExactSum {
        var out = self
        out.settle()
        for i in digits.indices { out.digits[i] = -out.digits[i] }
        out.settle()
        return out
    }

    private mutating func settle() {
        var carry: Int64 = 0
        for i in 0..<digits.count - 1 {
            let value = digits[i] &+ carry
            digits[i] = value & 0xFFFF_FFFF
            carry = value >> 32
        }
        digits[digits.count - 1] &+= carry
        pending = 0
    }

    /// The sum, rounded once. Infinite when it is beyond a double's range.
    public var value: Double {
        var canonical = self
        canonical.settle()
        let negative = canonical.digits[canonical.digits.count - 1] < 0
        if negative {
            for i in canonical.digits.indices { canonical.digits[i] = -canonical.digits[i] }
            canonical.settle()
        }
        guard let top = canonical.digits.lastIndex(where: { $0 != 0 }) else { return 0 }
        // The three leading digits hold at least 65 significant bits; what lies below only matters as "more than nothing".
        func digit(_ i: Int) -> UInt64 { i >= 0 ? UInt64(canonical.digits[i]) : 0 }
        let sticky: UInt64 = top >= 3 && canonical.digits[..<(top - 2)].contains { $0 != 0 } ? 1 : 0
        var wide = UInt128(digit(top)) << 64 | UInt128(digit(top - 1)) << 32 | UInt128(digit(top - 2))
        wide = wide << 1 | UInt128(sticky)
        let scale = 32 * (top - 2) - 1074 - 1
        // Rounded once to the 53 bits of a double, or to fewer where the result is subnormal.
        let bits = 128 - wide.leadingZeroBitCount
        let keep = min(53, bits + scale + 1074)
        let drop = bits - max(keep, 0)
        var kept = drop > 0 ? wide >> UInt128(drop) : wide
        if drop > 0 {
            let rest = wide & ((UInt128(1) << UInt128(drop)) - 1)
            let half = UInt128(1) << UInt128(drop - 1)
            if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
        }
        let magnitude = scalbn(Double(UInt64(kept)), scale + max(drop, 0))
        return negative ? -magnitude : magnitude
    }

    public static func == (a: ExactSum, b: ExactSum) -> Bool {
        var a = a, b = b
        a.settle()
        b.settle()
        return a.digits == b.digits
    }

    /// The non-zero digits of the canonical form, for a compact encoding.
    public var canonicalDigits: [(index: Int, digit: Int64)] {
        var canonical = self
        canonical.settle()
        return canonical.digits.enumerated().filter { $0.element != 0 }.map { (index: $0.offset, digit: $0.element) }
    }

    /// Adds one digit of another sum's canonical form: all of them add that sum.
    ///
    /// - Returns: false when the index or the digit is out of range, and nothing was added.
    public mutating func add(canonicalDigit digit: Int64, at index: Int) -> Bool {
        guard digits.indices.contains(index), (index == digits.count - 1 ? -1 : 0)..<1 << 32 ~= digit else { return false }
        prepare(additions: 1)
        digits[index] &+= digit
        return true
    }
}

private func scalbn(_ x: Double, _ exponent: Int) -> Double {
    // In two steps, since 2^exponent itself may be out of range. The first is exact, and so is the second for a rounded x.
    let half = exponent / 2
    return Double(sign: .plus, exponent: exponent - half, significand: Double(sign: .plus, exponent: half, significand: x))
}
