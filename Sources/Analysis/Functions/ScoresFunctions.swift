internal import Vocabulary

extension StatFunction {
    static let scores: [StatFunction] = []
}
