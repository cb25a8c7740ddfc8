internal import Alerting
internal import Storage
internal import Vocabulary

/// What is left out of answers to those who may not read values per group of a protected attribute.
enum ProtectedValues {
    /// Said in every answer from which something may be left out.
    static let note = "values per group, and what names groups, are left out: they need the role audit"

    /// nil for the number of one group. Of a comparison between groups the number stays; which groups it was is left out.
    static func redacted(_ finding: Finding, sensitive: Set<String>) -> Finding? {
        guard finding.group.isEmpty else { return nil }
        guard finding.monitor == .fairness || sensitive.contains(finding.subject) else { return finding }
        var finding = finding
        finding.why = note
        finding.drivers = []
        return finding
    }

    /// The segments that are not groups of a sensitive attribute: one that the schema does not know is taken for one.
    static func openSegments(_ schema: FeatureSchema) -> Set<String> {
        Set(schema.segments.filter { !$0.isOfGroups(schema) }.map(\.name))
    }

    /// An alert as an answer has it.
    static func redacted(_ alert: Alert, _ schema: FeatureSchema) -> Alert {
        var alert = alert
        var namesGroups = alert.monitor == .fairness
        let open = openSegments(schema)
        if case .object(var detail) = alert.detail, let findings = detail["findings"]?.arrayValue {
            detail["findings"] = .array(
                findings.compactMap { json in
                    guard case .object(var finding) = json, (finding["group"]?.stringValue ?? "").isEmpty else { return nil }
                    if let segment = finding["segment"]?.stringValue, !open.contains(segment) {
                        namesGroups = true
                        return nil
                    }
                    let isOfGroups =
                        finding["monitor"]?.stringValue == Monitor.fairness.rawValue
                        || schema.sensitive.contains(finding["subject"]?.stringValue ?? "")
                    guard isOfGroups else { return json }
                    namesGroups = true
                    finding["why"] = .string(note)
                    finding["drivers"] = .array([])
                    return .object(finding)
                })
            alert.detail = .object(detail)
        }
        if namesGroups { alert.summary = "\(alert.version) \(alert.monitor.rawValue): \(note)" }
        return alert
    }

    static func isShown(_ sample: MetricSample, to caller: Caller) -> Bool {
        isShown(sample, seesGroups: caller.seesGroups, models: caller.models)
    }

    /// - Parameter models: of which the caller may know; nil for all.
    static func isShown(_ sample: MetricSample, seesGroups: Bool, models: Set<String>?) -> Bool {
        if let models, sample.metric.labels.first == "model", let model = sample.labels.first, !models.contains(model) { return false }
        return seesGroups || sample.metric != .groupRate && !sample.isOfGroup
    }
}
