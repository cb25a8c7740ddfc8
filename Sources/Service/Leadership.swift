internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Synchronization
internal import Vocabulary

/// Which of several services evaluates and keeps the database in shape: the one that holds a lease, until it no longer renews it.
///
/// What it began in an earlier term is refused when it is stored: a leader that was asleep longer than its lease does no harm.
public final class Leadership: Sendable {
    private let store: LeaseStore
    private let holder: String
    private let seconds: Double
    private struct State {
        var lease: Lease?
        var until = ContinuousClock.now
        /// Commands never ask to lead: what they do by hand is bound to no lease.
        var asksToLead = false
    }
    private let state = Mutex(State())

    static let name = "evaluate"

    /// - Parameter isAlone: for a database that serves one process only: whoever has it need not wait for the one before.
    init(store: LeaseStore, seconds: Double, isAlone: Bool) {
        self.store = store
        self.seconds = seconds
        let process = ProcessInfo.processInfo
        holder = isAlone ? "the owner" : "\(process.hostName) \(process.processIdentifier) \(Digest.hex(Digest.random(4)))"
    }

    /// The lease, while it surely is ours.
    private var held: Lease? { state.withLock { ContinuousClock.now < $0.until ? $0.lease : nil } }
    var isLeading: Bool { held != nil }

    /// What an alert is stored under: nil for a command.
    ///
    /// - Throws: ``StoreError`` when the lease ran out.
    func fence() throws -> Lease? {
        guard state.withLock({ $0.asksToLead }) else { return nil }
        guard let held else { throw StoreError(.unavailable, "the lease ran out: another service may lead") }
        return held
    }

    /// Takes or renews the lease. - Returns: whether we lead.
    @discardableResult
    func renew() async throws -> Bool {
        // Counted from before the question: we stop before the server gives it to another.
        let until = ContinuousClock.now + .seconds(seconds)
        state.withLock { $0.asksToLead = true }
        let lease = try await store.take(Self.name, holder: holder, seconds: seconds)
        state.withLock { state in
            (state.lease, state.until) = (lease, until)
        }
        return lease != nil
    }

    /// On an orderly end the next one leads at once.
    func giveBack() async {
        guard let lease = held else { return }
        state.withLock { $0.lease = nil }
        // If it does not succeed the lease runs out by itself.
        try? await store.giveBack(lease)
    }
}

/// Renews the lease, also while a long pass runs.
struct LeaseLoop: ServiceLifecycle.Service {
    let engine: Engine

    func run() async throws {
        let leadership = engine.leadership
        let wasLeading = Mutex(false)
        await loop(everySeconds: engine.configuration.leaseSeconds / 3, logger: engine.logger, name: "lease") {
            // Also when the lease cannot be renewed: then it runs out.
            defer { engine.metrics.set(leadership.isLeading ? 1 : 0, in: .leader) }
            let isLeading = try await leadership.renew()
            let before = wasLeading.withLock { before in
                defer { before = isLeading }
                return before
            }
            if isLeading != before { engine.logger.notice("\(isLeading ? "this service leads" : "another service leads")") }
        }
        await leadership.giveBack()
    }
}
