public import Collecting
internal import Storage
internal import UnixSignals
internal import Vocabulary

extension Engine {
    /// What takes files into this engine's store.
    public func fileIngest(
        _ settings: IngestSettings, note: @escaping @Sendable (String) -> Void = { _ in },
        report: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) -> FileIngest {
        FileIngest(
            sink: records, checkpoints: FileCheckpointStore(database: database),
            settings: settings, clock: Engine.systemClock, note: note, report: report)
    }
}

/// Runs `body` until it is done, or until SIGTERM or SIGINT come: then its task is cancelled, and it ends in its own time.
///
/// - Returns: what `body` returned, and whether a signal came.
public func untilStopped<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> (result: R, isStopped: Bool) {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    return try await withThrowingTaskGroup(of: R?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await _ in signals { break }
            return nil
        }
        var isStopped = false
        while let next = try await group.next() {
            if let result = next {
                group.cancelAll()
                return (result, isStopped)
            }
            isStopped = true
            group.cancelAll()
        }
        throw CancellationError()
    }
}
