import Testing
import Topics

@testable import Prediction

@Suite struct `State of an earlier layout` {
    /// A service with one slot of 7 invocations and 70 ms, as the first layout had it: runs of
    /// bytes.
    private static let first: [UInt8] = [
        [1, 0, 1, 4, 109, 97, 105, 110], zeros(36), [1], zeros(7), [28, 64], zeros(6),
        [240, 63], zeros(701), [128, 81, 64], zeros(6), [28, 64], zeros(72), [2], zeros(18),
    ].flatMap { $0 }

    @Test func `is read, without the hours that it did not keep`() throws {
        #expect(Self.first.count == 865)
        let id = ServiceID(customer: "a", service: "s")
        var service = try ServiceState(decoding: Self.first, of: id)
        #expect(service.functions == ["main"])
        #expect(service.demand?.openCount == 7)
        #expect(service.demand?.cpuMs == 70)
        #expect(service.demand?.hours == HourlyDemand())
        // It is foretold by its level until its next hour has ended, and by hours from then on.
        #expect(service.hours(before: 0) == nil)
        service.demand?.learnHours(before: 1)
        #expect(service.hours(before: 1)?.codes == [HourlyDemand.code(of: 7)])
    }
}

private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
