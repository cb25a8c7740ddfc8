internal import Vocabulary

extension StatFunction {
    static let proportions: [StatFunction] = []
}
