internal import Alerting
internal import Vocabulary

extension AlertPolicy {
    /// What keeps people from being told too much.
    mutating func readCalm(_ members: [String: JSON], at path: String, _ reader: SettingsReader) {
        if let words = reader.list(members["inhibited_by"], at: path + ".inhibited_by") {
            inhibitedBy = words.enumerated().compactMap { place, word in
                let path = "\(path).inhibited_by[\(place)]"
                guard let monitor = reader.choice(word, at: path) as Vocabulary.Monitor? else { return nil }
                if Self.inhibited.contains(monitor) {
                    reader.problem(
                        path, "\(monitor.rawValue) is what is held back, expected a monitor that holds back drift, such as volume")
                }
                return monitor
            }
        }
        flapAfter = reader.integer(members["flap_after"], at: path + ".flap_after", in: 0...AlertMemory.firedMax) ?? flapAfter
        flapWindows = reader.integer(members["flap_windows"], at: path + ".flap_windows", in: 1...1000) ?? flapWindows
        retrainingPerMonth =
            reader.integer(members["retraining_per_month"], at: path + ".retraining_per_month", in: 1...1000) ?? retrainingPerMonth
        retrainingDeadlineSeconds =
            reader.integer(members["retraining_deadline_seconds"], at: path + ".retraining_deadline_seconds", in: 0...31_536_000).map(
                Int64.init)
            ?? retrainingDeadlineSeconds
        retrainingDays =
            reader.integer(members["retraining_days"], at: path + ".retraining_days", in: 1...3650).map(Int64.init) ?? retrainingDays
        groups = reader.flag(members["group"], at: path + ".group") ?? groups
    }
}

extension ServiceConfiguration {
    /// `maintenance:`: hours that come again in which nobody is told.
    mutating func readMaintenance(_ json: JSON?, _ reader: SettingsReader) {
        for (i, item) in (reader.list(json, at: "maintenance") ?? []).enumerated() {
            let path = "maintenance[\(i)]"
            let members = reader.members(item, at: path, known: ["name", "days", "from", "minutes", "matchers"])
            guard let name = reader.text(members["name"], at: path + ".name") else {
                reader.problem(path + ".name", "missing, expected a name")
                continue
            }
            var window = MaintenanceWindow(name: name, startMinute: 0, minutes: 60)
            for (place, word) in (reader.texts(members["days"], at: path + ".days") ?? []).enumerated() {
                guard let day = MaintenanceWindow.weekdayNames.firstIndex(of: word) else {
                    reader.problem("\(path).days[\(place)]", "\"\(word)\"\(SettingsReader.hint(word, MaintenanceWindow.weekdayNames))")
                    continue
                }
                window.weekdays.insert(day)
            }
            let from = reader.text(members["from"], at: path + ".from") ?? ""
            if let match = from.wholeMatch(of: #/([01][0-9]|2[0-3]):([0-5][0-9])/#), let hour = Int(match.1), let minute = Int(match.2) {
                window.startMinute = hour * 60 + minute
            } else {
                reader.problem(path + ".from", "\"\(from)\", expected a time of day in UTC, for example \"02:30\"")
            }
            if let minutes = reader.integer(members["minutes"], at: path + ".minutes", in: 1...MaintenanceWindow.minutesMax) {
                window.minutes = minutes
            } else if members["minutes"] == nil {
                reader.problem(path + ".minutes", "missing, expected how long it lasts")
            }
            window.matchers = AlertMatcher.read(members["matchers"], at: path + ".matchers", reader)
            maintenance.append(window)
        }
    }
}

extension AlertMatcher {
    static func read(_ json: JSON?, at path: String, _ reader: SettingsReader) -> [AlertMatcher] {
        (reader.texts(json, at: path) ?? []).enumerated().compactMap { place, text in
            let matcher = AlertMatcher(text)
            if matcher == nil { reader.problem("\(path)[\(place)]", "\"\(text)\", \(expected)") }
            return matcher
        }
    }
}
