internal import Foundation

/// How rows are cut into chunks for statistics over time.
public enum Chunking: Sendable, Equatable {
    /// Of this many rows; what is left over is one more, smaller chunk.
    case size(Int)
    /// Of ⌊rows / count⌋ rows; what is left over is one more, smaller chunk.
    case count(Int)
    case period(Period)

    var isByRows: Bool { if case .period = self { false } else { true } }

    public enum Period: String, Sendable, CaseIterable { case day, week, month }

    /// One chunk: its rows in the order of the stream, which are places `start` to `end` (inclusive) of it.
    public struct Chunk: Sendable, Equatable {
        public var rows: [Int]
        public var start: Int
        public var end: Int
    }

    /// - Parameters:
    ///   - rows: number of rows, in the order of the file; with a period they are put in the order of time (equal times stay in order).
    ///   - times: seconds since 1970, one a row; needed for a period.
    /// - Throws: ``AnalysisError`` for chunks without rows, or a period without times.
    public func chunks(rows: Int, times: [Double]?) throws -> [Chunk] {
        if rows == 0 { return [] }
        switch self {
        case .size(let size):
            guard size > 0 else { throw AnalysisError("--chunk-size \(size), expected at least 1") }
            return Self.cut(Array(0..<rows), size)
        case .count(let count):
            guard count > 0, count <= rows else { throw AnalysisError("--chunk-count \(count), expected 1 to \(rows), the number of rows") }
            return Self.cut(Array(0..<rows), rows / count)
        case .period(let period):
            guard let times, times.count == rows else { throw AnalysisError("--chunk-period needs --timestamp") }
            guard let missing = times.firstIndex(where: \.isNaN) else {
                let order = (0..<rows).sorted { (times[$0], $0) < (times[$1], $1) }
                return Self.group(order, by: { period.key(times[$0]) })
            }
            throw AnalysisError("row \(missing + 1) has no timestamp, expected one in every row for --chunk-period")
        }
    }

    private static func cut(_ order: [Int], _ size: Int) -> [Chunk] {
        stride(from: 0, to: order.count, by: size).map { start in
            let end = min(start + size, order.count)
            return Chunk(rows: Array(order[start..<end]), start: start, end: end - 1)
        }
    }

    private static func group(_ order: [Int], by key: (Int) -> Int) -> [Chunk] {
        var out: [Chunk] = []
        var last: Int?
        for (place, row) in order.enumerated() {
            let key = key(row)
            if key == last {
                out[out.count - 1].rows.append(row)
                out[out.count - 1].end = place
            } else {
                out.append(Chunk(rows: [row], start: place, end: place))
                last = key
            }
        }
        return out
    }
}

extension Chunking.Period {
    /// Counts days, weeks (from Monday) or months.
    func key(_ seconds: Double) -> Int {
        let day = Int((seconds / 86_400).rounded(.down))
        switch self {
        case .day: return day
        case .week: return Int((Double(day + 3) / 7).rounded(.down))  // 1970-01-01 was a Thursday
        case .month:
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
            let parts = calendar.dateComponents([.year, .month], from: Date(timeIntervalSince1970: seconds))
            return (parts.year ?? 0) * 12 + (parts.month ?? 0)
        }
    }
}
