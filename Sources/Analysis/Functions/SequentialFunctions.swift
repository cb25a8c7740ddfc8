internal import Vocabulary

extension StatFunction {
    static let sequential: [StatFunction] = []
}
