import Synchronization
import Vocabulary

@testable import Collecting

/// A database that is away, slow, or refuses some, and otherwise stores like ``MemorySink``.
final class FickleSink: RecordSink, HalfSink {
    struct Away: RetryableError { var isRetryable: Bool { true } }
    struct Refused: Error {}
    enum Mood { case well, away, slow }

    let tables = MemorySink()
    /// Of every write so many records come too late for their week.
    let late = Mutex(0)
    private let state = Mutex((mood: Mood.well, slow: [CheckedContinuation<Void, Never>](), refusedIDs: Set<String>(), groups: [Int]()))
    var groups: [Int] { state.withLock { $0.groups } }

    func be(_ mood: Mood) { state.withLock { $0.mood = mood } }
    func refuse(_ id: String) { state.withLock { _ = $0.refusedIDs.insert(id) } }
    /// Lets those go on that were held up.
    func release() {
        let held = state.withLock { state in
            defer { state.slow = [] }
            return state.slow
        }
        for continuation in held { continuation.resume() }
    }

    private func answer(_ ids: [String]) async throws {
        let mood = state.withLock { state in
            state.groups.append(ids.count)
            return state.mood
        }
        if mood == .away { throw Away() }
        if mood == .slow { await withCheckedContinuation { continuation in state.withLock { $0.slow.append(continuation) } } }
        if state.withLock({ !$0.refusedIDs.isDisjoint(with: ids) }) { throw Refused() }
    }
    func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
        try await answer(writes.flatMap { Array($0.batch.ids) })
        let late = late.withLock { $0 }
        return try await tables.store(predictions: writes).map { receipt in
            var receipt = receipt
            receipt.refused = Int64(late)
            return receipt
        }
    }
    func store(labels writes: [LabelWrite]) async throws -> [LabelReceipt] {
        try await answer(writes.flatMap { Array($0.batch.ids) })
        return try await tables.store(labels: writes)
    }
    /// Halves that wait, by their event.
    let waiting = Mutex([String: HalfWrite]())
    func store(halves writes: [HalfWrite]) async throws -> [HalfReceipt] {
        try await answer(writes.map(\.eventID))
        var receipts: [HalfReceipt] = []
        for write in writes {
            guard let other = waiting.withLock({ $0.removeValue(forKey: write.eventID) }) else {
                waiting.withLock { $0[write.eventID] = write }
                receipts.append(.waiting)
                continue
            }
            do {
                let joined = try write.joined(with: other)
                receipts.append(.joined(joined, try await tables.store(predictions: [joined])[0]))
            } catch let error as HalfMismatch { receipts.append(.mismatched(error)) }
        }
        return receipts
    }
}
