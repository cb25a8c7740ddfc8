public import Alerting
internal import Collecting
internal import Tables
internal import Vocabulary

extension Registration {
    /// Reads a spec: what the options say, in YAML, the kinds of single features, and how the version is watched.
    ///
    /// - Parameter destinations: that policies may name; nil where they are not known.
    /// - Throws: ``ConfigurationError`` with every problem.
    public mutating func apply(_ spec: ModelSpecFile, destinations: [Destination]? = nil) throws {
        let reader = SettingsReader()
        let top = reader.members(spec.json, at: "", known: ModelSpecFile.known)
        watch = ModelSpecFile.watch(top, destinations: destinations, reader)
        mapping.id = reader.text(top["id"], at: "id") ?? mapping.id
        mapping.timestamp = reader.text(top["timestamp"], at: "timestamp") ?? mapping.timestamp
        mapping.label = reader.text(top["label"], at: "label") ?? mapping.label
        mapping.score = reader.text(top["score"], at: "score") ?? mapping.score
        mapping.prediction = reader.text(top["prediction"], at: "prediction") ?? mapping.prediction
        if case .object(let attributes)? = top["sensitive"] {
            mapping.sensitive = attributes.members.map(\.key)
            for (name, value) in attributes.members { applyColumn(name, value, at: "sensitive.\(name)", isFeature: false, reader) }
        } else {
            mapping.sensitive = reader.texts(top["sensitive"], at: "sensitive") ?? mapping.sensitive
        }
        base.task = reader.choice(top["task"], at: "task") ?? base.task
        base.positiveLabel = reader.text(top["positive"], at: "positive") ?? base.positiveLabel
        base.threshold = reader.number(top["threshold"], at: "threshold", in: -1e300...1e300) ?? base.threshold
        base.currency = reader.text(top["currency"], at: "currency") ?? base.currency
        base.classes = reader.texts(top["classes"], at: "classes") ?? base.classes
        if case .object(let columns)? = top["scores"] {
            for (name, value) in columns.members { mapping.scores[name] = reader.text(value, at: "scores.\(name)") }
        } else if top["scores"] != nil {
            reader.problem("scores", "expected a mapping of class to column")
        }
        applyRaw(top, reader)
        segments = SegmentDraft.read(top["segments"], reader)
        ignored.formUnion(reader.texts(top["ignore"], at: "ignore") ?? [])
        if case .object(let kinds)? = top["features"] {
            for (name, value) in kinds.members {
                if case .object = value {
                    applyColumn(name, value, at: "features.\(name)", isFeature: true, reader)
                } else if let kind = plainKind(value, at: "features.\(name)", reader) {
                    declared[name] = kind
                }
            }
        } else if let names = reader.texts(top["features"], at: "features") {
            features = names
        }
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(spec.file): \($0)" }) }
    }

    /// A kind that needs no more than its word.
    private func plainKind(_ json: JSON?, at path: String, _ reader: SettingsReader) -> FeatureKind? {
        guard let kind: FeatureKind = reader.choice(json, at: path) else { return nil }
        if kind == .vector { reader.problem(path, "vector without its length, expected {vector: LENGTH}") }
        return kind == .vector ? nil : kind
    }

    /// `{privacy: drop | hash | bucket, edges: […]}`; of a feature also `kind`, or `vector` and its length.
    private mutating func applyColumn(_ name: String, _ json: JSON, at path: String, isFeature: Bool, _ reader: SettingsReader) {
        let members = reader.members(json, at: path, known: (isFeature ? ["kind", "vector"] : []) + ["privacy", "edges"])
        if let kind = plainKind(members["kind"], at: path + ".kind", reader) { declared[name] = kind }
        let word = reader.text(members["privacy"], at: path + ".privacy")
        if let json = members["vector"] {
            vectors[name] = reader.integer(json, at: path + ".vector", in: FeatureSchema.dimensions)
            if members["kind"] != nil { reader.problem(path + ".kind", "stands beside vector, expected one of the two") }
            if let word, word != "drop" { return reader.problem(path + ".privacy", "\(word) of a vector, expected drop or none") }
        }
        if word != "bucket", members["edges"] != nil { reader.problem(path + ".edges", "stand without privacy: bucket, expected none") }
        var rule: Privacy?
        switch word {
        case nil: return
        case "drop" where isFeature: dropped.insert(name)
        case "hash": rule = .hash
        case "bucket":
            let edges = (reader.list(members["edges"], at: path + ".edges") ?? []).map { $0.doubleValue ?? .nan }
            if let problem = Privacy.problem(ofEdges: edges) { return reader.problem(path + ".edges", problem) }
            rule = .bucket(edges)
        default:
            let words = isFeature ? Privacy.words : Privacy.words.filter { $0 != "drop" }
            reader.problem(path + ".privacy", "\"\(word ?? "")\", expected one of \(words.joined(separator: ", "))")
        }
        guard let rule else { return }
        if let other = privacy.updateValue(rule, forKey: name), other != rule {
            reader.problem(path + ".privacy", "differs from that under sensitive, expected one rule for a column")
        }
    }

    /// `raw: all | sample | none`, and `raw_share` beside `sample`.
    private mutating func applyRaw(_ top: [String: JSON], _ reader: SettingsReader) {
        let share = reader.number(top["raw_share"], at: "raw_share", in: 0...1)
        guard let word = reader.text(top["raw"], at: "raw") else {
            if share != nil { reader.problem("raw_share", "stands without raw: sample") }
            return
        }
        guard let raw = RawRows(word: word, share: share) else {
            return reader.problem("raw", "\"\(word)\", expected one of \(RawRows.words.joined(separator: ", "))")
        }
        if case .sample = raw {} else if share != nil { reader.problem("raw_share", "stands without raw: sample") }
        base.raw = raw
    }
}

extension Registration {
    /// What the spec says of columns and the reference does not bear out: columns that it lacks, each with what it may have meant, numbers that are
    /// none, a positive label that no row has. All of it at once, where reading the columns would stop at the first.
    func columnProblems(_ table: CSVTable) -> [String] {
        var named = [
            ("id", mapping.id), ("timestamp", mapping.timestamp), ("label", mapping.label), ("score", mapping.score),
            ("prediction", mapping.prediction),
        ].compactMap { path, name in name.map { (path, $0) } }
        named += mapping.scores.sorted { $0.key < $1.key }.map { ("scores.\($0.key)", $0.value) }
        named += mapping.sensitive.map { ("sensitive", $0) }
        let kinds = Set(declared.keys).union(privacy.keys).union(features ?? [])
            .subtracting(vectors.keys).subtracting(mapping.sensitive)
        named += kinds.sorted().map { ("features", $0) } + ignored.sorted().map { ("ignore", $0) }
        let there = Set(table.names)
        var found = named.filter { !there.contains($0.1) }.map { path, name in
            "\(path): there is no column \(name.isEmpty ? "\"\"" : name)\(SettingsReader.hint(name, table.names))"
        }
        for name in declared.keys.sorted() where declared[name] == .numeric && there.contains(name) {
            do { _ = try table.numbers(name) } catch { found.append("features.\(name): \(error)") }
        }
        if found.isEmpty, base.task == .binary, let label = mapping.label, let levels = try? table.levels(label).names, levels.count > 1,
            !levels.contains(base.positiveLabel), !levels.contains(where: { Double($0) != nil && Double($0) == Double(base.positiveLabel) })
        {
            found.append("positive: no row of \(label) is \(base.positiveLabel)\(SettingsReader.hint(base.positiveLabel, levels.sorted()))")
        }
        return found
    }
}
