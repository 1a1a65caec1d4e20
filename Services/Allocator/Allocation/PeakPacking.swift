/// What packing without regard to time would need, and what nothing can undercut.
///
/// The baseline is first-fit decreasing on each function's own peak: a worker is full when its
/// members' peaks sum to its capacity, whenever they occur. The bound is fractional: as if load
/// could be cut at will, `max_t ceil(sum_f D_f(t) / C)` with the largest capacity, for each
/// resource.
struct PeakPacking {
    private var peaks: [(milliCpu: Double, memoryMb: Double)] = []
    private var milliCpu: [Int] = []
    private var memoryMb: [Int] = []

    mutating func add(_ profile: Profile) {
        peaks.append((Double(profile.cpu.peak), Double(profile.memory.peak)))
        if milliCpu.isEmpty {
            milliCpu = Array(repeating: 0, count: profile.cpu.values.count)
            memoryMb = milliCpu
        }
        Self.add(profile.cpu.values, to: &milliCpu)
        Self.add(profile.memory.values, to: &memoryMb)
    }

    private static func add(_ values: [Int32], to sums: inout [Int]) {
        for i in 0..<min(values.count, sums.count) { sums[i] &+= Int(values[i]) }
    }

    /// - Parameter capacities: of the workers there are; more of the largest are taken as needed.
    func summary(of capacities: [Need]) -> Summary? {
        guard let cpu = capacities.map(\.milliCpu).max(),
            let memory = capacities.map(\.memoryMb).max()
        else { return nil }
        let bound = max(
            Double(milliCpu.max() ?? 0) / cpu, Double(memoryMb.max() ?? 0) / memory)
        let ordered = capacities.sorted {
            ($0.milliCpu, $0.memoryMb) > ($1.milliCpu, $1.memoryMb)
        }
        return Summary(
            workersSumOfPeaks: firstFitDecreasing(
                ordered, further: Need(milliCpu: cpu, memoryMb: memory)),
            workersBound: Int(bound.rounded(.up)))
    }

    private func firstFitDecreasing(_ capacities: [Need], further: Need) -> Int {
        var left: [(milliCpu: Double, memoryMb: Double)] = []
        var whole = 0
        for peak in peaks.sorted(by: { $0 > $1 }) {
            // Bigger than a worker: spread over workers of its own.
            let ratio = max(
                peak.milliCpu / further.milliCpu, peak.memoryMb / further.memoryMb)
            if ratio > 1 {
                whole += Int(ratio.rounded(.up))
                continue
            }
            var place = 0
            while place < left.count,
                left[place].milliCpu < peak.milliCpu || left[place].memoryMb < peak.memoryMb
            { place += 1 }
            while place >= left.count {
                let next = left.count < capacities.count ? capacities[left.count] : further
                left.append((next.milliCpu, next.memoryMb))
                let fits =
                    next.milliCpu >= peak.milliCpu && next.memoryMb >= peak.memoryMb
                if !fits { place += 1 }
            }
            left[place].milliCpu -= peak.milliCpu
            left[place].memoryMb -= peak.memoryMb
        }
        return whole + left.count
    }
}
