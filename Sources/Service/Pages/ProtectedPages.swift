internal import Hummingbird
internal import Pages
internal import Reporting
internal import Storage
internal import Vocabulary

// Pages without what only the role audit may see: values of single groups, and texts that name groups. Each says what it leaves out.

extension PageReaderRights {
    init(_ caller: Caller) { self.init(seesGroups: caller.seesGroups, operates: caller.may(.operate)) }
}

extension ProtectedValues {
    static func redacted(_ findings: [PlacedFinding], sensitive: Set<String>) -> [PlacedFinding] {
        findings.compactMap { entry in redacted(entry.finding, sensitive: sensitive).map { PlacedFinding(place: entry.place, finding: $0) }
        }
    }
}

extension FleetPage {
    /// - Parameter schema: of a version; nil where it is not known, which is taken for the worst.
    func redacted(_ schema: (ModelVersion) -> FeatureSchema?) -> FleetPage {
        var page = self
        for place in page.models.indices {
            let schema = schema(page.models[place].version.key)
            let open = schema.map(ProtectedValues.openSegments) ?? []
            page.models[place].segments.removeAll { !open.contains($0.name) }
            guard let finding = page.models[place].worst else { continue }
            let isOpen = finding.segment.isEmpty || open.contains(finding.segment)
            let names = schema.map { Set($0.sensitive) } ?? [finding.subject]
            page.models[place].worst = isOpen ? ProtectedValues.redacted(finding, sensitive: names) : nil
        }
        return page
    }
}

extension ModelPage {
    var redacted: ModelPage {
        var page = self
        let sensitive = Set(frame.version.schema.sensitive)
        page.findings = findings.compactMap { ProtectedValues.redacted($0, sensitive: sensitive) }
        page.statistics = ProtectedValues.redacted(statistics, sensitive: sensitive)
        return page
    }
}

extension FeaturePage {
    var redacted: FeaturePage {
        var page = self
        let sensitive = Set(frame.version.schema.sensitive)
        page.statistics = ProtectedValues.redacted(statistics, sensitive: sensitive)
        if sensitive.contains(feature.name) {
            (page.distribution, page.problem) = (
                nil, "The distribution of a sensitive attribute is left out: it needs a token with the role audit."
            )
        }
        return page
    }
}

extension FairnessPage {
    var redacted: FairnessPage {
        var page = self
        let sensitive = Set(frame.version.schema.sensitive)
        page.findings = findings.compactMap { ProtectedValues.redacted($0, sensitive: sensitive) }
        page.statistics = ProtectedValues.redacted(statistics, sensitive: sensitive)
        return page
    }
}

extension ModelFacts {
    /// Without the audit's counts, so that no report can tell what a page does not.
    var redacted: ModelFacts {
        var facts = self
        let sensitive = Set(version.schema.sensitive)
        facts.worst = ProtectedValues.redacted(worst, sensitive: sensitive)
        let open = ProtectedValues.openSegments(version.schema)
        facts.segments = segments.filter { open.contains($0.segment.name) }.map { part in
            var part = part
            part.worst = ProtectedValues.redacted(part.worst, sensitive: sensitive)
            return part
        }
        facts.statistics = ProtectedValues.redacted(statistics, sensitive: sensitive)
        facts.whole?.findings = whole?.findings.compactMap { ProtectedValues.redacted($0, sensitive: sensitive) } ?? []
        facts.alerts = alerts.map { ProtectedValues.redacted($0, version.schema) }
        facts.columns = columns.filter { !sensitive.contains($0.name) }
        facts.counts = []
        return facts
    }
}
