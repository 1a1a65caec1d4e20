internal import Topics

/// The jobs of Google's cluster trace of 2011, one row each: `jobs.csv` or `jobs.csv.gz` with the
/// columns `job_id`, `submit_s`, `sched_s`, `end_s`, `final`, `user`, `cls` and `logical`; others
/// are passed over.
///
/// Times are seconds since the trace began; -600 is what ran before. A user is a customer, a logical
/// job a service of one function, a job one of its invocations, its scheduling class what triggered
/// it.
///
/// - SeeAlso: Reiss, Wilkes and Hellerstein, "Google cluster-usage traces: format + schema" (2011),
///   sections "Job and task life cycles" and "Job events table".
struct GoogleJobs: TakesRows {
    static let columns = [
        "job_id", "submit_s", "sched_s", "end_s", "final", "user", "cls", "logical",
    ]
    static let allowsOtherColumns = true

    private(set) var runs = RecordedRuns()

    private enum Column {
        static let (job, submit, schedule, end) = (0, 1, 2, 3)
        static let (final, user, schedulingClass, logical) = (4, 5, 6, 7)
    }
    /// Before the trace begins, and some 30 years, longer than any.
    private static let seconds = -600.0...1e9
    private static let classes = ["0", "1", "2", "3"]

    /// `EVICT` is `killed`: the cluster took the machine away for what was more important, and the
    /// job had no part in it. `LOST` is `error`: how it ended is not recorded, and what cannot say
    /// that it finished did not.
    private static let outcomes: [String: Outcome] = [
        "FINISH": .success, "FAIL": .error, "KILL": .killed, "EVICT": .killed, "LOST": .error,
    ]

    mutating func take(_ row: TableRow) throws(TraceError) {
        guard let job = Int64(row.text(Column.job)), job >= 0 else {
            throw row.error(Column.job, expected: "a whole number, at least 0")
        }
        let submit = try row.number(Column.submit, in: Self.seconds, of: "seconds")
        let start = try row.number(Column.schedule, in: Self.seconds, of: "seconds")
        let end = try row.number(Column.end, in: Self.seconds, of: "seconds")
        let schedulingClass = row.text(Column.schedulingClass)
        guard Self.classes.contains(schedulingClass) else {
            throw row.error(Column.schedulingClass, expected: "a scheduling class, 0 to 3")
        }
        let function = RecordedTrace.Function(
            customer: try row.name(Column.user), service: try row.name(Column.logical),
            trigger: "class" + schedulingClass)
        // -1 says that it has not ended.
        guard end != -1 else {
            runs.remarks.unended += 1
            return
        }
        guard end >= start else {
            throw row.error(Column.end, expected: "not before sched_s, which is \(start)")
        }
        guard let outcome = Self.outcomes[row.text(Column.final)] else {
            throw row.error(Column.final, expected: "FINISH, FAIL, KILL, EVICT or LOST")
        }
        try runs.add(
            function, firstMicros: micros(min(submit, start)), startMicros: micros(start),
            endMicros: micros(end), label: job, outcome: outcome, in: row, timeColumn: Column.end)
    }
}

extension RecordedTrace {
    /// 2011-05-01 19:00 in New York: when the trace begins, and its seconds are counted from.
    public static let google2011Ms: Int64 = 1_304_290_800_000

    /// - Parameter place: the file, or the folder with `jobs.csv.gz` or `jobs.csv`.
    /// - Throws: `TraceError`, `TraceFolderError`, and what reading a file throws.
    public init(google2011 place: String) throws {
        let file = try TraceFile(at: place, named: ["jobs.csv.gz", "jobs.csv"])
        var table = StreamedTable(file: file.name, GoogleJobs())
        try file.forEachPiece { piece in try table.take(piece) }
        self.init(try table.finished().runs, kind: "gj", originMs: Self.google2011Ms)
    }
}

/// - Parameter seconds: of at most ten digits: whole microseconds of them are exact.
func micros(_ seconds: Double) -> Int64 { Int64((seconds * 1e6).rounded()) }
