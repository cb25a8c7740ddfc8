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

/// The decimal number that these bytes of an array are as a whole, and whether it is an integer of at most 15 digits that is printed
/// again the same.
public func decimalNumber(_ bytes: [UInt8], _ range: Range<Int>) -> (value: Double, isPlain: Bool)? {
    var value = 0.0
    var form: Int32 = 0
    let found = unsafe bytes.withUnsafeBufferPointer { buffer -> Bool in
        guard let base = buffer.baseAddress, !range.isEmpty, range.upperBound <= buffer.count else { return false }
        let start = unsafe base + range.lowerBound
        // The quick way reads 24 bytes further.
        if range.upperBound + 24 <= buffer.count, unsafe ek_number_prefix(start, &value, &form) == base + range.upperBound { return true }
        form = 0
        return unsafe ek_number(start, range.count, &value) != 0
    }
    return found ? (value, form == EK_PLAIN_INTEGER) : nil
}
