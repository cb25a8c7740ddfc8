import Alerting
import TestSupport
import Testing
import Vocabulary

@Suite("What an attempt's end means")
struct RetryScheduleTests {
    private let now = Bench.midnight

    private func outcome(
        _ result: Result<Int, HTTPFailure>, attempt: Int = 1, jitter: Double = 1, _ schedule: RetrySchedule = RetrySchedule()
    )
        -> DeliveryOutcome
    { schedule.outcome(attempt: attempt, result: result, at: now, jitter: jitter) }

    @Test("any 2xx is sent", arguments: [200, 201, 202, 204, 299])
    func sent(status: Int) {
        #expect(outcome(.success(status)) == .sent(status: status))
        #expect(outcome(.success(status), attempt: 100) == .sent(status: status))
    }

    @Test("410 is given up at once, as the specification asks")
    func gone() {
        #expect(outcome(.success(410)) == .dead(status: 410, error: "the receiver is gone for good (410)"))
    }

    @Test("any other status is tried again", arguments: [100, 199, 300, 301, 302, 400, 401, 404, 409, 413, 429, 500, 502, 503, 599])
    func retried(status: Int) {
        #expect(outcome(.success(status)) == .retry(at: now.adding(seconds: 5), status: status, error: "HTTP status \(status)"))
    }

    @Test("so is a failure without an answer")
    func failure() {
        #expect(
            outcome(.failure(HTTPFailure("Timeout was reached")))
                == .retry(at: now.adding(seconds: 5), status: nil, error: "Timeout was reached"))
    }

    @Test("every attempt waits as long as the schedule says", arguments: 1...9)
    func delays(attempt: Int) {
        let delays: [Int64] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
        #expect(RetrySchedule().delaysSeconds == delays)
        let expected = now.adding(seconds: delays[attempt - 1])
        #expect(outcome(.success(500), attempt: attempt) == .retry(at: expected, status: 500, error: "HTTP status 500"))
    }

    @Test("jitter makes the wait anything up to all of it", arguments: [1, 2, 3] as [UInt64])
    func jitter(seed: UInt64) {
        var random = Seeded(seed)
        let schedule = RetrySchedule(delaysSeconds: [100])
        #expect(outcome(.success(500), jitter: 0, schedule) == .retry(at: now, status: 500, error: "HTTP status 500"))
        #expect(outcome(.success(500), jitter: 1, schedule) == .retry(at: now.adding(seconds: 100), status: 500, error: "HTTP status 500"))
        for _ in 0..<200 {
            guard case .retry(let at, _, _) = outcome(.success(500), jitter: .random(in: 0...1, using: &random), schedule) else {
                Issue.record("not retried, seed \(seed)")
                return
            }
            #expect(at >= now && at <= now.adding(seconds: 100), "seed \(seed)")
        }
    }

    @Test("after the last attempt it is given up, with the last error")
    func dead() {
        #expect(outcome(.success(503), attempt: 10) == .dead(status: 503, error: "HTTP status 503, after 10 attempts"))
        #expect(
            outcome(.failure(HTTPFailure("Could not connect")), attempt: 10)
                == .dead(status: nil, error: "Could not connect, after 10 attempts"))
        #expect(outcome(.success(500), attempt: 11) == .dead(status: 500, error: "HTTP status 500, after 11 attempts"))
    }

    @Test("without delays the first failure is the last")
    func noRetries() {
        let schedule = RetrySchedule(delaysSeconds: [])
        #expect(outcome(.success(200), schedule) == .sent(status: 200))
        #expect(outcome(.success(500), schedule) == .dead(status: 500, error: "HTTP status 500, after 1 attempts"))
    }
}
