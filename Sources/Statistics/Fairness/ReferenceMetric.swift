/// A metric between a reference (privileged, advantaged) group and everyone else, under the name and sign of another tool.
public struct ReferenceMetric: Sendable {
    /// An index has no null hypothesis; a signed one may be negative.
    public enum Kind: Sendable { case difference, ratio, index, signedIndex }
    public var name: String
    public var kind: Kind
    /// Rates whose homogeneity its p-value tests; empty for an index without a null hypothesis.
    public var rates: [GroupRate]
    /// Whether the tool counts rows instead of summing weights.
    public var ignoresWeights: Bool
    /// nil where the tool gives NaN.
    public var value: @Sendable (ReferencePair) -> Double?

    init(
        _ name: String, _ kind: Kind, _ rates: [GroupRate] = [], ignoresWeights: Bool = false,
        value: @escaping @Sendable (ReferencePair) -> Double?
    ) {
        (self.name, self.kind, self.rates, self.ignoresWeights, self.value) = (name, kind, rates, ignoresWeights, value)
    }

    /// Where values of this kind lie.
    public var range: ClosedRange<Double> {
        switch kind {
        case .difference, .signedIndex: -Double.infinity...Double.infinity
        case .ratio, .index: 0...Double.infinity
        }
    }
}

/// The two sides of a ``ReferenceMetric``.
public struct ReferencePair: Sendable {
    public var reference: ConfusionCells
    public var others: ConfusionCells
    public init(reference: ConfusionCells, others: ConfusionCells) {
        (self.reference, self.others) = (reference, others)
    }
    var all: ConfusionCells {
        var out = reference
        out.add(others)
        return out
    }

    /// others − reference.
    func difference(_ rate: (ConfusionCells) -> Double?) -> Double? {
        guard let a = rate(others), let b = rate(reference) else { return nil }
        return a - b
    }
    /// others / reference; infinite for x/0, nil for 0/0.
    func ratio(_ rate: (ConfusionCells) -> Double?) -> Double? {
        guard let a = rate(others), let b = rate(reference) else { return nil }
        return b == 0 ? (a == 0 ? nil : .infinity) : a / b
    }
}
