/// What a record costs that does not say so itself: by what was measured of it, at the price that held at its time.
public struct PriceList: Sendable, Equatable {
    public struct Price: Sendable, Equatable {
        /// It holds from here until the next one.
        public var from: Timestamp
        /// Of a unit of each measure.
        public var perMeasure: [String: Double]
        /// Of the record itself.
        public var perRecord: Double?

        public init(from: Timestamp, perMeasure: [String: Double] = [:], perRecord: Double? = nil) {
            self.from = from
            self.perMeasure = perMeasure
            self.perRecord = perRecord
        }
    }
    /// Ascending.
    public let prices: [Price]

    public static let pricesMax = 1000
    public static let measuresMax = 64
    /// What stands for the record itself beside the names of measures.
    public static let recordKey = "record"

    public init(_ prices: [Price]) { self.prices = prices.sorted { $0.from < $1.from } }

    /// The price at a time; nil before the first one.
    public func price(at time: Timestamp) -> Price? {
        var low = 0
        var high = prices.count
        while low < high {
            let middle = (low + high) / 2
            if prices[middle].from <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : prices[low - 1]
    }

    /// The costs of the rows that have none, NaN for all others and for those that have no price or nothing that has one.
    ///
    /// A measure that a record lacks costs nothing. A sum that is no amount (below zero, infinite) is none.
    public func costs(of batch: PredictionBatch) -> [Double] {
        let own = batch.measures[PredictionBatch.costMeasure]
        return (0..<batch.count).map { row in
            if let own, !own[row].isNaN { return .nan }
            guard let price = price(at: batch.timestamps[row]) else { return .nan }
            var sum = price.perRecord
            // Always in one order, so that a record costs the same wherever it is stored.
            for name in price.perMeasure.keys.sorted() {
                guard let value = batch.measures[name]?[row], !value.isNaN, let unit = price.perMeasure[name] else { continue }
                sum = (sum ?? 0) + unit * value
            }
            guard let sum, sum >= 0, sum.isFinite else { return .nan }
            return sum
        }
    }
}

extension PriceList {
    public var json: JSON {
        .array(
            prices.map { price in
                var per = price.perMeasure.sorted { $0.key < $1.key }.map { ($0.key, JSON.number($0.value)) }
                if let record = price.perRecord { per.append((Self.recordKey, .number(record))) }
                return .object(["from": .string(price.from.rfc3339), "per": .object(JSONObject(per))])
            })
    }

    /// As it was stored; nil for anything else.
    public init?(json: JSON) {
        guard let items = json.arrayValue else { return nil }
        var prices: [Price] = []
        for item in items {
            guard let from = item["from"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }), let per = item["per"]?.objectValue else {
                return nil
            }
            var price = Price(from: from)
            for member in per.members {
                guard let value = member.value.doubleValue else { return nil }
                if member.key == Self.recordKey { price.perRecord = value } else { price.perMeasure[member.key] = value }
            }
            prices.append(price)
        }
        self.init(prices)
    }
}
