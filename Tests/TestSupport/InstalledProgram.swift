internal import Foundation

/// A program that may be installed: named by an environment variable, else looked for in PATH and /usr/bin.
///
/// - Returns: Its path; nil when it is not there. A variable that names nothing that can be run is nil too: nobody wants another one then.
public func installedProgram(_ names: [String], variable: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment[variable], !path.isEmpty { return FileManager.default.isExecutableFile(atPath: path) ? path : nil }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
    return names.lazy.flatMap { name in folders.lazy.map { "\($0)/\(name)" } }.first { FileManager.default.isExecutableFile(atPath: $0) }
}
