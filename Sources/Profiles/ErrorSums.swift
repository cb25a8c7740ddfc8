internal import Kernels

/// The exact sums of a regression's errors (predicted − label) and labels: what mean error, MAE, RMSE and R² are functions of.
public struct ErrorSums: GroupSums {
    /// Labelled rows that are in the sums.
    public private(set) var rows: Int64 = 0
    /// Labelled rows that are not: without a predicted value, or with one or a label so large that its square overflows.
    public private(set) var leftOut: Int64 = 0
    private var errors = ExactSum()
    private var absoluteErrors = ExactSum()
    private var squaredErrors = ExactSum()
    /// Of the labels around the score grid's center, so that nothing cancels.
    private var labels = ExactSum()
    private var squaredLabels = ExactSum()

    public init() {}

    public var errorTotal: Double { errors.value }
    public var absoluteErrorTotal: Double { absoluteErrors.value }
    public var squaredErrorTotal: Double { squaredErrors.value }
    public var labelTotal: Double { labels.value }
    public var squaredLabelTotal: Double { squaredLabels.value }

    static let magnitudeMax = 1e150

    public var isEmpty: Bool { rows == 0 && leftOut == 0 && self == ErrorSums() }

    /// Adds a labelled row, or takes it back.
    mutating func add(label: Double, predicted: Double, center: Double, times: Int64) {
        let (error, label) = (predicted - label, label - center)
        guard abs(error) < Self.magnitudeMax, abs(label) < Self.magnitudeMax else {
            leftOut += times
            return
        }
        rows += times
        for _ in 0..<times.magnitude {
            func put(_ x: Double, _ sum: inout ExactSum) { if times < 0 { sum.subtract(x) } else { sum.add(x) } }
            put(error, &errors)
            put(abs(error), &absoluteErrors)
            put(error * error, &squaredErrors)
            put(label, &labels)
            put(label * label, &squaredLabels)
        }
    }

    public mutating func merge(_ other: ErrorSums) {
        rows += other.rows
        leftOut += other.leftOut
        errors.add(other.errors)
        absoluteErrors.add(other.absoluteErrors)
        squaredErrors.add(other.squaredErrors)
        labels.add(other.labels)
        squaredLabels.add(other.squaredLabels)
    }

    var negated: ErrorSums {
        var out = self
        (out.rows, out.leftOut) = (-rows, -leftOut)
        (out.errors, out.absoluteErrors, out.squaredErrors) = (errors.negated, absoluteErrors.negated, squaredErrors.negated)
        (out.labels, out.squaredLabels) = (labels.negated, squaredLabels.negated)
        return out
    }

    func encode(to out: inout ByteWriter) {
        out.signed(rows)
        out.signed(leftOut)
        for sum in [errors, absoluteErrors, squaredErrors, labels, squaredLabels] { out.sum(sum) }
    }

    init(_ input: inout ByteReader) throws(EncodingError) {
        rows = try input.signed()
        leftOut = try input.signed()
        errors = try input.sum()
        absoluteErrors = try input.sum()
        squaredErrors = try input.sum()
        labels = try input.sum()
        squaredLabels = try input.sum()
    }
}
