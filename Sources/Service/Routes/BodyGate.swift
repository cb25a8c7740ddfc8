internal import Synchronization

/// How many bytes of request bodies are in work at once: what is beyond waits at the client, not in our memory.
final class BodyGate: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Runs `body` while `bytes` are set aside; nil when there is no room for them. A body larger than all of it goes alone.
    func admit<Result>(_ bytes: Int, _ body: () async throws -> Result) async rethrows -> Result? {
        let isAdmitted = taken.withLock { taken in
            guard taken == 0 || taken + bytes <= bytesMax else { return false }
            taken += bytes
            return true
        }
        guard isAdmitted else { return nil }
        defer { taken.withLock { $0 -= bytes } }
        return try await body()
    }
}
