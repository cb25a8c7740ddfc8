public import Foundation

/// What a program left behind when it ended.
public struct ProgramEnd: Sendable {
    public var status: Int32
    public var bytes: [UInt8]
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Runs a program to its end.
///
/// On a thread of its own: the tests' pool has as many threads as there are cores, and a service under test needs them to answer.
/// - Parameters:
///   - input: what it reads; nothing if nil.
///   - environment: laid over this process's.
///   - keepsErrors: whether standard error is kept with standard output, or dropped.
public func runProgram(
    _ path: String, _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:], keepsErrors: Bool = true
) async throws -> ProgramEnd {
    try await withCheckedThrowingContinuation { continuation in
        Thread {
            continuation.resume(
                with: Result {
                    let process = Process()
                    process.executableURL = URL(filePath: path)
                    process.arguments = arguments
                    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
                    let output = Pipe()
                    process.standardOutput = output
                    process.standardError = keepsErrors ? output : FileHandle.nullDevice
                    let pipe = input == nil ? nil : Pipe()
                    process.standardInput = pipe ?? FileHandle.nullDevice
                    try process.run()
                    if let pipe, let input {
                        try pipe.fileHandleForWriting.write(contentsOf: Data(input))
                        try pipe.fileHandleForWriting.close()
                    }
                    let data = try output.fileHandleForReading.readToEnd() ?? Data()
                    process.waitUntilExit()
                    return ProgramEnd(status: process.terminationStatus, bytes: Array(data))
                })
        }.start()
    }
}

extension Process {
    /// Asks it to end and waits for that, on a thread of its own.
    public func end() async {
        guard isRunning else { return }
        terminate()
        await withCheckedContinuation { continuation in
            Thread {
                self.waitUntilExit()
                continuation.resume()
            }.start()
        }
    }
}
