internal import Alerting
internal import Storage
internal import Vocabulary

/// A champion and a candidate whose model file is there.
struct ShadowPair: Sendable {
    var champion: RegisteredVersion
    var candidate: RegisteredVersion
    var file: ModelFileRecord

    struct Key: Hashable { var champion: Int64, candidate: Int64 }
    var key: Key { Key(champion: champion.versionID, candidate: candidate.versionID) }

    /// Every pair that is to be scored.
    static func all(_ versions: [RegisteredVersion], _ files: [ModelFileRecord]) -> [ShadowPair] {
        let byVersion = Dictionary(files.map { ($0.versionID, $0) }, uniquingKeysWith: { first, _ in first })
        return versions.filter { $0.stage == .champion }.flatMap { champion in
            versions.compactMap { version -> ShadowPair? in
                guard version.key.model == champion.key.model, version.stage == .candidate, let file = byVersion[version.versionID] else {
                    return nil
                }
                return ShadowPair(champion: champion, candidate: version, file: file)
            }.suffix(ShadowSettings.candidatesMax)
        }
    }
}

/// Messages about candidates and rollouts: to the destinations of the champion's policies that take our own format.
struct ShadowMessages: Sendable {
    let destinations: [String]

    init(_ configuration: ServiceConfiguration, _ champion: RegisteredVersion) {
        let named = Set(configuration.policies(of: champion).flatMap(\.destinations))
        destinations = configuration.destinations.filter { $0.format == .standard && named.contains($0.name) }.map(\.name)
    }

    func messages(_ type: String, at now: Timestamp, _ data: JSON, newID: () -> String) -> [OutgoingMessage] {
        let body = JSON.object(["type": .string(type), "timestamp": .string(now.rfc3339), "data": data]).text
        return destinations.map { OutgoingMessage(destination: $0, messageID: newID(), type: type, body: body) }
    }
}
