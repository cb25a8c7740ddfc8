import Synchronization
import Testing

@testable import Storage

@Suite("Requests that come while a transaction runs share the next one")
struct GroupCommitTests {
    private struct Refused: Error {}
    private struct Away: Error {}

    /// Transactions as they were run. The first one waits until `others` more requests wait behind it.
    private final class Journal: Sendable {
        let groups = Mutex<[[Int]]>([])
        let opened = Mutex(false)
    }

    private func run(
        _ items: [Int], weightMax: Int = 100, bad: Set<Int> = [], error: any Error = Refused()
    ) async -> (groups: [[Int]], answers: [Int: Int]) {
        let journal = Journal()
        let store: @Sendable ([Int]) async throws -> [Int] = { group in
            journal.groups.withLock { $0.append(group) }
            while !journal.opened.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(1)) }
            if !bad.isDisjoint(with: group) { throw error }
            return group.map { $0 * 10 }
        }
        let queue = GroupCommit<Int, Int>(weightMax: weightMax, isWorthSplitting: { $0 is Refused }, run: store)
        return await withTaskGroup(of: (Int, Int).self) { tasks in
            for (n, item) in items.enumerated() {
                tasks.addTask { (item, (try? await queue.submit(item, lane: 1, weight: 10)) ?? -1) }
                // The first must be under way, and the others in their order.
                while journal.groups.withLock({ $0.isEmpty }) { try? await Task.sleep(for: .milliseconds(1)) }
                if n > 0 { try? await Task.sleep(for: .milliseconds(10)) }
            }
            journal.opened.withLock { $0 = true }
            var answers: [Int: Int] = [:]
            for await (item, answer) in tasks { answers[item] = answer }
            return (journal.groups.withLock { $0 }, answers)
        }
    }

    @Test("each is answered by its own receipt")
    func shared() async {
        let (groups, answers) = await run([1, 2, 3, 4])
        #expect(groups == [[1], [2, 3, 4]])
        #expect(answers == [1: 10, 2: 20, 3: 30, 4: 40])
    }

    @Test("up to a weight, and always one")
    func weight() async {
        #expect(await run([1, 2, 3, 4], weightMax: 20).groups == [[1], [2, 3], [4]])
        #expect(await run([1, 2, 3], weightMax: 5).groups == [[1], [2], [3]])
    }

    @Test("one that is refused spoils no other")
    func refused() async {
        let (groups, answers) = await run([1, 2, 3, 4], bad: [3])
        #expect(groups == [[1], [2, 3, 4], [2], [3], [4]])
        #expect(answers == [1: 10, 2: 20, 3: -1, 4: 40])
    }

    @Test("when the database is away, all of them are told at once")
    func away() async {
        let (groups, answers) = await run([1, 2, 3], bad: [2], error: Away())
        #expect(groups == [[1], [2, 3]])
        #expect(answers == [1: 10, 2: -1, 3: -1])
    }
}
