internal import Foundation
internal import Statistics

/// The loss of each row: log loss of probabilities, else the squared error.
struct RowLoss {
    /// 0 and 1, places of classes, or values; NaN where there is none.
    let labels: [Double]
    let name: String

    init(_ frame: Frame, label: String, predictions: [[Double]], _ options: ExplainOptions) throws {
        let cells = try frame.cells(label)
        if predictions.count > 1 {
            name = "log_loss"
            // Numbers that are places of the model's classes are just that, whichever of them are seen.
            if options.classes == nil, let places = try Self.places(cells, of: predictions.count) {
                labels = places
                return
            }
            let classes = try options.classes ?? Cells.classes([cells])
            guard classes.count == predictions.count else {
                throw AnalysisError(
                    "\(label) has \(classes.count) classes and the model \(predictions.count), expected as many, or --classes in its order")
            }
            labels = try cells.places(classes).map { $0 < 0 ? .nan : Double($0) }
        } else if try options.positive != nil || predictions[0].allSatisfy({ $0.isNaN || (0...1).contains($0) }) && Self.isTwoValued(cells)
        {
            labels = try cells.binary(positive: options.positive)
            name = "log_loss"
        } else {
            labels = try cells.numbers()
            name = "squared_error"
        }
    }

    private static func places(_ cells: Cells, of count: Int) throws -> [Double]? {
        guard let numbers = try? cells.numbers() else { return nil }
        let known = (0..<count).map(Double.init)
        return numbers.allSatisfy { $0.isNaN || known.contains($0) } && numbers.contains { $0.isFinite } ? numbers : nil
    }

    /// A share as the label of a regression has more values than two; what is no number is a word for yes or no.
    private static func isTwoValued(_ cells: Cells) throws -> Bool {
        guard let numbers = try? cells.numbers() else { return true }
        return Set(numbers.filter(\.isFinite)).count <= 2
    }

    /// Of the rows of the file at these places.
    func losses(_ predictions: [[Double]], _ places: [Int]) -> [Double] {
        places.enumerated().map { row, place in
            let label = labels[place]
            if predictions.count > 1 { return -log(max(predictions[Int(label)][row], 0x1p-52)) }
            let answer = predictions[0][row]
            if name == "squared_error" { return (answer - label) * (answer - label) }
            let clipped = min(max(answer, 0x1p-52), 1 - 0x1p-52)
            return label == 1 ? -log(clipped) : -log1p(-clipped)
        }
    }
}
