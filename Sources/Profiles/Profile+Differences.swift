public import Vocabulary

extension Profile {
    /// Where the sums differ from those expected, a line for each column; empty when they are the same bit for bit.
    public func differences(from expected: Profile, schema: FeatureSchema) -> [String] {
        if encoded() == expected.encoded() { return [] }
        var lines: [String] = []
        func compare(_ name: String, _ ours: Int64, _ theirs: Int64) {
            if ours != theirs { lines.append("\(name): \(ours), expected \(theirs)") }
        }
        compare("rows", rows, expected.rows)
        compare("errors", errors, expected.errors)
        compare("labelled", labelled, expected.labelled)
        for (i, (ours, theirs)) in zip(features, expected.features).enumerated() where ours != theirs {
            lines.append("feature \(schema.features[i].name): \(ours.present) values, expected \(theirs.present), or other ones")
        }
        if score != expected.score { lines.append("score: \(score.present) values, expected \(expected.score.present), or other ones") }
        for name in Set(measures.keys).union(expected.measures.keys).sorted() where measures[name] != expected.measures[name] {
            lines.append(
                "measure \(name): \(measures[name]?.present ?? 0) values, expected \(expected.measures[name]?.present ?? 0), or other ones")
        }
        if joint != expected.joint { lines.append("the joint sums of the numeric features") }
        if outcomes != expected.outcomes { lines.append("the table of scores, labels, decisions and groups") }
        if residuals != expected.residuals { lines.append("the sums of errors by group") }
        if classes != expected.classes { lines.append("the table of classes and labels") }
        return lines.isEmpty ? ["the encoding alone"] : lines
    }
}

extension Profile.FeatureCells {
    var present: Int64 {
        switch self {
        case .numeric(let cells): cells.present
        case .categorical(let cells): cells.present
        case .vector(let cells): cells.norm.present
        }
    }
}
