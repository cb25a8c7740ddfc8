internal import Statistics
public import Vocabulary

extension Report {
    /// The same report with what is needed to repeat it: the version of evenkeel, the settings of the command, and of each file its rows
    /// and SHA-256. Settings that the report has already keep their place; those given here win.
    ///
    /// - Parameter inputs: in the order of the command line.
    public func repeatable(_ settings: Settings, from inputs: [Frame]) -> Report {
        guard let old = json.objectValue else { return self }
        var all = old["settings"]?.objectValue ?? JSONObject()
        for (key, value) in settings.object.members { all[key] = value }
        let files = inputs.map { frame -> JSON in
            var file = JSONObject([("file", .string(frame.file)), ("rows", JSON(frame.rows)), ("rejected", JSON(frame.rejected.count))])
            if let bytes = frame.byteCount {
                file["bytes"] = JSON(bytes)
                file["sha256"] = JSON(frame.sha256)
                if frame.sha256 == nil { file["why"] = "the file became shorter while it was read" }
            }
            return .object(file)
        }
        var made = JSONObject()
        made["command"] = old["command"]
        made["version"] = .string(Build.version)
        made["inputs"] = .array(files)
        made["settings"] = .object(all)
        for (key, value) in old.members where made[key] == nil { made[key] = value }
        var out = self
        out.json = .object(made)
        out.blocks.append(.footnote(Self.inWords(command: old["command"]?.stringValue, all, inputs)))
        return out
    }

    private static func inWords(command: String?, _ settings: JSONObject, _ inputs: [Frame]) -> String {
        let files = inputs.map { "\($0.file) (\($0.rows) rows\($0.sha256.map { ", SHA-256 \($0)" } ?? ""))" }
        let words = settings.members.compactMap { key, value -> String? in
            switch value {
            case .null, .object: nil
            case .string(let text): "\(key) \(text)"
            case .array(let items): "\(key) \(items.map { $0.stringValue ?? $0.text }.joined(separator: ","))"
            default: "\(key) \(value.text)"
            }
        }
        return
            "To repeat this: evenkeel \(Build.version) \(command ?? "") of \(files.joined(separator: ", ")) with \(words.joined(separator: ", "))."
    }
}

/// The options of a command by their names on the command line, in lower snake case. What is not given has no place in it.
public struct Settings: Sendable {
    public private(set) var object = JSONObject()

    public init() {}

    public subscript(_ key: String) -> String? {
        get { object[key]?.stringValue }
        set { object[key] = newValue.map(JSON.string) }
    }
    public mutating func set(_ key: String, _ value: Double) { object[key] = .statistic(value) }
    public mutating func set(_ key: String, _ value: Int) { object[key] = JSON(value) }
    public mutating func set(_ key: String, _ value: Bool) { object[key] = .bool(value) }
    public mutating func set(_ key: String, _ value: [String]) { object[key] = value.isEmpty ? nil : .array(value.map(JSON.string)) }
    /// A number as far as JSON's integers go.
    public mutating func set(seed: UInt64) { object["seed"] = Int64(exactly: seed).map(JSON.integer) ?? .string("\(seed)") }

    mutating func set(_ chunking: Chunking?) {
        switch chunking {
        case nil: break
        case .size(let size): set("chunk_size", size)
        case .count(let count): set("chunk_count", count)
        case .period(let period): self["chunk_period"] = period.rawValue
        }
    }
    mutating func set(_ scores: [(name: String, column: String)]) { set("scores", scores.map { "\($0.name)=\($0.column)" }) }
}

extension DriftOptions {
    public var settings: Settings {
        var out = Settings()
        out.set("columns", columns)
        out.set("numeric", numeric)
        out.set("categorical", categorical)
        out.set("tests", tests.map(\.rawValue))
        out.set(
            "edges",
            edges.sorted { $0.key < $1.key }.map { name, edges in "\(name)=\(edges.map { "\($0)" }.joined(separator: ","))" })
        out.set(chunking)
        out["timestamp"] = timestamp
        out.set("confidence", confidence)
        out.set(seed: seed)
        return out
    }
}

extension AuditOptions {
    public var settings: Settings {
        var out = Settings()
        out["task"] = task.rawValue
        out["label"] = label
        out["prediction"] = prediction
        out["score"] = score
        if prediction == nil { out.set("threshold", threshold) }
        out["weights"] = weights
        out.set("sensitive", sensitive)
        out["positive"] = positive
        out["favorable"] = favorable
        out["convention"] = convention.rawValue
        out.set("reference_group", referenceGroups.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        out.set("tau", tau)
        out.set("difference_floor", differenceFloor)
        out.set("min_rows", minRows)
        out["stratum"] = stratum
        out.set("features", features)
        if !features.isEmpty { out.set("neighbours", neighbours) }
        out.set("replicates", replicates)
        out["mitigate"] = mitigation?.rawValue
        if mitigation == .thresholds { out["criterion"] = criterion.rawValue }
        out["correction"] = "benjamini_hochberg"
        out.set("confidence", confidence)
        out.set(seed: seed)
        return out
    }
}

extension CalibrationOptions {
    public var settings: Settings {
        var out = Settings()
        out["label"] = label
        out["score"] = score
        out.set(scores.map { ($0.name, $0.column) })
        out.set("classes", classes ?? [])
        out["weights"] = weights
        out.set("by", by)
        out["recalibrate"] = recalibrate
        out.set("confidence", confidence)
        out.set("bins", bins)
        out["binning"] = binning
        out.set(seed: seed)
        return out
    }
}

extension PerformanceOptions {
    public var settings: Settings {
        var out = Settings()
        out["label"] = label
        out["score"] = score
        out.set(scores.map { ($0.name, $0.column) })
        out["prediction"] = prediction
        out.set("classes", classes ?? [])
        out["weights"] = weights
        out["timestamp"] = timestamp
        out["id"] = id
        out["as_of"] = asOf
        out["label_timestamp"] = labelTimestamp
        out.set(chunking)
        out.set("confidence", confidence)
        out.set(seed: seed)
        return out
    }

    /// The files beside the one that is judged.
    public var inputs: [Frame] { [reference, labelEvents].compactMap { $0 } }
}

extension Estimation {
    public var settings: Settings {
        var out = Settings()
        out["label"] = label
        out["score"] = score
        out.set(scores)
        out.set("classes", classes)
        out["prediction"] = prediction
        out["positive"] = positive
        if prediction == nil { out.set("threshold", threshold) }
        out["calibrate"] = calibration.rawValue
        out.set("features", features ?? [])
        out["timestamp"] = timestamp
        out["id"] = id
        out.set(chunking)
        out.set(seed: seed)
        return out
    }
}

extension Detection {
    /// `settings` is the list of `--set`; what it leaves out has River's default.
    public var allSettings: Settings {
        var out = Settings()
        out["column"] = column
        out["detector"] = detector.rawValue
        out.set("set", settings)
        if let stateEvery { out.set("state_every", stateEvery) }
        out.set(seed: seed)
        return out
    }
}
