import Kernels
import TestSupport
import Testing

@Suite("A value is found in its cell, the same by kernel and by hand")
struct LocatorTests {
    static let hard: [Double] = [
        .nan, -.nan, .signalingNaN, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
        .leastNormalMagnitude.nextDown, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1,
    ]

    /// Strictly ascending cuts; among many, hard values too.
    static func cuts(_ count: Int, _ random: inout Seeded) -> [Double] {
        var distinct: Set<Double> = []
        if count > 2 { distinct = [0, .leastNonzeroMagnitude, -.leastNormalMagnitude] }
        while distinct.count < count { distinct.insert((random.gaussian() * 64).rounded() / 8 * (random.uniform() < 0.5 ? 1 : 1e-3)) }
        return distinct.sorted()
    }

    /// A hard value, a cut, its neighbours, or any number.
    static func value(_ cuts: [Double], _ random: inout Seeded) -> Double {
        let cut = cuts.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return hard[Int.random(in: hard.indices, using: &random)]
        case 1: return cut
        case 2: return cut.nextUp
        case 3: return cut.nextDown
        case 4: return random.gaussian() * 10
        default: return Double(bitPattern: random.next())
        }
    }

    /// Goal: the kernel's whole blocks and its rest agree with the twin. Method: every length around two blocks of 32.
    @Test("the kernel and its scalar twin agree at every length", arguments: [0, 1, 2, 3, 7, 8, 1000], [1, 2, 3] as [UInt64])
    func kernelAndTwin(cutCount: Int, seed: UInt64) {
        var random = Seeded(seed)
        let cuts = Self.cuts(cutCount, &random)
        let locator = Locator(cuts: cuts)
        for length in 0...70 {
            let values = (0..<length).map { _ in Self.value(cuts, &random) }
            #expect(locator.cells(of: values) == values.map(locator.cell(of:)), "seed \(seed), length \(length)")
        }
    }

    @Test("every hard value goes to the same cell in a block, in the rest and by the twin", arguments: [0, 1, 2, 3, 7, 8, 1000])
    func hardValues(cutCount: Int) {
        var random = Seeded(9)
        let cuts = Self.cuts(cutCount, &random)
        let locator = Locator(cuts: cuts)
        for value in Self.hard + cuts.prefix(20) + cuts.suffix(20) {
            let cells = locator.cells(of: [Double](repeating: value, count: 33))
            #expect(cells == [UInt32](repeating: locator.cell(of: value), count: 33), "\(value)")
        }
    }

    /// Goal: the twin is right. Method: the definition itself, by counting.
    @Test("the twin's cell is twice the cuts below, plus one on a cut", arguments: [0, 1, 2, 3, 7, 8, 1000])
    func twinAndDefinition(cutCount: Int) {
        var random = Seeded(17)
        let cuts = Self.cuts(cutCount, &random)
        let locator = Locator(cuts: cuts)
        #expect(locator.cutCount == cutCount)
        #expect(locator.cellCount == 2 * cutCount + 1)
        for _ in 0..<200 {
            let value = Self.value(cuts, &random)
            let counted = value.isNaN ? Locator.missingCell : UInt32(2 * cuts.count { $0 < value } + (cuts.contains(value) ? 1 : 0))
            #expect(locator.cell(of: value) == counted, "seed 17, \(value)")
        }
    }

    @Test("cuts may be infinite")
    func infiniteCuts() {
        for cuts in [[-.infinity, 0, .infinity], [.infinity], [-.infinity], [-.infinity, -1, 0, 1, 2, 3, 4, .infinity]] as [[Double]] {
            let locator = Locator(cuts: cuts)
            for value in Self.hard + cuts {
                let counted = value.isNaN ? Locator.missingCell : UInt32(2 * cuts.count { $0 < value } + (cuts.contains(value) ? 1 : 0))
                #expect(locator.cell(of: value) == counted)
                #expect(locator.cells(of: [Double](repeating: value, count: 32)) == [UInt32](repeating: counted, count: 32))
            }
        }
    }

    @Test("minus zero is on the cut at zero and NaN is missing")
    func signs() {
        let locator = Locator(cuts: [0])
        let values: [Double] = [-0.0, 0, -.leastNonzeroMagnitude, .leastNonzeroMagnitude, .nan, -.nan, .infinity, -.infinity]
        #expect(locator.cells(of: values) == [1, 1, 0, 2, Locator.missingCell, Locator.missingCell, 2, 0])
    }

    @Test("cuts that do not ascend are our own mistake", .tags(.traps))
    func wrongCuts() async {
        await #expect(processExitsWith: .failure) { _ = Locator(cuts: [1, 1]) }
        await #expect(processExitsWith: .failure) { _ = Locator(cuts: [1, 2, .nan]) }
    }
}

extension Tag {
    @Tag static var traps: Self
}
