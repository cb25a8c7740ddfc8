internal import Migrations

/// Something that one of several services does, held until it expires.
public struct Lease: Sendable, Equatable {
    public var name: String
    public var holder: String
    /// Rises with every change of the holder.
    public var term: Int64
    public init(name: String, holder: String, term: Int64) {
        self.name = name
        self.holder = holder
        self.term = term
    }
}

/// Leases are rows, taken and renewed in a statement each: no session holds them, so a pooler of connections may stand between.
public struct LeaseStore: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// Takes or renews a lease. By the server's clock: the clocks of the services may differ.
    ///
    /// - Returns: nil while somebody else holds it.
    public func take(_ name: String, holder: String, seconds: Double) async throws -> Lease? {
        try await database.run { connection in
            try connection.query(Queries["take_lease"], [.text(name), .text(holder), .double(seconds)]).int(0, 0).map {
                Lease(name: name, holder: holder, term: $0)
            }
        }
    }

    /// Ends it now, so that the next one need not wait.
    public func giveBack(_ lease: Lease) async throws {
        try await database.run { _ = try $0.query(Queries["give_back_lease"], [.text(lease.name), .text(lease.holder)]) }
    }
}

extension Connection {
    /// - Throws: ``StoreError`` when the lease has passed to another holder.
    func check(_ lease: Lease) throws {
        if try query(Queries["lease_in_term"], [.text(lease.name), .text(lease.holder), .int(lease.term)]).count == 0 {
            throw StoreError(.unavailable, "another service leads now: it does what was begun here")
        }
    }
}
