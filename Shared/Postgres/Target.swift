internal import CLibPQ

extension Session {
    /// Where PostgreSQL is, and how a client gets in.
    public struct Target: Sendable {
        /// A libpq connection string or URI; empty reads `PGHOST` and its siblings.
        public var url: String
        /// Empty: that of `url`, or libpq's own.
        public var password = ""
        /// libpq's own names and values, which win over those of `url`.
        public var parameters: [(name: String, value: String)] = []

        public init(_ url: String) { self.url = url }
    }
}

/// A password may be in it: neither printing nor dumping shows it.
extension Session.Target: CustomStringConvertible, CustomReflectable {
    public var description: String { "a PostgreSQL" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Session.Target {
    /// As libpq takes them: the first may be a whole connection string, later ones win.
    var settings: [(name: String, value: String)] {
        [("dbname", url)] + (password.isEmpty ? [] : [("password", password)]) + parameters
    }

    /// What libpq would complain of while repeating a piece of the string, which may be one of the
    /// password: an unescaped "/" makes a port of it, an "@" a host.
    ///
    /// - Throws: the complaint, without a piece.
    func check() throws(PostgresError) {
        guard isConnectionString else { return }
        var reason: UnsafeMutablePointer<CChar>?
        let parsed = PQconninfoParse(url, &reason)
        defer {
            PQconninfoFree(parsed)
            PQfreemem(reason)
        }
        guard let parsed else { throw Self.malformed }
        var option = parsed
        while let keyword = option.pointee.keyword {
            let value = option.pointee.val.map { String(cString: $0) } ?? ""
            switch String(cString: keyword) {
            case "port":
                let ports = value.split(separator: ",")
                guard ports.allSatisfy({ UInt16($0) != nil }) else { throw Self.malformed }
            case "host":
                // A folder of sockets may have any character but this.
                guard !value.utf8.contains(UInt8(ascii: "@")) else { throw Self.malformed }
            default: break
            }
            option += 1
        }
    }

    private var isConnectionString: Bool {
        url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") || url.contains("=")
    }

    private static let malformed = PostgresError(
        "connect",
        message: "the database's URL is none that libpq reads (it is not shown, for it may hold a "
            + "password; in a password, characters such as / @ : # % are written as %2F and so on)")
}
