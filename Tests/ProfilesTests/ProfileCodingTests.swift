import Profiles
import TestSupport
import Testing
import Vocabulary

/// A whole profile: rows, labels, unseen levels, unknown groups, measures.
private func fullProfile(_ workshop: Workshop, seed: UInt64, rows: Int, isWild: Bool) -> Profile {
    var random = Seeded(seed)
    let batch = workshop.batch(rows, &random, isWild: isWild)
    var profile = workshop.profile(batch)
    for label in workshop.labels(of: batch, &random) { profile.foldLabel(label, grid: workshop.grid) }
    return profile
}

/// The bytes with a checksum that fits them, as a newer or a hostile program could write them.
private func resealed(_ bytes: [UInt8]) -> [UInt8] {
    let body = Array(bytes.dropLast(8))
    let checksum = Digest.fingerprint(body)
    return body + (0..<8).map { UInt8(truncatingIfNeeded: checksum >> UInt64(56 - 8 * $0)) }
}

/// Changes bytes and mends the checksum: what is read may be wrong, but reading it must end in a value or an error.
private func readDamagedButSealed(seed: UInt64) {
    var random = Seeded(seed)
    let workshop = Workshop()
    let bytes = fullProfile(workshop, seed: seed, rows: 40, isWild: false).encoded()
    for at in 4..<bytes.count - 8 {
        var damaged = bytes
        damaged[at] = UInt8.random(in: 0...255, using: &random)
        if let profile = try? Profile(encoded: resealed(damaged), grid: workshop.grid) { _ = profile.encoded() }
        damaged.replaceSubrange(at..<at, with: [UInt8](repeating: 0xFF, count: 18) + [0x03])
        if let profile = try? Profile(encoded: resealed(damaged), grid: workshop.grid) { _ = profile.encoded() }
    }
}

@Suite("A profile is stored as bytes and read back")
struct ProfileCodingTests {
    let workshop = Workshop()

    @Test("what is written is read back and writes the same bytes", arguments: Workshop.seeds, [false, true])
    func roundTrip(seed: UInt64, isWild: Bool) throws {
        let profile = fullProfile(workshop, seed: seed, rows: 500, isWild: isWild)
        let back = try Profile(encoded: profile.encoded(), grid: workshop.grid)
        #expect(back == profile, "seed \(seed)")
        #expect(back.encoded() == profile.encoded(), "seed \(seed)")
    }

    @Test("a profile that was read goes on as one that was not", arguments: Workshop.seeds, [false, true])
    func mergingAfterReading(seed: UInt64, isWild: Bool) throws {
        let a = fullProfile(workshop, seed: seed, rows: 500, isWild: isWild)
        let b = fullProfile(workshop, seed: seed + 100, rows: 500, isWild: isWild)
        let backA = try Profile(encoded: a.encoded(), grid: workshop.grid)
        let backB = try Profile(encoded: b.encoded(), grid: workshop.grid)
        #expect(workshop.merged(backA, backB) == workshop.merged(a, b), "seed \(seed)")
        #expect(workshop.merged(backA, backB).encoded() == workshop.merged(a, b).encoded(), "seed \(seed)")
    }

    @Test("an empty profile and one that takes back more than it has are stored too")
    func emptyAndNegative() throws {
        var random = Seeded(3)
        let batch = workshop.batch(30, &random)
        var negative = Profile(grid: workshop.grid)
        for row in 0..<batch.count { negative.foldLabel(workshop.labelled(batch, row, 1), grid: workshop.grid, times: -1) }
        #expect(negative.labelled == -30)
        for profile in [Profile(grid: workshop.grid), negative] {
            #expect(try Profile(encoded: profile.encoded(), grid: workshop.grid) == profile)
        }
        #expect(Profile(grid: workshop.grid).encoded().count < 150)
    }

    @Test("every changed byte is noticed", arguments: [1, 2] as [UInt64])
    func everyByte(seed: UInt64) {
        var random = Seeded(seed)
        let bytes = fullProfile(workshop, seed: seed, rows: 60, isWild: false).encoded()
        var read = 0
        for at in bytes.indices {
            for change in [1, 0x80, UInt8.random(in: 2...0x7F, using: &random)] {
                var damaged = bytes
                damaged[at] ^= change
                do throws(EncodingError) {
                    _ = try Profile(encoded: damaged, grid: workshop.grid)
                    read += 1
                } catch { if error.description.isEmpty { read += 1 } }
            }
        }
        #expect(read == 0, "seed \(seed)")
    }

    @Test("every truncation is noticed, and so are bytes too many")
    func everyTruncation() {
        let bytes = fullProfile(workshop, seed: 4, rows: 60, isWild: false).encoded()
        for length in 0..<bytes.count {
            #expect(throws: EncodingError.self, "cut at \(length)") {
                try Profile(encoded: Array(bytes.prefix(length)), grid: workshop.grid)
            }
        }
        #expect(throws: EncodingError.self) { try Profile(encoded: bytes + [0], grid: workshop.grid) }
        #expect(throws: EncodingError.self) { try Profile(encoded: Array(bytes.dropFirst()), grid: workshop.grid) }
    }

    @Test("a body with bytes too many or too few is refused although its checksum fits")
    func wrongLength() {
        let bytes = fullProfile(workshop, seed: 5, rows: 30, isWild: false).encoded()
        let body = bytes.dropLast(8)
        for wrong in [body + [0], body.dropLast()] {
            #expect(throws: EncodingError.self) {
                try Profile(encoded: resealed(Array(wrong) + [0, 0, 0, 0, 0, 0, 0, 0]), grid: workshop.grid)
            }
        }
    }

    @Test("damage with a checksum that fits gives a value or an error, never a trap")
    func damagedButSealed() async {
        await #expect(processExitsWith: .success) { for seed in [11, 12] as [UInt64] { readDamagedButSealed(seed: seed) } }
    }

    @Test("bytes of a newer version say so")
    func newerVersion() throws {
        var bytes = Profile(grid: workshop.grid).encoded()
        bytes[3] += 1
        let error = try #require(throws: EncodingError.self) { try Profile(encoded: resealed(bytes), grid: workshop.grid) }
        #expect(error.description == "EKP version 6, this program reads version 5")
    }

    @Test("bytes of another grid are refused")
    func otherGrid() throws {
        let other = Workshop(seed: 7)
        #expect(other.grid.fingerprint != workshop.grid.fingerprint)
        let bytes = fullProfile(other, seed: 1, rows: 10, isWild: false).encoded()
        let error = try #require(throws: EncodingError.self) { try Profile(encoded: bytes, grid: workshop.grid) }
        #expect(error.description == "counted on another grid")
    }

    @Test("bytes of a grid are not a profile, nor the other way round")
    func wrongKind() {
        #expect(throws: EncodingError.self) { try Profile(encoded: workshop.grid.encoded(), grid: workshop.grid) }
        #expect(throws: EncodingError.self) { try ProfileGrid(encoded: Profile(grid: workshop.grid).encoded()) }
    }

    @Test("profiles of different grids do not add: that is our own mistake")
    func mergingOtherGrid() async {
        await #expect(processExitsWith: .failure) {
            let workshop = Workshop()
            let other = Workshop(seed: 7)
            var profile = Profile(grid: workshop.grid)
            profile.merge(Profile(grid: other.grid), grid: workshop.grid)
        }
    }
}
