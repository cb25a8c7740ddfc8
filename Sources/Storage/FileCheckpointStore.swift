internal import Migrations
public import Vocabulary

/// How far `evenkeel ingest` has taken each file.
public struct FileCheckpointStore: FileCheckpoints {
    private let database: Database
    public init(database: Database) { self.database = database }

    public func find(stream: Int64, settings: String, fileID: String, path: String) async throws -> [FileCheckpoint] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["find_ingest_file"], [.int(stream), .text(settings), .text(fileID), .text(path)])
            return try (0..<rows.count).map { row in
                guard let id = rows.text(row, 0), let path = rows.text(row, 1), let seen = rows.time(row, 2), let at = rows.int(row, 3),
                    let line = rows.int(row, 4), let digest = rows.text(row, 5), let chain = rows.text(row, 6), let count = rows.int(row, 7)
                else { throw StoreError(.damaged, "a checkpoint of \(path) cannot be read") }
                return FileCheckpoint(
                    stream: stream, settings: settings, fileID: id, path: path, firstSeen: seen, position: Int(at), line: Int(line),
                    digest: digest, chain: chain, rows: count)
            }
        }
    }

    public func keep(_ checkpoint: FileCheckpoint, at now: Timestamp) async throws {
        try await database.run { connection in
            _ = try connection.query(
                Queries["keep_ingest_file"],
                [
                    .int(checkpoint.stream), .text(checkpoint.settings), .text(checkpoint.fileID), .text(checkpoint.path),
                    .time(checkpoint.firstSeen), .int(Int64(checkpoint.position)), .int(Int64(checkpoint.line)), .text(checkpoint.digest),
                    .text(checkpoint.chain), .int(checkpoint.rows), .time(now),
                ])
        }
    }
}
