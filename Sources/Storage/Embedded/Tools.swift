internal import Foundation

/// The PostgreSQL programs of one installed major version.
struct PostgresTools: Equatable {
    var major: Int
    var folder: String

    /// Installed versions, newest first: `EVENKEEL_PG_BIN`, then Debian's places, then the PATH.
    static func installed(environment: [String: String] = ProcessInfo.processInfo.environment) -> [PostgresTools] {
        var folders: [String] = []
        if let chosen = environment["EVENKEEL_PG_BIN"] {
            folders.append(chosen)
        } else {
            let debian = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
            folders = debian.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
            folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        }
        return folders.compactMap { folder in
            guard FileManager.default.isExecutableFile(atPath: folder + "/initdb"),
                let version = try? runTool(folder + "/postgres", ["--version"]), version.status == 0,
                // "postgres (PostgreSQL) 15.18 (Debian …)"
                let number = version.output.split(separator: " ").first(where: { $0.first?.isNumber == true }),
                let major = Int(number.prefix { $0.isNumber })
            else { return nil }
            return PostgresTools(major: major, folder: folder)
        }
    }
}
