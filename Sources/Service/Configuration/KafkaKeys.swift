internal import Collecting
internal import Vocabulary

extension ServiceConfiguration {
    /// `kafka:`: the cluster and the topics that the role `kafka` reads.
    mutating func readKafka(_ json: JSON?, _ reader: SettingsReader, _ environment: [String: String]) {
        guard let json, json != .null else { return }
        let members = reader.members(
            json, at: "kafka",
            known: [
                "brokers", "cluster", "group", "predictions", "labels", "dead_letters", "start", "batch_records_max", "batch_bytes_max",
                "wait_milliseconds", "ahead_bytes_max", "properties",
            ])
        var settings = KafkaSettings()
        settings.brokers = reader.texts(members["brokers"], at: "kafka.brokers") ?? []
        if settings.brokers.isEmpty { reader.problem("kafka.brokers", "missing, expected a list such as [broker-1:9092, broker-2:9092]") }
        for (i, broker) in settings.brokers.enumerated() where broker.wholeMatch(of: #/[^,\s/]+:[0-9]{1,5}/#) == nil {
            reader.problem("kafka.brokers[\(i)]", "\"\(broker)\", expected host:port")
        }
        settings.cluster = Self.name(members["cluster"], at: "kafka.cluster", reader) ?? settings.cluster
        settings.group = Self.name(members["group"], at: "kafka.group", reader) ?? settings.group
        settings.predictions = Self.topics(members["predictions"], at: "kafka.predictions", reader)
        settings.labels = Self.topics(members["labels"], at: "kafka.labels", reader)
        if settings.topics.isEmpty {
            reader.problem("kafka.predictions", "missing, expected the topics of predictions, or those of labels")
        }
        for topic in Set(settings.topics).sorted() where settings.topics.count(where: { $0 == topic }) > 1 {
            reader.problem("kafka", "the topic \(topic) is named twice")
        }
        if let topic = reader.text(members["dead_letters"], at: "kafka.dead_letters") {
            if !Self.isTopic(topic) { reader.problem("kafka.dead_letters", "\"\(topic)\", expected the name of a topic") }
            if settings.topics.contains(topic) { reader.problem("kafka.dead_letters", "\(topic) is read too, expected a topic of its own") }
            settings.deadLetters = topic
        } else {
            reader.problem("kafka.dead_letters", "missing, expected the topic to which records go that cannot be stored")
        }
        settings.start = reader.choice(members["start"], at: "kafka.start") ?? settings.start
        func value(_ key: String, _ range: ClosedRange<Int>, _ standard: Int) -> Int {
            reader.integer(members[key], at: "kafka.\(key)", in: range) ?? standard
        }
        settings.batchRecordsMax = value("batch_records_max", 1...1_000_000, settings.batchRecordsMax)
        settings.batchBytesMax = value("batch_bytes_max", 1024...(1 << 30), settings.batchBytesMax)
        settings.waitMilliseconds = value("wait_milliseconds", 1...10_000, settings.waitMilliseconds)
        settings.aheadBytesMax = value("ahead_bytes_max", 1024...(1 << 31) - 1024, settings.aheadBytesMax)
        settings.properties = Self.properties(members["properties"], reader, environment)
        kafka = settings
    }

    private static func isTopic(_ text: String) -> Bool {
        text.wholeMatch(of: #/[A-Za-z0-9._\-]{1,249}/#) != nil && text != "." && text != ".."
    }

    private static func topics(_ json: JSON?, at path: String, _ reader: SettingsReader) -> [String] {
        let names = reader.texts(json, at: path) ?? []
        for (i, name) in names.enumerated() where !isTopic(name) {
            reader.problem("\(path)[\(i)]", "\"\(name)\", expected the name of a topic")
        }
        return names
    }

    private static func name(_ json: JSON?, at path: String, _ reader: SettingsReader) -> String? {
        guard let name = reader.text(json, at: path) else { return nil }
        if !(1...200).contains(name.utf8.count) { reader.problem(path, "\(name.utf8.count) bytes, expected 1 to 200") }
        return name
    }

    /// Properties of librdkafka. Any of them may be a secret, so no message says its value.
    private static func properties(_ json: JSON?, _ reader: SettingsReader, _ environment: [String: String]) -> [String: Secret] {
        guard let json, json != .null else { return [:] }
        guard case .object(let object) = json else {
            reader.problem("kafka.properties", "expected a mapping, got \(json.kind)")
            return [:]
        }
        var properties: [String: Secret] = [:]
        for (name, value) in object.members {
            let path = "kafka.properties.\(name)"
            if KafkaSettings.ownProperties.contains(name) {
                reader.problem(path, "is set by evenkeel itself")
                continue
            }
            let text: JSON =
                switch value {
                case .integer, .number, .bool: .string(value.text)
                default: value
                }
            guard let secret = secret(text, at: path, reader, environment) else { continue }
            if let problem = KafkaSupport.problem(name, secret) { reader.problem(path, problem) }
            properties[name] = secret
        }
        return properties
    }
}

extension ServiceConfiguration {
    /// What this process reads from Kafka: nil when the role is another's, or nothing is configured.
    var kafkaHere: KafkaSettings? { roles.contains(.kafka) ? kafka : nil }

    /// - Throws: ``ConfigurationError`` when this process is to read from Kafka and cannot.
    func checkKafka() throws {
        if kafkaHere != nil, !KafkaSupport.isBuiltIn { throw ConfigurationError(["kafka: \(KafkaSupport.missing)"]) }
    }
}
