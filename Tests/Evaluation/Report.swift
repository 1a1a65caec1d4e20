import Foundation

/// The one JSON object of a command: `{"dataset":…, "n":…, "policies":{name:{metric:value}}}`.
///
/// Keys are sorted, so that equal results are equal bytes.
func result(dataset: String, n: Int, policies: [String: [String: Any]]) -> String {
    let result: [String: Any] = ["dataset": dataset, "n": n, "policies": policies]
    guard
        let data = try? JSONSerialization.data(
            withJSONObject: result, options: [.sortedKeys, .withoutEscapingSlashes])
    else { preconditionFailure("a result of numbers and names is JSON") }
    return String(decoding: data, as: UTF8.self)
}

/// A number for people.
func fixed(_ number: Double, _ digits: Int) -> String {
    number.formatted(
        .number.precision(.fractionLength(digits)).grouping(.never)
            .locale(Locale(identifier: "en_US_POSIX")))
}

extension String {
    func padded(to width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - count))
        return left ? self + space : space + self
    }
}
