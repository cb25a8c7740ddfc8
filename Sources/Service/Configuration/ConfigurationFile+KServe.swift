internal import Collecting
internal import Vocabulary

extension ServiceConfiguration {
    /// The section `kserve`: what inference services are here, and how long and how much waits for its other half.
    mutating func readKServe(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(json, at: "kserve", known: ["wait_seconds", "halves_max", "half_bytes_max", "services"])
        if let seconds = reader.integer(members["wait_seconds"], at: "kserve.wait_seconds", in: 1...604_800) {
            kserve.limits.waitSeconds = Int64(seconds)
        }
        kserve.limits.halvesMax =
            reader.integer(members["halves_max"], at: "kserve.halves_max", in: 1...100_000_000) ?? kserve.limits.halvesMax
        kserve.limits.bytesMax =
            reader.integer(members["half_bytes_max"], at: "kserve.half_bytes_max", in: 1024...(1 << 40)) ?? kserve.limits.bytesMax
        for (i, item) in (reader.list(members["services"], at: "kserve.services") ?? []).enumerated() {
            let path = "kserve.services[\(i)]"
            let members = reader.members(
                item, at: path,
                known: [
                    "service", "namespace", "model", "version", "component", "columns", "ignore", "score", "prediction", "positive_class",
                ])
            guard let name = reader.text(members["service"], at: path + ".service") else {
                reader.problem(path + ".service", "missing, expected the name of an InferenceService")
                continue
            }
            var service = InferenceServices.Service(name)
            service.namespace = reader.text(members["namespace"], at: path + ".namespace")
            if kserve.services.contains(where: { $0.service == name && ($0.namespace == nil || $0.namespace == service.namespace) }) {
                reader.problem(path, "\(name) is named before, expected one entry for a service and namespace")
            }
            service.model = reader.text(members["model"], at: path + ".model")
            service.version = reader.text(members["version"], at: path + ".version")
            service.component = reader.text(members["component"], at: path + ".component") ?? service.component
            service.columns = reader.texts(members["columns"], at: path + ".columns")
            service.ignored = Set(reader.texts(members["ignore"], at: path + ".ignore") ?? [])
            service.score = reader.text(members["score"], at: path + ".score")
            service.prediction = reader.text(members["prediction"], at: path + ".prediction")
            service.positiveClass = reader.integer(members["positive_class"], at: path + ".positive_class", in: 0...1) ?? 1
            kserve.services.append(service)
        }
    }
}
