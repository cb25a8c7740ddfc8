import Monitoring
import Profiles
import Synchronization
import Vocabulary

/// The hours of a model as the service reads them: the real pass chooses the baseline and sums it.
final class HourReader: ProfileReader, EvaluationStore, VersionDirectory {
    private let subject: Subject
    private let lastHour: Int
    /// The same hour of the weeks before is asked for again and again.
    private let known = Mutex<[Int: Profile]>([:])
    /// The hour that is under test, with its drift.
    private let tested = Mutex<(hour: Int, profile: Profile)?>(nil)

    init(_ subject: Subject, lastHour: Int) { (self.subject, self.lastHour) = (subject, lastHour) }

    func test(_ hour: Int, _ profile: Profile) { tested.withLock { $0 = (hour, profile) } }
    func forget() { known.withLock { $0 = [:] } }

    func reference(of version: RegisteredVersion) async throws -> ReferenceProfile { subject.reference }
    func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile {
        let hour = Int(start.seconds(since: World.start) / 3600)
        if let tested = tested.withLock({ $0?.hour == hour ? $0?.profile : nil }) { return tested }
        if let profile = known.withLock({ $0[hour] }) { return profile }
        let profile = Profile(subject.hour(hour), grid: subject.reference.grid)
        known.withLock { $0[hour] = profile }
        return profile
    }
    func arrivalLag(of version: RegisteredVersion, since time: Timestamp) async throws -> Int64? { nil }
    func rows(of version: RegisteredVersion, from starts: [Timestamp], seconds: Int64) async throws -> [Int64?] { starts.map { _ in nil } }
    func lastEvaluated(_ kind: WindowKind, of version: RegisteredVersion) async throws -> Timestamp? { nil }
    func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)? {
        let first = World.start.adding(seconds: Int64(subject.referenceHours) * 3600)
        return (first, World.start.adding(seconds: Int64(lastHour) * 3600))
    }
    func dirtyWindows(endedBy time: Timestamp, after last: DirtyWindow?, limit: Int) async throws -> [DirtyWindow] { [] }
    func clear(_ windows: [DirtyWindow]) async throws {}
    func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws {}
    func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation? { nil }
    func version(_ key: ModelVersion) async throws -> RegisteredVersion? { nil }
    func versions() async throws -> [RegisteredVersion] { [] }
}

/// The hourly windows of a model with the seasonal baseline, after eight weeks of traffic.
enum Seasonal {
    private static let weeks = 8

    /// - Returns: by drift, nil for none, where alerts of the hours' policy began.
    static func run(_ subject: Subject, hours: Int, drifts: [Drift?]) async throws -> [[(window: Int, monitor: Vocabulary.Monitor)]] {
        let first = subject.referenceHours + weeks * 168
        let reader = HourReader(subject, lastHour: first + hours)
        var settings = MonitorSettings()
        settings.baseline = .seasonal
        let pass = EvaluationPass(
            reader: reader, store: reader, directory: reader, evaluator: WindowEvaluator(settings: settings), clock: { World.start },
            announce: { _, _ in })
        var evaluations = [[Evaluation?]](repeating: [Evaluation?](repeating: nil, count: hours), count: drifts.count)
        // All of an hour of the week together, so that few profiles are held.
        for place in 0..<min(168, hours) {
            reader.forget()
            for age in stride(from: place, to: hours, by: 168) {
                for (i, drift) in drifts.enumerated() {
                    let rows = subject.hour(first + age, drift: drift, age: age, run: drift == nil ? 0 : 1 + i)
                    reader.test(first + age, Profile(rows, grid: subject.reference.grid))
                    evaluations[i][age] = try await pass.evaluate(
                        subject.version, Subject.window(.hour, hour: first + age))
                }
            }
        }
        return evaluations.map { stretch in
            var watch = Watch(.hour)
            for evaluation in stretch.compactMap({ $0 }) { watch.observe(evaluation) }
            return watch.starts
        }
    }
}
