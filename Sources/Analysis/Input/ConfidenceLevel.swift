/// Levels of intervals. Closer to 0 or 1 a level, or what it leaves to either side, is rounded to one of them, which has no quantile.
public enum ConfidenceLevel {
    public static let range = 1e-15...(1 - 1e-15)
    /// In the words of an error message.
    public static let expected = "a number between 0 and 1, at least 1e-15 from both"
}
