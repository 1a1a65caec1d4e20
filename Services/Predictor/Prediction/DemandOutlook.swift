internal import Foundation

/// What a service's past says of an hour to come, in `ln(1 + y)`.
struct DemandGuess {
    var lead: Int
    /// The weighted median of the experts.
    var centre: Double
    /// The regression's mean: where most hours hold nothing, it tells how often one does.
    var mean: Double
    /// How far from the centre it may be.
    var spread: Double
    /// Guesses that are wrong in the same manner.
    var group: Int
}

/// A service's past as it looks from one hour, and what experts make of it.
struct DemandOutlook {
    private let calendar: DemandCalendar
    private let model: DemandModel
    /// (n) `ln(1 + y)`, oldest first; the last is the newest known.
    private let logs: [Double]
    /// 0 within its first day, 1 within its first week, 2 later.
    let age: Int
    /// The most that it ever reached.
    let peak: Double
    private let means: Means
    private var dayParts: [DayPart] = []
    /// How far an hour is from the same one a day before.
    private let dailyChange: Double
    /// (L) weights of E - 1 experts by how well each did, and how far all together are off.
    private let weights: [(weights: [Double], together: Double)]
    private var scratch: [Double] = []

    /// (p) what the regressions see of the hour asked about last.
    private(set) var features = Array(repeating: 0.0, count: DemandModel.inputs)
    /// (E) what each expert says of it.
    private(set) var experts = Array(repeating: 0.0, count: DemandExpert.count)
    /// (q) what tells how far off the centre is.
    private(set) var spreadInputs = Array(repeating: 0.0, count: DemandModel.spreadInputs)

    /// Of the last day, the last week and all: means of logarithms, and the logarithm of means.
    private struct Means {
        var day = 0.0
        var week = 0.0
        var all = 0.0
        var dayLog = 0.0
        var weekLog = 0.0
        var allLog = 0.0
        var dayMedian = 0.0
        var gap = 0.0
    }

    /// Of an hour of the day.
    private struct DayPart {
        var yesterday: Double
        /// The same; before the service's first hour, nothing.
        var yesterdayAtAll: Double
        var dayBefore: Double
        var mean: Double
        var median: Double
        var neighbours: Double
    }

    /// - Parameters:
    ///   - slots: so many of the newest are not known yet.
    ///   - unseen: (slotsPerDay) `ln(1 + y)` from the next slot on, where its own past tells nothing.
    init(
        _ demand: HourlyDemand, back slots: Int, model: DemandModel, unseen: [Double]? = nil
    ) {
        precondition(demand.codes.count > slots, "no hour is known")
        calendar = demand.calendar
        self.model = model
        logs = demand.codes.dropLast(slots).map { Double($0) / HourlyDemand.stepsPerUnit }
        let (day, week) = (calendar.slotsPerDay, calendar.slotsPerWeek)
        age = logs.count < day ? 0 : logs.count < week ? 1 : 2
        peak = logs.max() ?? 0
        means = Self.means(logs, day: day, week: week)
        dailyChange = Self.dailyChange(logs, day: day, week: week)
        let age = age
        weights = (0..<DemandLessons.leads).map {
            model.weights(demand.skill, age: age, lead: $0, slotsPerDay: day)
        }
        for part in 0..<day { dayParts.append(dayPart(part, unseen: unseen?[part])) }
    }

    private static func means(_ logs: [Double], day: Int, week: Int) -> Means {
        var means = Means()
        var sum = 0.0
        var amounts = 0.0
        var seen = 0.0
        for log in logs.reversed() {
            sum += log
            amounts += log > 0 ? expm1(log) : 0
            seen += 1
            if seen <= Double(day) {
                means.day = sum / seen
                means.dayLog = log1p(amounts / seen)
            }
            if seen <= Double(week) {
                means.week = sum / seen
                means.weekLog = log1p(amounts / seen)
            }
        }
        means.all = sum / seen
        means.allLog = log1p(amounts / seen)
        var last = Array(logs.suffix(day))
        means.dayMedian = median(&last)
        let before = logs.count > day ? logs[logs.count - 1 - day] : means.day
        means.gap = logs[logs.count - 1] - (before + means.day) / 2
        return means
    }

    /// Of the last week; before the second day, how far hours are from their mean.
    private static func dailyChange(_ logs: [Double], day: Int, week: Int) -> Double {
        let first = max(logs.count - week, day)
        if logs.count > day {
            var sum = 0.0
            for i in first..<logs.count { sum += abs(logs[i] - logs[i - day]) }
            return sum / Double(logs.count - first)
        }
        let mean = logs.reduce(0, +) / Double(logs.count)
        let squares = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(logs.count)).squareRoot()
    }

    private mutating func dayPart(_ part: Int, unseen: Double?) -> DayPart {
        let unknown = unseen ?? means.day
        let day = calendar.slotsPerDay
        let base = logs.count - day + part
        scratch.removeAll(keepingCapacity: true)
        for ago in 0..<Self.daysCompared where base - day * ago >= 0 {
            scratch.append(logs[base - day * ago])
        }
        var near = 0.0
        var nearby = 0.0
        for i in [base - 1, base + 1] where logs.indices.contains(i) {
            near += logs[i]
            nearby += 1
        }
        return DayPart(
            yesterday: scratch.first ?? unknown,
            yesterdayAtAll: scratch.first ?? 0,
            dayBefore: scratch.count > 1 ? scratch[1] : unknown,
            mean: scratch.isEmpty
                ? unknown : scratch.reduce(0, +) / Double(scratch.count),
            median: scratch.isEmpty ? unseen ?? means.dayMedian : median(&scratch),
            neighbours: nearby > 0 ? near / nearby : unknown)
    }

    private static let daysCompared = 7

    /// - Parameter lead: 1 is the first hour that is not known.
    mutating func guess(lead: Int) -> DemandGuess {
        look(lead: lead)
        let leadClass = model.leadClass(lead, calendar)
        let (mean, medianGuess) = model.regressions(features, age: age, lead: leadClass)
        let (weights, together) = weights[leadClass]
        experts[DemandExpert.regression.rawValue] = mean
        experts[DemandExpert.medianRegression.rawValue] = medianGuess
        experts[DemandExpert.nothing.rawValue] = 0
        let centre = weightedMedian(experts, weights)
        experts[DemandExpert.together.rawValue] = centre
        var disagreement = 0.0
        for i in weights.indices { disagreement += weights[i] * abs(experts[i] - centre) }
        spreadInputs[0] = 1
        spreadInputs[1] = max(centre, mean).squareRoot()
        spreadInputs[2] = together
        spreadInputs[3] = min(dailyChange, DemandModel.changeMax)
        spreadInputs[4] = disagreement
        return DemandGuess(
            lead: leadClass, centre: centre, mean: mean,
            spread: model.spread(spreadInputs, age: age, lead: leadClass),
            group: DemandModel.group(centre: centre, mean: mean))
    }

    /// Fills `features` and the simple experts.
    private mutating func look(lead: Int) {
        let (day, week) = (calendar.slotsPerDay, calendar.slotsPerWeek)
        let part = dayParts[(lead - 1) % day]
        let first = logs.count + lead - 1 - week * ((lead - 1) / week + 1)
        scratch.removeAll(keepingCapacity: true)
        for ago in 0..<HourlyDemand.weeksKept where first - week * ago >= 0 {
            scratch.append(logs[first - week * ago])
        }
        let lastWeek = first >= 0 ? logs[first] : part.mean
        let weekMean =
            scratch.isEmpty ? part.mean : scratch.reduce(0, +) / Double(scratch.count)
        let weekMedian = scratch.isEmpty ? part.median : median(&scratch)
        let last = logs[logs.count - 1]
        // Of the newest hour's surprise little is left after an eighth of a day.
        let gap = means.gap * exp(-Double(lead - 1) * 8 / Double(day))
        features[0] = 1
        features[1] = part.yesterday
        features[2] = part.dayBefore
        features[3] = part.mean
        features[4] = lastWeek
        features[5] = weekMean
        features[6] = part.neighbours
        features[7] = last
        features[8] = means.day
        features[9] = means.week
        features[10] = means.all
        features[11] = gap
        features[12] = means.dayLog
        features[13] = means.weekLog
        features[14] = means.allLog
        features[15] = part.median
        features[16] = weekMedian
        features[17] = means.dayMedian
        experts[DemandExpert.yesterday.rawValue] = part.yesterdayAtAll
        experts[DemandExpert.lastWeek.rawValue] = lastWeek
        experts[DemandExpert.last.rawValue] = last
        experts[DemandExpert.dayMean.rawValue] = part.mean
        experts[DemandExpert.weekMean.rawValue] = weekMean
        experts[DemandExpert.dayMedian.rawValue] = part.median
        experts[DemandExpert.weekMedian.rawValue] = weekMedian
        experts[DemandExpert.lastDayMedian.rawValue] = means.dayMedian
    }
}

/// Sorts them; the mean of the middle two where their number is even.
func median(_ values: inout [Double]) -> Double {
    values.sort()
    let middle = values.count / 2
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
}

/// The least value up to which half of the weight lies; `weights` sum to 1.
func weightedMedian(_ values: [Double], _ weights: [Double]) -> Double {
    var best = Double.infinity
    for i in weights.indices where values[i] < best {
        var below = 0.0
        for j in weights.indices where values[j] <= values[i] { below += weights[j] }
        if below >= 0.5 { best = values[i] }
    }
    return best.isFinite ? best : values[0]
}
