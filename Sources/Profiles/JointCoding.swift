internal import Kernels

extension JointGrid {
    func encode(to out: inout ByteWriter) {
        out.count(features.count)
        for feature in features { out.count(feature) }
        out.doubles(scale.centers)
        out.doubles(scale.inverses)
        out.count(scale.wholeFrequencies.count)
        for frequency in scale.wholeFrequencies { out.signed(Int64(frequency)) }
        out.count(scale.phaseShift)
        out.double(bandwidth)
        out.doubles(law)
    }

    /// - Parameter features: the columns' grids, of which the numeric ones may take part.
    init(_ input: inout ByteReader, features grids: [FeatureGrid]) throws(EncodingError) {
        var features: [Int] = []
        for _ in 0..<(try input.count()) {
            guard let place = Int(exactly: try input.unsigned()), place > features.last ?? -1, grids.indices.contains(place),
                case .numeric = grids[place]
            else { throw EncodingError("features of the joint grid out of order") }
            features.append(place)
        }
        let centers = try input.doubles()
        let inverses = try input.doubles()
        var frequencies: [Int16] = []
        for _ in 0..<(try input.count()) {
            guard let frequency = Int16(exactly: try input.signed()) else { throw EncodingError("a frequency is out of range") }
            frequencies.append(frequency)
        }
        let shift = Int(truncatingIfNeeded: try input.unsigned())
        guard features.count == centers.count,
            let scale = JointScale(centers: centers, inverses: inverses, wholeFrequencies: frequencies, shift: shift)
        else { throw EncodingError("a joint grid is out of range") }
        let bandwidth = try input.double()
        self.init(features: features, scale: scale, bandwidth: bandwidth, law: try input.doubles())
    }
}

extension JointSums {
    func encode(to out: inout ByteWriter) {
        out.signed(totals.rows)
        out.signed(totals.incomplete)
        for list in [totals.clipped, totals.sums, totals.products, totals.waves] { out.sparse(list) }
    }

    /// Adds stored sums of the same grid.
    mutating func add(_ input: inout ByteReader) throws(EncodingError) {
        totals.rows += try input.signed()
        totals.incomplete += try input.signed()
        try input.sparse(addedTo: &totals.clipped)
        try input.sparse(addedTo: &totals.sums)
        try input.sparse(addedTo: &totals.products)
        try input.sparse(addedTo: &totals.waves)
    }
}
