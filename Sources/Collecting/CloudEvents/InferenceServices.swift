public import Vocabulary

/// What KServe's inference services are here: which model, and what their tensors mean. A service that is not listed has the defaults.
public struct InferenceServices: Sendable, Equatable {
    public struct Service: Sendable, Equatable {
        /// `metadata.name` of the InferenceService.
        public var service: String
        /// Only of this namespace; nil for any.
        public var namespace: String?
        /// nil for the service's own name.
        public var model: String?
        /// nil for the champion.
        public var version: String?
        /// Which component's events are read: the transformer of a service logs the same inferences again.
        public var component = "predictor"
        /// What the places of a row without names are: features and sensitive attributes. nil for the features of the schema.
        public var columns: [String]?
        /// Columns that are neither.
        public var ignored: Set<String> = []
        /// The outputs that hold scores and predictions; nil to go by their names and kinds.
        public var score: String?
        public var prediction: String?
        /// Which of two class probabilities is the score.
        public var positiveClass = 1

        public init(_ service: String) { self.service = service }
    }
    public var services: [Service] = []
    public var limits = HalfLimits()

    public init() {}

    /// The first entry that fits.
    public func service(_ name: String, namespace: String?) -> Service {
        services.first { $0.service == name && ($0.namespace == nil || $0.namespace == namespace) } ?? Service(name)
    }
}
