import Monitoring
import Profiles
import Statistics
import Vocabulary

/// A registered model of a world: grid, reference and natural variation made as registration makes them.
struct Subject: Sendable {
    let world: World
    let seed: UInt64
    let number: Int
    let version: RegisteredVersion
    let reference: ReferenceProfile
    let referenceHours: Int

    /// - Parameters:
    ///   - kinds: windows of which it has natural variation.
    ///   - keep: is given the reference's hours and their profiles, from which rivals take their own.
    init(
        _ world: World, seed: UInt64, number: Int, referenceHours: Int, kinds: [WindowKind] = [.hour, .day],
        keep: ([Hour], [Profile]) -> Void = { _, _ in }
    ) {
        (self.world, self.seed, self.number, self.referenceHours) = (world, seed, number, referenceHours)
        let schema = world.schema
        let hours = (0..<referenceHours).map { world.hour($0, seed: seed, stream: UInt64(number) << 8) }
        var batch = PredictionBatch(schema: schema)
        for hour in hours { batch.append(hour.batch) }
        version = RegisteredVersion(
            key: ModelVersion(model: "m\(number)", version: "1"), versionID: 1, streamID: 1, stage: .champion, schema: schema,
            referenceRows: Int64(batch.count), registeredAt: World.start)
        let grid = ProfileGrid(reference: batch, schema: schema, joint: JointGrid(reference: batch)) {
            Statistics.quantileEdges(ofSorted: $0, bins: $1)
        }
        let profiles = hours.map { Profile($0, grid: grid) }
        let whole = ReferenceProfile(grid: grid, profile: Profile(sum: profiles, grid: grid))
        let settings = MonitorSettings()
        var variations: [WindowKind: NaturalVariation] = [:]
        for kind in kinds {
            let length = kind.hours(rows: world.rows)
            variations[kind] = NaturalVariation(windows: referenceHours / length, of: whole, of: version, settings: settings) { i in
                Profile(sum: profiles[(i * length)..<((i + 1) * length)], grid: grid)
            }
        }
        reference = ReferenceProfile(grid: grid, profile: whole.profile, variations: variations)
        keep(hours, profiles)
    }

    /// An hour after the reference; each drift has numbers of its own.
    func hour(_ hour: Int, drift: Drift? = nil, age: Int = 0, run: Int = 0) -> Hour {
        world.hour(hour, seed: seed, stream: UInt64(number) << 8 | UInt64(run), drift: drift, age: age)
    }

    static func window(_ kind: WindowKind, hour: Int, hours length: Int = 1) -> Window {
        let start = World.start.adding(seconds: Int64(hour) * 3600)
        return Window(kind: kind, start: start, end: start.adding(seconds: Int64(length) * 3600))
    }
}
