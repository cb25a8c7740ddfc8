internal import Alerting
internal import Vocabulary

extension WindowKind {
    /// A kind that is evaluated as records come.
    static func read(_ json: JSON?, at path: String, _ reader: SettingsReader) -> WindowKind? {
        guard let word = reader.text(json, at: path) else { return nil }
        if let kind = WindowKind(rawValue: word), kind != .custom { return kind }
        reader.problem(path, "\"\(word)\", expected \(words)")
        return nil
    }

    /// `windows:` of a spec: the version's own kinds, beside those that every version has; nil without a list.
    static func readOwn(_ json: JSON?, at path: String, _ reader: SettingsReader) -> [WindowKind]? {
        guard let items = reader.list(json, at: path) else { return nil }
        if items.count > RegisteredVersion.ownWindowsMax {
            reader.problem(path, "\(items.count), expected at most \(RegisteredVersion.ownWindowsMax)")
        }
        var kinds: [WindowKind] = []
        for (i, item) in items.enumerated() {
            guard let kind = read(item, at: "\(path)[\(i)]", reader) else { continue }
            if scheduled.contains(kind) {
                reader.problem("\(path)[\(i)]", "\(kind.rawValue) is evaluated for every version, expected another length")
            } else if kinds.contains(kind) {
                reader.problem("\(path)[\(i)]", "\(kind.rawValue) is named twice")
            } else {
                kinds.append(kind)
            }
        }
        return kinds
    }
}

extension AlertPolicy {
    /// A policy of a spec that looks at windows which nobody evaluates would be silent for ever.
    static func checkWindows(_ policies: [AlertPolicy], of own: [WindowKind], at path: String, _ reader: SettingsReader) {
        let there = WindowKind.scheduled + own
        for (i, policy) in policies.enumerated() where !there.contains(policy.window) {
            reader.problem(
                "\(path)[\(i)].window",
                "\(policy.window.rawValue) is not among windows, expected one of \(there.map(\.rawValue).joined(separator: ", "))")
        }
    }
}
