internal import Vocabulary

extension StatFunction {
    static let tables: [StatFunction] = []
}
