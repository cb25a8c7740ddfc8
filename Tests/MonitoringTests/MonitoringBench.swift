import Monitoring
import Profiles
import Statistics
import TestSupport
import Vocabulary

/// Raw rows of a model, and the profiles that a monitor sees of them.
struct Rows {
    var numeric: [[Double]] = []
    var categorical: [[String?]] = []
    var vectors: [VectorColumn] = []
    /// NaN for none.
    var scores: [Double] = []
    var predictions: [Double] = []
    /// NaN for a row that has no label yet.
    var labels: [Double] = []
    /// Every row's value of each sensitive attribute.
    var groups: [[String?]] = []

    var count: Int { max(scores.count, predictions.count, numeric.first?.count ?? 0, categorical.first?.count ?? 0, groups.count) }

    private func padded(_ values: [Double]) -> [Double] { values.isEmpty ? [Double](repeating: .nan, count: count) : values }

    func batch(_ schema: FeatureSchema) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        batch.ids = TextColumn((0..<count).map { "r\($0)" })
        batch.timestamps = [Timestamp](repeating: Timestamp(seconds: 0), count: count)
        batch.features = numeric.map { .numeric($0) } + categorical.map { .categorical(LevelColumn($0)) } + vectors.map { .vector($0) }
        batch.groups = schema.sensitive.indices.map { i in LevelColumn(groups.map { $0[i] }) }
        batch.scores = padded(scores)
        batch.predictions = padded(predictions)
        batch.errors = [String?](repeating: nil, count: count)
        batch.variants = batch.errors
        return batch
    }

    func profile(_ schema: FeatureSchema, _ grid: ProfileGrid) -> Profile {
        let batch = batch(schema)
        var profile = Profile(grid: grid)
        profile.fold(batch, grid: grid)
        profile.foldLabels(labels, of: batch, grid: grid)
        return profile
    }

    /// The labelled rows' scores and labels, as the statistics take them.
    var labelled: (scores: [Double], labels: [Bool]) {
        let rows = labels.indices.filter { !labels[$0].isNaN }
        return (rows.map { scores[$0] }, rows.map { labels[$0] == 1 })
    }
}

/// A model with its reference: evaluates any window of raw rows.
struct MonitoringBench {
    let version: RegisteredVersion
    let reference: ReferenceProfile
    var settings = MonitorSettings()

    static let window = Window(kind: .hour, start: Timestamp(seconds: 3600), end: Timestamp(seconds: 7200))
    static let now = Timestamp(seconds: 10_000)

    init(_ reference: Rows, sensitive: [String] = [], task: ModelTask = .binary, classes: [String] = [], threshold: Double = 0.5) {
        var schema = FeatureSchema(
            features: reference.numeric.indices.map { Feature(name: "x\($0)", kind: .numeric) }
                + reference.categorical.indices.map { Feature(name: "c\($0)", kind: .categorical) }
                + reference.vectors.enumerated().map { Feature(name: "v\($0)", kind: .vector, dimension: $1.dimension) },
            sensitive: sensitive, task: task, threshold: threshold)
        schema.classes = classes
        version = RegisteredVersion(
            key: ModelVersion(model: "credit", version: "3"), versionID: 1, streamID: 1, stage: .champion, schema: schema,
            referenceRows: Int64(reference.count), registeredAt: Timestamp(seconds: 0))
        let batch = reference.batch(schema)
        let grid = ProfileGrid(
            reference: batch, schema: schema, joint: JointGrid(reference: batch), vectors: { JointGrid(columns: $0) },
            quantileEdges: { Statistics.quantileEdges(ofSorted: $0, bins: $1) })
        self.reference = ReferenceProfile(grid: grid, profile: reference.profile(schema, grid))
    }

    func evaluate(_ rows: Rows) -> Evaluation {
        WindowEvaluator(settings: settings).evaluate(
            version, Self.window, reference: reference, current: rows.profile(version.schema, reference.grid), at: Self.now)
    }
    func evaluate(_ batch: PredictionBatch) -> Evaluation {
        var profile = Profile(grid: reference.grid)
        profile.fold(batch, grid: reference.grid)
        return WindowEvaluator(settings: settings).evaluate(
            version, Self.window, reference: reference, current: profile, at: Self.now)
    }
    var emptyWindow: Evaluation {
        WindowEvaluator(settings: settings).evaluate(
            version, Self.window, reference: reference, current: Profile(grid: reference.grid), at: Self.now)
    }
}

extension Evaluation {
    /// The one finding with this statistic and subject.
    func finding(_ statistic: String, of subject: String = "", group: String = "", by monitor: Vocabulary.Monitor? = nil) -> Finding? {
        let found = findings.filter {
            $0.statistic == statistic && $0.subject == subject && $0.group == group && (monitor == nil || $0.monitor == monitor)
        }
        return found.count == 1 ? found[0] : nil
    }
    func findings(of monitor: Vocabulary.Monitor) -> [Finding] { findings.filter { $0.monitor == monitor } }
}

extension Seeded {
    mutating func gaussians(_ count: Int, shift: Double = 0) -> [Double] {
        var out: [Double] = []
        out.reserveCapacity(count)
        for _ in 0..<count { out.append(gaussian() + shift) }
        return out
    }
    mutating func uniforms(_ count: Int) -> [Double] {
        var out: [Double] = []
        out.reserveCapacity(count)
        for _ in 0..<count { out.append(uniform()) }
        return out
    }
    mutating func levels(_ count: Int, _ names: [String]) -> [String?] {
        (0..<count).map { _ in names[Int.random(in: names.indices, using: &self)] }
    }
    /// Rows with calibrated scores, multiples of 1/64, every one labelled.
    mutating func scored(_ count: Int, honesty: Double = 1) -> Rows {
        var rows = Rows()
        for _ in 0..<count {
            let score = Double(Int.random(in: 0...64, using: &self)) / 64
            rows.scores.append(score)
            rows.labels.append(uniform() < honesty * score + (1 - honesty) * 0.5 ? 1 : 0)
        }
        return rows
    }
}
