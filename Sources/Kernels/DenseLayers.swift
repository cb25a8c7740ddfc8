internal import CKernels

/// Layers of a network, one after the other, laid out for the kernels: each is a product of matrices, a bias, and perhaps max(0, x).
///
/// Rows go through all layers in tiles whose numbers stay in the cache. Each element has the bits of `denseProduct`, then of one addition.
public struct DenseLayers: Sendable {
    /// What a layer is made of.
    public struct Layer: Sendable {
        /// Row-major: `inner` × `columns`, or `columns` × `inner` where it is transposed.
        public var weights: [Float]
        public var inner: Int
        public var columns: Int
        public var isTransposed = false
        /// One for each column.
        public var bias: [Float]?
        /// Whether negative elements become 0.
        public var rectifies = false

        public init(weights: [Float], inner: Int, columns: Int) {
            self.weights = weights
            self.inner = inner
            self.columns = columns
        }
    }

    /// A matrix in the kernels' order, at a cache line.
    @safe
    private final class Packed: Sendable {
        // Written in `init` only.
        private nonisolated(unsafe) let numbers: UnsafeMutablePointer<Float>

        init(_ layer: Layer) {
            let count = max(ek_layer_count(layer.inner, layer.columns), 1)
            unsafe numbers = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
                .bindMemory(to: Float.self, capacity: count)
            unsafe ek_layer_pack(layer.weights, layer.inner, layer.columns, layer.isTransposed ? 1 : 0, numbers)
        }

        deinit { unsafe numbers.deallocate() }

        func apply(
            _ layer: Layer, lines: UnsafePointer<Float>, line: Int, rows: Int, form: Int, _ out: UnsafeMutablePointer<Float>
        ) {
            if let bias = layer.bias {
                unsafe ek_layer_columns_f32(lines, line, numbers, bias, rows, layer.inner, layer.columns, Int32(form), out)
            } else {
                unsafe ek_layer_columns_f32(lines, line, numbers, nil, rows, layer.inner, layer.columns, Int32(form), out)
            }
        }

        /// - Parameter layer: of which these are the weights.
        func apply(_ layer: Layer, _ x: UnsafePointer<Float>, rows: Int, form: Int, _ out: UnsafeMutablePointer<Float>) {
            let rectifies: Int32 = layer.rectifies ? 1 : 0
            if let bias = layer.bias {
                unsafe ek_layer_f32(x, numbers, bias, rows, layer.inner, layer.columns, rectifies, Int32(form), out)
            } else {
                unsafe ek_layer_f32(x, numbers, nil, rows, layer.inner, layer.columns, rectifies, Int32(form), out)
            }
        }
    }

    /// Rows that go through the layers together.
    private static let tileRows = 96

    private let layers: [(shape: Layer, packed: Packed)]
    /// How many numbers a row has before and after.
    public let inner: Int
    public let columns: Int
    /// Of the widest layer between two others.
    private let width: Int

    /// - Returns: nil where the layers do not fit together, or where their layout would be far larger than they are.
    public init?(_ layers: [Layer]) {
        guard let first = layers.first, let last = layers.last else { return nil }
        for (before, after) in zip(layers, layers.dropFirst()) where before.columns != after.inner { return nil }
        for layer in layers {
            let count = layer.weights.count
            guard layer.inner > 0, layer.columns > 0, count == layer.inner * layer.columns,
                layer.bias.map({ $0.count == layer.columns }) ?? true,
                ek_layer_count(layer.inner, layer.columns) <= 2 * count + 1 << 20
            else { return nil }
        }
        self.layers = layers.map { layer in
            let packed = Packed(layer)
            var shape = layer
            shape.weights = []
            return (shape, packed)
        }
        inner = first.inner
        columns = last.columns
        width = layers.dropLast().map(\.columns).max() ?? 0
    }

    /// How wide rows are after each layer.
    public var widths: [Int] { layers.map(\.shape.columns) }

    /// The same of rows that are given in columns, as 64-bit numbers that are rounded to 32 bits first.
    public func output(columns given: [[Double]], rows: Range<Int>, form: Int = 2) -> [Float] {
        precondition(given.count == inner && given.allSatisfy { $0.count >= rows.upperBound }, "as many columns as the first layer takes")
        // Few columns of one layer need no rows.
        guard layers.count == 1, columns <= Int(EK_DENSE_THIN), !layers[0].shape.rectifies else {
            return output(rowFloats(given, rows: rows, form: form), rows: rows.count, form: form)
        }
        let line = 128
        return unsafe [Float](unsafeUninitializedCapacity: rows.count * columns) { out, count in
            unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: inner * line) { scratch in
                guard let to = out.baseAddress, let lines = scratch.baseAddress else { return }
                unsafe scratch.initialize(repeating: 0)
                for from in stride(from: rows.lowerBound, to: rows.upperBound, by: line) {
                    let height = min(line, rows.upperBound - from)
                    for (place, column) in given.enumerated() { unsafe ek_rows_narrow(column, from, height, lines + place * line) }
                    unsafe layers[0].packed.apply(
                        layers[0].shape, lines: lines, line: line, rows: height, form: form, to + (from - rows.lowerBound) * columns)
                }
            }
            count = rows.count * columns
        }
    }

    /// - Parameters:
    ///   - x: `rows` × `inner`.
    ///   - form: as for `denseProduct`.
    public func output(_ x: [Float], rows: Int, form: Int = 2) -> [Float] {
        precondition(x.count == rows * inner, "as many numbers as the shapes say")
        let size = min(Self.tileRows, rows) * width
        return unsafe [Float](unsafeUninitializedCapacity: rows * columns) { out, count in
            unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: max(2 * size, 1)) { scratch in
                unsafe x.withUnsafeBufferPointer { x in
                    guard let to = out.baseAddress, let from = x.baseAddress, let between = scratch.baseAddress else { return }
                    for start in stride(from: 0, to: rows, by: Self.tileRows) {
                        let height = min(Self.tileRows, rows - start)
                        var at = unsafe from + start * inner
                        for (number, layer) in layers.enumerated() {
                            let isLast = number == layers.count - 1
                            let next = unsafe isLast ? to + start * columns : between + number % 2 * size
                            unsafe layer.packed.apply(layer.shape, at, rows: height, form: form, next)
                            unsafe at = UnsafePointer(next)
                        }
                    }
                }
            }
            count = rows * columns
        }
    }
}
