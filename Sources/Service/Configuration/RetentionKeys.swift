internal import Storage
internal import Vocabulary

extension ServiceConfiguration {
    /// `retention:`: a number of days each, or `forever`.
    mutating func readRetention(_ json: JSON?, _ reader: SettingsReader) {
        let keys: [(name: String, path: WritableKeyPath<RetentionSettings, Int64?>, min: Int)] = [
            // Less would drop rows that are still looked up for repeated ids.
            ("raw_days", \.rawDays, 14), ("waiting_label_days", \.waitingLabelDays, 1), ("receipt_days", \.receiptDays, 1),
            ("hour_profile_days", \.hourProfileDays, 2), ("profile_days", \.profileDays, 2), ("result_days", \.resultDays, 1),
            // A retraining webhook may have a cooldown of a year.
            ("alert_days", \.alertDays, 366),
        ]
        let members = reader.members(json, at: "retention", known: keys.map(\.name))
        for (name, path, min) in keys {
            guard let value = members[name], value != .null else { continue }
            if value.stringValue == "forever" {
                retention[keyPath: path] = nil
            } else if let days = reader.integer(value, at: "retention.\(name)", in: min...36_500) {
                retention[keyPath: path] = Int64(days)
            }
        }
        if let days = retention.profileDays, retention.hourProfileDays.map({ $0 > days }) ?? true, members["profile_days"] != nil {
            reader.problem("retention.profile_days", "\(days), expected at least hour_profile_days")
        }
    }
}
