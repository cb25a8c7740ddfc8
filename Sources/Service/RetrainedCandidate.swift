internal import Collecting
internal import Storage
internal import Tables
internal import Vocabulary

extension Engine {
    /// Training rows that the reference of a retrained version is made of; the newest.
    static let retrainedRowsMax = 100_000

    /// Makes what a retraining brought a candidate in shadow.
    ///
    /// A version that is not registered yet is registered with the schema and the monitors of the one that was retrained. Its reference are the rows
    /// of the manifest, with the new model's own scores.
    /// - Throws: ``ConfigurationError`` for a file that does not fit the log, or a reference that cannot be made; ``StoreError`` `.conflict` when the
    ///   version has another file already.
    func registerCandidate(_ name: String, of retraining: Retraining, file data: [UInt8], actor: String) async throws {
        let now = clock()
        guard let former = try await registry.version(retraining.version) else {
            throw ConfigurationError(["\(retraining.version) is not registered any more"])
        }
        let key = ModelVersion(model: former.key.model, version: name)
        let version: RegisteredVersion
        if let known = try await registry.version(key) {
            version = known
        } else {
            let (registration, table) = try await reference(of: key, like: former, retraining, data)
            version = try await registration.run(table, registry: registry, actor: actor, at: now).version
        }
        _ = try await registerModelFile(data, file: "the model of \(key)", of: version, actor: actor, at: now)
    }

    private func reference(
        of key: ModelVersion, like former: RegisteredVersion, _ retraining: Retraining, _ data: [UInt8]
    ) async throws -> (Registration, CSVTable) {
        let schema = former.schema
        func byHand(_ why: String) -> ConfigurationError {
            ConfigurationError([
                "\(key): no reference can be made, \(why): register it with evenkeel model register, then say succeeded again"
            ])
        }
        if schema.features.contains(where: { $0.kind == .vector }) { throw byHand("\(former.key) has vectors") }
        if schema.needsPrivacyKey || schema.features.contains(where: { $0.privacy != nil }) || !schema.sensitivePrivacy.isEmpty {
            throw byHand("columns of \(former.key) are private")
        }
        let training = retraining.manifest["training"]
        guard let from = training?["from"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            let to = training?["to"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        else { throw byHand("the manifest names no training rows") }
        let model: CandidateModel
        let scores: [[Double]]
        let (rows, times) = try await shadow.trainingRows(of: former, from: from, to: to, limit: Self.retrainedRowsMax)
        if rows.count == 0 { throw byHand("there are no labelled rows with features from \(from.rfc3339) to \(to.rfc3339)") }
        do {
            model = try CandidateModel(data, file: "the model of \(key)", schema: schema, threshold: schema.threshold)
            scores = try model.scores(rows)
        } catch let fault as ShadowFault { throw ConfigurationError([fault.description]) }

        var file = ReferenceFile(schema)
        let score = schema.task == .multiclass ? schema.classes.map { file.column("score " + $0) } : [file.column("score")]
        let (id, time, label) = (file.column("record_id"), file.column("ts"), file.column("label"))
        file.add(rows, times, labels: schema.labelTexts(rows.labels), scores: scores)
        var registration = Registration(
            key: key, mapping: TableMapping(id: id, timestamp: time, label: label, sensitive: schema.sensitive))
        if schema.task == .multiclass {
            registration.mapping.scores = Dictionary(uniqueKeysWithValues: zip(schema.classes, score))
        } else {
            registration.mapping.score = score[0]
        }
        registration.base = schema
        registration.base.features = []
        registration.base.sensitive = []
        registration.declared = Dictionary(schema.features.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
        registration.features = schema.features.map(\.name)
        registration.watch = former.watch
        return (registration, try CSVTable(Array(file.text.utf8), file: "the training rows of \(key)"))
    }
}

extension FeatureSchema {
    /// Labels as files have them; nil for none.
    fileprivate func labelTexts(_ labels: [Double]) -> [String?] {
        labels.map { label in
            if label.isNaN { return nil }
            switch task {
            case .regression: return "\(label)"
            case .multiclass: return classes.indices.contains(Int(label)) ? classes[Int(label)] : nil
            case .binary: return label == 1 ? positiveLabel : positiveLabel == "0" ? "1" : "0"
            }
        }
    }
}

/// Rows as the text of a reference file: scores, id, time and label first, then features and groups.
private struct ReferenceFile {
    private let schema: FeatureSchema
    private var names: [String] = []
    private(set) var text = ""

    init(_ schema: FeatureSchema) { self.schema = schema }

    /// A column's name, which no feature or attribute has.
    mutating func column(_ wanted: String) -> String {
        let taken = Set(schema.features.map(\.name) + schema.sensitive + names)
        var name = wanted
        while taken.contains(name) { name += "_" }
        names.append(name)
        return name
    }

    mutating func add(_ rows: ShadowRows, _ times: [Timestamp], labels: [String?], scores: [[Double]]) {
        let features = schema.features.map(\.name)
        // An attribute that is a feature too is one column of the file.
        let groups = schema.sensitive.indices.filter { !features.contains(schema.sensitive[$0]) }
        put(names + features + groups.map { schema.sensitive[$0] })
        for row in 0..<rows.count {
            var cells: [String?] = scores.map { "\($0[row])" } + [rows.ids[row], times[row].rfc3339, labels[row]]
            for column in rows.features {
                switch column {
                case .numbers(let values): cells.append(values[row].isNaN ? nil : "\(values[row])")
                case .texts(let values): cells.append(values[row])
                }
            }
            put(cells + groups.map { rows.groups[$0][row] })
        }
    }

    private mutating func put(_ cells: [String?]) {
        text += cells.map { $0.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" } ?? "" }.joined(separator: ",") + "\n"
    }
}
