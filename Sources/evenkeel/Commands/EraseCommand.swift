import ArgumentParser
import Foundation
import Service
import Storage
import Vocabulary

struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Delete the rows and labels of single records from all versions of a model.",
        discussion: """
            Example: evenkeel erase --model credit --id application-4711,application-4712

            Profiles stay: they are counts without ids. Records that are still in a collector's spool are not reached: erase again once
            it is empty. See docs/operations.md.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The model.") var model: String
    @Option(help: "Ids of the records, comma-separated.") var id: String

    func validate() throws {
        let count = commaList(id).count
        if !(1...RecordStore.erasureIDsMax).contains(count) {
            throw ValidationError("--id: \(count) ids, expected 1 to \(RecordStore.erasureIDsMax)")
        }
    }

    func run() async throws {
        try await database.withEngine { engine in
            let ids = commaList(id)
            guard let receipt = try await engine.records.erase(model: model, ids: ids, actor: NSUserName(), at: Engine.systemClock())
            else { throw ConfigurationError(["\(model) is not registered: see evenkeel model list"]) }
            switch output.format {
            case .json:
                try output.print(JSON.object(["command": "erase", "model": .string(model), "erased": receipt.json]).prettyText)
            case .table:
                try output.print(
                    "erased \(receipt.predictions) predictions, \(receipt.labels) labels and \(receipt.waiting) waiting labels of \(model)")
            }
        }
    }
}
