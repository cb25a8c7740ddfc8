internal import Vocabulary

extension StatFunction {
    static let distributions: [StatFunction] = []
}
