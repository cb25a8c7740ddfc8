/// What an XGBoost objective means for scoring: the link, and the scale on which `base_score` stands.
struct XGBoostObjective {
    let link: Link.Kind
    /// Whether `base_score` is a prediction, whose margin is to be taken.
    let baseIsPrediction: Bool
    let task: ModelTask

    /// - Returns: nil for a name that is none of XGBoost's.
    init?(_ name: String, outputs: Int) {
        switch name {
        case "binary:logistic": (link, baseIsPrediction, task) = (.logistic(scale: 1), true, .binary)
        case "reg:logistic": (link, baseIsPrediction, task) = (.logistic(scale: 1), true, .regression)
        case "binary:logitraw": (link, baseIsPrediction, task) = (.identity, false, .binary)
        case "binary:hinge": (link, baseIsPrediction, task) = (.hinge, false, .binary)
        case "multi:softprob": (link, baseIsPrediction, task) = (.softmax, false, .multiclass)
        case "multi:softmax": (link, baseIsPrediction, task) = (.largest, false, .multiclass)
        case "count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox":
            (link, baseIsPrediction, task) = (.exponential, true, .regression)
        case "rank:pairwise", "rank:ndcg", "rank:map": (link, baseIsPrediction, task) = (.identity, false, .ranking)
        case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror",
            "reg:expectileerror":
            (link, baseIsPrediction, task) = (.identity, false, .regression)
        default: return nil
        }
    }

    /// The margin that sums start from.
    func margin(_ base: Float) -> Double {
        Double(baseIsPrediction ? Link.margin(base, link) : base)
    }
}
