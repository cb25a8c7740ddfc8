import Kernels
import TestSupport
import Testing

@Suite("Products of matrices")
struct DenseTests {
    private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var random = Seeded(seed)
        return (0..<count).map { _ in Float(random.uniform() * 4 - 2) * (random.uniform() < 0.05 ? 1e20 : 1) }
    }

    @Test(
        "every form has the bits of one chain of fused multiply-adds",
        arguments: [
            (1, 1, 1), (1, 28, 256), (3, 7, 5), (12, 16, 32), (13, 17, 33), (25, 3, 64), (40, 100, 31), (6, 5, 16), (0, 4, 4), (5, 0, 3),
            (4, 6, 0), (13, 9000, 3),
        ])
    func forms(_ rows: Int, _ inner: Int, _ columns: Int) {
        let (a, b) = (Self.numbers(rows * inner, seed: 1), Self.numbers(inner * columns, seed: 2))
        var wanted = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                for k in 0..<inner { wanted[row * columns + column].addProduct(a[row * inner + k], b[k * columns + column]) }
            }
        }
        var turned = [Float](repeating: 0, count: b.count)
        for k in 0..<inner { for column in 0..<columns { turned[column * inner + k] = b[k * columns + column] } }
        for form in 0...2 {
            let plain = denseProduct(a, b, rows: rows, inner: inner, columns: columns, form: form)
            let transposed = denseProduct(a, turned, rows: rows, inner: inner, columns: columns, isTransposed: true, form: form)
            #expect(plain.map(\.bitPattern) == wanted.map(\.bitPattern))
            #expect(transposed.map(\.bitPattern) == wanted.map(\.bitPattern))
        }
    }
}
