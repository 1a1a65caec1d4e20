import Foundation
import Topics

/// Runs of customers' services, each with its outcome and the time at which it was known.
struct OutcomeTrace {
    enum Format: String { case google2011, philly, requests }

    struct Run {
        /// Its place in `runs`.
        var number = 0
        let startMs: Int64
        /// When its outcome was known; nil when it had not ended with the trace.
        let endMs: Int64?
        /// A place in `services`.
        let service: Int
        /// What is known of it at its start beside whose it is: its class.
        let kind: String
        let isSuccess: Bool
    }

    let file: String
    /// In order of their starts; what starts at once is in an order of its contents.
    let runs: [Run]
    let services: [ServiceID]
    /// By place in `services`, a number for its customer.
    let customers: [Int]

    var dataset: String { URL(filePath: file).lastPathComponent }

    init(file: String, format: Format) throws {
        let text = try TextFile(file)
        var reader = Reader()
        switch format {
        case .google2011: try reader.readGoogle(text)
        case .philly: try reader.readPhilly(text)
        case .requests: try reader.readRequests(text)
        }
        guard !reader.runs.isEmpty else { throw EvaluationError("\(file): no run in it") }
        self.file = file
        services = reader.services
        var numbers: [String: Int] = [:]
        customers = reader.services.map { numbers.number(of: $0.customer) }
        var runs = reader.runs.sorted { $0.place < $1.place }
        for number in runs.indices { runs[number].number = number }
        self.runs = runs
    }
}

extension OutcomeTrace.Run {
    /// Rows of one instant have no order of their own: whatever order the file has them in, they are
    /// taken in this one.
    fileprivate var place: (Int64, Int64, Int, String) {
        (startMs, endMs ?? .max, isSuccess ? 1 : 0, kind)
    }
}

extension Dictionary where Key == String, Value == Int {
    /// What was given to the name before, or the next number.
    fileprivate mutating func number(of name: String) -> Int {
        if let number = self[name] { return number }
        self[name] = count
        return count - 1
    }
}

private struct Reader {
    var runs: [OutcomeTrace.Run] = []
    var services: [ServiceID] = []
    private var places: [ServiceID: Int] = [:]

    private mutating func place(customer: Substring, service: String) -> Int {
        let id = ServiceID(customer: String(customer), service: service)
        if let place = places[id] { return place }
        places[id] = services.count
        services.append(id)
        return services.count - 1
    }

    /// `job_id,submit_s,sched_s,end_s,final,user,cls,jobname,logical`: success is FINISH; whoever was
    /// killed, failed, evicted or lost did not succeed. Times are in seconds.
    mutating func readGoogle(_ text: TextFile) throws {
        let columns = try Columns(
            text, ["submit_s", "end_s", "final", "user", "cls", "logical"])
        for line in text.lines.indices.dropFirst() {
            let cells = try columns.cells(line)
            let endMs = try columns.milliseconds(cells, 1, line)
            runs.append(
                OutcomeTrace.Run(
                    startMs: try columns.milliseconds(cells, 0, line),
                    endMs: endMs > 0 && !cells[2].isEmpty ? endMs : nil,
                    service: place(customer: cells[3], service: String(cells[5])),
                    kind: String(cells[4]), isSuccess: cells[2] == "FINISH"))
        }
    }

    /// `jobid,status,vc,user,submitted,start,end,runtime_min,n_machines,n_gpus`: success is Pass. What
    /// a user of a virtual cluster runs is a service; its class is how many GPUs on how many machines.
    mutating func readPhilly(_ text: TextFile) throws {
        let columns = try Columns(
            text, ["status", "vc", "user", "submitted", "end", "n_machines", "n_gpus"])
        var all: [(startMs: Int64, endMs: Int64?, cells: [Substring])] = []
        for line in text.lines.indices.dropFirst() {
            let cells = try columns.cells(line)
            all.append(
                (
                    try columns.time(cells, 3, line),
                    cells[4].isEmpty ? nil : try columns.time(cells, 4, line), cells
                ))
        }
        let origin = all.map(\.startMs).min() ?? 0
        for (startMs, endMs, cells) in all {
            runs.append(
                OutcomeTrace.Run(
                    startMs: startMs - origin, endMs: endMs.map { $0 - origin },
                    service: place(customer: cells[1], service: String(cells[2])),
                    kind: "\(cells[6]) GPUs", isSuccess: cells[0] == "Pass"))
        }
    }

    /// `time,customer,service,outcome`, times in seconds; what it came to is known at once.
    mutating func readRequests(_ text: TextFile) throws {
        let columns = try Columns(text, ["time", "customer", "service", "outcome"])
        for line in text.lines.indices.dropFirst() {
            let cells = try columns.cells(line)
            let timeMs = try columns.milliseconds(cells, 0, line)
            runs.append(
                OutcomeTrace.Run(
                    startMs: timeMs, endMs: timeMs,
                    service: place(customer: cells[1], service: String(cells[2])), kind: "",
                    isSuccess: Self.successes.contains(cells[3])))
        }
    }

    private static let successes: Set<Substring> = ["success", "1", "true", "ok"]
}
