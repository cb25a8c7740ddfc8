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

/// Reads lists of numbers out of JSON, as long as they are plain.
public struct NumberLists: Sendable {
    /// The last comma or bracket with as many bytes after it as the quick way reads ahead.
    private let end: Int

    /// - Parameter bytes: the text from which all lists will be.
    public init(_ bytes: [UInt8]) {
        end = bytes.dropLast(24).lastIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "]") } ?? 0
    }

    /// Adds the numbers from a place on, and moves the place to the first element that is none of them.
    ///
    /// - Returns: whether that is the end of the list, and so the place is behind it.
    public func append(_ bytes: [UInt8], from at: inout Int, to numbers: inout [Double]) -> Bool {
        precondition(end < bytes.count || end == 0, "the bytes that it was made for")
        let room = 256
        while at < end {
            var (count, isEnd) = (0, Int32(0))
            unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: room) { found in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    guard let base = bytes.baseAddress, let out = found.baseAddress else { return }
                    var next: UnsafePointer<UInt8>?
                    count = unsafe ek_number_list(base + at, base + end, out, room, &next, &isEnd)
                    if let next = unsafe next { at = unsafe next - base }
                    unsafe numbers.append(contentsOf: UnsafeBufferPointer(rebasing: found[..<count]))
                }
            }
            if isEnd != 0 { return true }
            if count < room { return false }
        }
        return false
    }
}
