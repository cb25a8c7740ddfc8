public import Vocabulary

/// How far windows are apart in which nothing drifted: each window of a baseline was compared with the rest of the baseline, never with itself.
///
/// The laws of the statistics know chance alone. Mondays differ from Sundays, and that is no alarm either.
public struct NaturalVariation: Sendable, Equatable {
    /// Which number of an evaluation.
    public struct Place: Sendable, Hashable {
        public var monitor: Monitor
        public var subject: String
        public var statistic: String
        public init(monitor: Monitor, subject: String, statistic: String) {
            (self.monitor, self.subject, self.statistic) = (monitor, subject, statistic)
        }
    }

    /// What one number was over the windows.
    public struct Spread: Sendable, Equatable {
        /// Windows in which it could be judged.
        public var count: Int
        /// Of the law of the effects, as Statistics' `PredictionLaw` has them.
        public var center: Double
        public var scale: Double
        /// The largest effect itself.
        public var largest: Double
        /// Σ z², z that of the windows' p-values: by chance alone as many as there are windows, with the law of chi-squared.
        public var surprise: Double
        public init(count: Int, center: Double, scale: Double, largest: Double, surprise: Double) {
            (self.count, self.center, self.scale) = (count, center, scale)
            (self.largest, self.surprise) = (largest, surprise)
        }
    }

    /// Windows that were compared.
    public var windows: Int
    public var spreads: [Place: Spread]

    public init(windows: Int, spreads: [Place: Spread]) {
        self.windows = windows
        self.spreads = spreads
    }

    private static let magic = "EKV"
    private static let formatVersion: UInt8 = 1

    /// Compact, versioned, with a checksum. Equal ones give equal bytes.
    public func encoded() -> [UInt8] {
        var out = ByteWriter()
        out.count(windows)
        out.count(spreads.count)
        let places = spreads.keys.sorted {
            ($0.monitor.rawValue, $0.subject, $0.statistic) < ($1.monitor.rawValue, $1.subject, $1.statistic)
        }
        for place in places {
            guard let spread = spreads[place] else { continue }
            out.string(place.monitor.rawValue)
            out.string(place.subject)
            out.string(place.statistic)
            out.count(spread.count)
            for number in [spread.center, spread.scale, spread.largest, spread.surprise] { out.double(number) }
        }
        return out.sealed(magic: Self.magic, version: Self.formatVersion)
    }

    /// - Throws: ``EncodingError`` for bytes that are damaged or of another version.
    public init(encoded: [UInt8]) throws(EncodingError) {
        var input = try ByteReader(sealed: encoded, magic: Self.magic, version: Self.formatVersion)
        windows = Int(truncatingIfNeeded: try input.unsigned())
        spreads = [:]
        for _ in 0..<(try input.count()) {
            guard let monitor = Monitor(rawValue: try input.string()) else { throw EncodingError("an unknown monitor") }
            let place = Place(monitor: monitor, subject: try input.string(), statistic: try input.string())
            spreads[place] = Spread(
                count: Int(truncatingIfNeeded: try input.unsigned()), center: try input.double(), scale: try input.double(),
                largest: try input.double(), surprise: try input.double())
        }
        try input.finish()
    }
}
