internal import Profiles
internal import Vocabulary

/// Reads how many records came in the windows that a window is compared with.
struct EarlierRowsReader {
    let reader: any ProfileReader

    /// The same time of the week, as far back as the version goes; for one that is too new the same time of the day, for which weekends and
    /// workdays are mixed and the law becomes as wide as they differ.
    func rows(of version: RegisteredVersion, for window: Window, since first: Timestamp) async throws -> EarlierRows? {
        let seconds = window.seconds
        let day: Int64 = 86_400
        let choices: [(step: Int64, count: Int64, words: String)] =
            seconds > day
            ? [(seconds, 8, "in each of the windows before")]
            : [(7 * day, 8, "at this time of the weeks before"), (day, 14, "at this time of the days before")]
        for (step, count, words) in choices {
            let starts = (1...count).map { window.start.adding(seconds: -step * $0) }.filter { $0 >= first }
            guard starts.count >= NaturalVariation.windowsMin else { continue }
            let rows = try await reader.rows(of: version, from: starts, seconds: seconds).compactMap { $0 }
            if rows.count >= NaturalVariation.windowsMin { return EarlierRows(rows: rows, words: words) }
        }
        return nil
    }
}
