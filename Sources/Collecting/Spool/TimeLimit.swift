internal import Synchronization

/// What `body` returns, or nil when it takes longer than this. It is not interrupted then: what it returns goes to `late`.
///
/// A transaction that was sent cannot be taken back, and a task group would wait for it.
public func within<Value: Sendable>(
    seconds: Double, _ body: @escaping @Sendable () async throws -> Value, late: @escaping @Sendable (Value) -> Void = { _ in }
) async throws -> Value? {
    try await withCheckedThrowingContinuation { continuation in
        let caller = Caller(continuation)
        let timer = Task {
            try await Task.sleep(for: .seconds(seconds))
            _ = caller.answer(.success(nil))
        }
        Task {
            do {
                let value = try await body()
                if !caller.answer(.success(value)) { late(value) }
            } catch { _ = caller.answer(.failure(error)) }
            timer.cancel()
        }
    }
}

/// Whoever comes first answers.
private final class Caller<Value: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Value?, any Error>?>

    init(_ continuation: CheckedContinuation<Value?, any Error>) { waiting = Mutex(continuation) }

    func answer(_ result: Result<Value?, any Error>) -> Bool {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(with: result)
        return continuation != nil
    }
}
