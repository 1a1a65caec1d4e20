/// Round heights to draw lines at.
struct Axis: Sendable, Equatable {
    /// Ascending from 0; the last is the top of the picture.
    let ticks: [Double]

    /// - Parameter highest: of what is drawn.
    init(reaching highest: Double) {
        guard highest > 0, highest.isFinite else {
            ticks = [0, 1]
            return
        }
        // Of 1, 2 and 5 times a power of ten, the least that needs at most four steps.
        var power = 1.0
        while power * 10 <= highest { power *= 10 }
        while power > highest { power /= 10 }
        let steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5].map { $0 * power }
        let step = steps.first { highest / $0 <= 4 } ?? power
        let count = Int((highest / step).rounded(.up))
        ticks = (0...max(1, count)).map { Double($0) * step }
    }

    var top: Double { ticks[ticks.count - 1] }
}
