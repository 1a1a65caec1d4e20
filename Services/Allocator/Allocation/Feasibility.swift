internal import Topics

extension WorkerLoad {
    /// Whether a part may be placed here, judged by the blocks' extremes only: false is final.
    ///
    /// `state = ready`, `members < 1000`, `G + g <= C` and, with a peak at most the true one,
    /// `risk <= fill x C`; for CPU and memory.
    func mayTake(_ part: Profile, fill: Double, _ policy: Policy) -> Bool {
        guard state == .ready, members < Limits.membersPerWorkerMax,
            Double(cpu.guaranteed + part.cpu.guaranteed) <= capacity.milliCpu,
            Double(memory.guaranteed + part.memory.guaranteed) <= capacity.memoryMb
        else { return false }
        let risk = riskAtLeast(with: part, policy)
        return risk.milliCpu <= fill * capacity.milliCpu
            && risk.memoryMb <= fill * capacity.memoryMb
    }

    func riskAtLeast(with part: Profile, _ policy: Policy) -> Need {
        risk(
            cpuPeak: cpu.peakAtLeast(with: part.cpu),
            memoryPeak: memory.peakAtLeast(with: part.memory), with: part, policy)
    }

    func risk(with part: Profile, _ policy: Policy) -> Need {
        risk(
            cpuPeak: cpu.peak(with: part.cpu), memoryPeak: memory.peak(with: part.memory),
            with: part, policy)
    }

    private func risk(
        cpuPeak: Int32, memoryPeak: Int32, with part: Profile, _ policy: Policy
    ) -> Need {
        Need(
            milliCpu: Allocation.risk(
                peak: cpuPeak, variance: cpu.variance + part.cpu.variance,
                deviations: policy.deviations),
            memoryMb: Allocation.risk(
                peak: memoryPeak, variance: memory.variance + part.memory.variance,
                deviations: policy.memoryDeviations))
    }
}
