#if KAFKA
    internal import Synchronization
    internal import Vocabulary

    /// One consumer's work, from joining the group to leaving it.
    ///
    /// While a batch is stored, the group's news are still asked for, so that the group does not take us for dead; a batch that takes longer than
    /// the group's patience is given up, which costs nothing but the work.
    final class KafkaReading {
        private let settings: KafkaSettings
        private let consumer: KafkaConsumer
        private let producer: KafkaProducer
        private let collector: Collector
        private let sink: any KafkaSink
        private let report: @Sendable (String) -> Void
        private let inbox = KafkaInbox()
        private var places = KafkaPlaces()
        private var measured = ContinuousClock.now

        static let pausesSeconds = [0.1, 0.2, 0.5, 1, 2, 5]
        static let measureEverySeconds = 1.0
        /// While nothing is read nobody tells us of new messages, so after some failures the brokers are asked.
        static let asksAfterFailures = 5

        init(
            settings: KafkaSettings, consumer: KafkaConsumer, producer: KafkaProducer, collector: Collector, sink: any KafkaSink,
            report: @escaping @Sendable (String) -> Void
        ) {
            self.settings = settings
            self.consumer = consumer
            self.producer = producer
            self.collector = collector
            self.sink = sink
            self.report = report
            for topic in settings.topics {
                for outcome in ["stored", "dead_letter", "missed"] { collector.metrics.add(0, to: .kafkaRecords, [topic, outcome]) }
            }
        }

        func run() async throws {
            try await consumer.subscribe()
            measure([:])
            while !Task.isCancelled {
                var (news, batch) = try await consumer.poll(
                    recordsMax: settings.batchRecordsMax, bytesMax: settings.batchBytesMax, waitMilliseconds: settings.waitMilliseconds)
                inbox.add(news)
                // Messages beside such news may be of a time before it; they come again.
                if inbox.tellsOfPartitions {
                    await hear()
                } else if batch.count > 0 {
                    await look(into: places.take(&batch))
                    for part in batch.parts(predictionTopics: settings.predictions.count) where !inbox.tellsOfPartitions {
                        if await !settle(part) { break }
                    }
                }
                hearFailures()
                await measureLag()
            }
        }

        // MARK: The group's news

        private func hear() async {
            while let news = inbox.nextOfPartitions() {
                switch news {
                case .revoked:
                    places.end()
                    do { try await consumer.unassign() } catch { report("Kafka: \(error)") }
                case .assigned(let partitions): await begin(partitions)
                case .failed: break
                }
                measure([:])
            }
        }

        private func hearFailures() { for text in inbox.failures() { report("Kafka: \(text)") } }

        /// Reads partitions from where the database says, however long it takes to hear that.
        private func begin(_ partitions: [KafkaPartition]) async {
            await insisting("the positions of \(partitions.count) partitions cannot be had") { [self] in
                let positions = try await positions(of: partitions)
                try await consumer.assign(positions)
                places.begin(positions)
            }
        }

        private func positions(of partitions: [KafkaPartition]) async throws -> [KafkaPartition: Int64] {
            var known = try await sink.positions(of: settings.reader)
            var offsets: [KafkaPartition: (low: Int64, high: Int64)] = [:]
            // A partition that has no leader just now holds up no other.
            for partition in partitions where known[partition] == nil { offsets[partition] = try await consumer.offsets(of: partition) }
            if !offsets.isEmpty {
                try await sink.open(offsets.mapValues { settings.start == .earliest ? $0.low : $0.high }, of: settings.reader)
                // Somebody else may have given it one meanwhile.
                known = try await sink.positions(of: settings.reader)
            }
            var positions: [KafkaPartition: Int64] = [:]
            for partition in partitions { positions[partition] = known[partition] ?? 0 }
            return positions
        }

        /// Drops what is read ahead, and reads on from where the database says.
        private func readAgain() async {
            await insisting("reading on from the stored positions does not succeed") { [self] in
                // With places for those whose rows somebody has removed.
                let positions = try await positions(of: places.partitions)
                try await consumer.seek(positions)
                places.begin(positions)
            }
        }

        /// Tries until it succeeds, the partitions are taken away, or it is time to end.
        private func insisting(_ failure: String, _ body: () async throws -> Void) async {
            var failures = 0
            while !Task.isCancelled, !inbox.isRevoked {
                do { return try await body() } catch {
                    failures += 1
                    tell(failures, "\(failure): \(error)")
                    await pause(failures)
                }
            }
        }

        // MARK: Batches

        /// Stores a batch, however long it takes.
        ///
        /// - Returns: false when it was dropped: then it is read again, by us or by whoever has its partitions then.
        private func settle(_ batch: KafkaBatch) async -> Bool {
            let moves = places.moves(of: batch, settings.reader)
            if moves.steps.isEmpty { return true }
            let attempt = KafkaAttempt(
                batch: batch, moves: moves, settings: settings, collector: collector, sink: sink, producer: producer)
            var failures = 0
            while !Task.isCancelled {
                switch await listening({ await attempt.run() }) {
                case nil: return false
                case .stored?:
                    places.stored(moves)
                    // For people and tools alone.
                    do { try await consumer.commit(moves.steps.mapValues(\.to)) } catch { inbox.add([.failed("\(error)")]) }
                    return true
                case .refused(let error)?:
                    report("Kafka: \(error)")
                    await readAgain()
                    return false
                case .failed(let error)?:
                    failures += 1
                    tell(failures, "\(batch.count) messages wait, and nothing is read on: \(error)")
                    await pause(failures)
                    if inbox.isRevoked { return false }
                }
            }
            return false
        }

        /// - Returns: nil when the group, or whoever ends us, has waited long enough.
        private func listening(_ body: @escaping @Sendable () async -> KafkaAttempt.Outcome) async -> KafkaAttempt.Outcome? {
            let (outcomes, outcome) = AsyncStream.makeStream(of: KafkaAttempt.Outcome?.self)
            let (consumer, inbox) = (consumer, inbox)
            let ear = Task {
                var since: ContinuousClock.Instant?
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(100))
                    if Task.isCancelled { return }
                    if let news = try? await consumer.poll(recordsMax: 0, bytesMax: 0, waitMilliseconds: 0).news { inbox.add(news) }
                    if inbox.isRevoked || inbox.isEnding { since = since ?? .now }
                    if let since, .now - since > .seconds(KafkaSource.partingSeconds) { outcome.yield(nil) }
                }
            }
            // Not a child: it is not waited for, and a transaction that was sent is not cancelled.
            Task { outcome.yield(await body()) }
            let first = await withTaskCancellationHandler {
                await Task { await outcomes.first { _ in true } ?? nil }.value
            } onCancel: {
                inbox.end()
            }
            ear.cancel()
            return first
        }

        private func pause(_ failures: Int) async {
            let seconds = Self.pausesSeconds[min(failures, Self.pausesSeconds.count) - 1]
            let until = ContinuousClock.now + .seconds(seconds)
            while !Task.isCancelled, !inbox.isRevoked, .now < until {
                try? await Task.sleep(for: .milliseconds(100))
                if let news = try? await consumer.poll(recordsMax: 0, bytesMax: 0, waitMilliseconds: 0).news { inbox.add(news) }
            }
            if failures >= Self.asksAfterFailures { await askLag() } else { await measureLag() }
        }

        /// The first failure in a row, and then ever fewer.
        private func tell(_ failures: Int, _ text: String) {
            if failures & (failures - 1) == 0 { report("Kafka: \(text) (\(failures) in a row)") }
        }

        // MARK: What retention took, and what is behind

        private func look(into odd: [KafkaPartition: KafkaPlaces.Oddity]) async {
            for (partition, oddity) in odd.sorted(by: { $0.key < $1.key }) {
                guard let offsets = try? await consumer.offsets(of: partition) else { continue }
                switch oddity {
                case .gap(let from, let to) where offsets.low > from:
                    // Of what was removed meanwhile we have read the rest.
                    let end = min(offsets.low, to)
                    collector.metrics.add(Double(end - from), to: .kafkaRecords, [partition.topic, "missed"])
                    report("Kafka: the offsets \(from) to \(end - 1) of \(partition) were removed before they were read")
                case .behind where offsets.high < places.all[partition]?.stored ?? 0:
                    report("Kafka: \(partition) ends at \(offsets.high), before what is stored of it: it is read from its beginning")
                    places.turn(partition, to: offsets.low)
                    do { try await consumer.seek([partition: offsets.low]) } catch { report("Kafka: \(error)") }
                case .gap, .behind: break
                }
            }
        }

        private func measureLag() async {
            guard ContinuousClock.now - measured > .seconds(Self.measureEverySeconds) else { return }
            measured = .now
            if let ends = try? await consumer.ends(of: places.partitions) { measure(ends) }
        }

        private func askLag() async {
            var ends: [KafkaPartition: Int64] = [:]
            // One that does not answer costs seconds: the group and who ends us do not wait for all of them.
            for partition in places.partitions {
                guard !Task.isCancelled, !inbox.isRevoked, let offsets = try? await consumer.offsets(of: partition) else { break }
                ends[partition] = offsets.high
            }
            measure(ends)
        }

        private func measure(_ ends: [KafkaPartition: Int64]) {
            for topic in settings.topics {
                let mine = places.all.filter { $0.key.topic == topic }
                collector.metrics.set(Double(mine.count), in: .kafkaPartitions, [topic])
                let lag = mine.reduce(0) { $0 + max(0, (ends[$1.key] ?? $1.value.stored) - $1.value.stored) }
                collector.metrics.set(Double(lag), in: .kafkaLag, [topic])
            }
        }
    }

    /// What the group has told and was not heard yet.
    final class KafkaInbox: Sendable {
        private struct State {
            var news: [KafkaNews] = []
            var failures: [String] = []
            var told: [String: ContinuousClock.Instant] = [:]
            var isEnding = false
        }
        private let state = Mutex(State())
        /// The same failure is told once in this time.
        private static let againSeconds = 60.0
        /// Texts that are remembered.
        private static let toldMax = 100

        func add(_ news: [KafkaNews]) {
            if news.isEmpty { return }
            state.withLock { state in
                for one in news {
                    guard case .failed(let text) = one else { state.news.append(one); continue }
                    if let last = state.told[text], .now - last < .seconds(Self.againSeconds) { continue }
                    if state.told.count >= Self.toldMax { state.told = [:] }
                    state.told[text] = .now
                    state.failures.append(text)
                }
            }
        }

        var tellsOfPartitions: Bool { state.withLock { !$0.news.isEmpty } }
        var isRevoked: Bool { state.withLock { $0.news.contains { if case .revoked = $0 { true } else { false } } } }
        var isEnding: Bool { state.withLock(\.isEnding) }
        func end() { state.withLock { $0.isEnding = true } }
        func nextOfPartitions() -> KafkaNews? { state.withLock { $0.news.isEmpty ? nil : $0.news.removeFirst() } }
        func failures() -> [String] {
            state.withLock { state in
                defer { state.failures = [] }
                return state.failures
            }
        }
    }

    extension KafkaBatch {
        /// The predictions and the labels, each for a transaction of its own; without those that have no messages.
        func parts(predictionTopics: Int) -> [KafkaBatch] {
            var (predictions, labels) = (self, self)
            for place in topics.indices {
                if place < predictionTopics {
                    labels.topics[place] = Topic(name: topics[place].name)
                } else {
                    predictions.topics[place] = Topic(name: topics[place].name)
                }
            }
            return [predictions, labels].filter { $0.count > 0 }
        }
    }
#endif
