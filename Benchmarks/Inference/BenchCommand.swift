import Foundation
import Inference

/// `inference-benchmarks [--write FOLDER] [--rows n] [--only name]`: times made-up models. The models and rows can be written for `times.py`.
/// `inference-benchmarks --model FILE [--rows n] [--answers FILE]` times a file of one's own over made-up rows; the answers (margins, where a model
/// has some) can be written as 64-bit numbers, to be compared with another library's.
struct BenchCommand {
    private var folder: String?
    private var only = ""
    private var file: String?
    private var answers: String?
    private var rows = 100_000
    private static let features = 28

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--write": folder = rest.popFirst()
            case "--only": only = rest.popFirst() ?? ""
            case "--model": file = rest.popFirst()
            case "--answers": answers = rest.popFirst()
            case "--rows": rows = rest.popFirst().flatMap { Int($0) } ?? rows
            default: throw Usage("\(word), expected --write, --only, --model, --answers or --rows")
            }
        }
    }

    func run() throws {
        var random = Seed(state: 5)
        let columns = (0..<Self.features).map { _ in (0..<rows).map { _ in Double(Float(random.uniform() * 2 - 1)) } }
        if let file { return try time(file, columns) }
        if let folder {
            var numbers: [UInt8] = []
            for row in 0..<rows {
                for column in columns {
                    let bits = Float(column[row]).bitPattern
                    numbers += (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
                }
            }
            let bytes = Data(numbers)
            try bytes.write(to: URL(filePath: "\(folder)/rows.f32"))
        }
        let kinds: [(String, MadeUpModel)] = [
            ("depth6", MadeUpModel(trees: 500, leaves: 64, isPerfect: true, levels: 213)),
            ("leafwise63", MadeUpModel(trees: 500, leaves: 63, isPerfect: false, levels: 255)),
            ("depth8", MadeUpModel(trees: 100, leaves: 256, isPerfect: true, levels: 213)),
            ("forest", MadeUpModel(trees: 100, leaves: 5_000, isPerfect: false, levels: 1_000_000)),
        ]
        for (name, kind) in kinds where name.hasPrefix(only) {
            let text = kind.json(features: Self.features, seed: 3)
            if let folder { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name).json")) }
            let bytes = Array(text.utf8)
            var model = try Model(bytes, file: name)
            let load = Self.best(3, ofProcessor: true) { if let made = try? Model(bytes, file: name) { model = made } }
            print("\(name): \(bytes.count / 1_000_000) MB, load \(Self.shown(load * 1e3)) ms")
            let inputs = columns.map { InputColumn.numbers($0) }
            for threads in [1, 2] {
                let options = ScoreOptions(.margin, threads: threads)
                let seconds = Self.best(8, ofProcessor: threads == 1) { _ = try? model.score(inputs, rows: rows, options: options) }
                print("  \(threads) thread: \(Self.shown(seconds / Double(rows) * 1e6)) µs a row, \(Int(Double(rows) / seconds)) rows/s")
            }
            let one = columns.map { InputColumn.numbers([$0[0]]) }
            let single = Self.best(20_000) { _ = try? model.score(one, rows: 1, options: ScoreOptions(.margin)) }
            let some = columns.map { InputColumn.numbers(Array($0[..<1_000])) }
            let thousand = Self.best(20, ofProcessor: true) { _ = try? model.score(some, rows: 1_000, options: ScoreOptions(.margin)) }
            print("  one row \(Self.shown(single * 1e6)) µs; 1,000 rows \(Self.shown(thousand * 1e6 / 1_000)) µs a row")
            if name == "depth6" {
                let seconds = Self.best(2) { _ = try? model.contributions(some, rows: 1_000) }
                print("  contributions \(Self.shown(seconds * 1e6 / 1_000)) µs a row")
            }
        }
    }

    private func time(_ path: String, _ columns: [[Double]]) throws {
        let model = try Model(Array(try Data(contentsOf: URL(filePath: path))), file: path)
        let inputs = columns.map { InputColumn.numbers($0) }
        if let answers {
            let made = try (try? model.score(inputs, rows: rows, options: ScoreOptions(.margin))) ?? model.score(inputs, rows: rows)
            let numbers = made.compactMap { if case .numbers(let values) = $0.values { values } else { nil } }
            let bytes = numbers.joined().flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) } }
            try Data(bytes).write(to: URL(filePath: answers))
        }
        _ = try model.score(inputs, rows: rows)
        for threads in [1, 2] {
            var options = ScoreOptions()
            options.threads = threads
            let seconds = Self.best(8, ofProcessor: threads == 1) { _ = try? model.score(inputs, rows: rows, options: options) }
            print("\(path): \(threads) thread: \(Self.shown(seconds / Double(rows) * 1e6)) µs a row")
        }
        let one = columns.map { InputColumn.numbers([$0[0]]) }
        let single = Self.best(20_000) { _ = try? model.score(one, rows: 1) }
        print("\(path): one row \(Self.shown(single * 1e6)) µs")
    }

    private static func shown(_ value: Double) -> String { String(format: "%.3f", value) }

    /// The least time of some runs: of the clock, or of the processor, which other work on the machine disturbs less.
    private static func best(_ times: Int, ofProcessor: Bool = false, _ work: () -> Void) -> Double {
        (0..<times).reduce(Double.infinity) { best, _ in
            let start = clock()
            let spent = ContinuousClock().measure(work)
            let processor = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            return min(best, ofProcessor ? processor : Double(spent.components.seconds) + Double(spent.components.attoseconds) * 1e-18)
        }
    }
}

struct Seed {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func below(_ n: Int) -> Int { Int(uniform() * Double(n)) }
}

/// Trees without sense, in XGBoost's JSON: perfect ones, or ones whose leaves were split at random.
struct MadeUpModel {
    var trees: Int
    var leaves: Int
    var isPerfect: Bool
    /// Distinct thresholds of a feature.
    var levels: Int

    func json(features: Int, seed: UInt64) -> String {
        var random = Seed(state: seed)
        let made = (0..<trees).map { tree(features, &random, $0) }
        return """
            {"learner":{"attributes":{},"feature_names":[],"feature_types":[],"gradient_booster":{"model":{"cats":{"enc":[],"feature_segments":[],"sorted_idx":[]},\
            "gbtree_model_param":{"num_parallel_tree":"1","num_trees":"\(trees)"},"iteration_indptr":\(Array(0...trees)),\
            "tree_info":\([Int](repeating: 0, count: trees)),"trees":[\(made.joined(separator: ","))]},"name":"gbtree"},\
            "learner_model_param":{"base_score":"[4.9E-1]","boost_from_average":"1","num_class":"0","num_feature":"\(features)","num_target":"1"},\
            "objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,2,0]}
            """
    }

    private func tree(_ features: Int, _ random: inout Seed, _ number: Int) -> String {
        var (left, right, parents) = ([-1], [-1], [2_147_483_647])
        var open = [0]
        while open.count < leaves {
            let at = isPerfect ? open.removeFirst() : open.remove(at: random.below(open.count))
            (left[at], right[at]) = (left.count, left.count + 1)
            for _ in 0..<2 {
                open.append(left.count)
                left.append(-1)
                right.append(-1)
                parents.append(at)
            }
        }
        let zeros = [Int](repeating: 0, count: left.count)
        let split = left.map { _ in random.below(features) }
        let cover = left.indices.map { _ in Float(1 + random.below(100)) }
        let none = [Float](repeating: 0, count: left.count)
        let conditions = left.map { child -> String in
            let value = child < 0 ? random.uniform() - 0.5 : Double(random.below(levels)) / Double(levels) * 2 - 1
            return "\(Float(value))"
        }
        return """
            {"base_weights":\(none),"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],\
            "default_left":\(left.map { _ in random.below(2) }),"id":\(number),"left_children":\(left),"loss_changes":\(none),"parents":\(parents),\
            "right_children":\(right),"split_conditions":[\(conditions.joined(separator: ","))],"split_indices":\(split),"split_type":\(zeros),\
            "sum_hessian":\(cover),"tree_param":{"num_deleted":"0","num_feature":"\(features)","num_nodes":"\(left.count)","size_leaf_vector":"1"}}
            """
    }
}

struct Usage: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

@main
struct InferenceBenchmarks {
    static func main() {
        do { try BenchCommand(Array(CommandLine.arguments.dropFirst())).run() } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(2)
        }
    }
}
