import Kernels
import TestSupport
import Testing

@Suite("Layers of networks")
struct DenseLayersTests {
    private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var random = Seeded(seed)
        let hard: [Float] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 1e30]
        return (0..<count).map { _ in
            random.uniform() < 0.01 ? hard[Int(random.uniform() * Double(hard.count))] : Float(random.uniform() * 4 - 2)
        }
    }

    private static func layer(_ inner: Int, _ columns: Int, seed: UInt64) -> DenseLayers.Layer {
        var out = DenseLayers.Layer(weights: numbers(inner * columns, seed: seed), inner: inner, columns: columns)
        if seed % 3 != 0 { out.bias = numbers(columns, seed: seed + 100) }
        out.rectifies = seed % 2 == 0
        return out
    }

    private func plain(_ layer: DenseLayers.Layer, _ x: [Float], rows: Int) -> [Float] {
        var out = denseProduct(x, layer.weights, rows: rows, inner: layer.inner, columns: layer.columns, form: 0)
        if let bias = layer.bias { out = repeatedSum(out, bias) }
        return layer.rectifies ? out.map { $0 <= 0 ? 0 : $0 } : out
    }

    /// NaNs are alike, whichever of two was the first.
    private func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern } }

    @Test(
        "every form has the bits of a product, a sum and a comparison",
        arguments: [
            [1, 1], [28, 1], [16, 2], [33, 4], [7, 5], [5, 63], [3, 64], [9, 65], [28, 256, 256, 1], [4, 70, 3, 16], [64, 32], [17, 130],
        ], [0, 1, 5, 6, 15, 16, 17, 33, 95, 96, 97, 200])
    func forms(_ widths: [Int], _ rows: Int) throws {
        let layers = zip(widths, widths.dropFirst()).enumerated().map { Self.layer($1.0, $1.1, seed: UInt64($0 + widths.count)) }
        let x = Self.numbers(rows * widths[0], seed: 1)
        let wanted = layers.reduce(x) { plain($1, $0, rows: rows) }
        let made = try #require(DenseLayers(layers))
        for form in 0...2 { #expect(bits(made.output(x, rows: rows, form: form)) == bits(wanted)) }
        var turned = layers
        for i in turned.indices {
            let layer = layers[i]
            turned[i].isTransposed = true
            for k in 0..<layer.inner {
                for j in 0..<layer.columns { turned[i].weights[j * layer.inner + k] = layer.weights[k * layer.columns + j] }
            }
        }
        #expect(bits(try #require(DenseLayers(turned)).output(x, rows: rows)) == bits(wanted))
    }

    @Test("layers that do not fit together, or would be laid out far larger than they are, are none")
    func refused() {
        #expect(DenseLayers([]) == nil)
        #expect(DenseLayers([Self.layer(3, 4, seed: 1), Self.layer(5, 2, seed: 2)]) == nil)
        #expect(DenseLayers([DenseLayers.Layer(weights: [], inner: 0, columns: 3)]) == nil)
        #expect(DenseLayers([DenseLayers.Layer(weights: [1], inner: 1, columns: 2)]) == nil)
        #expect(DenseLayers([DenseLayers.Layer(weights: [Float](repeating: 1, count: 500_000), inner: 100_000, columns: 5)]) == nil)
    }

    @Test("rows of columns in every form", arguments: [1, 3, 4, 5, 8, 15, 16, 17, 33], [1, 4, 15, 16, 17, 127, 128, 129, 300])
    func rows(_ width: Int, _ rows: Int) {
        let columns = (0..<width).map { Self.numbers(rows + 5, seed: UInt64($0)).map(Double.init) }
        let wanted = (5..<5 + rows).flatMap { row in columns.map { Float($0[row]) } }
        for form in 0...2 { #expect(bits(rowFloats(columns, rows: 5..<5 + rows, form: form)) == bits(wanted)) }
    }

    @Test("rows of columns, and columns of rows")
    func moves() {
        let columns = [(0..<200).map(Double.init), (0..<200).map { Double($0) + 0.1 }, [Double](repeating: .nan, count: 200)]
        let floats = rowFloats(columns, rows: 3..<140)
        #expect(floats.count == 3 * 137 && floats[3 * 70] == 73 && floats[3 * 70 + 1] == Float(73.1) && floats[3 * 70 + 2].isNaN)
        #expect(columnDoubles(floats, width: 3, column: 1) == (3..<140).map { Double(Float(Double($0) + 0.1)) })
        #expect(rowFloats(columns, rows: 5..<5).isEmpty && rowFloats([], rows: 0..<0).isEmpty)
    }
}
