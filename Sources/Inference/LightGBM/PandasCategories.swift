/// Which features the lists of `pandas_categorical` belong to.
///
/// LightGBM writes a list for each column of a data frame that has categories, in the order of the columns, and does not say which columns
/// these are. `feature_infos` has for each feature a range `[a:b]`, the codes `0:2:1` of one that is split by categories, or `none` where no
/// tree asks for it. A list of n categories has codes from −1 to n − 1.
enum PandasCategories {
    /// The feature of each list, nil for one that no tree asks for; nil when several answers are possible.
    static func places(_ infos: [String], sizes: [Int]) -> [Int?]? {
        /// The largest code of a categorical feature; nil for one that is none.
        let largest = infos.map { info in
            info == "none" || info.hasPrefix("[") ? nil : info.split(separator: ":").compactMap { Int($0) }.max()
        }
        // Feature by feature: the assignments of the first lists so far, without a look at which unused feature a list has gone to.
        var states: [Int: Assignments] = [0: .one([])]
        for (i, info) in infos.enumerated() {
            var next: [Int: Assignments] = [:]
            func reach(_ lists: Int, _ found: Assignments) { next[lists] = next[lists].map { $0.or(found) } ?? found }
            for (lists, found) in states {
                if info == "none" {
                    reach(lists, found)
                    if lists < sizes.count { reach(lists + 1, found.adding(nil)) }
                } else if let code = largest[i] {
                    // A categorical feature without a list is a column of whole numbers that was named as categorical.
                    reach(lists, found.unlisted())
                    if lists < sizes.count, code < sizes[lists] { reach(lists + 1, found.adding(i)) }
                } else {
                    reach(lists, found)
                }
            }
            states = next
        }
        guard case .one(let places, _)? = states[sizes.count] else { return nil }
        return places
    }

    /// The assignment with the fewest categorical features without a list; of several such ones that differ, none.
    private enum Assignments {
        case one([Int?], unlisted: Int = 0)
        case several(unlisted: Int)

        private var unlistedCount: Int {
            switch self {
            case .one(_, let count), .several(let count): count
            }
        }

        func or(_ other: Assignments) -> Assignments {
            if unlistedCount != other.unlistedCount { return unlistedCount < other.unlistedCount ? self : other }
            if case .one(let a, let count) = self, case .one(let b, _) = other, a == b { return .one(a, unlisted: count) }
            return .several(unlisted: unlistedCount)
        }

        func adding(_ place: Int?) -> Assignments {
            if case .one(let places, let count) = self { return .one(places + [place], unlisted: count) }
            return self
        }

        func unlisted() -> Assignments {
            switch self {
            case .one(let places, let count): .one(places, unlisted: count + 1)
            case .several(let count): .several(unlisted: count + 1)
            }
        }
    }
}
