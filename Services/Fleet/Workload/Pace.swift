/// When an event is due on the wall, on a clock that runs `speed` times faster in the fleet.
public struct Pace: Sendable, Equatable {
    /// Nil for as fast as it goes.
    public let speed: Double?
    private var anchor: (eventMs: Int64, wallMs: Double)?

    public init(speed: Double?) {
        precondition(speed.map { $0 > 0 } ?? true, "a fleet's clock runs forwards")
        self.speed = speed
    }

    /// The first event is due when it is asked for.
    ///
    /// - Parameter wallMs: of a clock that never goes back.
    /// - Returns: how long to wait; negative when the fleet lags behind its pace.
    public mutating func waitMs(until eventMs: Int64, wallMs: Double) -> Double {
        guard let speed else { return 0 }
        let anchor = anchor ?? (eventMs, wallMs)
        self.anchor = anchor
        return anchor.wallMs + Double(eventMs - anchor.eventMs) / speed - wallMs
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.speed == b.speed && a.anchor?.eventMs == b.anchor?.eventMs
            && a.anchor?.wallMs == b.anchor?.wallMs
    }
}
