extension ShadowRows {
    /// Only these rows, of these features; the columns of the others stay empty.
    public func picked(_ places: [Int], columns: [Int]) -> ShadowRows {
        var out = ShadowRows(features: features.map { if case .texts = $0 { .texts([]) } else { .numbers([]) } }, groups: [])
        out.ids = places.map { ids[$0] }
        for column in columns { out.features[column] = features[column].picked(places) }
        out.scores = places.map { scores[$0] }
        out.labels = places.map { labels[$0] }
        return out
    }
}

extension ShadowRows.Column {
    fileprivate func picked(_ places: [Int]) -> Self {
        switch self {
        case .numbers(let values): .numbers(places.map { values[$0] })
        case .texts(let values): .texts(places.map { values[$0] })
        }
    }

    /// Of each pair the value of the later row where that is wanted, else of the earlier.
    public func mixed(_ other: Self, _ pairs: [(before: Int, after: Int)], isSecond: [Bool]) -> Self {
        switch (self, other) {
        case (.numbers(let own), .numbers(let other)):
            .numbers(zip(pairs, isSecond).map { pair, isSecond in isSecond ? other[pair.after] : own[pair.before] })
        case (.texts(let own), .texts(let other)):
            .texts(zip(pairs, isSecond).map { pair, isSecond in isSecond ? other[pair.after] : own[pair.before] })
        default: self
        }
    }
}
