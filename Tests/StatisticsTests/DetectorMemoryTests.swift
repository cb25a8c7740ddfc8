import Statistics
import TestSupport
import Testing

/// What stands in a configuration, without one.
private struct NoSettings: DetectorParameters {
    func number(_ name: String, _ standard: Double) -> Double { standard }
    func count(_ name: String, _ standard: Int) -> Int { standard }
    func seed(_ name: String, _ standard: UInt64) -> UInt64 { standard }
    func flag(_ name: String) -> Bool { false }
    func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ standard: T) -> T where T.RawValue == String { standard }
}

@Suite("What a detector remembers") struct DetectorMemoryTests {
    typealias Maker = @Sendable () throws -> any ChangeDetector
    private static let standard: [Maker] = DetectorMethod.allCases.map { method -> Maker in { try method.detector(NoSettings(), seed: 5) } }
    static let all: [Maker] =
        standard + [
            { try KSWIN(alpha: 0.001, windowSize: 60, statSize: 20, sampling: .even) },
            { try ADWIN(delta: 0.5, clock: 1, maxBuckets: 1, minWindowLength: 1, gracePeriod: 0) },
            { try ADWIN(delta: 0.01, maxBuckets: 100) }, { try HDDMA(isTwoSided: true) }, { try HDDMW(isTwoSided: true) },
            { try PageHinkley(threshold: 5, mode: .both) }, { try CUSUM(threshold: 3) }, { try DDM(warmStart: 0) },
        ]

    /// Errors whose rate jumps now and then.
    private static func stream(_ random: inout Seeded, _ count: Int) -> [Double] {
        var rate = 0.2
        return (0..<count).map { _ in
            if random.uniform() < 0.003 { rate = random.uniform() }
            return random.uniform() < rate ? 1 : 0
        }
    }

    /// Goal: a restart changes nothing. Method: the detector is made again from its memory before every value with a chance of one in twenty, and
    /// has the same changes, warnings and state as one that was left in peace.
    @Test("goes on in another one as if nothing had happened", arguments: all.indices, [1, 2, 3] as [UInt64])
    func restarts(which: Int, seed: UInt64) throws {
        var random = Seeded(seed)
        let stream = Self.stream(&random, 6000)
        var left = try Self.all[which]()
        var moved = try Self.all[which]()
        var changes = 0
        for (place, value) in stream.enumerated() {
            if random.uniform() < 0.05 {
                let words = moved.memory
                moved = try Self.all[which]()
                let isRestored = moved.restore(words)
                try #require(isRestored, "\(type(of: moved)), seed \(seed), before \(place)")
                #expect(moved.memory == words, "\(type(of: moved)), seed \(seed), before \(place)")
            }
            left.add(value)
            moved.add(value)
            let isSame = left.hasChanged == moved.hasChanged && left.isWarning == moved.isWarning
            try #require(isSame, "\(type(of: moved)), seed \(seed), at \(place)")
            changes += left.hasChanged ? 1 : 0
        }
        #expect(changes > 0, "\(type(of: left)), seed \(seed): a stream without a change shows nothing")
        for (a, b) in zip(left.state, moved.state) { #expect(isNear(a.value, b.value, relative: 0), "\(type(of: moved)): \(a.name)") }
    }

    @Test("is nothing that others take: words that are cut, more, or damaged change nothing", arguments: all.indices)
    func damage(which: Int) throws {
        var random = Seeded(9)
        var detector = try Self.all[which]()
        for value in Self.stream(&random, 700) { detector.add(value) }
        let words = detector.memory
        for bad in [[], Array(words.dropLast()), words + [0], [UInt64.max] + words.dropFirst()] where bad != words {
            var other = try Self.all[which]()
            let isTaken = other.restore(bad)
            // A number may be any bits; a count, a place and a flag may not.
            if bad.count == words.count { continue }
            let fresh = try Self.all[which]().memory
            #expect(!isTaken && other.memory == fresh, "\(type(of: detector)): \(bad.count) of \(words.count)")
        }
        // Whatever the words say, nobody is made to stumble.
        for _ in 0..<200 {
            var bad = words
            bad[Int.random(in: bad.indices, using: &random)] = random.next()
            var other = try Self.all[which]()
            if other.restore(bad) { for value in Self.stream(&random, 200) { other.add(value) } }
        }
    }

    @Test(
        "is small: a detector with its standard parameters keeps less than 4 kB after a million values", arguments: DetectorMethod.allCases)
    func small(method: DetectorMethod) throws {
        var random = Seeded(4)
        var detector = try method.detector(NoSettings(), seed: 1)
        var most = 0
        for place in 0..<1_000_000 {
            detector.add(random.uniform() < 0.1 ? 1 : 0)
            if place % 9973 == 0 { most = max(most, detector.memory.count) }
        }
        #expect(most * 8 < 4096, "\(method.rawValue): \(most * 8) bytes")
    }
}
