import Foundation
import Numerics
import Testing

@testable import RepresentationLearning

/// Public traces lie beside the repository, where they lie at all.
private let traces = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/traces").standardizedFileURL
private let hasTraces = FileManager.default.fileExists(atPath: traces.path)

@Suite(.enabled(if: hasTraces, "needs ../shared/traces"))
struct `On real traces` {
    /// Azure's public VM trace: 48 VMs, a reading every five minutes. The encoder is fitted on the
    /// first half of every second VM; each of the others is to be found by its last week, among
    /// all of them, from its first.
    @Test func `recognises an unseen machine better than correlation does`() throws {
        let machines = try columns(of: "azure2017_vms/periodic_avg.csv.gz")
        let week = 7 * 288
        func view(_ machine: [Float], from slot: Int) -> DemandView {
            DemandView(
                startSlot: Int64(slot), milliCpu: machine[slot..<slot + week].map { $0 * 10 },
                invocations: machine[slot..<slot + week].map { $0 > 0 ? 1 : 0 })
        }
        let (seen, unseen) = (everySecond(machines, from: 0), everySecond(machines, from: 1))
        let encoder = try Training.fit(
            samples: seen.map { view($0, from: 0) }, version: 1, seed: 1
        ).model
        let gap = machines[0].count - week
        let ours = recallAtOne(
            unseen.map { encoder.encode(view($0, from: 0)) },
            unseen.map { encoder.encode(view($0, from: gap)) })
        let pearson = recallAtOne(
            unseen.map { hourly($0[0..<week]) }, unseen.map { hourly($0[gap..<gap + week]) })
        // One of 24 is found by chance. The margin asked for is a fifth of all.
        #expect(ours >= pearson + 0.2)
    }

    private func everySecond(_ machines: [[Float]], from first: Int) -> [[Float]] {
        stride(from: first, to: machines.count, by: 2).map { machines[$0] }
    }

    /// Hourly means at mean 0 and length 1: their product is Pearson's correlation.
    private func hourly(_ readings: ArraySlice<Float>) -> [Float] {
        let readings = Array(readings)
        let hours = (0..<readings.count / 12).map { mean(readings[$0 * 12..<$0 * 12 + 12]) }
        let centre = mean(hours)
        return unitLength(hours.map { $0 - centre })
    }

    private func columns(of file: String) throws -> [[Float]] {
        let unzip = Process()
        unzip.executableURL = URL(filePath: "/bin/zcat")
        unzip.arguments = [traces.appending(path: file).path]
        let output = Pipe()
        unzip.standardOutput = output
        try unzip.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        unzip.waitUntilExit()
        var columns: [[Float]] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
            for (index, cell) in line.split(separator: UInt8(ascii: ",")).enumerated() {
                if index == columns.count { columns.append([]) }
                columns[index].append(Float(String(decoding: cell, as: UTF8.self)) ?? 0)
            }
        }
        return columns
    }
}
