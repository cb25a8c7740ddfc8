internal import CKernels

/// The number that a text is as a whole: decimal with sign, fraction and exponent, rounded to the nearest double as `Double(text)` does it,
/// or `inf`, `infinity` with a sign, in any case. Not NaN, not hexadecimal, no white space.
public func decimalNumber(_ text: some StringProtocol) -> Double? {
    var text = String(text)
    return text.withUTF8 { bytes in
        var value = 0.0
        guard let base = bytes.baseAddress, unsafe ek_number(base, bytes.count, &value) != 0 else { return nil }
        return value
    }
}
