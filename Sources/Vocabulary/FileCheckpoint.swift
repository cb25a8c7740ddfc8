/// How far a file was taken in: what lets a second run go on where the first one stopped.
public struct FileCheckpoint: Sendable, Equatable {
    public var stream: Int64
    /// A digest of what the file is read as: the same file read in another way starts anew.
    public var settings: String
    /// Device and inode: what stays when the file is renamed.
    public var fileID: String
    public var path: String
    public var firstSeen: Timestamp
    /// The first byte that is not taken yet, and the line on which it stands, from 1.
    public var position: Int
    public var line: Int
    /// Of the file's head and of what stands before `position`.
    public var digest: String
    /// The digest of every row so far; empty where rows have ids of their own.
    public var chain: String
    public var rows: Int64

    public init(
        stream: Int64, settings: String, fileID: String, path: String, firstSeen: Timestamp, position: Int = 0, line: Int = 1,
        digest: String = "", chain: String = "", rows: Int64 = 0
    ) {
        self.stream = stream
        self.settings = settings
        self.fileID = fileID
        self.path = path
        self.firstSeen = firstSeen
        self.position = position
        self.line = line
        self.digest = digest
        self.chain = chain
        self.rows = rows
    }
}

/// Where the places in files are kept.
public protocol FileCheckpoints: Sendable {
    /// The checkpoints of this file, and of files that had this path: the file's own one first.
    func find(stream: Int64, settings: String, fileID: String, path: String) async throws -> [FileCheckpoint]
    func keep(_ checkpoint: FileCheckpoint, at now: Timestamp) async throws
}
