internal import Vocabulary

extension StatFunction {
    static let samples: [StatFunction] = []
}
