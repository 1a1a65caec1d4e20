internal import Numerics

/// Less of either says nothing.
private let pairsMin = 8
/// How much a recurrence within the hour says about tomorrow, as against one within the day.
private let shortTrust = 0.5
private let quarterHourSlots = 3

/// How well the past of a function's load tells the present, 0 to 1.
///
/// The share of variance that a straight line from the same hour of the day before explains,
/// less what it would explain of noise; before a day and a half is known, from the hour before,
/// which counts half. A steady load is explained by its level.
func predictability(of view: DemandView) -> Double {
    let means = quarterHours(of: view)
    let hours = (0..<means.count / 4).map { hour in
        mean(means[means.count - (hour + 1) * 4..<means.count - hour * 4])
    }
    let short = hours.count < 36
    let series = short ? means : hours
    let lag = short ? 4 : 24
    let pairs = series.count - lag
    guard pairs >= pairsMin else { return 0 }
    let trust = short ? shortTrust : 1
    let level = Numerics.mean(series)
    guard Numerics.variance(series) > 1e-8 * max(level * level, 1e-6) else { return trust }
    let r = Double(correlation(series[..<pairs], series[lag...]))
    guard r > 0 else { return 0 }
    let explained = 1 - (1 - r * r) * Double(pairs - 1) / Double(pairs - 2)
    return trust * max(0, min(1, explained))
}

/// Of whole quarters of an hour.
private func quarterHours(of view: DemandView) -> [Float] {
    let width = Int64(quarterHourSlots)
    let startBin = (view.startSlot + width - 1) / width
    let skipped = Int(startBin * width - view.startSlot)
    let bins = max(0, view.count - skipped) / quarterHourSlots
    return (0..<bins).map { bin in
        let start = skipped + bin * quarterHourSlots
        return (view.milliCpu[start] + view.milliCpu[start + 1] + view.milliCpu[start + 2]) / 3
    }
}
