import Statistics

/// Times statistics on the columns that a peer works on; the values that both compute are printed too, to be compared.
enum Timings {
    static func audit(_ columns: Columns) throws {
        let codes = try columns.codes("group")
        let decisions = try columns.bits("decision")
        let labels = try columns.bits("label")
        let scores = try columns.numbers("score")
        let groups = (0...(Int(codes.max() ?? 0))).map { "g\($0)" }
        var table: FairnessTable?
        var cells: GroupScoreCells?
        say(
            "seconds",
            try best {
                table = try FairnessTable(groups: groups, codes: codes, decisions: decisions, labels: labels)
                cells = try GroupScoreCells(groupCount: groups.count, codes: codes, scores: scores, labels: labels, weights: nil)
            })
        guard let table, let cells else { return }
        say("tp_0", table.cells(0).tp)
        say("positives_0", cells.positives(0))
        say("bootstrap", best { _ = FairnessBootstrap().intervals(FairnessMetric.all, table: table) })
        // Of the same table as if it came from a hundredth of the rows.
        let few = try FairnessTable(
            groups: groups, codes: Array(codes.prefix(codes.count / 100)), decisions: Array(decisions.prefix(codes.count / 100)),
            labels: Array(labels.prefix(codes.count / 100)))
        say("bootstrap_few", best { _ = FairnessBootstrap().intervals(FairnessMetric.all, table: few) })
    }

    static func scores(_ columns: Columns) throws {
        let scores = try columns.numbers("score")
        let labels = try columns.bits("label").map { $0 == 1 }
        var values = (ece: 0.0, brier: 0.0, logLoss: 0.0)
        say(
            "calibration_seconds",
            try best {
                let losses = try ScoreLosses(scores: scores, labels: labels)
                values = (losses.calibrationError, losses.brier, losses.logLoss)
            })
        say("ece", values.ece)
        say("brier", values.brier)
        say("log_loss", values.logLoss)
        var ranking = (area: 0.0, precision: 0.0)
        say(
            "ranking_seconds",
            try best {
                let areas = try RankingAreas(scores: scores, labels: labels)
                ranking = (areas.rocAUC, areas.averagePrecision)
            })
        say("auc", ranking.area)
        say("average_precision", ranking.precision)
    }

    static func detectors(_ columns: Columns) throws {
        let stream = try columns.numbers("stream")
        func time(_ name: String, _ values: [Double], _ make: () throws -> any ChangeDetector) throws {
            var changes = 0
            let seconds = try best {
                var detector = try make()
                changes = detector.scan(values, stateEvery: nil).changes.count
            }
            say("\(name)_ns", seconds / Double(values.count) * 1e9)
            say("\(name)_changes", Double(changes))
        }
        try time("adwin", stream) { try ADWIN() }
        try time("page_hinkley", stream) { try PageHinkley() }
        try time("kswin", stream) { try KSWIN() }
    }
}
