public import Vocabulary

extension NumericGrid {
    /// - Parameters:
    ///   - values: the reference's values; NaN is missing and takes no part.
    ///   - quantileEdges: the drift-bin edges of the sorted values (the statistic's own definition, handed in).
    ///   - required: cuts that must be there whatever the reference holds.
    public init(reference values: [Double], quantileEdges: ([Double]) -> [Double], required: [Double] = []) {
        let sorted = values.filter { !$0.isNaN }.map { $0 + 0 }.sorted()  // + 0: −0 and 0 have no order among them
        let edges = quantileEdges(sorted)
        var distinct: [Double] = []
        for value in sorted where value.isFinite && distinct.last != value { distinct.append(value) }
        let fixed = (edges + required).filter(\.isFinite)
        let room = max(2, NumericGrid.cutsMax - fixed.count)
        let isComplete = distinct.count <= room
        if !isComplete {
            // Ranks spread evenly over the finite values, both ends included.
            let finite = sorted.filter(\.isFinite)
            distinct = (0..<room).map { finite[($0 * (finite.count - 1)) / (room - 1)] }
        }
        var cuts: [Double] = []
        for cut in (distinct + fixed).sorted() where cuts.last != cut { cuts.append(cut == 0 ? 0 : cut) }
        let middle = sorted.filter(\.isFinite)
        self.init(
            cuts: cuts, binEdges: edges.filter(\.isFinite), isComplete: isComplete,
            center: middle.isEmpty ? 0 : middle[middle.count / 2])
    }
}

extension CategoricalGrid {
    public init(reference column: LevelColumn) {
        var counts = [Int](repeating: 0, count: column.levels.count)
        for code in column.codes where code >= 0 { counts[Int(code)] += 1 }
        var present = column.levels.indices.filter { counts[$0] > 0 }
        let isComplete = present.count <= CategoricalGrid.levelsMax
        if !isComplete {
            present.sort { (counts[$1], column.levels[$0]) < (counts[$0], column.levels[$1]) }
            present = Array(present.prefix(CategoricalGrid.levelsMax))
        }
        self.init(levels: present.map { column.levels[$0] }.sortedByCodePoint(), isComplete: isComplete)
    }
}

extension ProfileGrid {
    /// Freezes the grid of a version from its reference batch.
    ///
    /// - Parameters: joint: made of the same batch. vectors: makes that of a vector's projections.
    public init(
        reference: PredictionBatch, schema: FeatureSchema, joint: JointGrid? = nil,
        vectors: ([Column]) -> JointGrid? = { _ in nil }, quantileEdges: ([Double], Int) -> [Double]
    ) {
        func edges(_ sorted: [Double]) -> [Double] { quantileEdges(sorted, NumericGrid.binCount) }
        let features = reference.features.map { column -> FeatureGrid in
            switch column {
            case .numeric(let values): .numeric(NumericGrid(reference: values, quantileEdges: edges))
            case .categorical(let levels): .categorical(CategoricalGrid(reference: levels))
            case .vector(let column): .vector(VectorGrid(reference: column, quantileEdges: edges, joint: vectors))
            }
        }
        let outcome = OutcomeKind(schema)
        let score =
            switch outcome {
            case .binary, .classes:
                NumericGrid(
                    reference: reference.scores, quantileEdges: edges,
                    required: (outcome == .binary ? [0, 1, schema.threshold] : [0, 1]) + ProfileGrid.calibrationEdges)
            case .numeric: NumericGrid(reference: reference.estimates, quantileEdges: edges)
            }
        self.init(
            features: features, score: score, attributes: reference.groups.map { CategoricalGrid(reference: $0).levels },
            threshold: schema.threshold, outcome: outcome, joint: joint)
    }
}

extension OutcomeKind {
    init(_ schema: FeatureSchema) {
        switch schema.task {
        case .binary: self = .binary
        case .regression: self = .numeric
        case .multiclass: self = .classes(schema.classes.count)
        }
    }
}

extension Array where Element == String {
    /// The order of results and encodings: by Unicode code point, the same on every machine and in every locale.
    public func sortedByCodePoint() -> [String] {
        sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }
}
