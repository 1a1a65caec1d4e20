import Foundation
import Testing

@testable import Allocation

/// 14 days of production machines, placed; the fifteenth day tells.
@Suite(.enabled(if: Trace.isThere, "needs the real traces in ../shared/traces"))
struct `On a real fleet` {
    @Test func `fewer workers than by peaks hold the following day`() throws {
        let series = try Trace.machines()
        let (train, test) = (14 * 288, 288)
        let capacity = 4_000.0
        var ledger = Ledger(Policy())
        var packing = PeakPacking()
        let profiles = series.map { Profile(milliCpu: Array($0[..<train])) }
        for i in profiles.indices {
            ledger.insert(
                WorkerLoad(name: "w\(100 + i)", milliCpu: capacity, memoryMb: 1_000))
            packing.add(profiles[i])
        }
        let order = profiles.indices.sorted {
            profiles[$0].milliCpuAlone(Policy()) > profiles[$1].milliCpuAlone(Policy())
        }
        var load = Array(repeating: Array(repeating: Float(0), count: test), count: series.count)
        for i in order {
            guard case .placed(let choices) = ledger.place(profiles[i]) else {
                Issue.record("series \(i) fits no worker")
                continue
            }
            for slot in 0..<test { load[choices[0].worker][slot] += series[i][train + slot] }
        }
        let used = ledger.workersUsed
        let over = load.joined().count { $0 > Float(capacity) }
        let byPeaks = try #require(
            packing.summary(of: ledger.workers.map(\.capacity))?.workersSumOfPeaks)
        // 60 machines of 1,000 mCPU each: 15 by reservation, 8 by peaks.
        #expect(used <= byPeaks / 2)
        // At most 0.5 % of the workers' slots of the day.
        #expect(Double(over) <= 0.005 * Double(used * test))
    }
}

private enum Trace {
    static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared/traces/azure2017_vms/microsoft_avg.csv.gz").standardized

    static var isThere: Bool { FileManager.default.fileExists(atPath: file.path) }

    /// (60, 20 x 288) mCPU of machines with one core.
    static func machines() throws -> [[Float]] {
        let gzip = Process()
        gzip.executableURL = URL(filePath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc", file.path]
        let output = Pipe()
        gzip.standardOutput = output
        try gzip.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        gzip.waitUntilExit()
        let lines = text.split(separator: "\n").dropFirst()
        var series: [[Float]] = []
        for line in lines {
            for (i, cell) in line.split(separator: ",").enumerated() {
                if i == series.count { series.append([]) }
                series[i].append((Float(cell) ?? 0) * 10)
            }
        }
        return series
    }
}
