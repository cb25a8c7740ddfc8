public import Alerting
internal import Monitoring
public import Vocabulary

/// A spec as a person wrote it: one YAML file says what a model is and how it is watched.
public struct ModelSpecFile: Sendable {
    let json: JSON
    public let file: String
    /// Of the version to register and of its reference, where the file names them.
    public let model: String?
    public let version: String?
    public let reference: String?

    static let known = [
        "model", "version", "reference", "id", "timestamp", "label", "score", "prediction", "sensitive", "task", "positive", "threshold",
        "currency", "features", "ignore", "raw", "raw_share", "classes", "scores", "segments", "monitors", "policies", "prices", "windows",
    ]

    /// - Throws: ``ConfigurationError`` for what is no YAML, with its place.
    public init(_ text: String, file: String) throws {
        let json = try YAMLText.parse(text, file: file)
        let reader = SettingsReader()
        model = reader.text(json["model"], at: "model")
        version = reader.text(json["version"], at: "version")
        reference = reader.text(json["reference"], at: "reference")
        self.json = json
        self.file = file
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(file): \($0)" }) }
    }

    /// How a version that is registered already is watched from now on.
    ///
    /// - Throws: ``ConfigurationError`` with every problem.
    public func watch(destinations: [Destination]?) throws -> JSON {
        let reader = SettingsReader()
        let watch = Self.watch(reader.members(json, at: "", known: Self.known), destinations: destinations, reader)
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(file): \($0)" }) }
        return watch
    }

    /// `monitors` and `policies` as they are written, once they are checked: they are read again over the service's at each evaluation. And
    /// `prices` and `windows`, which are read whenever records are stored.
    static func watch(_ top: [String: JSON], destinations: [Destination]?, _ reader: SettingsReader) -> JSON {
        var watch = JSONObject()
        if let monitors = top["monitors"], monitors != .null {
            var settings = MonitorSettings()
            settings.read(monitors, at: "monitors", reader)
            // A word that is no task is a problem elsewhere.
            if monitors["detectors"]?.arrayValue?.count == settings.detectors.count,
                let task = top["task"]?.stringValue.flatMap(ModelTask.init)
            {
                DetectorSetting.checkTask(settings.detectors, task, at: "monitors.detectors", reader)
            }
            watch["monitors"] = monitors
        }
        let windows = WindowKind.readOwn(top["windows"], at: "windows", reader)
        if let windows { watch["windows"] = .array(windows.map { .string($0.rawValue) }) }
        if let read = AlertPolicy.read(top["policies"], at: "policies", destinations: destinations, reader), let policies = top["policies"]
        {
            AlertPolicy.checkWindows(read, of: windows ?? [], at: "policies", reader)
            watch["policies"] = policies
        }
        if let prices = PriceList.read(top["prices"], at: "prices", reader) { watch["prices"] = prices.json }
        return .object(watch)
    }
}
