internal import Runtime
internal import Settings

enum DashboardSettings {
    static let port = Setting(
        "dashboard.port", default: 8_080, in: 0...65_535,
        "the port of the pages; 0 takes a free one, which the log names")
    static let address = Setting(
        "dashboard.address", default: "127.0.0.1",
        "the address to listen on; there is no log-in: whoever reaches it reads everything")
    static let hosts = Setting(
        "dashboard.hosts", default: "",
        "names that it is called by, separated by commas, behind a proxy for example; its address, "
            + "localhost and the machine's own name always count, others are refused")
    static let refreshMs = Setting(
        "dashboard.refresh_ms", default: 1_000, in: 200...60_000,
        "how often the fleet's numbers are read, for all readers together")
    static let role = Setting(
        "dashboard.role", default: "dashboard",
        "the role to read as; empty: the one that connects")

    static let all: [any AnySetting] =
        [
            port, address, hosts, refreshMs, role, StageSettings.logLevel,
        ] + StageSettings.database

    static func names(_ settings: Settings) -> [String] {
        settings[hosts].split(separator: ",").map { $0.filter { $0 != " " } }
    }
}
