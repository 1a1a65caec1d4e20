import Foundation
import TestSupport
import Testing
import Topics

@testable import Workload

@Suite struct `A trace of jobs and their outcomes` {
    static let header = "job_id,submit_s,sched_s,end_s,final,user,cls,jobname,logical\n"
    static let rows =
        header + """
            7,-600,-600,90,FINISH,u,3,x,batch
            8,10,12,90,KILL,u,3,x,batch
            9,20,25,9000,FAIL,v,0,x,daily
            10,70,75,100,EVICT,u,1,x,batch
            11,70,75,76.5,LOST,v,2,x,fresh
            12,80,85,-1,,v,2,x,running

            """

    private func trace(_ text: String) throws -> RecordedTrace {
        try withFile(text, "jobs.csv") { try RecordedTrace(google2011: $0) }
    }

    private func replay(_ text: String = rows) throws -> RecordedReplay {
        RecordedReplay(try trace(text), seed: 1)
    }

    @Test func `is written by its ends, each job as the invocation that it was`() throws {
        let seen = invocations(EventStream(try replay())).map { invocation in
            let job = invocation.invocation.split(separator: "-").last ?? ""
            let start = invocation.startedAtMs - RecordedTrace.google2011Ms
            return "\(job) \(invocation.functionID.path) \(invocation.trigger ?? "") \(start) "
                + "\(invocation.durationMs) \(invocation.outcome)"
        }
        #expect(
            seen == [
                "11 v/fresh/fresh class2 75000 1500.0 error",
                "7 u/batch/batch class3 -600000 690000.0 success",
                "8 u/batch/batch class3 12000 78000.0 killed",
                "10 u/batch/batch class1 75000 25000.0 killed",
                // The last hour of nearly two and a half.
                "9 v/daily/daily class0 5400000 3600000.0 error",
            ])
    }

    @Test func `passes over what had not ended, and says what it shortened`() throws {
        let remarks = try trace(Self.rows).remarks
        #expect(remarks.unended == 1 && remarks.shortened == 1)
    }

    @Test func `announces each service once, when it is first heard of`() throws {
        var stream = EventStream(try replay())
        var announced: [String: Int64] = [:]
        var invoked: Set<String> = []
        while let event = stream.next() {
            switch event {
            case .announced(let service, let atMs):
                try service.validate()
                #expect(announced[service.key] == nil && !invoked.contains(service.key))
                announced[service.key] = atMs - RecordedTrace.google2011Ms
                #expect(service.key != "u/batch" || service.trigger == "class3")
            case .ended(let execution):
                invoked.insert(stream.profile(of: execution).id.service.path)
            }
        }
        // At the beginning of the minute in which the first job was submitted.
        #expect(announced == ["u/batch": -600_000, "v/daily": 0, "v/fresh": 60_000])
        #expect(invoked == Set(announced.keys))
    }

    @Test func `says nothing of what it does not know`() throws {
        for invocation in invocations(EventStream(try replay())) {
            try invocation.validate()
            #expect(invocation.cpuMs == nil && invocation.memoryPeakMb == nil)
            #expect(invocation.initMs == nil && invocation.deadlineMs == nil)
            #expect(invocation.runtime == nil && invocation.memoryMb == 128)
        }
    }

    @Test func `is written as its messages would encode themselves`() throws {
        let stream = EventStream(try replay())
        let written = sent(stream).map(\.text)
        #expect(
            written == invocations(stream).map { String(decoding: $0.encoded(), as: UTF8.self) })
    }

    @Test func `is the same in whatever order its rows come`() throws {
        let lines = Self.rows.split(separator: "\n")
        let reversed = [lines[0]] + lines.dropFirst().reversed()
        let turned = try replay(reversed.joined(separator: "\r\n"))
        #expect(try turned.run == replay().run)
        #expect(sent(EventStream(turned)) == sent(EventStream(try replay())))
    }

    /// Whatever minute it goes on from, and wherever each partition was cut.
    @Test(arguments: 0..<12)
    func `goes on where it stopped`(cut: Int) throws {
        let replay = try replay(manyJobs(seed: UInt64(cut)))
        let whole = sent(EventStream(replay))
        var random = TestRandom(seed: UInt64(cut))
        var resume = Resume(run: replay.run, partitions: 4)
        var there: [Sent] = []
        for partition in Int32(0)..<4 {
            let own = whole.filter { $0.partition == partition }
            there += own.prefix(Int.random(in: 1...own.count, using: &random))
        }
        for event in there {
            let id = try Invocation(decoding: Array(event.text.utf8).span).invocation
            resume.found(invocation: id, in: event.partition)
        }
        let rest = sent(EventStream(replay, from: resume.minute)).filter {
            resume.isMissing($0.sequence, in: $0.partition)
        }
        #expect(Set(there + rest) == Set(whole) && there.count + rest.count == whole.count)
    }

    /// 300 jobs of 20 services over half a day, up to three hours long.
    private func manyJobs(seed: UInt64) -> String {
        var random = TestRandom(seed: seed)
        let ends = ["FINISH", "KILL", "FAIL", "EVICT", "LOST"]
        return Self.header
            + (0..<300).map { job in
                let start = Int.random(in: -600...43_200, using: &random)
                let end = start + Int.random(in: 0...10_800, using: &random)
                let name = Int.random(in: 0..<20, using: &random)
                return
                    "\(job),\(start),\(start),\(end),\(ends[job % 5]),u\(name % 3),\(job % 4),x,l\(name)"
            }.joined(separator: "\n")
    }

    @Test func `needs no more workers than its busiest minute`() throws {
        let demands = try replay().peakDemands
        // From 75 to 90 s four jobs run; the shortened one is not of them.
        let sum = demands.reduce(0) { $0 + $1.milliCpu }
        #expect(abs(sum - (30.0 + 30 + 25 + 1.5) / 60 * 1_000) < 1e-6)
    }

    @Test func `begins after 1970 whatever it counts from`() throws {
        let replay = RecordedReplay(try trace(Self.rows), seed: 1, startMs: 0)
        #expect(replay.startMs == 0)
        #expect(invocations(EventStream(replay)).allSatisfy { $0.startedAtMs >= 0 })
    }

    @Test(arguments: [
        ("x,0,0,1,FINISH,u,0,n,l", "job_id"), ("1,x,0,1,FINISH,u,0,n,l", "submit_s"),
        ("1,0,nan,1,FINISH,u,0,n,l", "sched_s"), ("1,0,0,-700,FINISH,u,0,n,l", "end_s"),
        ("1,0,5,4,FINISH,u,0,n,l", "end_s"), ("1,0,0,1,,u,0,n,l", "final"),
        ("1,0,0,1,DONE,u,0,n,l", "final"), ("1,0,0,1,FINISH,,0,n,l", "user"),
        ("1,0,0,1,FINISH,u,4,n,l", "cls"), ("1,0,0,1,FINISH,u,0,n,", "logical"),
        ("1,0,0,1,FINISH,u,0,n", "line"),
    ])
    func `that is none says where`(row: String, column: String) throws {
        let error = #expect(throws: TraceError.self) {
            try trace(Self.header + "1,0,0,1,FINISH,u,0,n,l\n" + row + "\n")
        }
        #expect(error?.line == 3 && error?.column == column)
    }

    @Test func `is found in a folder`() throws {
        try withTemporaryFolder { folder in
            #expect(throws: TraceFolderError.self) { try RecordedTrace(google2011: folder) }
            try Data(try gzip(Self.rows)).write(to: URL(filePath: folder + "/jobs.csv.gz"))
            #expect(try RecordedTrace(google2011: folder).invocationCount == 5)
        }
    }
}

/// Kept beside the repository, never in it.
private let jobs = URL(filePath: azureFolder).deletingLastPathComponent()
    .appending(path: "google2011_jobs/jobs.csv.gz").path

extension `A trace of jobs and their outcomes` {
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: jobs),
            "needs ../shared/traces/google2011_jobs"))
    func `is that of Google, whose first day awk counts alike`() throws {
        let day = try awk(#"NR == 1 || $2 < 86400"#)
        let counted = try awk(
            """
            NR > 1 && $4 != -1 && $4 < 86400 { n[$6 "/" $9 "/" $9 " class" $7 " " $5]++ }
            END { for (name in n) print name, n[name] }
            """)
        let outcomes = [
            "FINISH": "success", "FAIL": "error", "KILL": "killed", "EVICT": "killed",
            "LOST": "error",
        ]
        var expected: [String: Int] = [:]
        for line in counted.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let outcome = try #require(outcomes[words[2]])
            expected["\(words[0]) \(words[1]) \(outcome)", default: 0] += try #require(
                Int(words[3]))
        }
        var found: [String: Int] = [:]
        var before = Int64.min
        let midnightMs = RecordedTrace.google2011Ms + 86_400_000
        var stream = EventStream(try replay(day))
        while let event = stream.next(), event.atMs < midnightMs {
            guard case .ended(let execution) = event else { continue }
            let profile = stream.profile(of: execution)
            #expect(execution.endedAtMs >= before)
            before = execution.endedAtMs
            let name = "\(profile.id.path) \(profile.trigger) \(execution.outcome.rawValue)"
            found[name, default: 0] += 1
        }
        #expect(found == expected)
        #expect(expected.values.reduce(0, +) > 10_000)
    }

    private func awk(_ program: String) throws -> String {
        let script = "gzip --decompress --stdout \"$0\" | awk -F, \"$1\""
        let made = try ChildProcess.run(
            "/bin/bash", ["-c", script, jobs, program], within: .seconds(60))
        #expect(made.error == "")
        return made.output
    }
}
