internal import Foundation
internal import Vocabulary

/// A made-up loan model and its applicants, seeded: the demo shows the same story every time.
struct LoanModel {
    struct Application {
        var id: String
        var time: Timestamp
        var income: Double
        var debtRatio: Double
        var yearsEmployed: Double?
        var purpose: String
        var sex: String
        var ageGroup: String
        var score: Double
        var isRepaid: Bool
    }

    /// How it is registered: with a part of its applicants that is watched like the whole.
    static let spec = """
        id: id
        score: score
        label: label
        sensitive: [sex, age_group]
        segments:
          - {name: long employed, where: {years_employed: ">= 10"}}
        """

    private var random: Generator
    private var count = 0

    init(seed: UInt64) { random = Generator(state: seed) }

    /// - Parameter hasShifted: incomes fall, more people move debts, and the model begins to score women lower than they deserve.
    mutating func application(at time: Timestamp, hasShifted: Bool) -> Application {
        count += 1
        let sex = random.uniform() < 0.5 ? "F" : "M"
        let ageGroup = ["under 30", "30 to 50", "over 50"][Int(random.uniform() * 3)]
        let income = 1000 * exp(3.6 + 0.4 * random.gaussian() - (hasShifted ? 0.35 : 0))
        let debtRatio = 1 / (1 + exp(-(-0.8 + 0.7 * random.gaussian() + (hasShifted ? 0.3 : 0))))
        let years = random.uniform() < 0.05 ? nil : (random.uniform() * 30).rounded()
        let purposes = hasShifted ? ["car", "home", "debt", "debt", "debt", "holiday"] : ["car", "car", "home", "home", "debt", "holiday"]
        let purpose = purposes[Int(random.uniform() * 6)]
        let merit =
            0.9 + 0.9 * log(income / 36_000) - 2.2 * (debtRatio - 0.33) + 0.03 * ((years ?? 12) - 12) + (purpose == "holiday" ? -0.3 : 0)
        let chance = 1 / (1 + exp(-merit))
        let bias = hasShifted && sex == "F" ? -1.6 : 0
        let score = (1 / (1 + exp(-(merit + bias + 0.15 * random.gaussian()))) * 10_000).rounded() / 10_000
        return Application(
            id: "loan-\(count)", time: time, income: income.rounded(), debtRatio: (debtRatio * 1000).rounded() / 1000, yearsEmployed: years,
            purpose: purpose, sex: sex, ageGroup: ageGroup, score: score, isRepaid: random.uniform() < chance)
    }

    mutating func referenceCSV(rows: Int, at time: Timestamp, score: (Application) -> Double = \.score) -> String {
        var text = "id,income,debt_ratio,years_employed,purpose,sex,age_group,score,label\n"
        for _ in 0..<rows {
            let a = application(at: time, hasShifted: false)
            let years = a.yearsEmployed.map { String(Int($0)) } ?? ""
            text += "\(a.id),\(a.income),\(a.debtRatio),\(years),\(a.purpose),\(a.sex),\(a.ageGroup),\(score(a)),\(a.isRepaid ? 1 : 0)\n"
        }
        return text
    }

    /// Another model, made in a hurry after the shift: income alone. It scores women as they deserve, and men worse than the one that serves.
    static let candidateFile = #"{"kind":"logistic","features":["income"],"coefficients":[6e-5],"intercept":-0.45}"#

    /// The reference as the candidate scores it.
    mutating func candidateReferenceCSV(rows: Int, at time: Timestamp) -> String {
        referenceCSV(rows: rows, at: time) { a in ((1 / (1 + exp(-(6e-5 * a.income - 0.45)))) * 10_000).rounded() / 10_000 }
    }

    mutating func latencyMilliseconds() -> Double { (exp(2.2 + 0.5 * random.gaussian()) * 100).rounded() / 100 }
}

extension LoanModel.Application {
    func prediction(latency: Double) -> JSON {
        .object([
            "model": "loan", "version": "1", "id": .string(id), "ts": .string(time.rfc3339),
            "features": .object([
                "income": .number(income), "debt_ratio": .number(debtRatio), "years_employed": JSON(yearsEmployed),
                "purpose": .string(purpose),
            ]),
            "score": .number(score), "groups": .object(["sex": .string(sex), "age_group": .string(ageGroup)]),
            "latency_ms": .number(latency),
            "cost": 0.0004,
        ])
    }
    func label(at time: Timestamp) -> JSON {
        .object(["model": "loan", "id": .string(id), "label": isRepaid ? 1 : 0, "ts": .string(time.rfc3339)])
    }
}

/// SplitMix64.
private struct Generator {
    var state: UInt64
    mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ z >> 31) >> 11) * 0x1p-53
    }
    mutating func gaussian() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
