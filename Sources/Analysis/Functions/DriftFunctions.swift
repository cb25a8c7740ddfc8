internal import Vocabulary

extension StatFunction {
    static let drift: [StatFunction] = []
}
