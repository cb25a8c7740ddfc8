internal import Glibc
internal import Statistics

extension PairedComparison {
    /// The comparison that the sums amount to: the same as over the rows, but that the area under the curve is of cells, and that every test
    /// which may hold or reject is right at every look.
    public init(_ sums: PairedSums, primary: String? = nil, confidence: Double = 0.95) {
        let names = PairedLoss.names(sums.task)
        count = sums.rows
        labelled = sums.labelled
        agreement = Agreement(
            decisions: sums.task == .regression || sums.rows == 0 ? nil : sums.all.same / sums.all.rows,
            meanAbsoluteDifference: sums.agreement.cells > 0 ? sums.agreement.distance / sums.agreement.cells : 0,
            largestDifference: sums.agreement.largest, correlation: sums.agreement.correlation)
        agreement.populationStability = sums.task == .binary ? sums.cells.populationStability : nil
        var all = sums.labelled > 0 ? Self.differences(sums.all, names, confidence) : []
        if sums.task == .binary, sums.labelled > 0 {
            all.append(sums.cells.areas(confidence: confidence))
            all += sums.blocks.differences(confidence: confidence)
            let joint = JointOutcomes(positives: sums.all.decisions[1], negatives: sums.all.decisions[2])
            all += joint.differences(confidence: confidence)
        }
        if let primary, let place = all.firstIndex(where: { $0.metric == primary }) { all.insert(all.remove(at: place), at: 0) }
        differences = all
        sequential = zip(names, sums.all.losses).map { name, loss in
            let n = sums.all.labelled
            let interval = ConfidenceSequence.interval(
                count: n, mean: n > 0 ? loss.mean(of: n) : 0, variance: loss.variance(of: n), confidence: confidence)
            return SequentialDifference(metric: name.name, interval: interval)
        }
        // What is no mean is one but for a remainder that vanishes faster.
        sequential += all.filter { difference in !names.contains { $0.name == difference.metric } }.map {
            SequentialDifference($0, confidence: confidence)
        }
        let primaryLoss = names.firstIndex { $0.name == all.first?.metric } ?? 0
        fairness = zip(sums.attributes, sums.groups).map { attribute, parts in
            GroupComparison(attribute, parts.sorted { $0.key < $1.key }, names, task: sums.task, confidence: confidence)
        }
        segments = zip(sums.segments, sums.parts).map {
            GroupComparison.Group($0, $1, names, task: sums.task, confidence: confidence)
        }
        // The family of all groups' and segments' tests of the primary metric, each of them right at every look.
        func test(_ part: PartSums) -> Double? {
            let (n, loss) = (part.labelled, part.losses[primaryLoss])
            guard let variance = loss.variance(of: n), variance > 0 else { return nil }
            return ConfidenceSequence.pValue(count: n, z: loss.mean(of: n) / (variance / n).squareRoot())
        }
        let tests = sums.groups.flatMap { parts in parts.sorted { $0.key < $1.key }.map { test($0.value) } } + sums.parts.map(test)
        put(adjusted: benjaminiHochberg(tests))
    }

    fileprivate static func differences(
        _ part: PartSums, _ names: [(name: String, isBetterBelow: Bool)], _ confidence: Double
    ) -> [PairedDifference] {
        zip(names, part.losses).map { name, loss in
            PairedDifference(name.name, isBetterBelow: name.isBetterBelow, loss, count: part.labelled, confidence: confidence)
        }
    }
}

extension PairedDifference {
    init(_ metric: String, isBetterBelow: Bool, _ loss: LossSums, count n: Double, confidence: Double) {
        self.init(metric, isBetterBelow: isBetterBelow)
        count = Int(n)
        guard n > 0 else {
            why = "no rows"
            return
        }
        (champion, candidate, value) = (loss.champion / n, loss.candidate / n, loss.mean(of: n))
        guard let variance = loss.variance(of: n) else {
            why = "one row"
            return
        }
        put(error: (variance / n).squareRoot(), confidence: confidence)
        if metric == "accuracy" {
            pValue =
                (try? McNemarTest(onlyFirst: Int64(loss.onlyChampion), onlySecond: Int64(loss.onlyCandidate)))?.exact.pValue ?? pValue
        }
    }

    /// The normal interval and z test of a value with this standard error.
    mutating func put(error: Double, confidence: Double) {
        guard let value else { return }
        self.error = error
        let reach = Distributions.normalQuantile(0.5 + confidence / 2) * error
        interval = Interval(lower: value - reach, upper: value + reach)
        pValue = error > 0 ? Distributions.normalTwoSided(value / error) : value == 0 ? 1 : nil
    }
}

extension GroupComparison {
    init(
        _ attribute: String, _ parts: [(key: String, value: PartSums)], _ names: [(name: String, isBetterBelow: Bool)],
        task: PairedPredictions.Task, confidence: Double
    ) {
        self.attribute = attribute
        groups = parts.map { Group($0, $1, names, task: task, confidence: confidence) }
        disparities =
            task == .binary
            ? DisparityChange.all(parts.map { $0.value.decisions.map(\.rates) }, confidence: confidence) {
                ConfidenceSequence.pValue(count: $0, z: $1)
            } : []
    }
}

extension GroupComparison.Group {
    init(
        _ name: String, _ part: PartSums, _ names: [(name: String, isBetterBelow: Bool)], task: PairedPredictions.Task, confidence: Double
    ) {
        self.init(
            name: name, count: Int(part.rows), labelled: Int(part.labelled),
            differences: PairedComparison.differences(part, names, confidence),
            agreement: task == .regression || part.rows == 0 ? nil : part.same / part.rows)
    }
}

extension SequentialDifference {
    /// Of an estimate that has a standard error; none where it is 0 or not known.
    init(_ difference: PairedDifference, confidence: Double) {
        let n = Double(difference.count)
        let interval = difference.value.flatMap { value in
            ConfidenceSequence.interval(
                count: n, mean: value, variance: difference.error.map { $0 * $0 * n }, confidence: confidence)
        }
        self.init(metric: difference.metric, interval: interval)
    }
}
