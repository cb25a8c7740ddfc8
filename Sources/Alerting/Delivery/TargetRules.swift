/// Where messages may go. Without permission only to public addresses: whoever may name a URL must not reach what only this machine can.
///
/// Addresses are judged by their bytes when a socket is opened (`Curl/CurlLoop.swift`), so it does not matter how they were written or which name
/// led to them. IPv6 addresses that hold an IPv4 address are judged as that one too.
public struct TargetRules: Sendable, Equatable {
    public enum Network: String, Sendable, CaseIterable {
        case loopback
        /// Of organisations, carriers and unique local ones.
        case `private`
        case linkLocal = "link_local"
    }
    public var networks: Set<Network>
    public var ranges: [AddressRange]

    public init(networks: Set<Network> = [], ranges: [AddressRange] = []) {
        self.networks = networks
        self.ranges = ranges
    }

    /// `loopback`, `private`, `link_local`, an address or a range such as `10.1.0.0/16`; false for anything else.
    public mutating func allow(_ word: String) -> Bool {
        if let network = Network(rawValue: word) {
            networks.insert(network)
            return true
        }
        guard let range = AddressRange(word) else { return false }
        ranges.append(range)
        return true
    }

    /// Why an address is refused; nil for one that may be connected to.
    ///
    /// - Parameter address: its 4 or 16 bytes.
    public func refusal(of address: [UInt8]) -> String? {
        if ranges.contains(where: { $0.holds(address) }) { return nil }
        let inner = Self.inner(address)
        if inner != address, ranges.contains(where: { $0.holds(inner) }) { return nil }
        guard let kind = Self.kind(inner) else { return nil }
        if let network = kind.network, networks.contains(network) { return nil }
        return "\(AddressRange.text(address)) is \(kind.words): name it under outgoing.allow if it is meant"
    }

    /// The same of a URL's host where it is an address, or a name that always means this machine; other names are judged by what they resolve
    /// to, when a message is sent.
    public func refusal(ofHost host: String) -> String? {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let name = bare.lowercased().hasSuffix(".") ? String(bare.lowercased().dropLast()) : bare.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") {
            return networks.contains(.loopback) || refusal(of: [127, 0, 0, 1]) == nil
                ? nil : "\(host) is this machine: name loopback under outgoing.allow if it is meant"
        }
        // A zone (`fe80::1%eth0`) does not change what an address is.
        return AddressRange.bytes(String(name.prefix { $0 != "%" })).flatMap { refusal(of: $0) }
    }

    /// The IPv4 address in an IPv6 one that carries it: mapped, compatible, translated (NAT64) and 6to4.
    private static func inner(_ address: [UInt8]) -> [UInt8] {
        guard address.count == 16 else { return address }
        let zeros = address.prefix(10).allSatisfy { $0 == 0 }
        if zeros, address[10] == 0xff, address[11] == 0xff { return Array(address[12...]) }
        let last = Array(address[12...])
        if zeros, address[10] == 0, address[11] == 0, last != [0, 0, 0, 0], last != [0, 0, 0, 1] { return last }
        if address.starts(with: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { return Array(address[12...]) }
        if address.starts(with: [0x20, 0x02]) { return Array(address[2..<6]) }
        return address
    }

    private struct Kind {
        var words: String
        var network: Network?
    }

    /// nil for a public one. > Source: IANA's special-purpose address registries for IPv4 and IPv6.
    private static let kinds: [(range: AddressRange, kind: Kind)] = {
        let table: [(words: String, network: Network?, ranges: [String])] = [
            ("a loopback address", .loopback, ["127.0.0.0/8", "::1/128"]),
            (
                "a private address", .private,
                ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10", "64:ff9b:1::/48"]
            ),
            ("a link-local address", .linkLocal, ["169.254.0.0/16", "fe80::/10"]),
            ("a multicast address", nil, ["224.0.0.0/4", "ff00::/8"]),
            (
                "a reserved address", nil,
                [
                    "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
                    "::/128",
                    "100::/64", "2001::/32", "2001:db8::/32", "3fff::/20",
                ]
            ),
        ]
        return table.flatMap { entry in
            entry.ranges.compactMap { AddressRange($0) }.map { ($0, Kind(words: entry.words, network: entry.network)) }
        }
    }()

    private static func kind(_ address: [UInt8]) -> Kind? {
        // What is no Internet address is nowhere to send to.
        if address.count != 4, address.count != 16 { return Kind(words: "no Internet address", network: nil) }
        if let known = kinds.first(where: { $0.range.holds(address) }) { return known.kind }
        // Of IPv6 only 2000::/3 is given out.
        return address.count == 16 && address[0] >> 5 != 1 ? Kind(words: "a reserved address", network: nil) : nil
    }
}

/// Addresses that begin with the same bits.
public struct AddressRange: Sendable, Equatable {
    var address: [UInt8]
    var bits: Int

    /// `10.0.0.0/8`, `fd00::/8`, or one address.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(String(parts[0])) else { return nil }
        address = bytes
        bits = bytes.count * 8
        if parts.count == 2 {
            guard let count = Int(parts[1]), 0...bits ~= count, parts[1].allSatisfy(\.isNumber) else { return nil }
            bits = count
        }
    }

    func holds(_ other: [UInt8]) -> Bool {
        guard other.count == address.count else { return false }
        for i in 0..<(bits / 8) where other[i] != address[i] { return false }
        let rest = bits % 8
        return rest == 0 || (other[bits / 8] ^ address[bits / 8]) >> UInt8(8 - rest) == 0
    }

    /// The 4 or 16 bytes of an address in its usual form; nil for anything else.
    static func bytes(_ text: String) -> [UInt8]? { text.contains(":") ? bytes6(text) : bytes4(text) }

    private static func bytes4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var out: [UInt8] = []
        for part in parts {
            // A zero in front would mean octal to some.
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            out.append(byte)
        }
        return out
    }

    private static func bytes6(_ text: String) -> [UInt8]? {
        func words(_ text: Substring) -> [UInt8]? {
            if text.isEmpty { return [] }
            var out: [UInt8] = []
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            for (i, part) in parts.enumerated() {
                if part.contains(".") {
                    guard i == parts.count - 1, let last = bytes4(String(part)) else { return nil }
                    out += last
                } else {
                    guard (1...4).contains(part.count), let word = UInt16(part, radix: 16) else { return nil }
                    out += [UInt8(word >> 8), UInt8(word & 255)]
                }
            }
            return out
        }
        let ends = text.components(splitBy: "::")
        if ends.count == 1 { return words(text[...]).flatMap { $0.count == 16 ? $0 : nil } }
        guard ends.count == 2, let head = words(ends[0]), let tail = words(ends[1]), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    static func text(_ address: [UInt8]) -> String {
        if address.count == 4 { return address.map(String.init).joined(separator: ".") }
        guard address.count == 16 else { return "an address" }
        let words = stride(from: 0, to: 16, by: 2).map { String(UInt16(address[$0]) << 8 | UInt16(address[$0 + 1]), radix: 16) }
        return words.joined(separator: ":")
    }
}

extension String {
    fileprivate func components(splitBy mark: String) -> [Substring] {
        var out: [Substring] = []
        var rest = self[...]
        while let found = rest.firstRange(of: mark) {
            out.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return out + [rest]
    }
}
