internal import Glibc

/// By which names a client may call this server.
///
/// A page of the open web can have its own name resolved to this machine's address, and then reads
/// what a server here answers as if it were its own ("DNS rebinding"); but the browser still says
/// the page's name in the header `Host`. An address is no name that anybody can redirect.
public struct HostRule: Sendable {
    private let names: Set<String>?

    /// Addresses, `localhost`, this machine's own name, and these.
    public static func only(_ names: [String] = []) -> HostRule {
        HostRule(names: Set((names + ["localhost", ownName()]).map { $0.lowercased() }))
    }

    /// Whatever a client says.
    public static let any = HostRule(names: nil)

    private init(names: Set<String>?) { self.names = names }

    /// - Parameter header: `Host` as it came; nil where none did, which no browser does.
    func admits(_ header: String?) -> Bool {
        guard let names, let header else { return true }
        let host = Self.withoutPort(header).lowercased()
        return names.contains(host) || Self.isAddress(host)
    }

    /// "name:80" is "name", "[::1]:80" is "::1".
    private static func withoutPort(_ header: String) -> String {
        if header.hasPrefix("[") {
            return String(header.dropFirst().prefix { $0 != "]" })
        }
        let parts = header.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count <= 2 ? String(parts[0]) : header
    }

    private static func isAddress(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }

    private static func ownName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
