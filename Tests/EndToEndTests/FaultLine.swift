import Foundation
import TestSupport

/// The line's processes and servers under a supervisor that knows one thing: to start again what
/// was killed, and to wake what was frozen, when its time has come.
final class FaultLine {
    let servers: [String: any FaultableServer]
    private let environment: [String: String]
    private var members: [String: [Member]] = [:]
    private var gone: [Member] = []
    private var due: [(at: ContinuousClock.Instant, what: () throws -> Void)] = []
    private var frozenServers: Set<String> = []
    private let clock = ContinuousClock()
    /// Processes that ended though nobody had told them to.
    private(set) var endedAlone: [String] = []
    /// The most memory that any process of a program had in RAM, in MiB, as of the last `weigh`.
    private(set) var peaksMiB: [String: Int] = [:]
    /// Faults that took place, by target and kind.
    private(set) var faults: [String: Int] = [:]

    private static let endedAloneMax = 10

    struct NothingButEnds: Error {}

    /// One process after the other under one name.
    private final class Member {
        let program: String
        let number: Int
        var runs: [ChildProcess] = []
        /// Whether the supervisor wants it to run now.
        var isUp = false
        var isFrozen = false
        var arguments: [String]

        init(_ program: String, _ number: Int, _ arguments: [String]) {
            self.program = program
            self.number = number
            self.arguments = arguments
        }

        var process: ChildProcess? { runs.last }
    }

    init(
        bootstrapServers: String, databaseURL: String, servers: [String: any FaultableServer],
        environment: [String: String] = [:]
    ) {
        self.servers = servers
        self.environment = [
            "KAFKA_BOOTSTRAP_SERVERS": bootstrapServers, "DATABASE_URL": databaseURL,
            "CHECKPOINT_INTERVAL_MS": "500", "FEATURIZER_QUIET_CLOSE_MS": "2000",
        ].merging(environment) { $1 }
    }

    deinit { killAll() }

    // MARK: processes

    func add(_ program: String, _ arguments: [String] = []) throws {
        let number = (members[program] ?? []).count + gone.count { $0.program == program } + 1
        let member = Member(program, number, arguments)
        members[program, default: []].append(member)
        try start(member)
    }

    /// The processes of a program that run, the oldest first.
    func processes(_ program: String) -> [ChildProcess] {
        (members[program] ?? []).compactMap(\.process)
    }

    /// What each process of a program said, those that are gone included.
    func said(by program: String) -> [String] {
        (members.values.joined() + gone).filter { $0.program == program }
            .flatMap { $0.runs.map(\.standardError) }
    }

    private func start(_ member: Member) throws {
        guard let path = Products.path(of: member.program) else {
            throw Line.NotBuilt(name: member.program)
        }
        member.runs.append(
            try ChildProcess(path, member.arguments, environment: environment))
        member.isUp = true
        member.isFrozen = false
    }

    func weigh() {
        for member in members.values.joined() {
            guard let peak = member.process?.peakMemoryKiB else { continue }
            peaksMiB[member.program] = max(peaksMiB[member.program] ?? 0, peak / 1_024)
        }
    }

    /// Does what is due, and notes who ended alone; to be called all the time.
    func tick() throws {
        let now = clock.now
        for entry in due.filter({ $0.at <= now }) { try entry.what() }
        due.removeAll { $0.at <= now }
        for member in members.values.joined()
        where member.isUp && member.process?.isRunning == false {
            let ending = member.process?.wait(within: .zero)
            if member.program == "fleet", ending == .exited(0) { continue }
            endedAlone.append(
                "\(member.program) \(member.number) ended alone: "
                    + "\(ending.map { "\($0)" } ?? "?")")
            // Once more, as a supervisor does; not for ever.
            guard endedAlone.count <= Self.endedAloneMax else { throw NothingButEnds() }
            try start(member)
        }
    }

    /// Nothing is frozen or away any more.
    var isWhole: Bool { due.isEmpty }

    // MARK: faults

    /// - Returns: whether there was something to do it to.
    @discardableResult
    func apply(_ fault: Fault) throws -> Bool {
        weigh()
        let done =
            servers[fault.target] == nil
            ? try applyToMember(fault) : try applyToServer(fault)
        if done { faults["\(fault.target) \(fault.kind.rawValue)", default: 0] += 1 }
        return done
    }

    private func applyToServer(_ fault: Fault) throws -> Bool {
        guard let server = servers[fault.target], !frozenServers.contains(fault.target) else {
            return false
        }
        // Until it is back or awake: one fault of a server at a time.
        frozenServers.insert(fault.target)
        switch fault.kind {
        case .freeze: server.freeze()
        case .terminate: try server.stopInOrder()
        default: try server.takeAway()
        }
        after(fault.lastsMs) { [self] in
            frozenServers.remove(fault.target)
            if fault.kind == .freeze { server.wake() } else { try server.bringBack() }
        }
        return true
    }

    private func applyToMember(_ fault: Fault) throws -> Bool {
        let all = members[fault.target] ?? []
        if fault.kind == .join {
            try add(fault.target, all.first?.arguments ?? [])
            return true
        }
        guard !all.isEmpty else { return false }
        let member = all[fault.member % all.count]
        if fault.kind == .leave || fault.kind == .leaveKilled {
            members[fault.target]?.removeAll { $0 === member }
            gone.append(member)
        }
        guard member.isUp, let process = member.process, process.isRunning else { return false }
        switch fault.kind {
        case .freeze:
            guard !member.isFrozen else { return false }
            member.isFrozen = true
            process.freeze()
            after(fault.lastsMs) {
                process.resume()
                member.isFrozen = false
            }
        case .kill, .leaveKilled:
            member.isUp = false
            process.kill()
        case .terminate, .leave:
            member.isUp = false
            process.terminate()
            process.resume()
        case .join: break
        }
        if fault.kind == .kill || fault.kind == .terminate {
            after(fault.lastsMs) { [self] in
                guard members[fault.target]?.contains(where: { $0 === member }) == true else {
                    return
                }
                // A supervisor starts the next when the last has ended, and does not wait for ever.
                if process.wait(within: .seconds(8)) == nil {
                    endedAlone.append("\(member.program) did not end within 8 s of SIGTERM")
                    process.kill()
                    process.wait(within: .seconds(5))
                }
                try start(member)
            }
        }
        return true
    }

    private func after(_ ms: Int, _ what: @escaping () throws -> Void) {
        due.append((clock.now + .milliseconds(ms), what))
    }

    // MARK: ends

    func killAll() {
        let all = members.values.joined() + gone
        for member in all { member.process?.kill() }
        for member in all { member.process?.wait(within: .seconds(10)) }
        members = [:]
        due = []
    }

    /// Writes what every process said to a folder that stays.
    /// - Returns: the folder.
    func keepLogs(as name: String) throws -> String {
        let folder =
            FileManager.default.temporaryDirectory.path
            + "/antiphase-faults-\(name)-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        func write(_ text: String, _ file: String) throws {
            try text.write(toFile: "\(folder)/\(file).log", atomically: true, encoding: .utf8)
        }
        for member in members.values.joined() + gone {
            for (run, process) in member.runs.enumerated() {
                try write(
                    process.standardError,
                    "\(member.program)-\(member.number)-\(run)-pid\(process.processID)")
            }
        }
        for (name, server) in servers { try write(server.said, name) }
        return folder
    }
}
