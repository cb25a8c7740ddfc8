internal import CCurl
internal import Dispatch
internal import Glibc
public import Vocabulary

/// Sends POST requests with libcurl, each on a queue of its own: curl blocks.
public struct HTTPPoster: Sendable {
    private static let ready: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    private let queue = DispatchQueue(label: "evenkeel.webhooks", attributes: .concurrent)

    public init() {}

    /// - Returns: the HTTP status.
    public func post(_ url: Secret, headers: [(name: String, value: String)], body: String, timeoutSeconds: Int) async -> Result<
        Int, HTTPFailure
    > {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Self.send(url, headers: headers, body: body, timeoutSeconds: timeoutSeconds))
            }
        }
    }

    /// Connects, with TLS where the URL says so, and sends nothing.
    ///
    /// - Returns: nil when the other side was reached.
    public func reach(_ url: Secret, timeoutSeconds: Int) async -> HTTPFailure? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Self.connect(url, timeoutSeconds: timeoutSeconds)) }
        }
    }

    private static func connect(_ url: Secret, timeoutSeconds: Int) -> HTTPFailure? {
        guard ready, let handle = unsafe curl_easy_init() else { return HTTPFailure("libcurl could not start") }
        defer { unsafe curl_easy_cleanup(handle) }
        var status = unsafe ek_curl_set_string(handle, CURLOPT_URL, url.reveal())
        if status == CURLE_OK { status = unsafe ek_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https") }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_NOSIGNAL, 1) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_TIMEOUT, timeoutSeconds) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_CONNECT_ONLY, 1) }
        if status == CURLE_OK { status = unsafe curl_easy_perform(handle) }
        return status == CURLE_OK ? nil : HTTPFailure(unsafe String(cString: curl_easy_strerror(status)))
    }

    private static func send(
        _ url: Secret, headers: [(name: String, value: String)], body: String, timeoutSeconds: Int
    ) -> Result<Int, HTTPFailure> {
        guard ready, let handle = unsafe curl_easy_init() else { return .failure(HTTPFailure("libcurl could not start")) }
        defer { unsafe curl_easy_cleanup(handle) }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(list) }
        for header in headers {
            // A line break in a header would start another one.
            guard !header.value.contains(where: \.isNewline) else { return .failure(HTTPFailure("a header with a line break")) }
            unsafe list = curl_slist_append(list, "\(header.name): \(header.value)")
        }
        // Without this, libcurl asks for permission before it sends a long body.
        unsafe list = curl_slist_append(list, "expect:")
        var status = unsafe ek_curl_set_string(handle, CURLOPT_URL, url.reveal())
        if status == CURLE_OK { status = unsafe ek_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https") }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_NOSIGNAL, 1) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_TIMEOUT, timeoutSeconds) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_POST, 1) }
        if status == CURLE_OK { status = unsafe ek_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.utf8.count) }
        if status == CURLE_OK { status = unsafe ek_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, body) }
        if status == CURLE_OK { status = unsafe ek_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list) }
        if status == CURLE_OK { status = unsafe ek_curl_set_string(handle, CURLOPT_USERAGENT, "evenkeel") }
        if status == CURLE_OK {
            // An answer's body is of no use to us: it is read and dropped.
            status = unsafe ek_curl_set_write(handle) { _, size, count, _ in size * count }
        }
        if status == CURLE_OK { status = unsafe curl_easy_perform(handle) }
        guard status == CURLE_OK else { return .failure(HTTPFailure(unsafe String(cString: curl_easy_strerror(status)))) }
        var code = 0
        guard unsafe ek_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK else {
            return .failure(HTTPFailure("no HTTP status"))
        }
        return .success(code)
    }
}
