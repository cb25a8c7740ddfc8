internal import Foundation

/// What `evenkeel drift` is asked for; the names are those of CONTRACTS.
public struct DriftOptions: Sendable {
    public enum PValues: String, Sendable, CaseIterable { case auto, exact, asymptotic }
    public enum Alternative: String, Sendable, CaseIterable {
        case twoSided = "two-sided"
        case less, greater
    }
    public enum Binning: String, Sendable, CaseIterable {
        case quantiles
        case equalWidth = "equal-width"
    }
    public enum Base: String, Sendable, CaseIterable {
        case two = "2"
        case e
    }

    /// What becomes of missing values in the statistics of cells: no part in them, or a cell of their own.
    public enum MissingValues: String, Sendable, CaseIterable { case apart, cell }

    /// Only these columns; all when empty.
    public var columns: [String] = []
    /// Columns whose kind is declared rather than inferred.
    public var numeric: [String] = []
    public var categorical: [String] = []
    /// Those that suit the kind when empty.
    public var tests: [DriftTest] = []
    public var pValues = PValues.auto
    public var alternative = Alternative.twoSided
    public var bins = 10
    public var binning = Binning.quantiles
    /// Edges of the cells of a column, ascending, in place of those by `binning`.
    public var edges: [String: [Double]] = [:]
    public var psiFloor = 1e-4
    public var base = Base.two
    public var missingValues = MissingValues.apart
    public var chunking: Chunking?
    public var timestamp: String?
    public var isNannyML = false
    public var seed: UInt64 = 1
    public var confidence = 0.95
    /// Histograms of the columns that drifted, which JSON does not show.
    public var hasHistograms = true

    public init() {}

    /// - Throws: ``AnalysisError`` for a value out of its range, or a column that is declared twice.
    func check() throws {
        guard bins >= 1, bins <= 10_000 else { throw AnalysisError("--bins \(bins), expected 1 to 10000") }
        guard psiFloor >= 0, psiFloor < 1 else { throw AnalysisError("--psi-floor \(psiFloor), expected at least 0 and below 1") }
        if let both = numeric.first(where: categorical.contains) {
            throw AnalysisError("\(both) stands in --numeric and in --categorical, expected one of them")
        }
        for (name, edges) in edges where !zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) || edges.isEmpty {
            throw AnalysisError("--edges of \(name) do not rise, expected ascending numbers")
        }
        if missingValues == .cell, isNannyML {
            throw AnalysisError.unsupported("--missing-values cell with --convention nannyml, which leaves missing values out")
        }
        if case .period = chunking, timestamp == nil { throw AnalysisError("--chunk-period needs --timestamp") }
    }

    /// The tests of a column of this kind, with at most so many rows on a side.
    func tests(for kind: ColumnKind, rows: Int) -> [DriftTest] {
        let all = kind == .numeric ? DriftTest.ofNumbers : DriftTest.ofLevels
        if !tests.isEmpty { return all.filter(tests.contains) }
        let usual = all.filter { !DriftTest.onRequest.contains($0) }
        return kind == .numeric && rows > DriftTest.orderedRowsMax ? usual.filter(DriftTest.withoutOrder.contains) : usual
    }
}

extension DriftOptions {
    /// `column=1,2,3` as it stands on the command line.
    ///
    /// - Throws: ``AnalysisError`` for anything else.
    public mutating func setEdges(_ text: String) throws {
        guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
            throw AnalysisError("--edges \(text), expected COLUMN=NUMBER,NUMBER,...")
        }
        let numbers = text[text.index(after: sign)...].split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0?.isFinite == true }) else {
            throw AnalysisError("--edges \(text), expected COLUMN=NUMBER,NUMBER,...")
        }
        edges[String(text[..<sign])] = numbers.compactMap { $0 }
    }
}

/// A statistic of drift, by its name in results.
public enum DriftTest: String, Sendable, CaseIterable {
    case ks
    case chiSquared = "chi_squared"
    case gTest = "g_test"
    /// Of a column with two levels.
    case fisherExact = "fisher_exact"
    case twoProportions = "two_proportions"
    case psi
    case jensenShannon = "jensen_shannon"
    case wasserstein
    case hellinger
    case totalVariation = "total_variation"
    case lInfinity = "l_infinity"
    case kullbackLeibler = "kullback_leibler"
    case cramerVonMises = "cramer_von_mises"
    case andersonDarling = "anderson_darling"
    case energy
    case mannWhitney = "mann_whitney"
    // Over all columns together.
    case domainClassifier = "domain_classifier"
    case pcaReconstruction = "pca_reconstruction"
    case correlation
    case mmd

    static let ofCells: [DriftTest] = [.psi, .jensenShannon, .hellinger, .totalVariation, .lInfinity, .kullbackLeibler]
    static let ofNumbers: [DriftTest] =
        [.ks] + ofCells + [.wasserstein, .cramerVonMises, .andersonDarling, .energy, .mannWhitney]
    static let ofTables: [DriftTest] = [.chiSquared, .gTest, .fisherExact, .twoProportions]
    static let ofLevels: [DriftTest] = ofTables + ofCells
    /// What needs no sorting.
    static let withoutOrder: Set<DriftTest> = Set([.ks, .wasserstein] + ofCells)
    /// Beyond so many rows the tests that need every value in order are made only when they are named: the others say as much by then.
    static let orderedRowsMax = 100_000
    /// Not among the tests that are made when none is named.
    static let onRequest: Set<DriftTest> = [.mannWhitney, .kullbackLeibler, .gTest, .fisherExact, .twoProportions]
    /// What is made of each chunk when no test is named.
    static let ofChunks: [DriftTest] = [.ks, .chiSquared, .psi, .jensenShannon, .wasserstein, .lInfinity]
    static let withPValue: Set<DriftTest> = [
        .ks, .chiSquared, .gTest, .fisherExact, .twoProportions, .psi, .jensenShannon, .cramerVonMises, .andersonDarling, .mannWhitney,
    ]
    static let ofAllColumns: [DriftTest] = [.domainClassifier, .pcaReconstruction, .correlation, .mmd]

    /// An effect below it is called negligible, however significant; nil for a statistic that takes no part in verdicts.
    var floor: Double? {
        switch self {
        case .ks, .psi, .jensenShannon, .chiSquared: 0.1  // of chi-squared: Cramér's V of equal samples
        default: nil
        }
    }

    /// - Throws: ``AnalysisError`` for a name that is none; it lists those that are.
    public static func named(_ name: String) throws -> DriftTest {
        if let test = DriftTest(rawValue: name) { return test }
        throw AnalysisError.unsupported(
            "test \(name), expected one of \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
}
