internal import Vocabulary

extension ProfileGrid {
    static let magic = "EKG"
    static let formatVersion: UInt8 = 4

    /// Compact, versioned, with a checksum. Equal grids give equal bytes.
    public func encoded() -> [UInt8] {
        ProfileGrid.encode(features, score, attributes, threshold, outcome, joint).sealed(
            magic: ProfileGrid.magic, version: ProfileGrid.formatVersion)
    }

    static func encode(
        _ features: [FeatureGrid], _ score: NumericGrid, _ attributes: [[String]], _ threshold: Double, _ outcome: OutcomeKind,
        _ joint: JointGrid?
    ) -> ByteWriter {
        var out = ByteWriter()
        out.count(features.count)
        for feature in features {
            switch feature {
            case .numeric(let grid):
                out.byte(0)
                encode(grid, to: &out)
            case .categorical(let grid):
                out.byte(1)
                out.strings(grid.levels)
                out.byte(grid.isComplete ? 1 : 0)
            case .vector(let grid):
                out.byte(2)
                encode(grid.norm, to: &out)
                out.doubles(grid.centers)
                out.doubles(grid.inverses)
                out.byte(grid.joint == nil ? 0 : 1)
                grid.joint?.encode(to: &out)
            }
        }
        encode(score, to: &out)
        out.count(attributes.count)
        for levels in attributes { out.strings(levels) }
        out.double(threshold)
        switch outcome {
        case .numeric: out.byte(0)
        case .binary: out.byte(1)
        case .classes(let count):
            out.byte(2)
            out.count(count)
        }
        out.byte(joint == nil ? 0 : 1)
        joint?.encode(to: &out)
        return out
    }

    private static func encode(_ grid: NumericGrid, to out: inout ByteWriter) {
        out.doubles(grid.cuts)
        out.doubles(grid.binEdges)
        out.byte(grid.isComplete ? 1 : 0)
        out.double(grid.center)
    }

    /// - Throws: ``EncodingError`` for bytes that are damaged or of another version.
    public init(encoded: [UInt8]) throws(EncodingError) {
        var input = try ByteReader(sealed: encoded, magic: ProfileGrid.magic, version: ProfileGrid.formatVersion)
        var features: [FeatureGrid] = []
        for _ in 0..<(try input.count()) {
            switch try input.byte() {
            case 0: features.append(.numeric(try ProfileGrid.numeric(&input)))
            case 2: features.append(.vector(try ProfileGrid.vector(&input)))
            default:
                let levels = try input.strings()
                features.append(.categorical(CategoricalGrid(levels: levels, isComplete: try input.byte() == 1)))
            }
        }
        let score = try ProfileGrid.numeric(&input)
        var attributes: [[String]] = []
        for _ in 0..<(try input.count()) { attributes.append(try input.strings()) }
        let threshold = try input.double()
        let outcome: OutcomeKind
        switch try input.byte() {
        case 0: outcome = .numeric
        case 1: outcome = .binary
        default:
            guard let count = Int(exactly: try input.unsigned()), count <= 1 << 15 else { throw EncodingError("too many classes") }
            outcome = .classes(count)
        }
        let joint = try input.byte() == 0 ? nil : try JointGrid(&input, features: features)
        try input.finish()
        self.init(
            features: features, score: score, attributes: attributes, threshold: threshold, outcome: outcome, joint: joint)
    }

    private static func vector(_ input: inout ByteReader) throws(EncodingError) -> VectorGrid {
        let norm = try numeric(&input)
        let centers = try input.doubles()
        let inverses = try input.doubles()
        guard centers.count == inverses.count, FeatureSchema.dimensions.contains(centers.count) else {
            throw EncodingError("a vector's length is out of range")
        }
        let projections = min(centers.count, VectorGrid.projectionsMax)
        let joint = try input.byte() == 0 ? nil : try JointGrid(&input, features: Array(repeating: .numeric(norm), count: projections))
        return VectorGrid(norm: norm, joint: joint, centers: centers, inverses: inverses)
    }

    private static func numeric(_ input: inout ByteReader) throws(EncodingError) -> NumericGrid {
        let cuts = try input.doubles()
        guard zip(cuts, cuts.dropFirst()).allSatisfy({ $0 < $1 }), cuts.allSatisfy({ !$0.isNaN }) else {
            throw EncodingError("cuts out of order")
        }
        let edges = try input.doubles()
        let isComplete = try input.byte() == 1
        return NumericGrid(cuts: cuts, binEdges: edges, isComplete: isComplete, center: try input.double())
    }
}
