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
            let reference = try references.reference(of: version.versionID, on: connection)
            let grid = reference.grid
            // The whole, and each segment.
            let parts = version.all
            var folded = parts.map { _ in Profile(grid: grid) }
            var records = try StoredRecords(of: version, on: connection)
            while let page = try records.next(on: connection) {
                // That a row was sorted into its segments as their rules say, too.
                let bits = reference.segmentBits(of: page.batch, version.schema)
                if let bits, bits != page.segments { return .different(["segments: rows that do not belong where they are counted"]) }
                for place in parts.indices {
                    let rows = place == 0 ? Array(page.labels.indices) : page.segments.rows(in: place - 1)
                    let batch = place == 0 ? page.batch : page.batch.rows(at: rows)
                    folded[place].fold(batch, grid: grid)
                    folded[place].foldLabels(rows.map { page.labels[$0] }, of: batch, grid: grid)
                }
            }
            let stored = try parts.map { try Self.sum(of: $0, grid: grid, on: connection) }
            let differences = parts.indices.flatMap { place in
                stored[place].differences(from: folded[place], schema: version.schema)
                    .map { (parts[place].segment.map { "segment \($0.name): " } ?? "") + $0 }
            }
            return differences.isEmpty ? .equal(rows: stored[0].rows, labelled: stored[0].labelled) : .different(differences)
        }
    }
}
