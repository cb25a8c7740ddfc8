/// What a command found, for machines (`json`, the shape of CONTRACTS) and for people (`blocks`).
public struct Report: Sendable {
    public var title: String
    public var json: JSON
    public var blocks: [Block]
    /// Something drifted, is unfair, alarms: what `--fail-on-finding` asks for.
    public var hasFinding: Bool

    public init(title: String, json: JSON, blocks: [Block], hasFinding: Bool = false) {
        self.title = title
        self.json = json
        self.blocks = blocks
        self.hasFinding = hasFinding
    }

    /// One piece of a page. Every format shows every block, as well as it can.
    public enum Block: Sendable {
        case heading(String)
        case text(String)
        case table(Table)
        case chart(Chart)
        /// What stands below everything else, in small print.
        case footnote(String)
    }

    public struct Table: Sendable {
        public var header: [String]
        public var rows: [[String]]
        /// Of each row, how it is coloured; may be shorter than `rows`.
        public var tones: [Tone]
        public init(_ header: [String], _ rows: [[String]], tones: [Tone] = []) {
            self.header = header
            self.rows = rows
            self.tones = tones
        }
    }
    public enum Tone: Sendable { case plain, good, bad, faint }

    /// A picture, with its numbers: `title` and `summary` say in words what it shows.
    public struct Chart: Sendable {
        public enum Shape: Sendable {
            /// Names along the side, a bar for each series: shares that moved, rates of groups.
            case bars(labels: [String])
            /// Distributions over the same bins, one on the other; an edge more than there are bins.
            case histogram(edges: [Double])
            /// Points joined by lines over an x axis: ROC, reliability.
            case lines
        }
        public struct Series: Sendable {
            public var name: String
            /// For bars and histograms only `y` counts, one value a label or bin; NaN leaves a gap.
            public var x: [Double]
            public var y: [Double]
            /// Ends of the interval of each value; empty for none.
            public var lower: [Double]
            public var upper: [Double]
            public init(_ name: String, x: [Double] = [], y: [Double], lower: [Double] = [], upper: [Double] = []) {
                self.name = name
                self.x = x
                self.y = y
                self.lower = lower
                self.upper = upper
            }
        }
        public var title: String
        public var summary: String
        public var shape: Shape
        public var series: [Series]
        public var xLabel: String
        public var yLabel: String
        /// Draws the diagonal from (0, 0) to (1, 1): perfect calibration, a useless ROC.
        public var hasDiagonal: Bool
        /// Whether the upright axis of lines covers the values only, however far from 0 they are.
        public var isZoomed: Bool
        /// Whether x is seconds since 1970.
        public var isOverTime = false
        /// Draws the intervals of lines as bands instead of whiskers.
        public var hasBands = false
        /// A level line across: a floor, an objective.
        public var level: Double?
        public init(
            _ title: String, summary: String, shape: Shape, series: [Series], xLabel: String = "", yLabel: String = "",
            hasDiagonal: Bool = false, isZoomed: Bool = false
        ) {
            self.title = title
            self.summary = summary
            self.shape = shape
            self.series = series
            self.xLabel = xLabel
            self.yLabel = yLabel
            self.hasDiagonal = hasDiagonal
            self.isZoomed = isZoomed
        }
    }
}

extension JSON {
    /// A statistic: infinite ones are the strings `"Infinity"` and `"-Infinity"`, what is undefined is null.
    public static func statistic(_ value: Double?) -> JSON {
        guard let value, !value.isNaN else { return .null }
        if value.isInfinite { return .string(value < 0 ? "-Infinity" : "Infinity") }
        return .number(value)
    }
    public static func statistics(_ values: some Sequence<Double>) -> JSON { .array(values.map { statistic($0) }) }
}
