internal import Statistics
public import Vocabulary

/// What `evenkeel calibration` is asked.
public struct CalibrationOptions: Sendable {
    public var label: String
    public var score: String?
    /// A score column for each class, instead of `score`.
    public var scores: [ClassScore] = []
    /// The order of the classes; nil for that of `scores`.
    public var classes: [String]?
    public var positive: String?
    public var weights: String?
    /// Columns whose values, joined by `*`, make groups.
    public var by: [String] = []
    public var bins = 10
    /// `equal-width`, `equal-mass` or `quantiles`.
    public var binning = "equal-width"
    public var confidence = 0.95
    public var seed: UInt64 = 1
    /// `platt`, `isotonic` or `temperature`.
    public var recalibrate: String?
    public init(label: String) { self.label = label }

    func binningKind() throws -> CalibrationBinning {
        guard let kind = CalibrationBinning(rawValue: binning) else {
            throw AnalysisError("--binning \(binning), expected \(CalibrationBinning.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return kind
    }

    func recalibrationMethod() throws -> RecalibrationMap.Method? {
        try recalibrate.map { name in
            guard let method = RecalibrationMap.Method(rawValue: name) else {
                let known = RecalibrationMap.Method.allCases.map(\.rawValue).joined(separator: ", ")
                throw AnalysisError("--recalibrate \(name), expected \(known)")
            }
            return method
        }
    }
}

/// Whether scores mean what they say: errors, tests and curves of calibration, over a file and by group.
public struct CalibrationAnalysis: Sendable {
    public var report: Report
    /// With `recalibrate`: a score for each row of the file, NaN where the score is missing.
    public var recalibratedScores: [Double]?

    /// A debiased error below this is too small to matter, however sure it is.
    static let negligibleError = 0.01
    /// More groups than this are a mistake, such as a column of ids.
    static let groupCountMax = 1000
    /// With fewer rows no verdict is given.
    static let verdictRowsMin = 50

    public init(_ frame: Frame, _ options: CalibrationOptions) throws {
        guard options.bins >= 1, options.bins <= 10_000 else { throw AnalysisError("--bins \(options.bins), expected 1 to 10000") }
        let method = try options.recalibrationMethod()
        if !options.scores.isEmpty {
            guard options.score == nil else { throw AnalysisError("--score and --scores exclude each other") }
            guard options.by.isEmpty, options.recalibrate == nil else {
                throw AnalysisError("--scores goes with neither --by nor --recalibrate")
            }
            report = try MulticlassCalibrationReport.make(frame, options)
            return
        }
        guard options.classes == nil else { throw AnalysisError("--classes needs --scores") }
        guard Set(options.by).count == options.by.count else { throw AnalysisError("--by names a column twice, expected each once") }
        guard let score = options.score else { throw AnalysisError("no score column, expected --score or --scores") }
        let columns = try Columns(frame, options, score: score)
        let complete = columns.completeRows
        let weights = options.weights.flatMap { name in columns.weights.map { (name: name, values: $0) } }
        try frame.requireRows(complete, in: [options.label, score] + [options.weights].compactMap { $0 } + options.by, weights: weights)
        let rows = columns.weights.map { weights in complete.filter { weights[$0] > 0 } } ?? complete
        let overall = try Part(columns.sample(rows), options)
        var json = JSONObject([
            ("command", .string("calibration")), ("rows", JSON(frame.rows)), ("left_out", JSON(frame.rows - rows.count)),
        ])
        for (key, value) in overall.json { json[key] = value }
        json["settings"] = .object([
            "bins": JSON(options.bins), "binning": .string(options.binning), "positive": .string(options.positive ?? "1"),
            "confidence": .number(options.confidence), "seed": .string("\(options.seed)"),
        ])
        var blocks = overall.blocks(leftOut: frame.rows - rows.count)
        var hasFinding = overall.verdict == .miscalibrated
        if !options.by.isEmpty {
            let parts = columns.groups(rows)
            guard parts.count <= Self.groupCountMax else {
                throw AnalysisError("--by makes \(parts.count) groups, expected at most \(Self.groupCountMax)")
            }
            let groups = try parts.map { (name: $0.name, part: try Part(columns.sample($0.rows), options)) }
            json["by"] = .string(options.by.joined(separator: "*"))
            json["groups"] = .array(groups.map { .object(JSONObject([("group", .string($0.name))] + $0.part.json)) })
            blocks += Part.blocks(groups, by: options.by.joined(separator: "*"))
            hasFinding = hasFinding || groups.contains { $0.part.verdict == .miscalibrated }
        }
        if let method {
            let recalibration = try Recalibration(columns.sample(rows), method, options)
            recalibratedScores = columns.scores.map { recalibration.map($0) }
            json["recalibration_map"] = recalibration.json
            blocks += recalibration.blocks
        }
        report = Report(title: "Calibration of \(score) in \(frame.file)", json: .object(json), blocks: blocks, hasFinding: hasFinding)
    }

    /// The cells of the file that calibration needs.
    private struct Columns {
        var labels: [Double]
        var scores: [Double]
        var weights: [Double]?
        var by: [CodedColumn]

        init(_ frame: Frame, _ options: CalibrationOptions, score: String) throws {
            labels = try frame.cells(options.label).binary(positive: options.positive)
            scores = try frame.probabilities(score)
            weights = try options.weights.map { try frame.weights($0) }
            by = try options.by.map { try frame.coded($0) }
        }

        /// Rows without a missing cell.
        var completeRows: [Int] {
            labels.indices.filter { row in
                !labels[row].isNaN && !scores[row].isNaN && !(weights?[row].isNaN ?? false) && by.allSatisfy { $0.codes[row] >= 0 }
            }
        }

        func sample(_ rows: [Int]) throws -> CalibrationSample {
            try CalibrationSample(
                scores: rows.map { scores[$0] }, labels: rows.map { labels[$0] > 0.5 }, weights: weights.map { all in rows.map { all[$0] } }
            )
        }

        /// In the order of their names' code points.
        func groups(_ rows: [Int]) -> [(name: String, rows: [Int])] {
            var keys: [[Int32]: [Int]] = [:]
            for row in rows { keys[by.map { $0.codes[row] }, default: []].append(row) }
            // Different values may make the same name.
            var groups: [String: [Int]] = [:]
            for (key, rows) in keys { groups[zip(by, key).map { $0.names[Int($1)] }.joined(separator: "*"), default: []] += rows }
            for name in groups.keys { groups[name]?.sort() }
            return groups.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }.map { ($0.key, $0.value) }
        }
    }
}
