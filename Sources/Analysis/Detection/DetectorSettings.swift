internal import Statistics
internal import Tables

/// Parameters of a detector as `name=value` words, with the names that it knows.
struct DetectorSettings: DetectorParameters {
    private var words: [String: String] = [:]

    /// - Throws: ``AnalysisError`` for a word without `=`, or a name that is not known.
    init(_ settings: [String], of detector: String, known: [String]) throws(AnalysisError) {
        for setting in settings {
            guard let equals = setting.firstIndex(of: "=") else { throw AnalysisError("--set \(setting), expected name=value") }
            let name = String(setting[..<equals])
            guard known.contains(name) else {
                throw AnalysisError(
                    "--set \(setting): \(detector) has no parameter \(name), expected one of \(known.joined(separator: ", "))")
            }
            words[name] = String(setting[setting.index(after: equals)...])
        }
    }

    func number(_ name: String, _ standard: Double) throws(AnalysisError) -> Double {
        guard let word = words[name] else { return standard }
        guard let value = parseNumber(word) else { throw AnalysisError("--set \(name)=\(word), expected a number") }
        return value
    }

    /// A whole number, also when it is written as `30.0`.
    func count(_ name: String, _ standard: Int) throws(AnalysisError) -> Int {
        guard let word = words[name] else { return standard }
        guard let value = Int(word) ?? parseNumber(word).flatMap({ Int(exactly: $0) }) else {
            throw AnalysisError("--set \(name)=\(word), expected a whole number")
        }
        return value
    }

    func seed(_ name: String, _ standard: UInt64) throws(AnalysisError) -> UInt64 {
        guard let word = words[name] else { return standard }
        guard let value = UInt64(word) else { throw AnalysisError("--set \(name)=\(word), expected a whole number of at least 0") }
        return value
    }

    func flag(_ name: String) throws(AnalysisError) -> Bool {
        switch words[name]?.lowercased() {
        case nil, "false"?, "0"?: return false
        case "true"?, "1"?: return true
        case let word?: throw AnalysisError("--set \(name)=\(word), expected true or false")
        }
    }

    func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ standard: T) throws(AnalysisError) -> T where T.RawValue == String {
        guard let word = words[name] else { return standard }
        guard let value = T(rawValue: word) else {
            let known = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw AnalysisError("--set \(name)=\(word), expected one of \(known)")
        }
        return value
    }
}
