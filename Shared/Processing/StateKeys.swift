/// Keys of state entries hold names of customers, which may begin with an accent: to Swift that is
/// one character with the "/" before it, so that keys are taken apart by their bytes.
extension String {
    /// What follows `prefix`; nil when it does not start with it.
    public func rest(after prefix: String) -> String? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return String(Substring(utf8.dropFirst(prefix.utf8.count)))
    }

    /// What stands between slashes.
    public var parts: [String] {
        utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}
