/// A number with four significant digits, for sentences.
public func fourDigits(_ x: Double) -> String {
    if x == 0 || !x.isFinite { return x == 0 ? "0" : "\(x)" }
    var scale = 1.0
    while abs(x) * scale < 1000, scale < 1e12 { scale *= 10 }
    let rounded = (x * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)"
}
