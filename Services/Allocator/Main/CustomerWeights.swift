internal import Allocation
internal import Settings

/// `NAME=W,NAME=W`: what customers are entitled to, relative to each other. A name may hold `=`, but
/// no comma.
struct CustomerWeights: SettingValue, Equatable {
    static let customersMax = 1_000
    static let expected =
        "NAME=W,NAME=W with each name once and W from \(FairnessRules.weightRange.lowerBound) to "
        + "\(FairnessRules.weightRange.upperBound)"
    static let placeholder = "NAME=W,..."
    static let acceptsEmpty = true

    let byCustomer: [String: Double]

    init() { byCustomer = [:] }

    init?(setting text: String) {
        var weights: [String: Double] = [:]
        for part in text.split(separator: ",") {
            guard let mark = part.lastIndex(of: "="), mark > part.startIndex,
                let weight = Double(part[part.index(after: mark)...]),
                FairnessRules.weightRange.contains(weight),
                weights.updateValue(weight, forKey: String(part[..<mark])) == nil
            else { return nil }
        }
        guard weights.count <= Self.customersMax else { return nil }
        byCustomer = weights
    }

    var settingText: String {
        byCustomer.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.settingText)" }
            .joined(separator: ",")
    }
}
