internal import Foundation

/// What came back from one attempt.
enum Attempt: Sendable {
    case answered(status: Int, retryAfter: String?, body: Data)
    case failed(String)
}

/// What an attempt means for its batch.
enum Verdict: Equatable {
    struct Rejection: Equatable, Decodable {
        var index: Int
        var error: String
    }

    /// The records are durable, except for these.
    case taken(status: Int, [Rejection])
    /// The service does not want the batch, and will not want it later.
    case refused(status: Int, String)
    case retry(status: Int?, after: Duration?, String)

    private struct Answer: Decodable {
        var accepted: Int?
        var rejected: [Rejection]?
        var detail: String?
    }

    init(_ attempt: Attempt) {
        switch attempt {
        case .failed(let words): self = .retry(status: nil, after: nil, words)
        case .answered(let status, let retryAfter, let body):
            let answer = try? JSONDecoder().decode(Answer.self, from: body)
            let words = answer?.detail ?? String(decoding: body.prefix(500), as: UTF8.self)
            switch status {
            // Without counts nothing was acknowledged: some proxy spoke, or the answer was cut.
            // 400 with counts: every record was rejected, each for a reason of its own.
            case 200..<300, 400:
                if answer?.accepted != nil, let rejected = answer?.rejected {
                    self = .taken(status: status, rejected)
                } else if status == 400 {
                    self = .refused(status: status, words)
                } else {
                    self = .retry(status: status, after: nil, "not an answer of Evenkeel: \(words)")
                }
            case 408, 429, 500...:
                // A date in Retry-After is not read: the jitter alone decides.
                self = .retry(status: status, after: retryAfter.flatMap { Int($0) }.map { .seconds(max(0, $0)) }, words)
            default: self = .refused(status: status, words)
            }
        }
    }
}
