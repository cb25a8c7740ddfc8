internal import CKernels

/// Some rows of columns, side by side as 32-bit numbers: `rows` × `columns`.
///
/// - Parameter form: as for `denseProduct`.
public func rowFloats(_ columns: [[Double]], rows: Range<Int>, form: Int = 2) -> [Float] {
    let (width, line) = (columns.count, 128)
    precondition(columns.allSatisfy { $0.count >= rows.upperBound }, "columns with these rows")
    return unsafe [Float](unsafeUninitializedCapacity: rows.count * width) { out, count in
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: max(width * line, 1)) { scratch in
            guard let to = out.baseAddress, let lines = scratch.baseAddress else { return }
            unsafe scratch.initialize(repeating: 0)
            for from in stride(from: rows.lowerBound, to: rows.upperBound, by: line) {
                let height = min(line, rows.upperBound - from)
                for (place, column) in columns.enumerated() { unsafe ek_rows_narrow(column, from, height, lines + place * line) }
                unsafe ek_rows_turn(lines, width, line, height, Int32(form), to + (from - rows.lowerBound) * width)
            }
        }
        count = rows.count * width
    }
}

/// Every `width`-th number from `column` on, as 64-bit ones.
public func columnDoubles(_ values: [Float], width: Int, column: Int) -> [Double] {
    precondition(width > 0 && column < width && values.count % width == 0, "whole rows with this column")
    let rows = values.count / width
    return unsafe [Double](unsafeUninitializedCapacity: rows) { out, count in
        for row in 0..<rows { unsafe out[row] = Double(values[row * width + column]) }
        count = rows
    }
}
