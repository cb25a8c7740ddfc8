public import Statistics

/// What `audit` is asked to do.
public struct AuditOptions: Sendable {
    public enum Convention: String, Sendable, CaseIterable { case evenkeel, fairlearn, aif360, aequitas, clarify }
    public enum Task: String, Sendable, CaseIterable { case binary, multiclass, regression }
    public enum Mitigation: String, Sendable, CaseIterable { case thresholds, reweigh }

    public var label = "label"
    public var prediction: String?
    public var score: String?
    public var weights: String?
    public var sensitive: [String] = []
    /// A column whose values the demographic disparity is conditional on.
    public var stratum: String?
    /// Columns of the distance for consistency.
    public var features: [String] = []
    public var neighbours = 5
    public var task = Task.binary
    /// Nil for 1 or true.
    public var positive: String?
    public var favorable: String?
    public var threshold = 0.5
    public var convention = Convention.evenkeel
    /// Attribute to value; an attribute may be an intersection, `sex*race`.
    public var referenceGroups: [String: String] = [:]
    public var tau = 0.8
    /// A difference of rates below this is negligible.
    public var differenceFloor = 0.1
    public var minRows = 30
    public var confidence = 0.95
    public var seed: UInt64 = 1
    public var replicates = 1000
    public var mitigation: Mitigation?
    public var criterion = ThresholdMitigation.Criterion.demographicParity

    public init() {}

    /// Groups of one attribute that an audit bears; more are names of rows rather than groups.
    public static let groupsMax = 10_000

    /// - Throws: ``AnalysisError`` for a number outside its range or options that do not fit together.
    func checked() throws(AnalysisError) {
        if sensitive.isEmpty { throw AnalysisError("--sensitive names no column, expected at least one") }
        if Set(sensitive).count < sensitive.count { throw AnalysisError("--sensitive names a column twice, expected each once") }
        if prediction == nil, score == nil { throw AnalysisError("neither --prediction nor --score, expected at least one of them") }
        if !(tau > 0 && tau <= 1) { throw AnalysisError("--tau \(tau), expected a number above 0 and at most 1") }
        if threshold.isNaN { throw AnalysisError("--threshold is no number") }
        if minRows < 0 { throw AnalysisError("--min-rows \(minRows), expected 0 or more") }
        if neighbours < 1 { throw AnalysisError("--neighbours \(neighbours), expected at least 1") }
        if !(1...100_000).contains(replicates) { throw AnalysisError("--replicates \(replicates), expected 1 to 100000") }
        if mitigation == .thresholds, score == nil { throw AnalysisError("--mitigate thresholds needs --score") }
        if speaksOfBenefits, referenceGroups.isEmpty {
            throw AnalysisError(
                "--convention \(convention.rawValue) compares with a reference group, expected --reference-group ATTRIBUTE=VALUE")
        }
        if let favorable, !speaksOfBenefits, Outcome(favorable) != Outcome(positive ?? "1") {
            throw AnalysisError(
                "--favorable \(favorable) with the convention \(convention.rawValue), whose rates are of the positive label; "
                    + "expected --positive \(favorable), or --convention aif360 or clarify")
        }
        if task == .regression, prediction == nil { throw AnalysisError("--task regression needs --prediction") }
        if task == .multiclass, prediction == nil { throw AnalysisError("--task multiclass needs --prediction") }
        if task != .binary, convention != .evenkeel {
            throw .unsupported("--convention \(convention.rawValue) with --task \(task.rawValue)")
        }
        if task != .binary, mitigation != nil { throw .unsupported("--mitigate with --task \(task.rawValue)") }
        let names = sensitive + [sensitive.joined(separator: "*")]
        if let unknown = referenceGroups.keys.sorted().first(where: { !names.contains($0) }) {
            throw AnalysisError("--reference-group \(unknown)=..., expected one of the attributes \(names.joined(separator: ", "))")
        }
    }

    /// Whether a rate without a denominator is 0.
    var zeroForUndefined: Bool { convention == .fairlearn }

    /// The value that counts as positive: for conventions that speak of benefits, the favourable one.
    var positiveValue: String? { speaksOfBenefits ? favorable ?? positive : positive }

    private var speaksOfBenefits: Bool { convention == .aif360 || convention == .clarify }
}

extension AuditOptions {
    /// - Throws: ``AnalysisError`` for a name that is no criterion.
    public mutating func setCriterion(_ name: String) throws(AnalysisError) {
        guard let found = ThresholdMitigation.Criterion(rawValue: name) else {
            throw .unsupported(
                "--criterion \(name), expected one of \(ThresholdMitigation.Criterion.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        criterion = found
    }
}
