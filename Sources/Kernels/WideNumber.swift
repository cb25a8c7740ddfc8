extension Double {
    /// A wide whole number, rounded once to the nearest double, ties to even: what `Double(_:)` gives, which takes a slow generic way.
    public init(wide number: Int128) {
        let magnitude = number.magnitude
        guard magnitude > UInt128(UInt64.max) else {
            let small = Double(UInt64(truncatingIfNeeded: magnitude))
            self = number < 0 ? -small : small
            return
        }
        // 64 leading bits hold the 53 that stay and more; what lies below only matters as "more than nothing".
        let shift = 64 - magnitude.leadingZeroBitCount
        var top = UInt64(truncatingIfNeeded: magnitude >> UInt128(shift))
        if magnitude.trailingZeroBitCount < shift { top |= 1 }
        let large = Double(top) * Double(sign: .plus, exponent: shift, significand: 1)
        self = number < 0 ? -large : large
    }
}
