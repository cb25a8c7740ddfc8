import Statistics
import Testing

@Suite("Cells too rare for the chi-squared law are pooled")
struct CommonCellsTests {
    private func pooled(_ r: [Int64], _ a: [Int64]) -> [[Int64]] {
        let cells = CommonCells(r, a)
        return [cells.reference, cells.current]
    }

    @Test("common cells stay, empty ones are left out")
    func common() {
        #expect(pooled([50, 0, 50], [40, 0, 60]) == [[50, 50], [40, 60]])
        #expect(CommonCells([50, 0, 50], [40, 0, 60]).rowsNeeded == 20)
        #expect(CommonCells([50, 0], [40, 0]).isTestable)  // one value on both sides: equal, and that is known
    }

    @Test("rare neighbours are put together until five are expected; what is left joins the last pool")
    func neighbours() {
        // 100 and 100 rows: a cell is rare below 10 in both together.
        #expect(pooled([4, 4, 80, 4, 4, 4], [4, 4, 80, 4, 4, 4]) == [[8, 80, 12], [8, 80, 12]])
        #expect(CommonCells([4, 4, 80, 4, 4, 4], [4, 4, 80, 4, 4, 4]).rare == 5)
    }

    @Test("a single rare cell joins the least common one")
    func least() {
        #expect(pooled([60, 38, 2], [50, 49, 1]) == [[60, 40], [50, 50]])
    }

    @Test("where everything is rare nothing is left to test")
    func nothing() {
        let cells = CommonCells([1, 1, 1], [1, 1, 1])
        #expect(!cells.isTestable && cells.rowsNeeded == nil)
        #expect(CommonCells([], []).count == 0)
    }

    @Test("a level that takes over is not rare, however small the window")
    func takesOver() {
        #expect(pooled([2000, 0], [0, 90]) == [[2000, 0], [0, 90]])
        #expect(pooled([0, 30], [5000, 0]) == [[0, 30], [5000, 0]])
    }

    @Test("the pooled cells hold every row")
    func whole() {
        let (r, a): ([Int64], [Int64]) = ([3, 90, 0, 7, 2, 1, 44, 5], [1, 70, 4, 0, 9, 1, 60, 0])
        let cells = CommonCells(r, a)
        #expect(cells.reference.reduce(0, +) == r.reduce(0, +) && cells.current.reduce(0, +) == a.reduce(0, +))
    }
}
