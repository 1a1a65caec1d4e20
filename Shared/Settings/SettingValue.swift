/// What a setting can hold.
///
/// An enum of texts conforms by its name alone, and `--help` then lists its cases:
/// `enum Format: String, CaseIterable, SettingValue { case azure2019, google2019 }`
public protocol SettingValue: Sendable {
    /// What a message says was expected: "a whole number".
    static var expected: String { get }
    /// What stands for the value in `--help`: "N".
    static var placeholder: String { get }
    /// A flag without a value means true.
    static var isSwitch: Bool { get }
    /// What a required setting may not be, and what a variable in the environment is when unset.
    static var acceptsEmpty: Bool { get }
    /// - Returns: nil when `text` is no such value.
    init?(setting text: String)
    /// The text that reads as this value.
    var settingText: String { get }
}

extension SettingValue {
    public static var isSwitch: Bool { false }
    public static var acceptsEmpty: Bool { false }
}

/// A value that a range can bound.
public protocol RangedSettingValue: SettingValue, Comparable {
    /// As upper bound it means that there is none.
    static var greatest: Self { get }
}

extension String: SettingValue {
    public static var expected: String { "text" }
    public static var placeholder: String { "TEXT" }
    public static var acceptsEmpty: Bool { true }
    public init?(setting text: String) { self = text }
    public var settingText: String { self }
}

extension Int: RangedSettingValue {
    public static var expected: String { "a whole number" }
    public static var placeholder: String { "N" }
    public static var greatest: Int { .max }
    public init?(setting text: String) { self.init(text) }
    public var settingText: String { description }
}

extension Double: RangedSettingValue {
    public static var expected: String { "a number" }
    public static var placeholder: String { "X" }
    public static var greatest: Double { .greatestFiniteMagnitude }

    /// Neither infinity nor NaN is a setting.
    public init?(setting text: String) {
        guard let value = Double(text), value.isFinite else { return nil }
        self = value
    }

    public var settingText: String {
        guard let whole = Int(exactly: self), magnitude < 1e15 else { return description }
        return whole.description
    }
}

extension Bool: SettingValue {
    public static var expected: String { "true or false" }
    public static var placeholder: String { "BOOL" }
    public static var isSwitch: Bool { true }

    public init?(setting text: String) {
        switch text.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }

    public var settingText: String { description }
}

extension SettingValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    public static var expected: String { allCases.map(\.rawValue).joined(separator: ", ") }
    public static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }
    public init?(setting text: String) { self.init(rawValue: text) }
    public var settingText: String { rawValue }
}

/// A setting that may be left unset.
extension Optional: SettingValue where Wrapped: SettingValue {
    public static var expected: String { Wrapped.expected }
    public static var placeholder: String { Wrapped.placeholder }
    public static var isSwitch: Bool { Wrapped.isSwitch }
    public static var acceptsEmpty: Bool { Wrapped.acceptsEmpty }

    public init?(setting text: String) {
        guard let value = Wrapped(setting: text) else { return nil }
        self = .some(value)
    }

    public var settingText: String { self?.settingText ?? "" }
}
