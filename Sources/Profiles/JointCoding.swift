internal import Kernels

extension JointGrid {
    static let magic = "EKJ"
    static let formatVersion: UInt8 = 1

    /// Compact, versioned, with a checksum. Equal grids give equal bytes.
    public func encoded() -> [UInt8] {
        JointGrid.encode(features, scale, bandwidth, sampleEvery, law).sealed(magic: JointGrid.magic, version: JointGrid.formatVersion)
    }

    static func encode(_ features: [Int], _ scale: JointScale, _ bandwidth: Double, _ sampleEvery: UInt64, _ law: [Double]) -> ByteWriter {
        var out = ByteWriter()
        out.count(features.count)
        for feature in features { out.count(feature) }
        out.doubles(scale.centers)
        out.doubles(scale.inverses)
        out.count(scale.wholeFrequencies.count)
        for frequency in scale.wholeFrequencies { out.signed(Int64(frequency)) }
        out.count(scale.phaseShift)
        out.double(bandwidth)
        out.unsigned(sampleEvery)
        out.doubles(law)
        return out
    }

    /// - Throws: ``EncodingError`` for bytes that are damaged or of another version.
    public init(encoded: [UInt8]) throws(EncodingError) {
        var input = try ByteReader(sealed: encoded, magic: JointGrid.magic, version: JointGrid.formatVersion)
        var features: [Int] = []
        for _ in 0..<(try input.count()) {
            guard let place = Int(exactly: try input.unsigned()), place > features.last ?? -1 else {
                throw EncodingError("features out of order")
            }
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
        guard let every = UInt64(exactly: try input.unsigned()), every >= 1 else { throw EncodingError("a sample is out of range") }
        let law = try input.doubles()
        try input.finish()
        self.init(features: features, scale: scale, bandwidth: bandwidth, sampleEvery: every, law: law)
    }
}

extension JointSums {
    static let magic = "EKS"
    static let formatVersion: UInt8 = 1

    /// Compact, versioned, with a checksum. Equal sums give equal bytes.
    public func encoded() -> [UInt8] {
        var out = ByteWriter()
        out.fixed(gridFingerprint)
        out.signed(totals.rows)
        out.signed(totals.incomplete)
        for list in [totals.clipped, totals.sums, totals.products, totals.waves] { out.sparse(list) }
        return out.sealed(magic: JointSums.magic, version: JointSums.formatVersion)
    }

    /// - Throws: ``EncodingError`` for bytes that are damaged, of another version, or summed on another grid.
    public init(encoded: [UInt8], grid: JointGrid) throws(EncodingError) {
        var input = try ByteReader(sealed: encoded, magic: JointSums.magic, version: JointSums.formatVersion)
        guard try input.fixed() == grid.fingerprint else { throw EncodingError("summed on another grid") }
        self.init(grid: grid)
        totals.rows = try input.signed()
        totals.incomplete = try input.signed()
        try input.sparse(into: &totals.clipped)
        try input.sparse(into: &totals.sums)
        try input.sparse(into: &totals.products)
        try input.sparse(into: &totals.waves)
        try input.finish()
    }
}
