internal import Kernels

/// A decimal number, or `inf`, `-inf`, `infinity` in any case. Not NaN, not hexadecimal, no white space around.
public func parseNumber(_ text: String) -> Double? { decimalNumber(text) }
