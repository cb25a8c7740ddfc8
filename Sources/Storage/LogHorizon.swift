internal import Migrations

extension Database {
    /// How long writers of a stream may keep its followers waiting: then these come again.
    static let horizonSeconds = 10

    /// How far a stream may be followed now: every batch up to it is stored or never will be.
    ///
    /// Writers of a stream number their batch under the stream's lock and hold it until they have committed. Having it for a moment
    /// proves that none is under way with a smaller number.
    func horizon(of streamID: Int64) async throws -> Int64 {
        try await transaction { connection in
            try connection.run("set local lock_timeout = '\(Self.horizonSeconds)s'")
            try connection.query(Queries["lock_stream"], [.int(streamID)])
            return try connection.query(Queries["batch_horizon"]).int(0, 0) ?? 0
        }
    }
}
