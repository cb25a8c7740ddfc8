internal import Profiles
internal import Vocabulary

/// Reads what a window is compared with.
struct BaselineReader {
    let reader: any ProfileReader
    let settings: MonitorSettings

    /// A reference, what it is, and the windows that it is the sum of, the latest first; none of the frozen one.
    typealias Chosen = (baseline: Baseline, reference: ReferenceProfile, windows: [Window]?)

    /// The frozen reference also where the other baselines have too few windows yet: a version that is new has no past.
    func baseline(of version: RegisteredVersion, for window: Window) async throws -> Chosen {
        let frozen = try await reader.reference(of: version)
        let starts = starts(for: window)
        guard let first = starts.last, let span = try await reader.span(of: version), span.last >= first else {
            return (.frozen, frozen, nil)
        }
        let seconds = window.seconds
        var windows: [Profile] = []
        var places: [Window] = []
        for start in starts where start.adding(seconds: seconds) > span.first {
            let profile: Profile
            do { profile = try await reader.profile(of: version, from: start, to: start.adding(seconds: seconds)) } catch let error
                as any UnanswerableWindow where error.isUnanswerable
            { continue }
            guard profile.rows >= settings.rowsMin else { continue }
            windows.append(profile)
            places.append(Window(kind: window.kind, start: start, end: start.adding(seconds: seconds)))
        }
        guard windows.count >= NaturalVariation.windowsMin else { return (.frozen, frozen, nil) }
        var sum = Profile(grid: frozen.grid)
        for profile in windows { sum.merge(profile, grid: frozen.grid) }
        let plain = ReferenceProfile(grid: frozen.grid, profile: sum)
        let variation = NaturalVariation(windows: windows.count, of: plain, of: version, settings: settings) { windows[$0] }
        return (
            settings.baseline,
            ReferenceProfile(grid: frozen.grid, profile: sum, variations: variation.map { [window.kind: $0] } ?? [:]), places
        )
    }

    /// The latest first; none for the frozen baseline.
    private func starts(for window: Window) -> [Timestamp] {
        let length = window.seconds
        let counts = 1...Int64(settings.baselineWindows)
        switch settings.baseline {
        case .frozen: return []
        case .rolling: return counts.map { window.start.adding(seconds: -length * (Int64(settings.baselineGap) + $0)) }
        case .seasonal: return counts.map { window.start.adding(seconds: -7 * 86_400 * $0) }
        }
    }
}
