internal import Alerting
internal import Vocabulary

extension AlertPolicy {
    /// The policies of a list, each checked against the destinations there are; nil without a list.
    ///
    /// - Parameter destinations: nil where they are not known, as for a command that registers from afar.
    static func read(
        _ json: JSON?, at place: String, destinations known: [Destination]?, _ reader: SettingsReader
    ) -> [AlertPolicy]? {
        guard let items = reader.list(json, at: place) else { return nil }
        let destinations = known ?? []
        let formats = Dictionary(destinations.map { ($0.name, $0.format) }, uniquingKeysWith: { first, _ in first })
        let hearing = destinations.filter(\.format.takesAlerts).map(\.name)
        var policies: [AlertPolicy] = []
        // A receiver that retrains is no receiver of alerts, unless a policy says so.
        let retraining = Set(items.compactMap { $0["retraining"]?.stringValue })
        let listeners = hearing.filter { !retraining.contains($0) }
        for (i, item) in items.enumerated() {
            let path = "\(place)[\(i)]"
            let members = reader.members(
                item, at: path,
                known: [
                    "name", "monitors", "window", "findings", "of", "resolve_after", "severity", "destinations", "retraining",
                    "retraining_cooldown_seconds", "false_alarms", "remind_after_seconds", "inhibited_by", "flap_after", "flap_windows",
                    "group", "retraining_per_month", "retraining_deadline_seconds", "retraining_days",
                ])
            guard let name = reader.text(members["name"], at: path + ".name") else {
                reader.problem(path + ".name", "missing, expected a name")
                continue
            }
            if policies.contains(where: { $0.name == name }) { reader.problem(path + ".name", "\(name) is named twice") }
            var policy = AlertPolicy(name: name)
            if let words = reader.list(members["monitors"], at: path + ".monitors") {
                policy.monitors = words.enumerated().compactMap { reader.choice($1, at: "\(path).monitors[\($0)]") as Vocabulary.Monitor? }
            }
            policy.window = WindowKind.read(members["window"], at: path + ".window", reader) ?? policy.window
            policy.of = reader.integer(members["of"], at: path + ".of", in: 1...AlertPolicy.windowsMax) ?? policy.of
            policy.findings =
                reader.integer(members["findings"], at: path + ".findings", in: 1...AlertPolicy.windowsMax)
                ?? min(policy.findings, policy.of)
            if policy.findings > policy.of { reader.problem(path + ".findings", "\(policy.findings), expected at most of: \(policy.of)") }
            policy.resolveAfter =
                reader.integer(members["resolve_after"], at: path + ".resolve_after", in: 1...AlertPolicy.windowsMax) ?? policy.resolveAfter
            if let text = reader.text(members["false_alarms"], at: path + ".false_alarms") {
                policy.falseAlarms = FalseAlarmBudget(text)
                if policy.falseAlarms == nil, text != "any" {
                    reader.problem(path + ".false_alarms", "\"\(text)\", expected for example \"1 per 30d\", or any")
                }
            }
            policy.severity = reader.choice(members["severity"], at: path + ".severity") ?? policy.severity
            policy.destinations = reader.texts(members["destinations"], at: path + ".destinations") ?? listeners
            if let cooldown = reader.integer(
                members["retraining_cooldown_seconds"], at: path + ".retraining_cooldown_seconds", in: 0...31_536_000)
            {
                policy.retrainingCooldownSeconds = Int64(cooldown)
            }
            policy.remindAfterSeconds =
                reader.integer(members["remind_after_seconds"], at: path + ".remind_after_seconds", in: AlertPolicy.reminderSeconds)
                .map(Int64.init)
            policy.readCalm(members, at: path, reader)
            policy.retraining = reader.text(members["retraining"], at: path + ".retraining")
            func check(_ word: String, _ path: String, _ fits: (Destination.Format) -> Bool, _ what: String) {
                if known == nil { return }
                guard let format = formats[word] else { return reader.problem(path, "there is no destination named \(word)") }
                if !fits(format) { reader.problem(path, "\(word) has the format \(format.rawValue), which \(what)") }
            }
            for (place, word) in policy.destinations.enumerated() {
                check(word, "\(path).destinations[\(place)]", \.takesAlerts, "only starts retraining")
            }
            if let word = policy.retraining { check(word, path + ".retraining", \.startsRetraining, "cannot start retraining") }
            policies.append(policy)
        }
        return policies
    }
}
