internal import Dispatch
internal import Storage
internal import Vocabulary

/// Finds out who holds a token. What was verified is remembered by the token's SHA-256, so that ingest does not pay for the slow hash.
actor TokenChecker {
    enum Admission: Equatable {
        case known(Caller)
        case wrong
        /// Wrong, and too many wrong ones came from this address.
        case limited(seconds: Double)
        /// Right, but it made too many requests.
        case tooFast(name: String, seconds: Double)
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
    /// Of these, at most so many for addresses that many wrong tokens came from.
    static let suspectHashesMax = 32
    /// Tokens of such addresses are looked up together, so often: whatever they send, the database is asked once.
    static let suspectSeconds = 1.0

    private struct Remembered {
        var token: AccessToken
        /// That which the secret has.
        var hash: String
        var verifiedAt: Timestamp
        var goodUntil: Timestamp
    }
    private var remembered: [[UInt8]: Remembered] = [:]
    private var hashes = 0
    /// Slow hashes that were made, ever.
    private(set) var hashesMade = 0
    private var rates: TokenRates
    /// The look-up that is to come for tokens of addresses that many wrong ones came from.
    private var round: Task<[String: AccessToken], any Error>?
    private let failures = FailedAttempts()
    private let find: @Sendable (String) async throws -> AccessToken?
    private let all: @Sendable () async throws -> [AccessToken]
    private let clock: @Sendable () -> Timestamp
    private let suspectSeconds: Double
    // Not on the cooperative pool, whose threads must not be kept busy so long.
    private static let queue = DispatchQueue(label: "evenkeel.tokens")

    /// - Parameters:
    ///   - find: one by its id.
    ///   - all: every token.
    init(
        find: @escaping @Sendable (String) async throws -> AccessToken?, all: @escaping @Sendable () async throws -> [AccessToken],
        clock: @escaping @Sendable () -> Timestamp, limits: HTTPLimits = HTTPLimits(), suspectSeconds: Double = TokenChecker.suspectSeconds
    ) {
        (self.find, self.all, self.clock, self.suspectSeconds) = (find, all, clock, suspectSeconds)
        rates = TokenRates(limits)
    }

    /// - Throws: what the database throws when it cannot be asked.
    func admit(_ text: String, from address: String) async throws -> Admission {
        let key = Digest.sha256(Array(text.utf8))
        let now = clock()
        let known = remembered[key]
        if let known, now < known.goodUntil { return admission(known.token, at: now) }
        // A token that was good before is no guess. Others of a suspect address wait, since somebody else behind it may have a right one.
        let isSuspect = known == nil && failures.wait(address, at: now) != nil
        guard let parsed = TokenText(text) else { return failed(address, at: now) }
        let token: AccessToken?
        do { token = isSuspect ? try await lookTogether(parsed.id) : try await look(parsed.id) } catch let error as any RetryableError
            where error.isRetryable
        {
            guard let known, now.seconds(since: known.verifiedAt) < Self.outageSeconds else { throw error }
            remembered[key]?.goodUntil = now.adding(seconds: Int64(Self.retrySeconds))
            return admission(known.token, at: now)
        }
        // That an unknown id is answered sooner tells only that there is no such id, which is no secret.
        guard let token, token.isUsable(at: now) else { return forget(key, address, at: now) }
        var hash = token.hashes(at: now).first { $0 == known?.hash }
        let candidates = token.hashes(at: now).filter { TokenHash.mayBe(parsed.secret, $0) }
        if hash == nil, !candidates.isEmpty {
            guard hashes < (isSuspect ? Self.suspectHashesMax : Self.hashesMax) else { return .busy }
            hashes += 1
            hashesMade += 1
            hash = await Self.matching(parsed.secret, candidates)
            hashes -= 1
        }
        guard let hash else { return forget(key, address, at: now) }
        makeRoom(at: now)
        remembered[key] = Remembered(
            token: token, hash: hash, verifiedAt: now, goodUntil: now.adding(seconds: Int64(Self.rememberSeconds)))
        return admission(token, at: now)
    }

    private func admission(_ token: AccessToken, at now: Timestamp) -> Admission {
        guard token.isUsable(at: now) else { return .wrong }
        if let seconds = rates.take(token.id, at: now) { return .tooFast(name: token.name, seconds: seconds) }
        return .known(Caller(token))
    }

    private func forget(_ key: [UInt8], _ address: String, at now: Timestamp) -> Admission {
        remembered[key] = nil
        return failed(address, at: now)
    }

    private func failed(_ address: String, at now: Timestamp) -> Admission {
        // A guess from an address that is forgiven begins anew.
        let seconds = failures.wait(address, at: now)
        failures.add(address, at: now)
        return seconds.map { .limited(seconds: $0) } ?? .wrong
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

    /// What all suspects of about a second send, in one look-up.
    private func lookTogether(_ id: String) async throws -> AccessToken? {
        let current = round ?? nextRound()
        round = current
        return try await current.value[id]
    }

    private func nextRound() -> Task<[String: AccessToken], any Error> {
        Task { [all, suspectSeconds] in
            try await Task.sleep(for: .seconds(suspectSeconds))
            // Who comes from now on is of the next round, which sees tokens that are made meanwhile.
            self.round = nil
            guard let tokens = try await within(seconds: Self.answerSeconds, { try await all() }) else {
                throw StoreError(.unavailable, "the database does not answer within \(Int(Self.answerSeconds)) s")
            }
            return Dictionary(tokens.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    private static func matching(_ secret: Secret, _ hashes: [String]) async -> String? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: hashes.first { TokenHash.verifies(secret, $0) }) }
        }
    }
}
