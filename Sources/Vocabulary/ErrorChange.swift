/// A prediction that has got its label: what its error is a function of.
public struct LabelledRow: Sendable, Equatable {
    /// Of the record.
    public var time: Timestamp
    /// NaN for none.
    public var score: Double
    /// NaN for none; of several classes the place of one.
    public var prediction: Double
    public var label: Double
    public init(time: Timestamp, score: Double, prediction: Double, label: Double) {
        self.time = time
        self.score = score
        self.prediction = prediction
        self.label = label
    }
}

/// A change of a version's errors, as a detector saw it.
public struct ErrorChange: Sendable, Equatable {
    public var detector: String
    /// From 1 on, of the detector; 0 until it is stored.
    public var number: Int64 = 0
    /// The time of the record whose label completed it.
    public var time: Timestamp
    /// Labels followed until then, that one included.
    public var followed: Int64
    /// The time of the first record after the likeliest beginning; nil where one label is all there was.
    public var beganAt: Timestamp?
    /// The mean error before that, since the detector's change before.
    public var before: Double?
    public var beforeCount: Int64 = 0
    /// And from there on.
    public var after: Double?
    public var afterCount: Int64 = 0
    public var detectedAt: Timestamp

    public init(detector: String, time: Timestamp, followed: Int64, detectedAt: Timestamp) {
        self.detector = detector
        self.time = time
        self.followed = followed
        self.detectedAt = detectedAt
    }
}

extension ErrorChange {
    /// As the API, the page's row and the command line have it.
    public func json(of version: ModelVersion) -> JSON {
        .object([
            "model": .string(version.model), "version": .string(version.version), "detector": .string(detector),
            "number": .integer(number), "ts": .string(time.rfc3339), "labels": .integer(followed), "began_at": JSON(beganAt?.rfc3339),
            "error_before": JSON(before), "n_before": .integer(beforeCount), "error_after": JSON(after), "n_after": .integer(afterCount),
            "detected_at": .string(detectedAt.rfc3339),
        ])
    }
}

/// How far the labels of a version were followed: what its detectors remember, and how many labels that were.
public struct ErrorRun: Sendable, Equatable {
    /// nil before the first label.
    public var state: [UInt8]?
    /// Labels whose error the detectors were given.
    public var followed: Int64
    /// Labels without an error: their prediction has neither decision nor value, or is gone.
    public var skipped: Int64
    public init(state: [UInt8]? = nil, followed: Int64 = 0, skipped: Int64 = 0) {
        self.state = state
        self.followed = followed
        self.skipped = skipped
    }
}

/// The labels of a version in the order in which they were joined to their predictions, each once, and the changes that were seen in them.
public protocol ErrorLog: Sendable {
    /// Hands the next labels to `body`, alone among all services, and stores what it returns together with the place that was reached: all of it
    /// or nothing, so that each label counts once whatever happens. The windows that hold a change are marked for their evaluation.
    ///
    /// - Parameter body: rows, nil for a label whose prediction is gone, and the run so far.
    /// - Returns: whether more labels wait, and the changes as they are stored.
    func follow(
        _ version: RegisteredVersion, limit: Int, at now: Timestamp,
        _ body: @escaping @Sendable ([LabelledRow?], ErrorRun) throws -> (ErrorRun, [ErrorChange])
    ) async throws -> (isBehind: Bool, changes: [ErrorChange])

    /// The changes of a stretch of event time, the one that was seen last first.
    func changes(of version: RegisteredVersion, from: Timestamp, to: Timestamp) async throws -> [ErrorChange]
}
