internal import Hummingbird
internal import Vocabulary

/// Who asks, and what they may.
struct Caller: Sendable, Equatable {
    /// The token's name; nil where the service asks nobody who they are.
    var name: String?
    var roles: Set<AccessRole>
    /// Only these models; nil for all.
    var models: Set<String>?

    /// Of a service without authentication.
    static let anyone = Caller(name: nil, roles: Set(AccessRole.allCases), models: nil)

    init(name: String?, roles: Set<AccessRole>, models: Set<String>?) {
        self.name = name
        self.roles = roles.reduce(into: []) { $0.formUnion($1.granted) }
        self.models = models
    }

    init(_ token: AccessToken) { self.init(name: token.name, roles: token.roles, models: token.models) }

    func may(_ role: AccessRole) -> Bool { roles.contains(role) }
    func sees(_ model: String) -> Bool { models?.contains(model) ?? true }
    /// Whether what is known of single groups is shown.
    var seesGroups: Bool { may(.audit) }

    /// - Throws: ``ScopeError`` for a model that is not the token's.
    func require(_ model: String) throws { if !sees(model) { throw ScopeError(model: model) } }

    /// Who did it, for the audit log: the token; without tokens whom the request names.
    func actor(_ named: String?) -> String { name ?? named?.shown(atMost: 200) ?? "http" }
}

/// The token is not for this model. Said of models that are not there too: which there are is none of its business.
struct ScopeError: Error, CustomStringConvertible {
    var model: String
    var description: String { "the token is not for the model \(model.prefix(200))" }
}

/// What a route knows of its request beside the request.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's address, as the socket has it.
    let address: String
    /// Set by ``Doorkeeper``; nobody before.
    var caller = Caller(name: nil, roles: [], models: nil)

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }
}
