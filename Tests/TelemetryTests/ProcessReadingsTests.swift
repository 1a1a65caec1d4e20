import Foundation
import Testing

@testable import Telemetry

@Suite struct `Readings of the process` {
    /// Fields 14, 15: 250 + 50 ticks; 20: 4 threads; 22: started at tick 1000; 23, 24: memory.
    private let stat =
        "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 1000 8192000 300 18446744"

    private func parsed(_ stat: String) -> ProcessReadings? {
        ProcessReadings(
            stat: stat, bootedAtSeconds: 100, openFiles: 5, openFilesMax: 1_024, pageBytes: 4_096,
            ticksPerSecond: 100)
    }

    @Test func `are taken from the kernel's line, brackets in the name notwithstanding`() throws {
        let readings = try #require(parsed(stat))
        #expect(readings.cpuSeconds == 3)  // (250 + 50) / 100
        #expect(readings.threads == 4)
        #expect(readings.startedAtSeconds == 110)  // 100 + 1000 / 100
        #expect(readings.virtualBytes == 8_192_000)
        #expect(readings.residentBytes == 1_228_800)  // 300 * 4096
    }

    @Test func `are none when the line is cut`() {
        for length in 0..<70 { #expect(parsed(String(stat.prefix(length))) == nil) }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/stat"), "needs /proc"))
    func `are rendered under the standard names`() throws {
        let now = try #require(ProcessReadings.now())
        #expect(now.residentBytes > 1_000_000)
        #expect(now.openFiles >= 3)
        #expect(now.threads >= 1)
        let text = Metrics().render()
        for name in [
            "process_cpu_seconds_total", "process_max_fds", "process_open_fds",
            "process_resident_memory_bytes", "process_start_time_seconds",
            "process_virtual_memory_bytes",
        ] { #expect(text.contains("\n\(name) ") || text.hasPrefix("\(name) ")) }
    }
}
