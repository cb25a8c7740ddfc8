internal import Monitoring
internal import Statistics
internal import Vocabulary

extension DetectorSetting {
    /// `detectors:`, a list of names, or of mappings with a name and parameters; nil without a list.
    static func read(_ json: JSON?, at place: String, _ reader: SettingsReader) -> [DetectorSetting]? {
        guard let items = reader.list(json, at: place) else { return nil }
        var settings: [DetectorSetting] = []
        for (i, item) in items.enumerated() {
            let path = "\(place)[\(i)]"
            guard let setting = one(item, at: path, reader) else { continue }
            if settings.contains(where: { $0.name == setting.name }) { reader.problem(path, "\(setting.name) is named twice") }
            do { _ = try setting.detector() } catch { reader.problem(path, "\(error)") }
            settings.append(setting)
        }
        return settings
    }

    private static func one(_ item: JSON, at path: String, _ reader: SettingsReader) -> DetectorSetting? {
        guard case .object(let object) = item else { return (reader.choice(item, at: path) as DetectorMethod?).map { DetectorSetting($0) } }
        guard let name = object["name"], name != .null else {
            reader.problem(path + ".name", "missing, expected one of \(DetectorMethod.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        guard let method = reader.choice(name, at: path + ".name") as DetectorMethod? else { return nil }
        var parameters: [String: String] = [:]
        for (key, value) in reader.members(item, at: path, known: ["name"] + method.parameters) where method.parameters.contains(key) {
            parameters[key] = reader.text(value, at: "\(path).\(key)")
        }
        return DetectorSetting(method, parameters)
    }

    /// What a spec asks for and its task has no errors for.
    static func checkTask(_ settings: [DetectorSetting], _ task: ModelTask, at place: String, _ reader: SettingsReader) {
        for (i, setting) in settings.enumerated() where !setting.takes(task) {
            reader.problem(
                "\(place)[\(i)]",
                "\(setting.name) takes errors of 0 and 1, those of a \(task.rawValue) are absolute errors: expected one of \(names(for: task).joined(separator: ", "))"
            )
        }
    }
}
