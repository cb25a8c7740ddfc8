import Testing

@testable import Service

@Suite("A value that is read at most so often") struct KeptTests {
    /// Readings that end when told.
    private actor Source {
        struct Broken: Error {}
        private(set) var readings = 0
        private var waiting: [CheckedContinuation<Int, any Error>] = []

        func read() async throws -> Int {
            readings += 1
            return try await withCheckedThrowingContinuation { waiting.append($0) }
        }
        func end(_ result: Result<Int, any Error>) async {
            while waiting.isEmpty { await Task.yield() }
            waiting.removeFirst().resume(with: result)
        }
    }

    @Test("a long reading is shared, and its value serves from its end on") func shared() async throws {
        let source = Source()
        let kept = Kept(for: .milliseconds(300)) { try await source.read() }
        let first = Task { try await kept.current() }
        while await source.readings == 0 { await Task.yield() }
        // Longer than a value is kept: who comes now still joins.
        try await Task.sleep(for: .milliseconds(400))
        let second = Task { try await kept.current() }
        try await Task.sleep(for: .milliseconds(50))
        #expect(await kept.last(within: .seconds(60)) == nil)
        await source.end(.success(7))
        #expect(try await [first.value, second.value] == [7, 7])
        #expect(try await kept.current() == 7)
        #expect(await source.readings == 1)

        // Too old by now: read again, while the old value is still there for who would rather have that.
        try await Task.sleep(for: .milliseconds(400))
        let third = Task { try await kept.current() }
        while await source.readings == 1 { await Task.yield() }
        #expect(await kept.last(within: .seconds(60)) == 7)
        #expect(await kept.last(within: .zero) == nil)
        await source.end(.success(8))
        #expect(try await third.value == 8)
    }

    @Test("after an error the next reader tries again") func again() async throws {
        let source = Source()
        let kept = Kept(for: .seconds(60)) { try await source.read() }
        let first = Task { try await kept.current() }
        await source.end(.failure(Source.Broken()))
        await #expect(throws: Source.Broken.self) { try await first.value }
        let second = Task { try await kept.current() }
        await source.end(.success(3))
        #expect(try await second.value == 3)
        #expect(await source.readings == 2)
    }
}
