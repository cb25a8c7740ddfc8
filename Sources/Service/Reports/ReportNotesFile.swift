public import Reporting
internal import Vocabulary

/// What the owners of a model say of it, from a YAML file: `intended_use: Ranks applications for a person to look at.`
public enum ReportNotesFile {
    /// A section.
    static let textMax = 20_000

    /// - Throws: ``ConfigurationError`` that names what is not known.
    public static func notes(_ text: String, file: String) throws -> [ReportNote] {
        let known = ModelCard.sections + Datasheet.sections
        guard let object = try YAMLText.parse(text, file: file).objectValue else {
            throw ConfigurationError(["\(file): expected section: text, of \(known.joined(separator: ", "))"])
        }
        var problems: [String] = []
        let notes = object.members.compactMap { key, value -> ReportNote? in
            guard known.contains(key) else {
                problems.append("\(file): \(key): unknown section, expected one of \(known.joined(separator: ", "))")
                return nil
            }
            let text = value.stringValue ?? value.text
            if text.utf8.count > textMax { problems.append("\(file): \(key): \(text.utf8.count) bytes, expected at most \(textMax)") }
            return ReportNote(key, text)
        }
        if !problems.isEmpty { throw ConfigurationError(problems) }
        return notes
    }
}
