import Foundation
import TestSupport
import Testing
import Topics

@testable import Workload

@Suite struct `A trace of single invocations` {
    static let rows = """
        app,func,end_timestamp,duration
        a,f,79.5,0.25
        a,g,60.001,60
        b,f,120.125,0.125
        a,f,79.5,0.25
        b,f,180,0

        """

    /// The file in pieces of some size.
    private func trace(_ text: String, pieces: Int = 7) throws -> AzureInvocationTrace {
        var rest = Array(text.utf8)[...]
        return try AzureInvocationTrace(file: "trace.csv") {
            let piece = rest.prefix(pieces)
            rest = rest.dropFirst(pieces)
            return piece.isEmpty ? nil : Array(piece)
        }
    }

    private func replayed(_ text: String, seed: UInt64 = 1) throws -> [Invocation] {
        invocations(
            EventStream(try InvocationReplay(try trace(text), seed: seed, workerMemoryMb: 16_384)))
    }

    @Test(arguments: [1, 7, 10_000])
    func `is read in whatever pieces it comes`(pieces: Int) throws {
        let trace = try trace(Self.rows, pieces: pieces)
        #expect(trace.functionCount == 3 && trace.invocationCount == 5)
        #expect(
            trace.runs.map(\.startMicros) == [
                1_000, 79_250_000, 79_250_000, 120_000_000, 180_000_000,
            ])
    }

    @Test func `happens when it did, and takes as long as it took`() throws {
        let all = try replayed(Self.rows)
        let base = InvocationReplay.azure2021Ms
        let seen = all.map { "\($0.functionID.path) \($0.startedAtMs - base) \($0.durationMs)" }
        #expect(
            seen == [
                "a/a/g 1 60000.0", "a/a/f 79250 250.0", "a/a/f 79250 250.0", "b/b/f 120000 125.0",
                "b/b/f 180000 0.0",
            ])
        #expect(Set(all.map(\.invocation)).count == 5)
        #expect(all.allSatisfy { $0.memoryMb >= 128 && $0.outcome != .timeout })
    }

    @Test func `may count from 1970, and begin before the trace does`() throws {
        let absolute = try replayed("app,func,end_timestamp,duration\na,f,1612130402.5,1.5\n")
        #expect(absolute.map(\.startedAtMs) == [1_612_130_401_000])
        let early = try replayed("app,func,end_timestamp,duration\na,f,1,2.5\n")
        #expect(early.map(\.startedAtMs) == [InvocationReplay.azure2021Ms - 1_500])
    }

    @Test func `is the same from whatever minute it is read`() throws {
        let replay = try InvocationReplay(try trace(Self.rows), seed: 3, workerMemoryMb: 16_384)
        let whole = invocations(EventStream(replay))
        let later = invocations(EventStream(replay, from: 2))
        #expect(later == Array(whole.suffix(later.count)) && later.count == 2)
    }

    @Test func `has no outcome that depends on anything but the seed`() throws {
        #expect(try replayed(Self.rows, seed: 9) == replayed(Self.rows, seed: 9))
    }

    @Test(arguments: [
        ("", "header"), ("app,func,end_timestamp\n", "duration"),
        ("app,func,end_timestamp,duration,more\n", "header"),
        ("app,func,end_timestamp,duration\na,f,1\n", "line"),
        ("app,func,end_timestamp,duration\na,f,x,1\n", "end_timestamp"),
        ("app,func,end_timestamp,duration\na,f,1,-1\n", "duration"),
        ("app,func,end_timestamp,duration\na,f,1,nan\n", "duration"),
        ("app,func,end_timestamp,duration\na,f,1,86401\n", "duration"),
        ("app,func,end_timestamp,duration\n,f,1,1\n", "app"),
        ("app,func,end_timestamp,duration\na,,1,1\n", "func"),
    ])
    func `that is none says where`(text: String, column: String) throws {
        let error = #expect(throws: TraceError.self) { try trace(text) }
        #expect(error?.column == column)
    }

    @Test func `needs a file`() {
        #expect(throws: TraceFolderError.self) { try AzureInvocationTrace(file: "/nowhere") }
    }
}

@Suite struct `A fleet that writes OpenWhisk's events` {
    @Test func `says what OpenWhisk would say of each execution`() throws {
        var stream = EventStream(generated(functions: 30))
        var writer = OpenWhiskWriter(run: stream.run)
        var outcomes: [Outcome: Int] = [:]
        var count = 0
        while count < 5_000, let event = stream.next() {
            guard case .ended(let execution) = event else { continue }
            let profile = stream.profile(of: execution)
            var bytes: [UInt8] = []
            writer.write(execution, of: profile, to: &bytes)
            let said = try #require(
                try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let body = try #require(said["body"] as? [String: Any])
            count += 1
            outcomes[execution.outcome, default: 0] += 1
            #expect(said["namespace"] as? String == profile.id.service.customer)
            guard execution.outcome != .throttled else {
                #expect(said["eventType"] as? String == "Metric")
                continue
            }
            let invocation = execution.invocation(of: profile, run: stream.run)
            #expect(said["eventType"] as? String == "Activation")
            #expect(body["name"] as? String == profile.id.path)
            #expect(body["activationId"] as? String == invocation.invocation)
            #expect(body["memory"] as? Double == profile.memoryMb)
            #expect(body["kind"] as? String == profile.runtime)
            // Whole milliseconds, and the initialisation is part of them.
            let initMs = ((invocation.initMs ?? 0)).rounded(.up)
            let runMs = invocation.durationMs.rounded(.up)
            #expect(body["initTime"] as? Double == initMs)
            #expect(body["duration"] as? Double == initMs + runMs)
            #expect(said["timestamp"] as? Double == Double(invocation.startedAtMs) + runMs)
            #expect((body["statusCode"] as? Int == 0) == (execution.outcome == .success))
        }
        #expect(count == 5_000 && outcomes.count > 2)
    }
}
