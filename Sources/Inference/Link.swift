internal import Foundation

/// How sums become predictions. `isSingle`: in 32-bit arithmetic, as XGBoost does it, else in 64-bit, as LightGBM does.
struct Link: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case identity
        /// 1 / (1 + exp(−scale · x)), each output for itself.
        case logistic(scale: Double)
        /// exp(x − max) / Σ exp, over all outputs.
        case softmax
        /// The number of the largest output.
        case largest
        case exponential
        /// 1 where x > 0, else 0.
        case hinge
        /// sign(x) · x²: LightGBM's `reg_sqrt`.
        case signedSquare
        /// log(1 + exp(x)): LightGBM's `cross_entropy_lambda`.
        case softplus
    }
    var kind: Kind
    var isSingle: Bool

    /// How many outputs remain of `count` sums.
    func outputs(of count: Int) -> Int { kind == .largest ? 1 : count }

    /// - Parameter sums: each output a column.
    func predictions(_ sums: [[Double]]) -> [[Double]] {
        switch kind {
        case .identity: return sums
        case .softmax: return softmax(sums)
        case .largest: return [Self.largest(sums)]
        default: return sums.map { $0.map(isSingle ? single : double) }
        }
    }

    private func single(_ x: Double) -> Double {
        let x = Float(x)
        switch kind {
        case .logistic: return Double(1 / (exp(min(-x, 88.7)) + 1 + 1e-16))
        case .exponential: return Double(exp(x))
        default: return double(Double(x))
        }
    }

    private func double(_ x: Double) -> Double {
        switch kind {
        case .logistic(let scale): 1 / (1 + exp(-scale * x))
        case .exponential: exp(x)
        case .hinge: x > 0 ? 1 : 0
        case .signedSquare: x < 0 ? -x * x : x * x
        case .softplus: log1p(exp(x))
        case .identity, .softmax, .largest: x
        }
    }

    private func softmax(_ sums: [[Double]]) -> [[Double]] {
        var out = sums
        guard let rows = sums.first?.count else { return out }
        for row in 0..<rows {
            let most = sums.reduce(-Double.infinity) { max($0, $1[row]) }
            var total = 0.0
            for i in sums.indices {
                out[i][row] = isSingle ? Double(exp(Float(sums[i][row]) - Float(most))) : exp(sums[i][row] - most)
                total += out[i][row]
            }
            for i in sums.indices { out[i][row] = isSingle ? Double(Float(out[i][row]) / Float(total)) : out[i][row] / total }
        }
        return out
    }

    private static func largest(_ sums: [[Double]]) -> [Double] {
        guard let first = sums.first else { return [] }
        return first.indices.map { row in
            var best = 0
            for i in sums.indices where sums[i][row] > sums[best][row] { best = i }
            return Double(best)
        }
    }

    /// The margin whose prediction is `value`, in 32-bit arithmetic: what XGBoost starts its sums from.
    static func margin(_ value: Float, _ kind: Kind) -> Float {
        switch kind {
        case .logistic: -log(1 / value - 1)
        case .exponential: log(value)
        default: value
        }
    }
}
