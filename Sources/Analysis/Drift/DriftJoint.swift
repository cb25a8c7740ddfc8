internal import Statistics
internal import Vocabulary

/// Drift of all columns together, where no single column need show it. Only made when asked for.
struct DriftJoint {
    let columns: [DriftColumn]
    let options: DriftOptions

    struct Result {
        var members: [(String, JSON)] = []
        var rows: [[String]] = []
        var isFinding = false
    }

    func json() throws -> Result { Result() }
}
