internal import Foundation
internal import Glibc
internal import Synchronization

/// ONNX Runtime's library, loaded when it is there: for graphs with operators that we have no kernels for.
///
/// Unchecked: the pointers are only passed on, and the library's functions may be called by several threads at once (its promise).
///
/// Its C interface is a table of functions that only grows, so the places below hold in every version from 1.2 on.
/// > Source: ONNX Runtime, `onnxruntime_c_api.h`, `struct OrtApi`, and its rule that members are only added at the end.
@safe final class ONNXRuntime: @unchecked Sendable {
    struct Failure: Error { var message: String }

    /// Places in the table of functions.
    enum Function: Int {
        case errorText = 2
        case createEnvironment = 3
        case createSession = 8
        case run = 9
        case createOptions = 10
        case setThreads = 24
        case setThreadsBetween = 25
        case createTensor = 48
        case createTensorWithData = 49
        case data = 51
        case fillTexts = 52
        case textLength = 53
        case texts = 54
        case elementType = 60
        case rank = 61
        case dimensions = 62
        case shape = 65
        case kind = 67
        case createMemory = 69
        case allocator = 78
        case item = 80
        case itemCount = 81
        case releaseStatus = 93
        case releaseMemory = 94
        case releaseSession = 95
        case releaseValue = 96
        case releaseShape = 99
        case releaseOptions = 100
    }

    typealias Status = OpaquePointer?
    typealias Handle = OpaquePointer
    typealias Made = UnsafeMutablePointer<OpaquePointer?>

    @unsafe private struct Base {
        var api: @convention(c) (UInt32) -> UnsafePointer<UnsafeRawPointer?>?
        var version: @convention(c) () -> UnsafePointer<CChar>?
    }
    private static let apiVersion: UInt32 = 2

    private let functions: UnsafePointer<UnsafeRawPointer?>
    let environment: Handle
    let memory: Handle
    let allocator: Handle

    static let advice =
        "ONNX Runtime's library would run it, expected libonnxruntime.so where libraries are found or its path in EVENKEEL_ONNXRUNTIME"

    /// Where the library is by default; nil when `EVENKEEL_ONNXRUNTIME` is empty, which turns it off.
    static var defaultPath: String? {
        let path = ProcessInfo.processInfo.environment["EVENKEEL_ONNXRUNTIME"] ?? "libonnxruntime.so"
        return path.isEmpty ? nil : path
    }

    private static let loaded = Mutex<[String: ONNXRuntime]>([:])

    /// The library at a path, loaded once; nil when it is not there or is none of ONNX Runtime's.
    static func at(_ path: String) -> ONNXRuntime? {
        loaded.withLock { loaded in
            if let known = loaded[path] { return known }
            let made = ONNXRuntime(path)
            loaded[path] = made
            return made
        }
    }

    private init?(_ path: String) {
        typealias Entry = @convention(c) () -> OpaquePointer?
        guard let library = unsafe dlopen(path, RTLD_LAZY | RTLD_LOCAL), let symbol = unsafe dlsym(library, "OrtGetApiBase"),
            let entry = unsafe unsafeBitCast(symbol, to: Entry.self)(),
            let functions = unsafe UnsafePointer<Base>(entry).pointee.api(Self.apiVersion)
        else { return nil }
        unsafe self.functions = unsafe functions
        func function<T>(_ place: Function, _ type: T.Type) -> T { unsafe Self.function(functions, place, type) }
        var (environment, memory, allocator): (Handle?, Handle?, Handle?)
        typealias CreateEnvironment = @convention(c) (Int32, UnsafePointer<CChar>, Made) -> Status
        typealias CreateMemory = @convention(c) (Int32, Int32, Made) -> Status
        typealias GetAllocator = @convention(c) (Made) -> Status
        // Only fatal trouble is written to standard error: what goes wrong is thrown.
        guard unsafe function(.createEnvironment, CreateEnvironment.self)(4, "evenkeel", &environment) == nil,
            unsafe function(.createMemory, CreateMemory.self)(1, 0, &memory) == nil,
            unsafe function(.allocator, GetAllocator.self)(&allocator) == nil,
            let environment = unsafe environment, let memory = unsafe memory, let allocator = unsafe allocator
        else { return nil }
        unsafe (self.environment, self.memory, self.allocator) = unsafe (environment, memory, allocator)
    }

    private static func function<T>(_ functions: UnsafePointer<UnsafeRawPointer?>, _ place: Function, _ type: T.Type) -> T {
        unsafe unsafeBitCast(functions[place.rawValue], to: type)
    }

    func function<T>(_ place: Function, _ type: T.Type) -> T { unsafe Self.function(functions, place, type) }

    /// - Throws: ``Failure`` with what ONNX Runtime says.
    func check(_ status: Status) throws(Failure) {
        guard let status = unsafe status else { return }
        let text = unsafe function(.errorText, (@convention(c) (Handle) -> UnsafePointer<CChar>?).self)(status)
        let message = unsafe text.map { unsafe String(cString: $0) } ?? "ONNX Runtime gives no reason"
        unsafe release(.releaseStatus, status)
        throw Failure(message: "ONNX Runtime: " + String(message.map { $0.isNewline ? " " : $0 }.prefix(300)))
    }

    /// A handle that a function makes as its last argument.
    func make(_ work: (Made) -> Status) throws(Failure) -> Handle {
        var made: Handle?
        try unsafe check(unsafe work(&made))
        guard let made = unsafe made else { throw Failure(message: "ONNX Runtime made nothing") }
        return unsafe made
    }

    func release(_ function: Function, _ handle: Handle) {
        unsafe self.function(function, (@convention(c) (Handle) -> Void).self)(handle)
    }
}
