internal import Foundation
internal import Glibc

struct ToolResult {
    var status: Int32
    /// Standard output and error together.
    var output: String
}

/// Runs a program to its end, from `/`, with a C locale. Blocks: call it from a queue of one's own.
///
/// Not Foundation's `Process`: that one waits until every descendant has closed a socket, and the server that pg_ctl leaves behind
/// never does. The output goes to a file for the same reason.
func runTool(_ path: String, _ arguments: [String]) throws(StoreError) -> ToolResult {
    var environment = ProcessInfo.processInfo.environment
    environment["LC_ALL"] = "C"
    for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS"] { environment[name] = nil }
    let log = FileManager.default.temporaryDirectory.appending(path: "evenkeel-tool-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: log) }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    guard let closeFrom = unsafe closeFrom, unsafe closeFrom(&actions, 3) == 0 else {
        throw StoreError(.cluster, "\(path) could not be run: this system's C library is too old (glibc 2.34 or newer is needed)")
    }

    var pid: pid_t = 0
    var argumentPointers: [UnsafeMutablePointer<CChar>?] =
        unsafe (["env", "--chdir=/", path] + arguments).map { unsafe strdup($0) } + [nil]
    var environmentPointers: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (argumentPointers + environmentPointers).forEach { unsafe free($0) } }
    let spawned = unsafe posix_spawn(&pid, "/usr/bin/env", &actions, nil, &argumentPointers, &environmentPointers)
    guard spawned == 0 else { throw StoreError(.cluster, "\(path) could not be run: \(unsafe String(cString: strerror(spawned)))") }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) == -1 {
        guard errno == EINTR else { throw StoreError(.cluster, "\(path) was lost sight of") }
    }
    let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    return ToolResult(status: code, output: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
}

/// Closes all files from this number on in the child: the server that pg_ctl leaves behind must not keep our sockets open, or a killed service
/// could not listen on its port again. In the child, since between marking our files and the start others may open more.
///
/// By its name: Swift's Glibc does not show it.
private let closeFrom: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32)? = {
    guard let found = unsafe dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return nil }
    return unsafe unsafeBitCast(found, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
}()
