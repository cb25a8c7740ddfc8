internal import Vocabulary

extension PriceList {
    /// `prices:` of a spec, a list of `{from: TIME, per: {MEASURE: PRICE, record: PRICE}}`; nil without a list.
    static func read(_ json: JSON?, at place: String, _ reader: SettingsReader) -> PriceList? {
        guard let items = reader.list(json, at: place) else { return nil }
        if items.count > pricesMax { reader.problem(place, "\(items.count), expected at most \(pricesMax)") }
        var prices: [Price] = []
        for (i, item) in items.enumerated() {
            let path = "\(place)[\(i)]"
            let members = reader.members(item, at: path, known: ["from", "per"])
            guard let from = time(members["from"], at: path + ".from", reader) else { continue }
            if let last = prices.last, from <= last.from { reader.problem(path + ".from", "\(from), expected later than \(last.from)") }
            prices.append(price(members["per"], from: from, at: path + ".per", reader))
        }
        return PriceList(prices)
    }

    private static func time(_ json: JSON?, at path: String, _ reader: SettingsReader) -> Timestamp? {
        guard let text = reader.text(json, at: path) else {
            if json == nil || json == .null { reader.problem(path, "missing, expected the time from which it holds") }
            return nil
        }
        if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z"), time >= .earliest { return time }
        reader.problem(path, "\"\(text)\", expected RFC 3339 such as 2026-01-31T12:00:00Z, or a day")
        return nil
    }

    private static func price(_ json: JSON?, from: Timestamp, at path: String, _ reader: SettingsReader) -> Price {
        var price = Price(from: from)
        guard case .object(let object)? = json, !object.members.isEmpty else {
            reader.problem(path, "expected a mapping of measures, or \(recordKey), to prices")
            return price
        }
        if object.members.count > measuresMax { reader.problem(path, "\(object.members.count), expected at most \(measuresMax)") }
        for member in object.members {
            let key = path + "." + member.key
            if member.key == PredictionBatch.costMeasure {
                reader.problem(
                    key, "is what is computed, expected a measure of the records, \(PredictionBatch.latencyMeasure) or \(recordKey)")
                continue
            }
            if !(1...100).contains(member.key.utf8.count) {
                reader.problem(path, "a name of \(member.key.utf8.count) bytes, expected 1 to 100")
                continue
            }
            guard let value = reader.number(member.value, at: key, in: 0...1e12) else {
                if member.value == .null { reader.problem(key, "expected a number, got null") }
                continue
            }
            if member.key == recordKey { price.perRecord = value } else { price.perMeasure[member.key] = value }
        }
        return price
    }
}
