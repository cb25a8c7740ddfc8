internal import Vocabulary

// What is counted of a write, whether a request stored it or the spool's replayer did: each record when it reaches the tables, and so once.

extension MetricRegistry {
    /// Counts a write and what became of its records.
    func count(_ write: PredictionWrite, _ receipt: PredictionReceipt) {
        countStored(write, receipt)
        if receipt.isSpooled { return }
        // A repeated request stores nothing: all of its records are duplicates.
        add(Double(receipt.stored.count), to: .ingestRecords, ["accepted"])
        add(Double(receipt.accepted) - Double(receipt.stored.count), to: .ingestRecords, ["duplicate"])
    }

    /// Counts the records that the write has stored.
    func countStored(_ write: PredictionWrite, _ receipt: PredictionReceipt) {
        if receipt.stored.isEmpty { return }
        let batch = receipt.stored.count == write.batch.count ? write.batch : write.batch.rows(at: receipt.stored)
        let key = [write.version.key.model, write.version.key.version]
        add(Double(batch.count), to: .predictions, key)
        add(Double(batch.errors.count { $0 != nil }), to: .predictionErrors, key)
        if let latency = batch.measures[PredictionBatch.latencyMeasure] { observe(latency, in: .predictionLatency, key) }
        let cost = batch.measures[PredictionBatch.costMeasure]
        if cost != nil || receipt.priced > 0 {
            let own = cost?.filter { !$0.isNaN }.reduce(0, +) ?? 0
            add(own + receipt.priced, to: .predictionCost, key + [write.version.schema.currency])
        }
    }

    func count(_ write: LabelWrite, _ receipt: LabelReceipt) {
        countStored(write, receipt)
        if !receipt.isSpooled { add(Double(receipt.accepted), to: .ingestRecords, ["label"]) }
    }

    func countStored(_ write: LabelWrite, _ receipt: LabelReceipt) {
        if !receipt.isSpooled { add(Double(receipt.joined + receipt.corrected), to: .labels, [write.model]) }
    }
}
