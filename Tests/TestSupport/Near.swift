/// Whether two numbers agree within `absolute + relative · |expected|`.
public func isNear(_ actual: Double, _ expected: Double, relative: Double = 1e-12, absolute: Double = 0) -> Bool {
    if actual == expected || (actual.isNaN && expected.isNaN) { return true }
    return abs(actual - expected) <= absolute + relative * abs(expected)
}
