internal import Foundation

/// What the kernel says of this process, under Prometheus' standard names.
struct ProcessReadings: Equatable {
    var residentBytes: Int
    var virtualBytes: Int
    var cpuSeconds: Double
    var startedAtSeconds: Double
    var threads: Int
    var openFiles: Int
    var openFilesMax: Int?

    /// - Returns: nil where there is no /proc.
    static func now() -> ProcessReadings? {
        let files = FileManager.default
        guard let stat = text(at: "/proc/self/stat"), let bootedAt = bootedAtSeconds(),
            let open = try? files.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        // The listing is itself an open file while it is read.
        return ProcessReadings(
            stat: stat, bootedAtSeconds: bootedAt, openFiles: max(0, open.count - 1),
            openFilesMax: limitOfOpenFiles(), pageBytes: sysconf(Int32(_SC_PAGESIZE)),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)))
    }

    /// - Parameter stat: `/proc/self/stat`: 14 utime, 15 stime, 20 threads, 22 start, 23 virtual
    ///   bytes, 24 resident pages, counted from 1 (proc_pid_stat(5)).
    init?(
        stat: String, bootedAtSeconds: Double, openFiles: Int, openFilesMax: Int?, pageBytes: Int,
        ticksPerSecond: Int
    ) {
        // The second field is the program's name in brackets, which may hold blanks and brackets.
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(whereSeparator: \.isWhitespace)
        func field(_ number: Int) -> Int? {
            fields.indices.contains(number - 3) ? Int(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20),
            let start = field(22), let virtual = field(23), let resident = field(24)
        else { return nil }
        residentBytes = resident * pageBytes
        virtualBytes = virtual
        cpuSeconds = Double(user + system) / Double(ticksPerSecond)
        startedAtSeconds = bootedAtSeconds + Double(start) / Double(ticksPerSecond)
        self.threads = threads
        self.openFiles = openFiles
        self.openFilesMax = openFilesMax
    }

    var families: [Family] {
        var families = [
            family("process_resident_memory_bytes", "Resident memory.", Double(residentBytes)),
            family("process_virtual_memory_bytes", "Virtual memory.", Double(virtualBytes)),
            family("process_cpu_seconds_total", "CPU time used.", cpuSeconds, .counter),
            family("process_start_time_seconds", "Start, since 1970.", startedAtSeconds),
            family("process_threads", "Threads.", Double(threads)),
            family("process_open_fds", "Open file descriptors.", Double(openFiles)),
        ]
        if let openFilesMax {
            families.append(
                family("process_max_fds", "Limit of file descriptors.", Double(openFilesMax)))
        }
        return families
    }

    private func family(
        _ name: String, _ help: String, _ value: Double, _ kind: Family.Kind = .gauge
    ) -> Family {
        let family = Family(name, help, kind, [], seriesMax: 1)
        family.update([], nil) { $0.value = value }
        return family
    }
}

private func bootedAtSeconds() -> Double? {
    text(at: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        .flatMap { Double($0.dropFirst(6)) }
}

private func limitOfOpenFiles() -> Int? {
    text(at: "/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        .flatMap { $0.split(separator: " ").dropFirst(3).first }.flatMap { Int($0) }
}

private func text(at path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
}
