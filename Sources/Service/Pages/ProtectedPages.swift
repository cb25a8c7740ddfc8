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
    /// - Parameter sensitive: the sensitive attributes of a version; nil where they are not known, which is taken for the worst.
    func redacted(_ sensitive: (ModelVersion) -> Set<String>?) -> FleetPage {
        var page = self
        for place in page.models.indices {
            guard let finding = page.models[place].worst else { continue }
            let names = sensitive(page.models[place].version.key) ?? [finding.subject]
            page.models[place].worst = ProtectedValues.redacted(finding, sensitive: names)
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
        facts.statistics = ProtectedValues.redacted(statistics, sensitive: sensitive)
        facts.whole?.findings = whole?.findings.compactMap { ProtectedValues.redacted($0, sensitive: sensitive) } ?? []
        facts.alerts = alerts.map { ProtectedValues.redacted($0, version.schema) }
        facts.columns = columns.filter { !sensitive.contains($0.name) }
        facts.counts = []
        return facts
    }
}
