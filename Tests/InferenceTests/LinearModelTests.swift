import Inference
import TestSupport
import Testing

@Suite("Linear models as plain JSON")
struct LinearModelTests {
    @Test("a logistic model gives the probability of its sum") func logistic() throws {
        let text = #"{"kind":"logistic","features":["income","age"],"coefficients":[0.5,-0.25],"intercept":1}"#
        let model = try Model(Array(text.utf8), file: "m.json")
        #expect(try model.inputs(among: ["age", "id", "income"]).map(\.column) == ["income", "age"])
        let scores = try model.score([.numbers([2, 0]), .numbers([4, 0])], rows: 2)
        guard case .numbers(let values) = scores[0].values else { return #expect(Bool(false), "not numbers") }
        #expect(isNear(values[0], 1 / (1 + 0.36787944117144233)) && isNear(values[1], 0.7310585786300049))
    }

    @Test("what is no model is refused in one line", arguments: ["", "{", "{}", "tree\n", "hello", #"{"kind":"logistic"}"#])
    func refused(text: String) {
        #expect {
            _ = try Model(Array(text.utf8), file: "m.json")
        } throws: { "\($0)".hasPrefix("m.json: ") && !"\($0)".contains("\n") }
    }
}
