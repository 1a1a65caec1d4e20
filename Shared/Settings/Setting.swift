/// One thing an operator can set: `checkpoint.interval_ms` is the flag
/// `--checkpoint-interval-ms` and the environment variable `CHECKPOINT_INTERVAL_MS`.
///
/// Declared once; parsing, checks, `--help` and the README's table follow from the declaration.
public struct Setting<Value: SettingValue>: Sendable {
    /// Dotted; its first part is the group in `--help`, its last word may be the unit.
    public let key: String
    /// Nil makes the setting required.
    public let `default`: Value?
    public let unit: String?
    /// Never printed: neither its value nor its default.
    public let isSecret: Bool
    public let help: String
    public let rangeText: String?
    private let accepts: @Sendable (Value) -> Bool

    /// - Parameter default: nil makes the setting required.
    /// - Parameter unit: left out, it is the key's last word when that is a unit.
    public init(
        _ key: String, default: Value? = nil, unit: String? = nil, isSecret: Bool = false,
        _ help: String
    ) {
        self.init(key, `default`, unit, isSecret, help, rangeText: nil) { _ in true }
    }

    /// - Parameter range: with `.max` or `.infinity` as upper bound, only the lower one counts.
    public init(
        _ key: String, default: Value? = nil, in range: ClosedRange<Value>, unit: String? = nil,
        isSecret: Bool = false, _ help: String
    ) where Value: RangedSettingValue {
        self.init(key, `default`, unit, isSecret, help, rangeText: text(of: range)) {
            range.contains($0)
        }
    }

    /// A setting that may be left unset; its value is then nil.
    public init<Wrapped>(
        optional key: String, unit: String? = nil, isSecret: Bool = false, _ help: String
    ) where Value == Wrapped? {
        self.init(key, .some(nil), unit, isSecret, help, rangeText: nil) { _ in true }
    }

    /// A setting that may be left unset, and is in range otherwise.
    public init<Wrapped: RangedSettingValue>(
        optional key: String, in range: ClosedRange<Wrapped>, unit: String? = nil,
        isSecret: Bool = false, _ help: String
    ) where Value == Wrapped? {
        self.init(key, .some(nil), unit, isSecret, help, rangeText: text(of: range)) {
            $0.map { range.contains($0) } ?? true
        }
    }

    private init(
        _ key: String, _ default: Value?, _ unit: String?, _ isSecret: Bool, _ help: String,
        rangeText: String?, accepts: @escaping @Sendable (Value) -> Bool
    ) {
        precondition(isKey(key), "setting key \"\(key)\" is not lower_case.words.with_dots")
        precondition(
            `default`.map(accepts) ?? true, "the default of setting \(key) is out of its range")
        self.key = key
        self.default = `default`
        self.unit = unit ?? Units.last(of: key)
        self.isSecret = isSecret
        self.help = help
        self.rangeText = rangeText
        self.accepts = accepts
    }
}

/// A setting without the type of its value.
public protocol AnySetting: Sendable {
    var key: String { get }
    var unit: String? { get }
    var isSecret: Bool { get }
    var help: String { get }
    /// "1 to 100", nil when there is no range.
    var rangeText: String? { get }
    /// Nil when the setting is required.
    var defaultText: String? { get }
    /// What stands for the value in `--help`.
    var placeholder: String { get }
    /// The flag may stand without a value.
    var isSwitch: Bool { get }
    /// - Throws: what was expected instead.
    func read(_ text: String) throws(Expected) -> any Sendable
    /// The default, nil when the setting is required.
    var fallback: (any Sendable)? { get }
}

/// What a setting's text should have been.
public struct Expected: Error, Equatable {
    public let description: String
}

extension AnySetting {
    public var flag: String {
        "--" + key.map { $0 == "." || $0 == "_" ? "-" : String($0) }.joined()
    }
    public var variable: String { key.uppercased().map { $0 == "." ? "_" : String($0) }.joined() }
    /// Of a secret: where the file is named that holds it.
    public var fileFlag: String { flag + "-file" }
    public var fileVariable: String { variable + "_FILE" }
    var group: String { key.split(separator: ".").first.map(String.init) ?? key }
}

extension Setting: AnySetting {
    public var placeholder: String { Value.placeholder }
    public var isSwitch: Bool { Value.isSwitch }
    public var fallback: (any Sendable)? { `default` }
    public var defaultText: String? {
        `default`.map { isSecret && !$0.settingText.isEmpty ? "(secret)" : $0.settingText }
    }

    public func read(_ text: String) throws(Expected) -> any Sendable {
        guard text.utf8.count <= Limits.valueBytes else {
            throw Expected(description: "at most \(Limits.valueBytes) bytes")
        }
        if text.isEmpty, !Value.acceptsEmpty || `default` == nil {
            throw Expected(description: "\(Value.expected), not nothing")
        }
        guard let value = Value(setting: text) else { throw Expected(description: Value.expected) }
        guard accepts(value) else {
            throw Expected(description: "\(rangeText ?? "")\(unit.map { " \($0)" } ?? "")")
        }
        return value
    }
}

public enum Limits {
    /// The longest value of a setting.
    public static let valueBytes = 8_192
    /// The longest line of `--help`.
    public static let helpColumns = 100
    /// How much of an argument a message repeats.
    static let shownCharacters = 80
}

enum Units {
    static let known: Set<String> = [
        "ms", "seconds", "minutes", "hours", "days", "bytes", "kib", "mib", "mb", "messages",
    ]

    /// `checkpoint.interval_ms` is in ms.
    static func last(of key: String) -> String? {
        key.split(whereSeparator: { $0 == "." || $0 == "_" }).last.map(String.init)
            .flatMap { known.contains($0) ? $0 : nil }
    }
}

private func text<Value: RangedSettingValue>(of range: ClosedRange<Value>) -> String {
    let from = range.lowerBound.settingText
    return range.upperBound >= .greatest
        ? "at least \(from)" : "\(from) to \(range.upperBound.settingText)"
}

private func isKey(_ key: String) -> Bool {
    key.first?.isLetter == true && key.last != "."
        && key.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 46 || $0 == 95
        }
}
