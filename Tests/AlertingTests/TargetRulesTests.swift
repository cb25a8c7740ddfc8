import Alerting
import TestSupport
import Testing
import Vocabulary

@Suite("Messages go to public addresses only, unless others are allowed")
struct TargetRulesTests {
    private func problem(_ url: String, _ words: String...) -> String? {
        var rules = TargetRules()
        for word in words {
            let isKnown = rules.allow(word)
            #expect(isKnown, "\(word)")
        }
        return TargetURL.problem(Secret(url), rules)
    }

    @Test(
        "an address that is not public is refused, however it is written",
        arguments: [
            "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
            "http://017700000001/", "http://127.0.0.1:8080/x", "https://10.1.2.3/", "http://172.31.255.255/", "http://192.168.0.1/",
            "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/", "http://0.0.0.0/", "http://0/", "http://224.0.0.1/", "http://255.255.255.255/",
            "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
            "http://[::ffff:a9fe:a9fe]/", "http://[::127.0.0.1]/", "http://[64:ff9b::10.0.0.1]/", "http://[2002:a00:1::]/",
            "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/",
            "http://[1::1]/", "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://a.localhost/",
        ])
    func refused(url: String) throws {
        let problem = try #require(self.problem(url), "\(url)")
        #expect(problem.contains("outgoing.allow"), "\(problem)")
    }

    @Test(
        "what is no plain http or https URL is refused",
        arguments: [
            "file:///etc/passwd", "gopher://example.com/", "ftp://example.com/", "http://", "", "no url", "http://user@example.com/",
            "http://good.example.com@127.0.0.1/", "http://user:secret@10.0.0.1/",
        ])
    func notPlain(url: String) throws {
        let problem = try #require(self.problem(url), "\(url)")
        #expect(!problem.contains("secret"))
    }

    @Test(
        "public addresses and names are fine",
        arguments: [
            "https://hooks.example.com/x", "http://8.8.8.8/", "http://[2606:4700::1111]/", "https://[::ffff:8.8.8.8]/",
            "http://172.32.0.1/",
            "http://100.128.0.1/", "http://169.253.0.1/", "http://[64:ff9b::8.8.8.8]/", "http://localhost.example.com/",
        ])
    func fine(url: String) { #expect(problem(url) == nil) }

    @Test(
        "what is allowed by its network, its address or its range is fine, and nothing else",
        arguments: [
            ("http://127.0.0.1/", "loopback"), ("http://localhost/", "loopback"), ("http://[::1]/", "loopback"),
            ("http://10.1.2.3/", "private"), ("http://10.1.2.3/", "10.1.0.0/16"), ("http://10.1.2.3/", "10.1.2.3"),
            ("http://[::ffff:10.1.2.3]/", "10.1.0.0/16"), ("http://169.254.1.1/", "link_local"), ("http://[fd00::5]/", "fd00::/8"),
            ("http://[fd00::5]/", "private"),
        ])
    func allowed(url: String, word: String) {
        #expect(problem(url, word) == nil)
        #expect(problem("http://192.0.2.1/", word) != nil)
        #expect(problem("http://10.2.2.3/", word) == nil || word != "private")
        #expect((problem("http://127.0.0.1/", word) == nil) == (word == "loopback"))
    }

    @Test(
        "what is no network is no rule",
        arguments: ["", "public", "10.0.0.0/33", "10.0.0", "10.0.0.0/", "::/129", "1.2.3.4/-1", "01.2.3.4", "example.com"])
    func noRule(word: String) {
        var rules = TargetRules()
        let isKnown = rules.allow(word)
        #expect(!isKnown)
    }

    @Test("any other address is judged by its bits: a range holds what it says, at every length")
    func ranges() {
        var random = Seeded(11)
        for _ in 0..<2000 {
            let bits = Int.random(in: 0...32, using: &random)
            let base = UInt32.random(in: 0...UInt32.max, using: &random)
            let other = Bool.random(using: &random) ? base ^ (1 << UInt32.random(in: 0...31, using: &random)) : base
            func text(_ n: UInt32) -> String { [24, 16, 8, 0].map { String(n >> $0 & 255) }.joined(separator: ".") }
            func bytes(_ n: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(n >> $0 & 255) } }
            var rules = TargetRules()
            let isKnown = rules.allow("\(text(base))/\(bits)")
            #expect(isKnown)
            let isInside = bits == 0 || base >> (32 - UInt32(bits)) == other >> (32 - UInt32(bits))
            #expect((rules.refusal(of: bytes(other)) == nil) == (isInside || TargetRules().refusal(of: bytes(other)) == nil))
        }
    }
}

@Suite("A message never reaches what it must not")
struct ConnectingTests {
    private func post(_ url: String, _ rules: TargetRules = TargetRules()) async -> Result<Int, HTTPFailure> {
        await HTTPPoster(targets: rules).post(Secret(url), headers: [], body: "{}", timeoutSeconds: 5)
    }

    /// Whatever was checked before: the address is judged when the socket is opened.
    @Test(
        "no form of this machine's address is connected to",
        arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "127.1", "[::ffff:127.0.0.1]", "0"])
    func refused(host: String) async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        guard case .failure(let failure) = await post("http://\(host):\(receiver.port)/hook") else {
            Issue.record("\(host) was reached")
            return
        }
        #expect(failure.description.contains("outgoing.allow"), "\(failure)")
        #expect(receiver.requests.isEmpty)
    }

    @Test("what is allowed is reached, and a redirect from there to elsewhere is not followed")
    func redirect() async throws {
        let inside = try LocalReceiver()
        defer { inside.stop() }
        let receiver = try LocalReceiver([.status(307, location: "http://169.254.169.254/"), .status(302, location: inside.url)])
        defer { receiver.stop() }
        let rules = TargetRules(networks: [.loopback])
        #expect(await post(receiver.url, rules) == .success(307))
        #expect(await post(receiver.url, rules) == .success(302))
        #expect(inside.requests.isEmpty)
    }

    @Test("one who looks is refused as well") func reach() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        #expect(await HTTPPoster().reach(Secret(receiver.url), timeoutSeconds: 5)?.description.contains("loopback") == true)
        #expect(await HTTPPoster(targets: TargetRules(networks: [.loopback])).reach(Secret(receiver.url), timeoutSeconds: 5) == nil)
    }
}
