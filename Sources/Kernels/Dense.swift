internal import CKernels

/// A · B in 32-bit numbers, row-major: `rows` × `inner` times `inner` × `columns`.
///
/// Each element is one chain of fused multiply-adds along `inner`, in its order: the same bits on every machine and in every form.
/// - Parameters:
///   - isTransposed: whether `b` holds Bᵀ, `columns` × `inner`.
///   - form: the widest instructions that may be used, for tests: 0 plain, 1 AVX2, 2 AVX-512. What the machine lacks is not used.
public func denseProduct(
    _ a: [Float], _ b: [Float], rows: Int, inner: Int, columns: Int, isTransposed: Bool = false, form: Int = 2
) -> [Float] {
    precondition(a.count == rows * inner && b.count == inner * columns, "as many numbers as the shapes say")
    return unsafe [Float](unsafeUninitializedCapacity: rows * columns) { out, count in
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: max(ek_dense_panel(inner), 1)) { panel in
            unsafe ek_dense_f32(
                a, b, rows, inner, columns, isTransposed ? 1 : 0, Int32(form), panel.baseAddress, out.baseAddress)
        }
        count = rows * columns
    }
}

/// a + b, b repeated until the end of a.
/// - Precondition: the length of b divides that of a.
public func repeatedSum(_ a: [Float], _ b: [Float]) -> [Float] {
    precondition(!b.isEmpty && a.count % b.count == 0, "whole repetitions")
    return unsafe [Float](unsafeUninitializedCapacity: a.count) { out, count in
        for start in stride(from: 0, to: a.count, by: b.count) {
            for i in 0..<b.count { unsafe out[start + i] = a[start + i] + b[i] }
        }
        count = a.count
    }
}
