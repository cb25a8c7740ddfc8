import Profiles
import Vocabulary

/// When a rule spoke first after a drift began, in windows; nil for never.
struct Delays: Sendable {
    var values: [Int?]
    var windows: Int

    var power: Double { Double(values.count { $0 != nil }) / Double(max(1, values.count)) }
    /// Over all models, those without an alarm too; nil where fewer than half had one.
    var median: Int? { values.map { $0 ?? .max }.sorted()[values.count / 2].nilIfMax }

    var text: String { "\(median.map(String.init) ?? "-"), \(Int((power * 100).rounded())) %" }

    enum Outcome { case better, same, worse }
    /// By the median, then by power.
    func outcome(against other: Delays) -> Outcome {
        if median != other.median { return (median ?? .max) < (other.median ?? .max) ? .better : .worse }
        return median != nil || power == other.power ? .same : power > other.power ? .better : .worse
    }
}

extension Int {
    fileprivate var nilIfMax: Int? { self == .max ? nil : self }
}

enum Detection {
    /// - Parameter allowed: false alarms of a model-month that a rival's threshold may give; nil for its default.
    private static func delays(_ result: CellResult, _ rival: Rival, _ kind: WindowKind, size: Int, drift: Int, threshold: Double) -> Delays
    {
        let stretches = result.drifts[size][drift].map { $0.rivals[kind]?.map { $0[rival.rawValue] } ?? [] }
        return Delays(
            values: stretches.map { scores in scores.firstIndex { $0 >= threshold }.map { $0 + 1 } }, windows: stretches.first?.count ?? 0)
    }

    private static func ours(_ result: CellResult, _ kind: WindowKind, size: Int, drift: Int) -> Delays {
        let stretches = result.drifts[size][drift]
        return Delays(
            values: stretches.map { $0.ours[kind]?.first.map { $0.window + 1 } },
            windows: (stretches.first?.hours ?? 0) / (kind == .day ? 24 : 1))
    }

    /// - Parameter seasonal: our delays with the seasonal baseline, by drift, of the small size.
    static func show(_ result: CellResult, seasonal: [Delays]? = nil) {
        guard !result.drifts.isEmpty else { return }
        for kind in [WindowKind.hour, .day] {
            let rate = Double(result.alarms(kind)) / result.cell.serving
            let equal = thresholds(result, kind, rate: rate)
            let budget = thresholds(result, kind, rate: 1)
            for size in 0..<2 {
                if kind == .day, size == 1 { continue }  // five days are few
                let own = kind == .hour && size == 0 ? seasonal : nil
                let title = "\(result.cell.world.name), \(size == 0 ? "small" : "large") drifts, windows of \(kind.rawValue)s"
                let defaults = Dictionary(uniqueKeysWithValues: Rival.allCases.map { ($0, $0.threshold) })
                table(result, kind, size, defaults, "\(title); rivals at their defaults", seasonal: own)
                let wins = table(
                    result, kind, size, equal, "\(title); rivals at our false alarms, \(decimal(rate, 3)) a month", seasonal: own)
                tell(wins, "equal false alarms, \(title)", isClaim: kind == .hour && size == 0)
                let late = table(result, kind, size, budget, "\(title); rivals at one false alarm a month", seasonal: own)
                tell(late, "one false alarm a month for the rivals, \(title)", isClaim: false)
            }
        }
    }

    private static func thresholds(_ result: CellResult, _ kind: WindowKind, rate: Double) -> [Rival: Double] {
        Dictionary(
            uniqueKeysWithValues: Rival.allCases.map { rival in
                (rival, Runs.threshold(result.rivalScores(rival, kind), runs: Int(rate * result.rivalMonths)))
            })
    }

    /// - Returns: by rival, drifts in which we were better, and no worse; with the seasonal baseline if there is one.
    @discardableResult private static func table(
        _ result: CellResult, _ kind: WindowKind, _ size: Int, _ thresholds: [Rival: Double], _ title: String, seasonal: [Delays]?
    ) -> [(rival: Rival, better: Int, same: Int)] {
        print("\n\(title) (median delay in windows, share found)\n")
        let names = ["Evenkeel"] + (seasonal == nil ? [] : ["seasonal"]) + Rival.allCases.map(FalseAlarms.short)
        print(row(["drift"] + names))
        print(line(names.count + 1))
        var wins = Rival.allCases.map { (rival: $0, better: 0, same: 0) }
        for (i, drift) in DriftKind.allCases.enumerated() {
            let mine = ours(result, kind, size: size, drift: i)
            let best = seasonal?[i] ?? mine
            var cells = [drift.rawValue, mine.text] + (seasonal.map { [$0[i].text] } ?? [])
            for (place, rival) in Rival.allCases.enumerated() {
                guard rival.sees(drift) else {
                    cells.append("blind")
                    if best.median != nil { wins[place].better += 1 } else { wins[place].same += 1 }
                    continue
                }
                let theirs = delays(result, rival, kind, size: size, drift: i, threshold: thresholds[rival] ?? rival.threshold)
                cells.append(theirs.text)
                switch best.outcome(against: theirs) {
                case .better: wins[place].better += 1
                case .same: wins[place].same += 1
                case .worse: break
                }
            }
            print(row(cells))
        }
        return wins
    }

    private static func tell(_ wins: [(rival: Rival, better: Int, same: Int)], _ title: String, isClaim: Bool) {
        print(
            "\nKinds of ten in which we are earlier, or as early: "
                + wins.map { "\($0.rival.name) \($0.better)+\($0.same)" }.joined(separator: "; "))
        guard isClaim else { return }
        for win in wins {
            claim("kinds of ten at least as early as \(win.rival.name), \(title)", 10, Double(win.better + win.same), 8, 10)
        }
    }
}
