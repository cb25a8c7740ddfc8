internal import CCurl
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Vocabulary

/// One request; without a body it only connects.
struct CurlRequest: Sendable {
    var url: Secret
    var headers: [String]
    var body: String?
    var timeoutSeconds: Int
    /// A PEM file: who may have signed the other side's certificate, instead of the system's authorities.
    var authoritiesFile: String?
}

/// One thread that moves all transfers: a receiver that hangs costs a socket and no thread.
///
/// Every address is judged when a socket to it is about to be opened, whatever named it: there is no second look-up that could say something else.
final class CurlLoop: Sendable {
    private let state: State

    init(targets: TargetRules) { state = State(targets: targets) }
    deinit { state.stop() }

    func perform(_ request: CurlRequest) async -> Result<HTTPAnswer, HTTPFailure> {
        await withCheckedContinuation { continuation in state.submit(request) { continuation.resume(returning: $0) } }
    }

    /// What the thread shares with those who ask.
    // Sound because `multi` is made before anybody else knows of it, and touched by the thread alone; curl_multi_wakeup may be called from
    // anywhere, while `multi` is there: as long as this is.
    @safe private final class State: @unchecked Sendable {
        private struct Shared {
            var waiting: [(CurlRequest, @Sendable (Result<HTTPAnswer, HTTPFailure>) -> Void)] = []
            var isRunning = false
            var isStopped = false
        }
        private static let ready: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
        private let shared = Mutex(Shared())
        private let multi: UnsafeMutableRawPointer?
        private let targets: TargetRules
        private static let connectionsKept = 64

        init(targets: TargetRules) {
            self.targets = targets
            unsafe multi = Self.ready ? unsafe curl_multi_init() : nil
            if let multi = unsafe multi { unsafe ek_curl_keep_connections(multi, Self.connectionsKept) }
        }
        deinit { if let multi = unsafe multi { unsafe curl_multi_cleanup(multi) } }

        func submit(_ request: CurlRequest, _ done: @escaping @Sendable (Result<HTTPAnswer, HTTPFailure>) -> Void) {
            guard let multi = unsafe multi else { return done(.failure(HTTPFailure("libcurl could not start"))) }
            let starts = shared.withLock { shared in
                shared.waiting.append((request, done))
                defer { shared.isRunning = true }
                return !shared.isRunning
            }
            if starts {
                DispatchQueue(label: "evenkeel.webhooks").async { self.run() }
            } else {
                // A wake-up that fails costs at most the pause of a poll.
                _ = unsafe curl_multi_wakeup(multi)
            }
        }

        /// The thread's next look ends it.
        func stop() {
            shared.withLock { $0.isStopped = true }
            if let multi = unsafe multi { _ = unsafe curl_multi_wakeup(multi) }
        }

        private func run() {
            guard let multi = unsafe multi else { return }
            var transfers: [UnsafeMutableRawPointer: Transfer] = unsafe [:]
            while true {
                let (waiting, isStopped) = shared.withLock { shared in
                    defer { shared.waiting = [] }
                    return (shared.waiting, shared.isStopped)
                }
                for (request, done) in waiting {
                    let transfer = Transfer(targets: targets, done: done)
                    if let handle = unsafe transfer.start(request, on: multi) { unsafe transfers[handle] = transfer }
                }
                // Whoever asked still waits for an answer: only an idle loop ends.
                if isStopped, unsafe transfers.isEmpty { return }
                var running: Int32 = 0
                guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else {
                    for unsafe(_, transfer) in unsafe transfers { unsafe transfer.end(.failure(HTTPFailure("libcurl failed")), on: multi) }
                    unsafe transfers = [:]
                    continue
                }
                var result = CURLE_OK
                while let handle = unsafe ek_curl_next_done(multi, &result) {
                    unsafe transfers.removeValue(forKey: handle)?.end(result, on: multi)
                }
                // A failure to wait would only make us look at once.
                if unsafe !transfers.isEmpty || running > 0 || !isStopped { _ = unsafe curl_multi_poll(multi, nil, 0, 1000, nil) }
            }
        }
    }
}

/// One exchange, from its handle to its end. Lives on the loop's thread.
@safe private final class Transfer {
    private let targets: TargetRules
    private let done: (Result<HTTPAnswer, HTTPFailure>) -> Void
    private var handle: UnsafeMutableRawPointer?
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var onlyConnects = false
    /// libcurl's own words, which say more than its code.
    private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// A renewed file of authorities is read within this time.
    private static let authoritiesKeptSeconds = 60
    /// Why an address was refused.
    private var refusal: String?

    init(targets: TargetRules, done: @escaping (Result<HTTPAnswer, HTTPFailure>) -> Void) {
        self.targets = targets
        self.done = done
        unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }
    deinit {
        if let handle = unsafe handle { unsafe curl_easy_cleanup(handle) }
        unsafe curl_slist_free_all(headers)
        unsafe words.deallocate()
    }

    /// - Returns: the handle by which its end is told; nil when it ended at once.
    func start(_ request: CurlRequest, on multi: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        guard let handle = unsafe curl_easy_init() else {
            done(.failure(HTTPFailure("libcurl could not start")))
            return nil
        }
        unsafe self.handle = handle
        onlyConnects = request.body == nil
        var status = unsafe ek_curl_set_string(handle, CURLOPT_URL, request.url.reveal())
        func set(_ option: CURLoption, _ value: Int) {
            if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, option, value) }
        }
        func set(_ option: CURLoption, _ value: String) {
            if status == CURLE_OK { status = unsafe ek_curl_set_string(handle, option, value) }
        }
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TIMEOUT, request.timeoutSeconds)
        set(CURLOPT_USERAGENT, "evenkeel")
        // A proxy of the environment would connect for us, where we may not.
        set(CURLOPT_PROXY, "")
        unsafe ek_curl_keep_authorities(handle, Self.authoritiesKeptSeconds)
        if let file = request.authoritiesFile {
            set(CURLOPT_CAINFO, file)
            // The system's folder of authorities would still be asked.
            if status == CURLE_OK { status = unsafe ek_curl_set_pointer(handle, CURLOPT_CAPATH, nil) }
        }
        if status == CURLE_OK { status = unsafe ek_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words) }
        if status == CURLE_OK {
            status = unsafe ek_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        }
        if status == CURLE_OK {
            status = unsafe ek_curl_set_open_socket(handle) { context, _, address in
                guard let context = unsafe context, let address = unsafe address else { return CURL_SOCKET_BAD }
                return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().open(address)
            }
        }
        if let body = request.body {
            // Without `expect:` libcurl asks for permission before it sends a long body.
            for line in request.headers + ["expect:"] { unsafe headers = curl_slist_append(headers, line) }
            set(CURLOPT_POST, 1)
            set(CURLOPT_POSTFIELDSIZE, body.utf8.count)
            set(CURLOPT_COPYPOSTFIELDS, body)
            if status == CURLE_OK { status = unsafe ek_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers) }
            if status == CURLE_OK {
                // An answer's body is of no use to us: it is read and dropped.
                status = unsafe ek_curl_set_write(handle) { _, size, count, _ in size * count }
            }
        } else {
            set(CURLOPT_CONNECT_ONLY, 1)
        }
        guard status == CURLE_OK else {
            done(.failure(HTTPFailure(unsafe String(cString: curl_easy_strerror(status)))))
            return nil
        }
        guard unsafe curl_multi_add_handle(multi, handle) == CURLM_OK else {
            done(.failure(HTTPFailure("libcurl takes no more transfers")))
            return nil
        }
        return unsafe handle
    }

    /// A socket to an address that may be connected to.
    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        var bytes = [UInt8](repeating: 0, count: 16)
        let length = Int(unsafe ek_curl_address(address, &bytes))
        if let reason = targets.refusal(of: Array(bytes.prefix(length))) {
            refusal = reason
            return CURL_SOCKET_BAD
        }
        let kind = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)  // no child inherits it
        return unsafe socket(address.pointee.family, kind, address.pointee.protocol)
    }

    func end(_ result: CURLcode, on multi: UnsafeMutableRawPointer) {
        guard result == CURLE_OK, let handle = unsafe handle else {
            return unsafe end(.failure(HTTPFailure(refusal ?? reason(result))), on: multi)
        }
        var code = 0
        var wait: curl_off_t = 0
        guard unsafe ek_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK, onlyConnects || code > 0,
            unsafe ek_curl_get_offset(handle, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK
        else { return unsafe end(.failure(HTTPFailure("no HTTP status")), on: multi) }
        unsafe end(.success(HTTPAnswer(status: code, retryAfterSeconds: Int(clamping: wait))), on: multi)
    }

    /// Holds no address and no name of a host. Why a certificate was not believed stands in the words alone.
    private func reason(_ result: CURLcode) -> String {
        if result == CURLE_PEER_FAILED_VERIFICATION {
            let words = unsafe String(cString: words)
            if words.hasPrefix("SSL certificate problem") { return words }
            if words.contains("host name") { return "SSL certificate problem: it names another host" }
        }
        if result == CURLE_SSL_CACERT_BADFILE { return "the file of authorities cannot be used" }
        return unsafe String(cString: curl_easy_strerror(result))
    }

    func end(_ result: Result<HTTPAnswer, HTTPFailure>, on multi: UnsafeMutableRawPointer) {
        if let handle = unsafe handle { _ = unsafe curl_multi_remove_handle(multi, handle) }
        done(result)
    }
}
