internal import Synchronization

/// Requests that come while a transaction runs share the next one: a commit, and everything that a transaction costs whatever its size,
/// is paid once for all of them.
///
/// Each lane has one transaction at a time. An item is answered when the transaction that holds it is committed, so nothing is acknowledged
/// early. When a shared transaction is refused, its items are tried one by one: one bad request spoils no other.
final class GroupCommit<Item: Sendable, Receipt: Sendable>: Sendable {
    private struct Waiting {
        var item: Item
        var weight: Int
        var continuation: CheckedContinuation<Receipt, any Error>
    }
    private struct Lane {
        var waiting: [Waiting] = []
    }
    /// Lanes with a transaction under way.
    private let lanes = Mutex<[Int64: Lane]>([:])
    private let weightMax: Int
    private let run: @Sendable ([Item]) async throws -> [Receipt]
    private let isWorthSplitting: @Sendable (any Error) -> Bool

    /// - Parameters:
    ///   - weightMax: a transaction takes items up to this weight, and always one.
    ///   - isWorthSplitting: whether a failure may be the fault of one item.
    ///   - run: stores all or nothing.
    init(
        weightMax: Int, isWorthSplitting: @escaping @Sendable (any Error) -> Bool,
        run: @escaping @Sendable ([Item]) async throws -> [Receipt]
    ) {
        self.weightMax = weightMax
        self.isWorthSplitting = isWorthSplitting
        self.run = run
    }

    func submit(_ item: Item, lane: Int64, weight: Int) async throws -> Receipt {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = lanes.withLock { lanes in
                let isFirst = lanes[lane] == nil
                lanes[lane, default: Lane()].waiting.append(Waiting(item: item, weight: weight, continuation: continuation))
                return isFirst
            }
            if isFirst { Task { await drain(lane) } }
        }
    }

    private func drain(_ lane: Int64) async {
        while let group = next(lane) {
            do {
                for (waiting, receipt) in zip(group, try await run(group.map(\.item))) { waiting.continuation.resume(returning: receipt) }
            } catch {
                if group.count > 1, isWorthSplitting(error) {
                    for waiting in group { await alone(waiting) }
                } else {
                    for waiting in group { waiting.continuation.resume(throwing: error) }
                }
            }
        }
    }

    private func alone(_ waiting: Waiting) async {
        do {
            let receipts = try await run([waiting.item])
            waiting.continuation.resume(returning: receipts[0])
        } catch { waiting.continuation.resume(throwing: error) }
    }

    /// What the next transaction takes; nil closes the lane.
    private func next(_ lane: Int64) -> [Waiting]? {
        lanes.withLock { lanes in
            guard let waiting = lanes[lane]?.waiting, !waiting.isEmpty else {
                lanes[lane] = nil
                return nil
            }
            var weight = 0
            let count = waiting.prefix { item in
                defer { weight += item.weight }
                return weight == 0 || weight + item.weight <= weightMax
            }.count
            lanes[lane]?.waiting.removeFirst(count)
            return Array(waiting.prefix(count))
        }
    }
}
