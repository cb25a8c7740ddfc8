public import Tables
public import Vocabulary

/// A version's schema as read off a reference file, with what was found of each column.
public struct SchemaInference: Sendable {
    public var schema: FeatureSchema
    /// Each column in the file's order, and what it became: a feature's kind, a role, or why it is not watched.
    public var columns: [(name: String, role: String)]

    /// - Parameters:
    ///   - declared: kinds that are declared rather than inferred. - ignored: columns to leave out.
    ///   - features: only these columns are features; nil for all that are not taken or ignored.
    /// - Throws: ``TableError`` when a named column is not in the file, or a column declared numeric holds text.
    public init(
        _ table: CSVTable, mapping: TableMapping, base: FeatureSchema, declared: [String: FeatureKind] = [:], ignored: Set<String> = [],
        features: [String]? = nil, privacy: [String: Privacy] = [:], dropped: Set<String> = [],
        vectors: [String: Int] = [:]
    ) throws(TableError) {
        for name in mapping.taken.union(declared.keys).union(ignored).union((features ?? []).filter { vectors[$0] == nil }).union(
            privacy.keys
        ).sorted() {
            _ = try table.requiredColumn(name)
        }
        schema = base
        schema.sensitive = mapping.sensitive
        schema.sensitivePrivacy = privacy.filter { mapping.sensitive.contains($0.key) }
        schema.dropped = dropped.sorted()
        schema.features = []
        columns = []
        if schema.task == .multiclass, schema.classes.isEmpty { schema.classes = try mapping.classes(of: table) }
        for (name, rule) in schema.sensitivePrivacy { if case .bucket = rule { _ = try table.privateNumbers(name) } }
        // A column for each coordinate: the first stands for all.
        var coordinates: [String: Feature] = [:]
        var thrownAway = dropped
        for (name, dimension) in vectors {
            let feature = Feature(name: name, kind: .vector, dimension: dimension)
            let names = FeatureSchema.columns(of: feature, in: table.names)
            if dropped.contains(name) {
                thrownAway.formUnion(names)
                continue
            }
            for column in names {
                _ = try table.requiredColumn(column)
                coordinates[column] = feature
            }
        }
        var taken: Set<String> = []
        for name in table.names {
            if let feature = coordinates[name] {
                guard taken.insert(feature.name).inserted else { continue }
                _ = try table.vectors(feature)
                schema.features.append(feature)
                columns.append((feature.name, "vector of \(feature.dimension)"))
                continue
            }
            if thrownAway.contains(name) { columns.append((name, "dropped")); continue }
            if let role = mapping.role(of: name) { columns.append((name, role)); continue }
            if ignored.contains(name) || features?.contains(name) == false { columns.append((name, "ignored")); continue }
            if let rule = privacy[name] {
                if case .bucket = rule { _ = try table.privateNumbers(name) }
                schema.features.append(Feature(name: name, kind: .categorical, privacy: rule))
                columns.append((name, rule == .hash ? "categorical (hashed)" : "categorical (intervals)"))
                continue
            }
            let inferred = try table.kind(name)
            if let kind = declared[name] {
                if kind == .numeric { _ = try table.numbers(name) }
                schema.features.append(Feature(name: name, kind: kind))
                columns.append((name, "\(kind.rawValue) (declared)"))
            } else if let kind = inferred.feature ?? (features != nil ? .categorical : nil) {
                schema.features.append(Feature(name: name, kind: kind))
                columns.append((name, kind.rawValue))
            } else {
                columns.append((name, "not watched: \(inferred.rawValue)"))
            }
        }
    }
}

extension TableMapping {
    func role(of name: String) -> String? {
        if name == id { return "id" }
        if name == timestamp { return "timestamp" }
        if name == label { return "label" }
        if name == score { return "score" }
        if let entry = scores.first(where: { $0.value == name }) { return "score of \(entry.key)" }
        if name == prediction { return "prediction" }
        return sensitive.contains(name) ? "sensitive" : nil
    }
}
