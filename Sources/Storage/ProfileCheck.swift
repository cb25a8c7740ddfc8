internal import Migrations
internal import Profiles
public import Vocabulary

/// Whether a version's sums are those of its rows, count by count.
public enum ProfileCheck: Sendable, Equatable {
    case equal(rows: Int64, labelled: Int64)
    /// Where they differ.
    case different([String])
    /// Rows were deleted on purpose, so that the sums have more than the rows: why.
    case incomparable(String)
}

extension ProfileStore {
    /// Folds a version's stored rows and labels anew and compares the sums with those of its profiles, in one state of the database.
    ///
    /// - Complexity: reads every row; some 100,000 a second.
    public func check(_ version: RegisteredVersion) async throws -> ProfileCheck {
        if version.schema.raw != .all { return .incomparable("the version does not keep every row whole") }
        return try await database.snapshot { connection in
            let removed = try connection.query(Queries["rows_removed"], [.text(version.key.model), .int(version.streamID)])
            for (column, reason) in [
                "weeks of rows were dropped by retention", "records were erased", "profiles were dropped by retention",
            ]
            .enumerated() where (removed.int(0, column) ?? 0) > 0 { return .incomparable(reason) }
            try connection.run("set local statement_timeout = 0; set local enable_seqscan = off")
            let grid = try references.reference(of: version.versionID, on: connection).grid
            let stored = try Self.sum(of: version, grid: grid, on: connection)
            var folded = Profile(grid: grid)
            var records = try StoredRecords(of: version, on: connection)
            while let page = try records.next(on: connection) {
                folded.fold(page.batch, grid: grid)
                folded.foldLabels(page.labels, of: page.batch, grid: grid)
            }
            let differences = stored.differences(from: folded, schema: version.schema)
            return differences.isEmpty ? .equal(rows: stored.rows, labelled: stored.labelled) : .different(differences)
        }
    }
}
