internal import CCurl
public import Vocabulary

/// A destination's URL as libcurl reads it, which is what connects: `http://2130706433/` and `http://0x7f.1/` are 127.0.0.1.
public enum TargetURL {
    /// - Returns: what is wrong with the URL, or with sending there; nil when nothing is that can be told without a look-up.
    public static func problem(_ url: Secret, _ rules: TargetRules) -> String? {
        guard let handle = unsafe curl_url() else { return "libcurl could not start" }
        defer { unsafe curl_url_cleanup(handle) }
        guard unsafe curl_url_set(handle, CURLUPART_URL, url.reveal(), 0) == CURLUE_OK else { return "expected an http or https URL" }
        func part(_ which: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(handle, which, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
            defer { unsafe curl_free(text) }
            return unsafe String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME), ["http", "https"].contains(scheme), let host = part(CURLUPART_HOST) else {
            return "expected an http or https URL"
        }
        if part(CURLUPART_USER) != nil || part(CURLUPART_PASSWORD) != nil {
            return "a user or password before the host: say who we are with authorization"
        }
        return rules.refusal(ofHost: host)
    }
}
