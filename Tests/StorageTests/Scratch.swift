import Foundation
import Glibc
import Synchronization
import TestSupport

@testable import Storage

/// Folders for clusters: below /tmp, since a socket's path must be short; named by the process; gone when it ends.
enum Scratch {
    private static let count = Mutex(0)
    private static let prefix = "ekst-"

    /// A path that nothing uses yet.
    static func folder() -> URL {
        _ = sweepsAtExit
        let number = count.withLock { count in
            count += 1
            return count
        }
        return URL(filePath: "/tmp/\(prefix)\(getpid())-\(number)")
    }

    private static let sweepsAtExit: Bool = {
        Scratch.sweep { !FileManager.default.fileExists(atPath: "/proc/\($0)") }  // what a test run that was killed left
        return atexit { Scratch.sweep { $0 == getpid() } } == 0
    }()

    private static func sweep(where isOurs: (Int32) -> Bool) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] where name.hasPrefix(prefix) {
            guard let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ Int32($0) }), isOurs(pid) else { continue }
            remove(URL(filePath: "/tmp/\(name)"))
        }
    }

    /// Stops whatever server still runs in the folder, and removes the folder.
    static func remove(_ folder: URL) {
        var signal = SIGQUIT  // at once, but with its shared memory given back
        var polls = 0
        while true {
            let left = processes(in: folder)
            if left.isEmpty { break }
            if polls % 500 == 0 {
                if let server = serverProcess(folder), signal == SIGQUIT {
                    kill(server, signal)
                } else {
                    for pid in left { kill(pid, SIGKILL) }
                }
                signal = SIGKILL
            }
            polls += 1
            usleep(10_000)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Every process that works in the cluster's data folder: the server and its children.
    static func processes(in folder: URL) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            return place?.hasPrefix(folder.path + "/") == true
        }
    }

    /// Whether no process is left in the folder: a server's children may outlive it by a moment.
    static func isEmptied(_ folder: URL) async throws -> Bool {
        try await eventually { processes(in: folder).isEmpty }
    }

    /// The server that wrote the folder's postmaster.pid and is alive.
    static func serverProcess(_ folder: URL) -> Int32? {
        guard let text = try? String(contentsOf: folder.appending(path: "data/postmaster.pid"), encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }), processes(in: folder).contains(pid)
        else { return nil }
        return pid
    }

    /// Kills the server as a power cut would, and waits until none of its processes is left.
    static func killServer(_ folder: URL) async throws {
        if let pid = serverProcess(folder) { kill(pid, SIGKILL) }
        while !processes(in: folder).isEmpty {
            try await Task.sleep(for: .milliseconds(5))  // between two looks
        }
    }

    /// Lets go of the folder's lock as the kernel does when its owner is killed; the owner's own file number stays valid.
    static func releaseLock(_ folder: URL) throws {
        let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
        for number in numbers {
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == folder.path + "/lock" else {
                continue
            }
            let nothing = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            dup2(nothing, number)
            close(nothing)
        }
    }
}
