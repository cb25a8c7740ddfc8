public import Vocabulary

/// A version as the API and the command line print it.
public enum RegistryAnswer {
    public static func summary(_ version: RegisteredVersion) -> JSON {
        .object([
            "model": .string(version.key.model), "version": .string(version.key.version), "stage": .string(version.stage.rawValue),
            "task": .string(version.schema.task.rawValue), "features": JSON(version.schema.features.count),
            "sensitive": .array(version.schema.sensitive.map(JSON.string)), "reference_rows": .integer(version.referenceRows),
            "registered_at": .string(version.registeredAt.rfc3339),
        ])
    }

    public static func detail(_ version: RegisteredVersion) -> JSON {
        guard case .object(var object) = summary(version) else { return .null }
        object["schema"] = version.schema.json
        object["watch"] = version.watch
        return .object(object)
    }
}
