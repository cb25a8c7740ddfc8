/// Predictions that come as two events, the request and the response of an inference, joined by the events' id.
///
/// Each is one half. What is known of both is in ``joined(with:)``; where a half waits for the other one is ``HalfSink``'s business.
public struct HalfWrite: Sendable, Equatable {
    public enum Half: Sendable, Equatable {
        /// Rows of features, without scores: of this version, whatever the champion is when the response comes.
        case request(RegisteredVersion, PredictionBatch)
        case response(ResponseHalf)
    }
    public var model: String
    /// The id that both events carry.
    public var eventID: String
    /// When the event says that it happened, or when it came if it does not say.
    public var time: Timestamp
    /// Whether the event said its time.
    public var isTimed: Bool
    public var half: Half

    public init(model: String, eventID: String, time: Timestamp, isTimed: Bool, half: Half) {
        self.model = model
        self.eventID = eventID
        self.time = time
        self.isTimed = isTimed
        self.half = half
    }

    public var isRequest: Bool { if case .request = half { true } else { false } }

    /// The ids of an event's rows: its own for one, with the row's number behind it for several.
    public static func recordIDs(_ eventID: String, rows: Int) -> [String] {
        rows == 1 ? [eventID] : (0..<rows).map { "\(eventID)/\($0)" }
    }

    /// The prediction of this half and the other one, in either order.
    ///
    /// - Throws: ``HalfMismatch`` when they are not of the same rows.
    public func joined(with other: HalfWrite) throws(HalfMismatch) -> PredictionWrite {
        switch (half, other.half) {
        case (.request(let version, var batch), .response(let response)):
            let rows = batch.count
            guard response.error != nil || response.scores.count == rows else {
                throw HalfMismatch(requestRows: rows, responseRows: response.scores.count)
            }
            if let error = response.error {
                batch.errors = [String?](repeating: error, count: rows)
            } else {
                batch.scores = response.scores
                batch.predictions = response.predictions
                batch.classScores = response.classScores
            }
            let latency = other.time.seconds(since: time)
            if isTimed, other.isTimed, latency >= 0 {
                batch.measures[PredictionBatch.latencyMeasure] = [Double](repeating: latency, count: rows)
            }
            return PredictionWrite(version: version, batch: batch, key: nil)
        case (.response, .request): return try other.joined(with: self)
        case (.request, .request), (.response, .response): preconditionFailure("a request and a response")
        }
    }
}

/// What an inference service answered.
public struct ResponseHalf: Sendable, Equatable {
    /// NaN where a row has none, as in a batch.
    public var scores: [Double]
    public var predictions: [Double]
    public var classScores: [[Double]]
    /// The request failed, all of its rows.
    public var error: String?

    public init(scores: [Double], predictions: [Double], classScores: [[Double]] = [], error: String? = nil) {
        self.scores = scores
        self.classScores = classScores
        self.predictions = predictions
        self.error = error
    }
}

/// A request and a response of one id that cannot be of one inference.
public struct HalfMismatch: Error, Sendable, Equatable, CustomStringConvertible {
    public var requestRows: Int
    public var responseRows: Int
    public var description: String { "the response has \(responseRows) rows, its request \(requestRows): expected as many" }
}

/// How much may wait for its other half.
public struct HalfLimits: Sendable, Equatable {
    /// After this a half is given up.
    public var waitSeconds: Int64 = 3600
    /// Halves of one model.
    public var halvesMax = 100_000
    /// Their bytes, of one model.
    public var bytesMax = 256 << 20
    public init() {}
}

/// What became of a half.
public enum HalfReceipt: Sendable {
    /// The other one was here: both are stored as predictions.
    case joined(PredictionWrite, PredictionReceipt)
    /// It is kept until the other one comes.
    case waiting
    /// It came before.
    case repeated
    case mismatched(HalfMismatch)
    /// Too many wait; it is not kept.
    case full
}

/// Where halves wait. All of a call are stored in one transaction, or none.
public protocol HalfSink: Sendable {
    func store(halves: [HalfWrite]) async throws -> [HalfReceipt]
}
