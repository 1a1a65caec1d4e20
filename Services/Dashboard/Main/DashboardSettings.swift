internal import Runtime
internal import Settings

enum DashboardSettings {
    static let port = Setting(
        "dashboard.port", default: 8_080, in: 0...65_535,
        "the port of the pages; 0 takes a free one, which the log names")
    static let address = Setting(
        "dashboard.address", default: "127.0.0.1",
        "the address to listen on; the pages ask nobody for a password")
    static let refreshMs = Setting(
        "dashboard.refresh_ms", default: 1_000, in: 200...60_000,
        "how often the fleet's numbers are read, for all readers together")
    static let role = Setting(
        "dashboard.role", default: "dashboard",
        "the role to read as; empty: the one that connects")

    static let all: [any AnySetting] = [
        port, address, refreshMs, role, StageSettings.databaseURL, StageSettings.logLevel,
    ]
}
