internal import Tables
public import Vocabulary

/// Takes files into the store, chunk by chunk: each chunk is a transaction with a key of its own, and its place is remembered.
///
/// A run that was killed and is started again goes on after the last chunk whose place was kept. A chunk that was stored without its place
/// being kept is known by its key, and its rows by their ids: every row is stored once.
public struct FileIngest: Sendable {
    private let sink: any RecordSink
    private let checkpoints: any FileCheckpoints
    public let settings: IngestSettings
    private let clock: @Sendable () -> Timestamp
    /// Takes lines for the person at the terminal: bad rows, columns that are left out.
    private let note: @Sendable (String) -> Void
    private let report: @Sendable (IngestProgress) -> Void

    public init(
        sink: any RecordSink, checkpoints: any FileCheckpoints, settings: IngestSettings, clock: @escaping @Sendable () -> Timestamp,
        note: @escaping @Sendable (String) -> Void = { _ in }, report: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) {
        self.sink = sink
        self.checkpoints = checkpoints
        self.settings = settings
        self.clock = clock
        self.note = note
        self.report = report
    }

    /// Takes every file once. When its task is cancelled it ends after the chunk that is in work.
    ///
    /// - Throws: ``TableError`` for bad input; the sink's error when it cannot store.
    public func run(_ paths: [String]) async throws -> IngestResult {
        let files = try FileList.files(paths)
        var run = Run(bytesTotal: files.reduce(Int64?.some(0)) { sum, file in sum.flatMap { s in FileList.size(file).map { s + $0 } } })
        for file in files where !Task.isCancelled { try await take(file, isGrowing: false, &run) }
        return run.result
    }

    /// Follows files and folders: new files, and lines that are appended, are taken as they come. Ends when its task is cancelled.
    ///
    /// - Throws: ``TableError`` for bad input; a store that is away is waited for.
    public func watch(_ paths: [String], pollSeconds: Double) async throws -> IngestResult {
        _ = try FileList.files(paths)
        var run = Run(bytesTotal: nil)
        var seen: [String: FileList.Look] = [:]
        var isAway = false
        while !Task.isCancelled {
            let looks = FileList.looks(paths)
            var now: [String: FileList.Look] = [:]
            do {
                for look in looks where !Task.isCancelled {
                    // What was seen before it was read is remembered: what changes meanwhile shows in the next round.
                    if seen[look.path] != look { try await takeIfThere(look, &run) }
                    now[look.path] = look
                }
                if isAway { note("the store is back") }
                isAway = false
            } catch let error as any RetryableError where error.isRetryable {
                if !isAway { note("\(error); trying again") }
                isAway = true
            }
            seen = now
            try? await Task.sleep(for: .seconds(pollSeconds))
        }
        return run.result
    }

    private func takeIfThere(_ look: FileList.Look, _ run: inout Run) async throws {
        do { try await take(look.path, isGrowing: true, &run) } catch let error as TableError {
            // It was moved away since it was listed, or became shorter: the next round sees what there is.
            if let now = FileList.look(look.path), now.inode == look.inode, now.size >= look.size { throw error }
        }
    }

    private struct Run {
        var result = IngestResult()
        /// Bytes that are done, by this run or an earlier one.
        var bytes: Int64 = 0
        /// Bytes of all files; nil where that is not known.
        var bytesTotal: Int64?
        /// Columns that were named as left out.
        var noted: Set<String> = []
    }

    // MARK: One file

    private func take(_ path: String, isGrowing: Bool, _ run: inout Run) async throws {
        var feed = try FileFeed(path: path, limits: settings.chunks)
        if !isGrowing { run.result.files += 1 }
        guard var place = try await place(of: feed, path), let (form, header) = try opened(&feed, path, isGrowing: isGrowing) else {
            if !isGrowing { run.result.unchanged += 1 }
            run.bytes += Int64(feed.size ?? 0)
            return
        }
        var decoder = try ChunkDecoder(settings, file: feed.file, form: form, header: header)
        let start = place.position
        if start > 0 { feed.seek(to: start, line: place.line) }
        run.bytes += Int64(start)
        var chain = place.chain.isEmpty ? Digest.sha256(header?.bytes ?? []) : Digest.fromBase64(place.chain) ?? []
        var side = SideFile(path, isContinued: start > 0, isPrivate: settings.version.schema.isPrivate, note: note)
        var storing: Task<Stored, any Error>?
        var wasCancelled = false
        do {
            while let chunk = try feed.next(isCSV: form.isCSV, takesUnfinished: { !isGrowing || isWholeRecord($0, form) }) {
                let now = clock()
                if isGrowing, place.position == 0 { run.result.files += 1 }
                let decoded = try decoder.decode(
                    chunk, chain: chain, fallback: isGrowing ? now : place.firstSeen, now: now,
                    errorsLeft: settings.maxErrors - side.count)
                say(decoder.unknown, &run)
                try side.add(decoded.bad)
                let key = key(chunk, header?.bytes ?? [], chain)
                chain = decoded.chain
                place.position = chunk.nextPosition
                place.line = chunk.nextLine
                place.chain = chain.isEmpty ? "" : Digest.base64(chain)
                place.rows += decoded.rows
                place.digest = try feed.digest(before: place.position)
                // The next chunk is read while this one is stored.
                try await settle(&storing, path, &run)
                storing = Task { [place] in try await store(decoded, key, place, bytes: chunk.bytes.count) }
                if Task.isCancelled { wasCancelled = true; break }
            }
        } catch {
            try await settle(&storing, path, &run)
            throw error
        }
        try await settle(&storing, path, &run)
        if !wasCancelled { side.close() }
    }

    /// The form, and the header of CSV; nil when it does not show yet, or there is nothing in the file.
    private func opened(
        _ feed: inout FileFeed, _ path: String, isGrowing: Bool
    ) throws(TableError) -> (FileForm, (bytes: [UInt8], lines: Int)?)? {
        var form = settings.form
        for bytes in [1 << 16, settings.chunks.bytesMax] where form == nil {
            let head = try feed.head(bytes)
            if head.isEmpty { return nil }
            if let packed = FileForm.packing(head) {
                throw TableError(
                    file: path, line: 1,
                    message: "packed by \(packed), expected text: unpack it first, as in \(packed) -dc \(path) | evenkeel ingest … -")
            }
            form = FileForm.recognised(path, head: head, isWhole: !isGrowing && head.count < bytes)
        }
        guard let form = form ?? (isGrowing ? nil : .rows) else { return nil }
        if !form.isCSV { return (form, nil) }
        guard let header = try feed.header(isGrowing: isGrowing) else { return nil }
        return (form, header)
    }

    /// Whether a last line without a line end may be taken while the file grows: an object that is closed is whole, a row of CSV may go on.
    private func isWholeRecord(_ line: ArraySlice<UInt8>, _ form: FileForm) -> Bool {
        guard !form.isCSV, let json = try? JSON.parse(line) else { return false }
        return json.objectValue != nil
    }

    private func say(_ unknown: Set<String>, _ run: inout Run) {
        let new = unknown.subtracting(run.noted).sorted()
        if new.isEmpty { return }
        run.noted.formUnion(new)
        note(
            "left out, not in the schema of \(settings.version.key): \(new.prefix(50).joined(separator: ", "))"
                + (new.count > 50 ? ", …" : ""))
    }

    // MARK: Places

    /// Where to go on in a file; nil when everything in it is taken.
    private func place(of feed: FileFeed, _ path: String) async throws -> FileCheckpoint? {
        let path = FileList.absolute(path)
        var place = FileCheckpoint(
            stream: settings.version.streamID, settings: settings.fingerprint, fileID: feed.identity ?? "", path: path, firstSeen: clock())
        guard let size = feed.size, let identity = feed.identity else { return feed.size == 0 ? nil : place }
        for known in try await checkpoints.find(stream: place.stream, settings: place.settings, fileID: identity, path: path) {
            // Another file may have come under the same name or inode: it is the same one if what was taken is still there.
            if known.position > size || (known.position == 0 && known.fileID != identity) { continue }
            if known.position > 0, try feed.digest(before: known.position) != known.digest { continue }
            place = known
            place.fileID = identity
            place.path = path
            return known.position == size ? nil : place
        }
        try await checkpoints.keep(place, at: clock())
        return place
    }

    // MARK: Storing

    private typealias Stored = (chunk: DecodedChunk, predictions: PredictionReceipt?, labels: LabelReceipt?, bytes: Int)

    private func store(_ chunk: DecodedChunk, _ key: BatchKey, _ place: FileCheckpoint, bytes: Int) async throws -> Stored {
        var stored: Stored = (chunk, nil, nil, bytes)
        if let batch = chunk.batch, batch.count > 0 {
            stored.predictions = try await sink.store(predictions: [PredictionWrite(version: settings.version, batch: batch, key: key)])
                .first
        }
        if chunk.labels.count > 0 {
            stored.labels = try await sink.store(
                labels: [LabelWrite(model: settings.version.key.model, batch: chunk.labels, key: key)]
            ).first
        }
        if !place.fileID.isEmpty { try await checkpoints.keep(place, at: clock()) }
        return stored
    }

    private func settle(_ storing: inout Task<Stored, any Error>?, _ path: String, _ run: inout Run) async throws {
        guard let task = storing else { return }
        storing = nil
        let stored = try await task.value
        run.result.add(stored.chunk, stored.predictions, stored.labels)
        run.result.bytes += Int64(stored.bytes)
        run.bytes += Int64(stored.bytes)
        report(IngestProgress(file: path, rows: run.result.rows, bytes: run.bytes, bytesTotal: run.bytesTotal))
    }

    /// What a chunk is called: the same bytes at the same place, read in the same way after the same rows.
    private func key(_ chunk: FileChunk, _ header: [UInt8], _ chain: [UInt8]) -> BatchKey {
        let place = "\(settings.fingerprint) \(header.count) \(chunk.position) "
        let digest = Digest.hex(Digest.sha256(Array(place.utf8) + header + chain + chunk.bytes))
        return BatchKey("file \(digest)", fingerprint: digest)
    }
}
