internal import Vocabulary

/// A segment as a spec has it: `{name: young, where: {age: "< 25", purpose: [car, tv]}}`. What a rule means depends on the kind of its
/// column, which only the reference tells.
struct SegmentDraft: Sendable {
    var path: String
    var name: String
    var conditions: [(column: String, values: [JSON])]

    /// The list under `segments`; what has no such shape is a problem.
    static func read(_ json: JSON?, _ reader: SettingsReader) -> [SegmentDraft] {
        (reader.list(json, at: "segments") ?? []).enumerated().compactMap { i, json in
            let path = "segments[\(i)]"
            let members = reader.members(json, at: path, known: ["name", "where"])
            guard let name = reader.text(members["name"], at: path + ".name") else {
                reader.problem(path, "a segment without a name, expected {name: …, where: {column: value}}")
                return nil
            }
            guard case .object(let rules)? = members["where"], !rules.members.isEmpty else {
                reader.problem(path + ".where", "expected a mapping of columns to values, as {age: \"< 25\", purpose: [car, tv]}")
                return nil
            }
            var conditions: [(column: String, values: [JSON])] = []
            for (column, value) in rules.members {
                let values = value.arrayValue ?? [value]
                for value in values {
                    switch value {
                    case .object, .array:
                        reader.problem("\(path).where.\(column)", "expected a value or a list of values, got \(value.kind)")
                    default: continue
                    }
                }
                conditions.append((column, values))
            }
            return SegmentDraft(path: path, name: name, conditions: conditions)
        }
    }

    /// What it means for this schema; nil, and a line in `problems`, where it means nothing.
    func segment(_ schema: FeatureSchema, columns: [String], _ problems: inout [String]) -> Segment? {
        var tests: [Segment.Condition] = []
        for (column, values) in conditions {
            let path = "\(path).where.\(column)"
            let feature = schema.features.first { $0.name == column }
            let privacy = feature?.privacy ?? schema.sensitivePrivacy[column]
            if feature == nil, !schema.sensitive.contains(column) {
                let known = schema.features.map(\.name) + schema.sensitive.filter { name in !schema.features.contains { $0.name == name } }
                problems.append(
                    columns.contains(column)
                        ? "\(path): is neither a feature nor a sensitive attribute, expected one of \(known.joined(separator: ", "))"
                        : "\(path): there is no column \(column)\(SettingsReader.hint(column, known))")
            } else if privacy == .hash {
                problems.append("\(path): its values are hashed, expected a column whose values can be read")
            } else if feature?.kind == .vector {
                problems.append("\(path): is a vector, expected a numeric or categorical column")
            } else if feature?.kind == .numeric, values == [.null] {
                tests.append(Segment.Condition(column: column, test: .levels([nil])))
            } else if feature?.kind == .numeric {
                switch Self.bounds(values) {
                case .success(let bounds): tests.append(Segment.Condition(column: column, test: .numbers(bounds)))
                case .failure(let problem): problems.append("\(path): \(problem.words)")
                }
            } else {
                let levels = values.map { value in value == .null ? nil : value.stringValue ?? value.text }
                tests.append(Segment.Condition(column: column, test: .levels(levels)))
            }
        }
        return tests.count == conditions.count ? Segment(name: name, conditions: tests) : nil
    }

    private struct NoBounds: Error { var words: String }

    /// A number, or comparisons of which all hold.
    private static func bounds(_ values: [JSON]) -> Result<Segment.Bounds, NoBounds> {
        let expected = "expected a number or comparisons, as \">= 25\" or [\">= 25\", \"< 60\"]"
        var bounds = Segment.Bounds()
        for value in values {
            if let number = value.doubleValue {
                guard values.count == 1, number.isFinite else { return .failure(NoBounds(words: "several numbers, \(expected)")) }
                (bounds.lower, bounds.upper) = (number, number)
                continue
            }
            guard let text = value.stringValue, let sign = [">=", "<=", ">", "<"].first(where: text.hasPrefix),
                let number = Double(text.dropFirst(sign.count).filter { $0 != " " }), number.isFinite
            else { return .failure(NoBounds(words: "\(value.text), \(expected)")) }
            let isOpen = sign.count == 1
            if sign.first == ">" {
                if number > bounds.lower || number == bounds.lower && isOpen { (bounds.lower, bounds.isLowerOpen) = (number, isOpen) }
            } else if number < bounds.upper || number == bounds.upper && isOpen {
                (bounds.upper, bounds.isUpperOpen) = (number, isOpen)
            }
        }
        return .success(bounds)
    }
}
