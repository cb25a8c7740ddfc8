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

    closeFilesOnExec()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)

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

/// The server that pg_ctl leaves behind must not keep our sockets open: a killed service could not listen on its port again.
private func closeFilesOnExec() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
        guard let file = Int32(name), file > 2 else { continue }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)  // a file that was closed meanwhile is none of our business
    }
}
