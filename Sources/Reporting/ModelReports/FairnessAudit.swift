public import Vocabulary

/// A fairness audit as a file that others can check: the counts behind every rate, how they were judged, and digests of what was read.
///
/// Whoever has the file can repeat the rates from its counts; whoever has the database can repeat all of it. The digest of the content finds
/// damage and carelessness. It is no signature: who wants to forge a file can make a new digest.
public struct FairnessAudit: Sendable {
    let facts: ModelFacts
    public init(_ facts: ModelFacts) { self.facts = facts }

    /// Of the form of the file.
    public static let form: Int64 = 1

    public var report: Report {
        let rates = GroupRates(facts.whole?.findings ?? [], order: facts.version.schema.sensitive)
        let findings = (facts.whole?.findings ?? []).filter { $0.monitor == .fairness }
        var object = facts.head("audit")
        object["form"] = .integer(Self.form)
        object["sensitive"] = .array(facts.version.schema.sensitive.map(JSON.string))
        object["threshold"] = .number(facts.version.schema.threshold)
        object["positive_label"] = .string(facts.version.schema.positiveLabel)
        object["conventions"] = facts.conventions.json
        object["digests"] = facts.digests.json
        object["predictions"] = .integer(facts.predictions)
        object["labelled"] = .integer(facts.labelled)
        object["verdict"] = .string(Verdict.combined(rates.attributes.map(\.verdict)).rawValue)
        object["counts"] = .array(facts.counts.map(\.json))
        object["findings"] = .array(findings.map(\.json))
        object["windows"] = .array(
            facts.windows.enumerated().map { place, head in
                let verdict = Verdict.combined(facts.marks.filter { $0.place == place && $0.monitor == .fairness }.map(\.verdict))
                return .object([
                    "from": .string(head.window.start.rfc3339), "to": .string(head.window.end.rfc3339),
                    "evaluated_at": .string(head.evaluatedAt.rfc3339), "rows": .integer(head.rows), "labelled": .integer(head.labelled),
                    "verdict": .string(verdict.rawValue),
                ])
            })
        if let problem = facts.wholeProblem { object["why"] = .string(problem) }
        let digest = Self.digest(object)
        object["content_sha256"] = .string(digest)
        var blocks: [Report.Block] = [.text(summary(rates))] + rates.attributes.flatMap { [.heading($0.name)] + $0.blocks }
        blocks += [
            .heading("Conventions"),
            .table(
                Report.Table(
                    ["what", "value"],
                    (facts.conventions.json.objectValue?.members ?? []).map { [spoken($0.key), $0.value.stringValue ?? $0.value.text] })),
            .text(
                "To repeat it: evenkeel report \(facts.key.model) --version \(facts.key.version) --kind audit --from \(facts.from.rfc3339) --to \(facts.to.rfc3339) --format json; to verify such a file: evenkeel report verify FILE. SHA-256 of schema \(facts.digests.schema), reference \(facts.digests.reference), sums \(facts.digests.sums ?? "not kept"), content \(digest)."
            ), facts.origin,
        ]
        return Report(
            title: "Fairness audit: \(facts.key), \(facts.stretch)", json: .object(object), blocks: blocks,
            hasFinding: findings.contains { $0.verdict?.isFinding == true })
    }

    private func summary(_ rates: GroupRates) -> String {
        if let problem = facts.wholeProblem { return "The stretch could not be judged: \(problem)" }
        if rates.attributes.isEmpty { return "No group was measured in this stretch." }
        return rates.attributes.map { "\($0.name): \(spoken($0.verdict.rawValue))" }.joined(separator: "; ")
            + ". \(counted(facts.predictions)) predictions, \(counted(facts.labelled)) of them labelled."
    }

    /// Of everything but the digest itself, in the order of the file, without blanks.
    static func digest(_ object: JSONObject) -> String {
        var object = object
        object["content_sha256"] = nil
        return Digest.hex(Digest.sha256(Array(JSON.object(object).text.utf8)))
    }
}

extension OutcomeCount {
    var json: JSON {
        .object([
            "group": .array(group.map { JSON($0) }), "label": .string(label.rawValue), "decision": decision.map { .bool($0) } ?? .null,
            "rows": .integer(rows),
        ])
    }

    init?(json: JSON) {
        guard let group = json["group"]?.arrayValue, let label = json["label"]?.stringValue.flatMap(Label.init),
            let rows = json["rows"]?.intValue
        else { return nil }
        self.init(group: group.map(\.stringValue), label: label, decision: json["decision"]?.boolValue, rows: rows)
    }
}
