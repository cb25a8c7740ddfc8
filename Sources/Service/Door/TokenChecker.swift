internal import Dispatch
internal import Storage
internal import Vocabulary

/// Finds out who holds a token. What was verified is remembered by the token's SHA-256, so that ingest does not pay for the slow hash.
actor TokenChecker {
    enum Admission: Equatable {
        case known(Caller)
        case wrong
        /// Too many wrong ones came from this address.
        case limited(seconds: Double)
        /// Too many tokens wait to be hashed.
        case busy
    }

    /// A verified token is believed this long without a look at the database: so long a revoked one may still work.
    static let rememberSeconds = 30.0
    /// …and this long while the database is away, so that a collector goes on spooling.
    static let outageSeconds = 86_400.0
    /// Between two attempts to ask a database that is away.
    static let retrySeconds = 5.0
    /// An answer of the database is waited for this long.
    static let answerSeconds = 5.0
    static let rememberedMax = 10_000
    /// Tokens that wait for their hash: it takes 40 ms of one core, one at a time.
    static let hashesMax = 64

    private struct Remembered {
        var token: AccessToken
        /// That which the secret has.
        var hash: String
        var verifiedAt: Timestamp
        var goodUntil: Timestamp
    }
    private var remembered: [[UInt8]: Remembered] = [:]
    private var hashes = 0
    private let failures = FailedAttempts()
    private let find: @Sendable (String) async throws -> AccessToken?
    private let clock: @Sendable () -> Timestamp
    // Not on the cooperative pool, whose threads must not be kept busy so long.
    private static let queue = DispatchQueue(label: "evenkeel.tokens")

    init(find: @escaping @Sendable (String) async throws -> AccessToken?, clock: @escaping @Sendable () -> Timestamp) {
        self.find = find
        self.clock = clock
    }

    /// - Throws: what the database throws when it cannot be asked.
    func admit(_ text: String, from address: String) async throws -> Admission {
        let key = Digest.sha256(Array(text.utf8))
        let now = clock()
        let known = remembered[key]
        if let known, now < known.goodUntil { return admission(known.token, at: now) }
        // A token that was good before is no guess.
        if known == nil, let seconds = failures.wait(address, at: now) { return .limited(seconds: seconds) }
        guard let parsed = TokenText(text) else { return failed(address, at: now) }
        let token: AccessToken?
        do { token = try await look(parsed.id) } catch let error as any RetryableError where error.isRetryable {
            guard let known, now.seconds(since: known.verifiedAt) < Self.outageSeconds else { throw error }
            remembered[key]?.goodUntil = now.adding(seconds: Int64(Self.retrySeconds))
            return admission(known.token, at: now)
        }
        // That an unknown id is answered sooner tells only that there is no such id, which is no secret.
        guard let token, token.isUsable(at: now) else { return forget(key, address, at: now) }
        var hash = token.hashes(at: now).first { $0 == known?.hash }
        if hash == nil {
            guard hashes < Self.hashesMax else { return .busy }
            hashes += 1
            hash = await Self.matching(parsed.secret, token.hashes(at: now))
            hashes -= 1
        }
        guard let hash else { return forget(key, address, at: now) }
        makeRoom(at: now)
        remembered[key] = Remembered(
            token: token, hash: hash, verifiedAt: now, goodUntil: now.adding(seconds: Int64(Self.rememberSeconds)))
        return .known(Caller(token))
    }

    private func admission(_ token: AccessToken, at now: Timestamp) -> Admission {
        token.isUsable(at: now) ? .known(Caller(token)) : .wrong
    }

    private func forget(_ key: [UInt8], _ address: String, at now: Timestamp) -> Admission {
        remembered[key] = nil
        return failed(address, at: now)
    }

    private func failed(_ address: String, at now: Timestamp) -> Admission {
        failures.add(address, at: now)
        return .wrong
    }

    private func makeRoom(at now: Timestamp) {
        guard remembered.count >= Self.rememberedMax else { return }
        remembered = remembered.filter { now < $0.value.goodUntil }
        if remembered.count >= Self.rememberedMax, let oldest = remembered.min(by: { $0.value.verifiedAt < $1.value.verifiedAt }) {
            remembered[oldest.key] = nil
        }
    }

    private func look(_ id: String) async throws -> AccessToken? {
        let find = find
        guard let found = try await within(seconds: Self.answerSeconds, { try await find(id) }) else {
            throw StoreError(.unavailable, "the database does not answer within \(Int(Self.answerSeconds)) s")
        }
        return found
    }

    private static func matching(_ secret: Secret, _ hashes: [String]) async -> String? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: hashes.first { SlowHash.verifies(secret.reveal(), $0) }) }
        }
    }
}
