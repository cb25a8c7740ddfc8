internal import Profiles
internal import Statistics
internal import Vocabulary

/// Whether the labels themselves moved: the share of positive ones, or of each class.
///
/// Labels that come late and not at random (frauds are known sooner than their absence) move it too.
struct LabelMonitor {
    let settings: MonitorSettings

    func binary(_ reference: ReferenceProfile, _ current: Profile) -> [Draft] {
        func positives(_ outcomes: Outcomes) -> Rate {
            Rate(count: outcomes.rows { $0.label == .positive }, total: outcomes.rows { $0.label != .any })
        }
        let (was, now) = (positives(reference.profile.outcomes), positives(current.outcomes))
        let finding = blank("positive_ratio", was.total, now.total)
        if was.total == 0 { return [] }
        if now.total == 0 { return [.noData(finding)] }
        return [settings.change(finding, from: was, to: now, floor: settings.labelFloor, name: "positive labels:")]
    }

    func classes(_ names: [String], _ reference: ReferenceProfile, _ current: Profile) -> [Draft] {
        func labels(_ profile: Profile) -> CategoricalCells { profile.classes.total.labels(classes: names.count) }
        let was = labels(reference.profile)
        if was.present == 0 { return [] }
        return DriftMonitor(settings: settings).categorical(
            CategoricalGrid(levels: names, isComplete: true), was, labels(current), finding: { blank("label_" + $0, $1, $2) })
    }

    private func blank(_ statistic: String, _ n: Int64, _ m: Int64) -> Finding {
        Finding(monitor: .labelDrift, subject: "", statistic: statistic, value: nil, referenceCount: n, currentCount: m)
    }
}
