internal import Vocabulary

extension StatFunction {
    static let planning: [StatFunction] = []
}
