internal import Profiles
internal import Statistics
internal import Vocabulary

/// The predicted classes of a window: against those of the reference, against the labels, and between groups.
struct MulticlassMonitor {
    let settings: MonitorSettings
    private let classes: [String]
    private let attributes: [String]
    private let reference: ClassCounts
    private let current: GroupTable<ClassCounts>
    private let was: MulticlassSums
    private let now: MulticlassSums
    private let labelled: Int64

    init(settings: MonitorSettings, _ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) {
        self.settings = settings
        classes = version.schema.classes
        attributes = version.schema.sensitive
        self.reference = reference.profile.classes.total
        self.current = current.classes
        was = MulticlassSums(self.reference, classes: classes.count)
        now = MulticlassSums(current.classes.total, classes: classes.count)
        labelled = current.labelled
    }

    // MARK: Drift

    /// The shares of the predicted classes, as those of a categorical feature.
    func predictionDrift() -> [Draft] {
        let before = reference.predicted(classes: classes.count)
        guard before.present > 0 else { return [] }
        return DriftMonitor(settings: settings).categorical(
            CategoricalGrid(levels: classes, isComplete: true), before, current.total.predicted(classes: classes.count)
        ) { statistic, n, m in
            Finding(
                monitor: .predictionDrift, subject: "", statistic: "class_" + statistic, value: nil, referenceCount: n, currentCount: m)
        }
    }

    // MARK: Performance

    private func blank(_ statistic: String) -> Finding {
        Finding(
            monitor: .performance, subject: "", statistic: statistic, value: nil, referenceCount: was.correct.total,
            currentCount: now.correct.total)
    }

    func performance() -> [Draft] {
        guard
            let accuracy = settings.drop(
                blank("accuracy"), from: was.correct.total > 0 ? was.correct : nil, to: now.correct, name: "accuracy")
        else {
            var finding = blank("accuracy")
            finding.verdict = labelled == 0 ? .noData : .insufficient
            finding.why = labelled == 0 ? "no labels in the window yet" : "no label has a predicted class to compare it with"
            return [.shown(finding)]
        }
        var f1 = blank("f1_macro")
        f1.value = now.macroF1
        f1.why = was.macroF1.map { "\(format($0)) in the reference" } ?? ""
        return [accuracy, balancedAccuracy(), .shown(f1)]
    }

    /// The value is over all classes that have a label; the p-value and the verdict only over those with enough labels on both sides.
    private func balancedAccuracy() -> Draft {
        var finding = blank("balanced_accuracy")
        let rates = now.recalls.compactMap(\.value)
        finding.value = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
        guard was.correct.total > 0 else {
            finding.why = "the reference has no labels to compare with"
            return .shown(finding)
        }
        let least = MonitorSettings.labelsOfEachClassMin
        let judged = classes.indices.filter { min(was.recalls[$0].total, now.recalls[$0].total) >= least }
        guard !judged.isEmpty else {
            finding.verdict = .insufficient
            finding.why = "no class has \(least) labels in the window and in the reference"
            return .shown(finding)
        }
        func drop(_ place: Int) -> Double { (was.recalls[place].value ?? 0) - (now.recalls[place].value ?? 0) }
        /// With a right and a wrong row more, so that 10 of 10 is not taken as certain.
        func variance(_ rate: Rate) -> Double {
            let n = Double(rate.total) + 2
            let share = (Double(rate.count) + 1) / n
            return share * (1 - share) / n
        }
        let count = Double(judged.count)
        let change = judged.reduce(0) { $0 + drop($1) } / count
        let deviation = judged.reduce(0) { $0 + variance(was.recalls[$1]) + variance(now.recalls[$1]) }.squareRoot() / count
        finding.pValue = Distributions.normalTwoSided(change / deviation)
        let worst = judged.max { drop($0) < drop($1) } ?? judged[0]
        let recalls = (was.recalls[worst].value ?? 0, now.recalls[worst].value ?? 0)
        finding.why =
            (change >= 0 ? "down" : "up") + " by \(format(abs(change))) over the \(judged.count) classes with \(least) labels or more; "
            + "of \(classes[worst]) \(percent(recalls.1)) are found, \(percent(recalls.0)) in the reference"
        return Draft(
            finding: finding, effect: change, floor: settings.performanceFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * deviation, kind: .directed)
    }

    // MARK: Fairness

    func fairness() -> [Draft] {
        GroupViews.of(attributes).flatMap { view -> [Draft] in
            let groups = current.sums(by: view.name).map { (name: $0.name, sums: MulticlassSums($0.sums, classes: classes.count)) }
            let shown = groups.map { group -> Draft in
                let interval = group.sums.correct.interval(confidence: settings.confidence)
                return .shown(
                    Finding(
                        monitor: .fairness, subject: view.subject, group: group.name, statistic: "accuracy",
                        value: group.sums.correct.value, lower: interval?.lower, upper: interval?.upper, referenceCount: 0,
                        currentCount: group.sums.correct.total,
                        why: group.sums.correct.total == 0 ? "no labelled rows in the group" : ""))
            }
            return shown + [accuracyDifference(view.subject, groups), selectionDifference(view.subject, groups)]
        }
    }

    private typealias Groups = [(name: String, sums: MulticlassSums)]

    private typealias Rates = [(group: String, rate: Rate)]

    private func accuracyDifference(_ subject: String, _ groups: Groups) -> Draft {
        difference("accuracy_difference", subject, groups.map { ($0.name, $0.sums.correct) }, needed: "labelled rows")
    }

    /// Of the class whose share among the predictions differs most between groups. Its p-value pays for having looked at every class.
    private func selectionDifference(_ subject: String, _ groups: Groups) -> Draft {
        func rates(_ place: Int) -> Rates { groups.map { ($0.name, Rate(count: $0.sums.predicted[place], total: $0.sums.predictions)) } }
        func gap(_ place: Int) -> Double { (try? Disparity(large(rates(place))).difference) ?? 0 }
        let gaps = classes.indices.map(gap)
        let worst = gaps.indices.max { gaps[$0] < gaps[$1] } ?? 0
        return difference(
            "demographic_parity_difference", subject, rates(worst), needed: "predictions", name: "class \(classes[worst]): ",
            looks: classes.count)
    }

    private func large(_ rates: Rates) -> Rates { rates.filter { $0.rate.total >= settings.groupRowsMin } }

    /// The value is over all groups; the p-value and the verdict only over groups large enough to judge.
    private func difference(
        _ statistic: String, _ subject: String, _ rates: Rates, needed: String, name: String = "", looks: Int = 1
    ) -> Draft {
        let all = try? Disparity(rates, confidence: settings.confidence)
        let judged = try? Disparity(large(rates), confidence: settings.confidence)
        let rows = rates.reduce(0) { $0 + $1.rate.total }
        let pValue = HomogeneityTest.pValue(large(rates).map { (count: Double($0.rate.count), rows: Double($0.rate.total)) })
        var finding = Finding(
            monitor: .fairness, subject: subject, statistic: statistic, value: all?.difference, lower: all?.differenceInterval?.lower,
            upper: all?.differenceInterval?.upper, pValue: pValue.map { min(1, $0 * Double(looks)) }, referenceCount: 0, currentCount: rows)
        guard let judged else {
            finding.verdict = rows == 0 ? .noData : .insufficient
            finding.why = "fewer than two groups have \(settings.groupRowsMin) \(needed)"
            return .shown(finding)
        }
        finding.why = name + "lowest for \(judged.lowest), highest for \(judged.highest), \(format(judged.difference)) apart"
        return Draft(
            finding: finding, effect: judged.difference, floor: settings.fairnessDifferenceFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * (0.5 / Double(max(1, judged.smallestGroup))).squareRoot(),
            isFairness: true)
    }
}

/// The rates of a table of classes.
private struct MulticlassSums {
    /// Of labelled predictions those that are right.
    let correct: Rate
    /// By class: of its labels those that were found.
    let recalls: [Rate]
    /// The mean F1 over the classes that have a label or a prediction; nil without labels.
    let macroF1: Double?
    /// All predictions, by class.
    let predicted: [Int64]
    let predictions: Int64

    init(_ counts: ClassCounts, classes: Int) {
        let confusion = counts.confusion(classes: classes)
        let labels = confusion.map { $0.reduce(0, +) }
        correct = Rate(count: confusion.indices.reduce(0) { $0 + confusion[$1][$1] }, total: labels.reduce(0, +))
        recalls = confusion.indices.map { Rate(count: confusion[$0][$0], total: labels[$0]) }
        let scores = confusion.indices.compactMap { place -> Double? in
            let both = labels[place] + confusion.reduce(0) { $0 + $1[place] }
            return both > 0 ? 2 * Double(confusion[place][place]) / Double(both) : nil
        }
        macroF1 = scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
        predicted = counts.predicted(classes: classes).counts
        predictions = predicted.reduce(0, +)
    }
}
