public import Vocabulary

/// An audit file looked at again.
public struct AuditVerification: Sendable {
    public struct Check: Sendable, Equatable {
        public enum State: String, Sendable {
            case right, wrong
            /// It could not be looked at.
            case open
        }
        public var name: String
        public var state: State
        public var detail: String
        public init(_ name: String, _ state: State, _ detail: String) { (self.name, self.state, self.detail) = (name, state, detail) }
    }

    /// What the file says that it is of.
    public let version: ModelVersion
    public let from: Timestamp
    public let to: Timestamp
    public let conventions: AuditConventions
    private let file: JSON
    private let content: JSONObject

    /// - Throws: ``AuditFileError`` for what is no audit file of this form.
    public init(_ file: JSON) throws {
        guard let content = file.objectValue, file["kind"]?.stringValue == "audit" else {
            throw AuditFileError("no audit file: expected what evenkeel report --kind audit --format json writes")
        }
        guard file["form"]?.intValue == FairnessAudit.form else {
            throw AuditFileError("unsupported: an audit file of form \(file["form"]?.text ?? "none"), expected \(FairnessAudit.form)")
        }
        guard let model = file["model"]?.stringValue, let version = file["version"]?.stringValue,
            let from = file["from"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            let to = file["to"]?.stringValue.flatMap(Timestamp.init(rfc3339:)), from < to,
            let conventions = file["conventions"].flatMap(AuditConventions.init(json:))
        else { throw AuditFileError("model, version, from, to or conventions are missing or damaged") }
        self.version = ModelVersion(model: model, version: version)
        (self.from, self.to, self.conventions, self.file, self.content) = (from, to, conventions, file, content)
    }

    /// What the file alone can show: that it is whole, and that its rates and differences are those of its counts.
    public var ofTheFile: [Check] {
        let own = FairnessAudit.digest(content)
        let stated = file["content_sha256"]?.stringValue
        var checks = [
            Check(
                "content", own == stated ? .right : .wrong,
                own == stated ? "SHA-256 \(own)" : "SHA-256 is \(own), the file says \(stated ?? "none"): it was changed after it was made")
        ]
        let counts = (file["counts"]?.arrayValue ?? []).compactMap(OutcomeCount.init(json:))
        let findings = file["findings"]?.arrayValue ?? []
        checks.append(verdict(findings))
        guard !counts.isEmpty, counts.count == file["counts"]?.arrayValue?.count else {
            return checks + [
                Check(
                    "rates", findings.isEmpty ? .right : .open,
                    findings.isEmpty ? "no group was measured" : "the file has no counts of this task: --database or --data repeats it")
            ]
        }
        let repeated = RepeatedRates(counts, sensitive: (file["sensitive"]?.arrayValue ?? []).compactMap(\.stringValue))
        var (same, other): (Int, [String]) = (0, [])
        for finding in findings {
            guard let statistic = finding["statistic"]?.stringValue, let subject = finding["subject"]?.stringValue,
                let again = repeated.value(statistic, subject, group: finding["group"]?.stringValue)
            else { continue }
            let value = finding["value"]?.doubleValue
            if value == nil && again.isNaN || abs((value ?? .nan) - again) <= 1e-12 {
                same += 1
            } else {
                other.append(
                    "\(subject) \(finding["group"]?.stringValue ?? "") \(statistic): \(value.map { "\($0)" } ?? "null"), the counts say \(again.isNaN ? "that it is undefined" : "\(again)")"
                )
            }
        }
        if other.isEmpty, same == 0, !findings.isEmpty {
            return checks + [Check("rates", .open, "no rate of the file can be repeated from its counts")]
        }
        checks.append(
            Check(
                "rates", other.isEmpty ? .right : .wrong,
                other.isEmpty ? "\(same) rates and disparities are those of the counts" : other.prefix(5).joined(separator: "; ")))
        return checks
    }

    /// The verdict is that of the findings.
    private func verdict(_ findings: [JSON]) -> Check {
        let bySubject = Dictionary(grouping: findings) { $0["subject"]?.stringValue ?? "" }
        let verdicts = bySubject.values.map { findings in
            Verdict.combined(findings.compactMap { $0["verdict"]?.stringValue.flatMap(Verdict.init) })
        }
        let (stated, again) = (file["verdict"]?.stringValue ?? "none", Verdict.combined(verdicts).rawValue)
        return Check(
            "verdict", stated == again ? .right : .wrong, stated == again ? stated : "\(stated), the findings say \(again)")
    }

    /// What the database shows: that its sums are those that were judged, and that judging them again says the same.
    ///
    /// - Parameter again: the audit made anew of the same stretch with the same conventions.
    public func ofTheDatabase(_ again: FairnessAudit) -> [Check] {
        let digests = again.facts.digests.json
        var checks = ["schema_sha256", "reference_sha256", "sums_sha256"].map { name -> Check in
            let (stated, now) = (file["digests"]?[name]?.stringValue, digests[name]?.stringValue)
            let what = spoken(String(name.dropLast(7)))
            guard let now, !now.isEmpty else { return Check(what, .open, "the database does not keep them any more") }
            return Check(
                what, stated == now ? .right : .wrong,
                stated == now
                    ? "SHA-256 \(now)" : "SHA-256 was \(stated ?? "none") and is \(now): records or labels came since, or were removed")
        }
        let findings = JSON.array((again.facts.whole?.findings ?? []).filter { $0.monitor == .fairness }.map(\.json))
        let (stated, now) = ((file["findings"] ?? .array([])).text, findings.text)
        let count = findings.arrayValue?.count ?? 0
        if again.facts.whole == nil {
            checks.append(Check("findings", .open, again.facts.wholeProblem ?? "the stretch cannot be judged any more"))
        } else {
            checks.append(
                Check(
                    "findings", stated == now ? .right : .wrong,
                    stated == now ? "all \(count) findings came out the same" : "judging the sums again says something else"))
        }
        return checks + [rest(again)]
    }

    /// All else that the file says but when it was made: how many records there were, what the windows said, how decisions are made.
    private func rest(_ again: FairnessAudit) -> Check {
        let looked = Set(["generated_at", "content_sha256", "digests", "findings", "verdict", "evenkeel", "stage"])
        let now = again.report.json.objectValue ?? JSONObject()
        let names = Set(content.members.map(\.key)).union(now.members.map(\.key)).subtracting(looked)
        let other = names.filter { content[$0]?.text != now[$0]?.text }.sorted()
        return Check(
            "the rest", other.isEmpty ? .right : .wrong,
            other.isEmpty ? "\(names.count) members are the same" : "the database says something else of \(other.joined(separator: ", "))")
    }
}

/// A file that is no audit.
public struct AuditFileError: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// Rates and disparities from counts, by the definitions of the conventions: written apart from the monitor that is checked by it.
struct RepeatedRates {
    private struct Tally {
        var any = 0.0, selected = 0.0, truePositives = 0.0, falseNegatives = 0.0, falsePositives = 0.0, trueNegatives = 0.0
        func rate(_ name: String) -> Double? {
            switch name {
            case "selection_rate": selected / any
            case "tpr": truePositives / (truePositives + falseNegatives)
            case "fpr": falsePositives / (falsePositives + trueNegatives)
            default: nil
            }
        }
    }
    private var tallies: [String: [String: Tally]] = [:]

    init(_ counts: [OutcomeCount], sensitive: [String]) {
        var views: [(subject: String, name: ([String?]) -> String?)] = sensitive.enumerated().map { i, name in
            (name, { $0.indices.contains(i) ? $0[i] : nil })
        }
        if sensitive.count > 1 {
            views.append((sensitive.joined(separator: "*"), { $0.contains(nil) ? nil : $0.compactMap { $0 }.joined(separator: "*") }))
        }
        for (subject, name) in views {
            for count in counts {
                guard let group = name(count.group), let decision = count.decision else { continue }
                var tally = tallies[subject]?[group] ?? Tally()
                let rows = Double(count.rows)
                switch (count.label, decision) {
                case (.any, let isSelected):
                    tally.any += rows
                    if isSelected { tally.selected += rows }
                case (.positive, true): tally.truePositives += rows
                case (.positive, false): tally.falseNegatives += rows
                case (.negative, true): tally.falsePositives += rows
                case (.negative, false): tally.trueNegatives += rows
                }
                tallies[subject, default: [:]][group] = tally
            }
        }
    }

    /// nil for a statistic that is not repeated here; NaN for what is undefined, as of a group that has no counts.
    func value(_ statistic: String, _ subject: String, group: String?) -> Double? {
        let groups = tallies[subject] ?? [:]
        if let group { return (groups[group] ?? Tally()).rate(statistic) }
        func rates(_ name: String) -> [Double] { groups.values.compactMap { $0.rate(name) }.filter { !$0.isNaN } }
        func difference(_ name: String) -> Double {
            let values = rates(name)
            return values.count > 1 ? (values.max() ?? .nan) - (values.min() ?? .nan) : .nan
        }
        func ratio(_ name: String) -> Double {
            let values = rates(name)
            guard values.count > 1, let most = values.max(), most > 0 else { return .nan }
            return (values.min() ?? .nan) / most
        }
        // Where either rate is known in fewer than two groups, the odds are not compared.
        let hasOdds = !difference("tpr").isNaN && !difference("fpr").isNaN
        switch statistic {
        case "demographic_parity_difference": return difference("selection_rate")
        case "demographic_parity_ratio": return ratio("selection_rate")
        case "equalized_odds_difference": return hasOdds ? max(difference("tpr"), difference("fpr")) : .nan
        case "equalized_odds_ratio": return hasOdds ? [ratio("tpr"), ratio("fpr")].filter { !$0.isNaN }.min() ?? .nan : .nan
        default: return nil
        }
    }
}
