import Foundation
import Testing

@testable import Workload

@Suite struct `A trace of Azure Functions` {
    @Test func `counts the invocations of each function`() throws {
        let trace = try smallTrace()
        // 1+1+1+1, 0+3+0+2, 0+0+5+0.
        #expect(trace.totals.map(\.count) == [4, 5, 5])
        #expect(trace.totals.map(\.function) == ["f1", "f2", "g"])
        #expect(trace.minutes == 480..<484)
    }

    @Test func `names file, line and column of what is no count`() throws {
        let text = smallInvocations.replacing("0,0,5,0", with: "0,x,5,0")
        #expect(
            throws: TraceError(
                file: "i.csv", line: 4, column: "481", got: "\"x\"",
                expected: "a whole number up to 4294967295")
        ) { try read(text) }
    }

    @Test(arguments: ["4294967296", "-1", "1.5", "99999999999999999999"])
    func `refuses a count that is none`(count: String) {
        let text = smallInvocations.replacing("0,0,5,0", with: "0,0,\(count),0")
        #expect(throws: TraceError.self) { try read(text) }
    }

    @Test func `names the line that lacks a field`() throws {
        let text = smallInvocations.replacing("0,0,5,0", with: "0,0,5")
        #expect(
            throws: TraceError(
                file: "i.csv", line: 4, column: "HashOwner", got: "7 fields", expected: "8")
        ) { try read(text) }
    }

    @Test func `names a column that is missing`() throws {
        let text = smallInvocations.replacing("Trigger", with: "Cause")
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.column == "Trigger")
        #expect(error?.line == 1)
    }

    @Test(arguments: ["", "\n", "HashOwner,HashApp,HashFunction,Trigger\n"])
    func `refuses a table without minutes`(text: String) {
        #expect(throws: TraceError.self) { try read(text) }
    }

    @Test func `refuses minutes with a gap`() {
        let text = smallInvocations.replacing("482,483", with: "483,484")
        #expect(throws: TraceError.self) { try read(text) }
    }

    @Test func `refuses a negative duration`() throws {
        let durations = smallDurations.replacing("a,a1,f1,100,9,10,", with: "a,a1,f1,100,9,-10,")
        let error = #expect(throws: TraceError.self) {
            try AzureTrace(
                invocations: [file("i.csv", smallInvocations)],
                durations: [file("d.csv", durations)], memory: [])
        }
        #expect(error?.description.contains("d.csv, line 2, column Minimum: got \"-10\"") == true)
    }

    @Test func `reads line ends of any system`() throws {
        let trace = try read(smallInvocations.replacing("\n", with: "\r\n"))
        #expect(trace.totals.map(\.count) == [4, 5, 5])
    }

    @Test func `counts the public set's columns from one`() throws {
        // Column 1 is 00:00 to 00:01: minute 0; column 1440 the day's last, 1439.
        let names = (1...1_440).map(String.init).joined(separator: ",")
        let counts = (1...1_440).map { $0 == 1 || $0 == 1_440 ? "1" : "0" }.joined(separator: ",")
        let day = "HashOwner,HashApp,HashFunction,Trigger,\(names)\na,a1,f1,timer,\(counts)\n"
        let trace = try AzureTrace(
            invocations: [file("d01", day), file("d02", day)], durations: [], memory: [])
        #expect(trace.cells.map(\.minute) == [0, 1_439, 1_440, 2_879])
        #expect(trace.minutes == 0..<2_880)
        #expect(trace.totals.map(\.count) == [4])
    }

    @Test func `takes memory by function and by app`() throws {
        let byFunction = """
            HashFunction,HashOwner,HashApp,SampleCount,AverageAllocatedMb,\
            AverageAllocatedMb_pct1,AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,\
            AverageAllocatedMb_pct50,AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,\
            AverageAllocatedMb_pct99,AverageAllocatedMb_pct100
            f1,a,a1,9,50,50,50,50,50,50,50,50,50

            """
        let trace = try AzureTrace(
            invocations: [file("i", smallInvocations)], durations: [],
            memory: [file("m1", byFunction), file("m2", smallMemory)])
        let largest = trace.functions.compactMap { $0.memoryMb?.largest.rounded() }
        #expect(largest == [50, 130, 200])
    }

    @Test func `says when a folder holds none`() {
        #expect(throws: TraceFolderError.self) { try AzureTrace(folder: "/nowhere") }
    }

    @Test(.enabled(if: hasAzureTrace, "needs ../shared/traces/azure2019_functions"))
    func `is read whole`() throws {
        let trace = try AzureTrace(folder: azureFolder)
        // awk over the published tables: 567,403 invocations of 250 functions.
        #expect(trace.functionCount == 250)
        #expect(trace.invocationCount == 567_403)
        #expect(trace.minutes == 480..<960)
        #expect(trace.functions.allSatisfy { $0.durationMs != nil && $0.memoryMb != nil })
    }

    private func read(_ invocations: String) throws -> AzureTrace {
        try AzureTrace(invocations: [file("i.csv", invocations)], durations: [], memory: [])
    }
}
