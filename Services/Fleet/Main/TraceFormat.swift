internal import Settings
internal import Telemetry
internal import Workload

/// How a trace lies on disk.
enum TraceFormat: String, CaseIterable, SettingValue {
    case azure2019, azure2021, google2011, requests

    static let help = """
        the trace's layout. azure2019: AzureFunctionsDataset2019's tables, unpacked. azure2021: the \
        file of AzureFunctionsInvocationTrace2021: app,func,end_timestamp,duration in seconds. \
        google2011: the jobs of ClusterData2011_2 with their outcomes: \
        job_id,submit_s,sched_s,end_s,final,user,cls,logical; a user is a customer, a logical job a \
        service, an ended job an invocation, its class the trigger; of a job longer than an hour the \
        last hour. requests: time,customer,service,outcome, unquoted; time in seconds; outcome success, \
        error, timeout, out_of_memory, throttled, killed, 1 or 0, true or false, ok or fail; other \
        words count as error. What these two do not say is left out; where it cannot be, memory is \
        \(Int(RecordedReplay.memoryMb)) MB, a deadline a day, a request's duration 0 ms. They hold \
        \(Limits.recordedMax) outcomes at most
        """
    static let placeHelp = """
        azure2019: the folder with the trace's tables; google2011: the folder with jobs.csv.gz or \
        jobs.csv, or the file; azure2021, requests: the file. All but azure2019's may be packed by gzip
        """
    static let startHelp = """
        midnight of the trace's first day, UTC; of google2011 and requests what their seconds count \
        from. Left out, the public one's: 2019-07-15, 2021-01-31, 2011-05-01 23:00; of requests \
        2026-01-05, unless their seconds count from 1970
        """

    /// Whether executions can be run: their CPU is known or drawn.
    var saysDemand: Bool {
        switch self {
        case .azure2019, .azure2021: true
        case .google2011, .requests: false
        }
    }

    /// - Parameters:
    ///   - place: the folder or the file.
    ///   - startMs: what `--start` says; nil for the trace's own.
    /// - Throws: when the trace cannot be read, or holds a function that fits no worker.
    func source(
        at place: String, seed: UInt64, startMs: Int64?, workerMemoryMb: Double, _ log: Log
    ) throws -> any FleetSource {
        func tell(functions: Int, invocations: Int) {
            log.info(
                "trace read",
                [.functions: .integer(functions), .invocations: .integer(invocations)])
        }
        func recorded(_ trace: RecordedTrace) -> RecordedReplay {
            tell(functions: trace.functionCount, invocations: trace.invocationCount)
            remark(trace.remarks, log)
            return RecordedReplay(trace, seed: seed, startMs: startMs)
        }
        switch self {
        case .azure2019:
            let trace = try AzureTrace(folder: place)
            tell(functions: trace.functionCount, invocations: trace.invocationCount)
            return try TraceReplay(
                trace, seed: seed, midnightMs: startMs ?? TraceReplay.azure2019Ms,
                workerMemoryMb: workerMemoryMb)
        case .azure2021:
            let trace = try AzureInvocationTrace(file: place)
            tell(functions: trace.functionCount, invocations: trace.invocationCount)
            return try InvocationReplay(
                trace, seed: seed, midnightMs: startMs ?? InvocationReplay.azure2021Ms,
                workerMemoryMb: workerMemoryMb)
        case .google2011: return recorded(try RecordedTrace(google2011: place))
        case .requests: return recorded(try RecordedTrace(requests: place))
        }
    }

    /// Says what of a file was not taken as it is.
    private func remark(_ remarks: RecordedTrace.Remarks, _ log: Log) {
        if remarks.unended > 0 {
            log.info("passed over what had not ended", [.count: .integer(remarks.unended)])
        }
        if remarks.shortened > 0 {
            log.info(
                "took the last hour of what was longer", [.count: .integer(remarks.shortened)])
        }
        if remarks.unknownOutcomes > 0 {
            log.warning(
                "unknown outcomes count as errors", [.count: .integer(remarks.unknownOutcomes)])
        }
    }
}
