public import Postgres
internal import Synchronization

/// The dashboard's pages over one database. Any thread may ask; one thread refreshes.
public final class Site: Sendable {
    private let clock: @Sendable () -> Int64
    /// For requests, and for the refreshing thread.
    private let pages: Database
    private let refreshing: Database
    private let live = Mutex(Live())

    /// - Parameter role: to act as; nil for that of the one who connects.
    /// - Parameter clock: milliseconds since 1970.
    public convenience init(
        databaseURL: String, role: String? = "dashboard", clock: @escaping @Sendable () -> Int64
    ) {
        self.init(database: Session.Target(databaseURL), role: role, clock: clock)
    }

    public init(
        database: Session.Target, role: String?, clock: @escaping @Sendable () -> Int64
    ) {
        self.clock = clock
        pages = Database(target: database, role: role, statementTimeoutMs: Limits.pageStatementMs)
        refreshing = Database(
            target: database, role: role, statementTimeoutMs: Limits.refreshStatementMs)
    }

    /// Reads the fleet again, for everyone.
    ///
    /// - Returns: why it could not be read, nil when it could.
    public func refresh() -> String? {
        let fromMs = clock()
        do throws(PostgresError) {
            let snapshot = try refreshing.read { (views) throws(PostgresError) in
                try views.fleet(nowMs: fromMs)
            }
            live.withLock { $0.took(snapshot) }
        } catch {
            live.withLock { $0.failed("\(error)", isLost: error.isConnectionLost, atMs: fromMs) }
            return "\(error)"
        }
        return live.withLock({ $0.loadDueMs }) <= fromMs ? sumLoad() : nil
    }

    private func sumLoad() -> String? {
        let fromMs = clock()
        do throws(PostgresError) {
            // A small fleet's day is there at once, a large one's within a minute.
            for _ in 0..<Limits.loadPieces where clock() - fromMs < Limits.loadMs {
                let known = live.withLock { $0.load }
                let load = try refreshing.read { (views) throws(PostgresError) in
                    try views.fleetLoad(after: known)
                }
                let toMs = clock()
                live.withLock { $0.took(load: load, fromMs: fromMs, toMs: toMs) }
                if load?.isComplete ?? true { break }
            }
            return nil
        } catch {
            live.withLock { $0.failedToSum(atMs: fromMs) }
            return "\(error)"
        }
    }

    /// The fleet's live numbers as JSON; asks no database.
    public var events: String {
        LiveValues(live.withLock { $0 }, nowMs: clock()).json
    }

    /// - Parameter segments: of the path, decoded.
    /// - Parameter query: decoded.
    public func answer(_ segments: [String], query: [(name: String, value: String)] = []) -> Page {
        let nowMs = clock()
        var segments = segments
        if segments == ["at"] { segments = query.filter { $0.name == Address.part }.map(\.value) }
        func asked(_ name: String) -> String? { query.first { $0.name == name }?.value }
        let live = live.withLock { $0 }
        do throws(PostgresError) {
            switch segments.count {
            case 0: return try fleet(live, search: asked("q") ?? "", nowMs: nowMs)
            case 1 where segments == ["load.csv"]:
                return live.load.map { .csv(loadChart($0).csvText) }
                    ?? .notFound(segments, nowMs: nowMs)
            case 1 where segments == ["workers"]: return try workers(live, nowMs: nowMs)
            case 2 where segments[0] == "workers",
                3 where segments[0] == "workers" && segments[2] == "load.csv":
                return try worker(
                    segments[1], cell: asked("cell").flatMap { Int($0) },
                    isCSV: segments.count == 3, live, nowMs: nowMs)
            case 4 where segments[0] == "functions",
                5 where segments[0] == "functions" && segments[4] == "load.csv":
                let name = FunctionName(
                    customer: segments[1], service: segments[2], function: segments[3])
                return try function(name, isCSV: segments.count == 5, live, nowMs: nowMs)
            default: return .notFound(segments, nowMs: nowMs)
            }
        } catch {
            return .away(live, error: "\(error)", nowMs: nowMs)
        }
    }

    /// Reads for a request, unless it is known that PostgreSQL is away: nobody waits for that.
    private func read<Value: Sendable>(
        _ live: Live, _ body: @Sendable (inout Views) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value? {
        guard live.away == nil else { return nil }
        return try pages.read(body)
    }

    private func fleet(
        _ live: Live, search: String, nowMs: Int64
    ) throws(PostgresError) -> Page {
        let search = String(search.prefix(Limits.searchCharacters))
        guard live.snapshot != nil || live.away == nil else {
            return .away(live, error: nil, nowMs: nowMs)
        }
        var found = FunctionList(search: search, lines: [], found: 0)
        if let read = try read(
            live,
            { (views) throws(PostgresError) in
                try views.functions(like: search)
            })
        {
            found = FunctionList(search: search, lines: read.lines, found: read.found)
        }
        let page = FleetPage(live: live, functions: found, nowMs: nowMs)
        return .html(page.node, status: live.away == nil ? 200 : 503)
    }

    private func workers(_ live: Live, nowMs: Int64) throws(PostgresError) -> Page {
        guard let lines = try read(live, { (views) throws(PostgresError) in try views.workers() })
        else { return .away(live, error: nil, nowMs: nowMs) }
        return .html(workersPage(lines, live, nowMs: nowMs))
    }

    private func worker(
        _ name: String, cell: Int?, isCSV: Bool, _ live: Live, nowMs: Int64
    ) throws(PostgresError) -> Page {
        guard
            let detail = try read(
                live, { (views) throws(PostgresError) in try views.worker(name, cell: cell) })
        else { return .away(live, error: nil, nowMs: nowMs) }
        guard let detail else { return .unknown(worker: name, nowMs: nowMs) }
        let page = WorkerPage(detail: detail, live: live, nowMs: nowMs)
        guard isCSV else { return .html(page.node) }
        return page.chart.map { .csv($0.csvText) } ?? .unknown(worker: name, nowMs: nowMs)
    }

    private func function(
        _ name: FunctionName, isCSV: Bool, _ live: Live, nowMs: Int64
    ) throws(PostgresError) -> Page {
        guard
            let detail = try read(
                live, { (views) throws(PostgresError) in try views.detail(of: name) })
        else { return .away(live, error: nil, nowMs: nowMs) }
        guard detail.isKnown else { return .unknown(function: name, nowMs: nowMs) }
        let page = FunctionPage(detail: detail, live: live, nowMs: nowMs)
        guard isCSV else { return .html(page.node) }
        return page.chart.map { .csv($0.csvText) } ?? .unknown(function: name, nowMs: nowMs)
    }
}

/// An answer, whatever carries it to the reader.
public struct Page: Sendable, Equatable {
    public var status: Int
    public var contentType: String
    public var body: String
    /// A name for the file, where it is one to keep.
    public var fileName: String?

    static func html(_ node: Node, status: Int = 200) -> Page {
        Page(
            status: status, contentType: "text/html; charset=utf-8",
            body: "<!DOCTYPE html>\n" + node.html + "\n")
    }

    static func csv(_ text: String) -> Page {
        Page(
            status: 200, contentType: "text/csv; charset=utf-8; header=present", body: text,
            fileName: "load.csv")
    }
}
