/// Which evenkeel this is, as `--version`, pages and results say it.
public enum Build {
    public static let version = "0.1.0-dev"
}
