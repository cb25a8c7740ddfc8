import Foundation

/// CPU seconds of the best of several runs: a busy machine only ever adds, and it adds more to the time on the wall.
func best(of runs: Int = 3, _ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<runs {
        let start = clock()
        try body()
        least = min(least, Double(clock() - start) / Double(CLOCKS_PER_SEC))
    }
    return least
}

/// A line for Benchmarks/run.py.
func say(_ name: String, _ value: Double) { print(name, value) }

/// The raw numbers that the peers work on too, written by Benchmarks/run.py.
struct Columns {
    var folder: String

    func numbers(_ name: String) throws -> [Double] { try raw(name + ".f64", as: Double.self) }
    func codes(_ name: String) throws -> [Int32] { try raw(name + ".i32", as: Int32.self) }
    func bits(_ name: String) throws -> [UInt8] { try raw(name + ".u8", as: UInt8.self) }

    private func raw<T: BitwiseCopyable>(_ file: String, as type: T.Type) throws -> [T] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file))
        return unsafe data.withUnsafeBytes { unsafe Array($0.bindMemory(to: T.self)) }
    }
}
