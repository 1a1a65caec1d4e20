import Settings
import Testing

@Suite struct `The settings of a process` {
    enum Format: String, CaseIterable, SettingValue { case azure2019, google2019, generated }

    let text = Setting("text.value", default: "d", "a text")
    let whole = Setting("whole.value_ms", default: 10, in: 1...60_000, "a whole number")
    let number = Setting("number.value", default: 0.5, in: 0...1, "a number")
    let truth = Setting("truth.value", default: false, "a truth")
    let format = Setting("format", default: Format.generated, "the format of the trace")
    let seed = Setting<Int?>(optional: "seed", in: 0...(.max), "the seed, drawn when left out")
    let brokers = Setting<String>("kafka.bootstrap.servers", "where Kafka is")

    private func read(
        _ settings: any AnySetting..., arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> Settings {
        try Settings(settings, arguments: arguments, environment: environment)
    }

    private func problems(
        _ settings: any AnySetting..., arguments: [String] = [], environment: [String: String] = [:]
    ) -> [SettingsError.Problem] {
        do throws(SettingsError) {
            _ = try Settings(settings, arguments: arguments, environment: environment)
            return []
        } catch {
            return error.problems
        }
    }

    /// The law for one type: `first` by argument, `second` by environment, neither by default.
    private func checkPrecedence<Value: SettingValue & Equatable>(
        _ setting: Setting<Value>, _ first: Value, _ second: Value
    ) throws {
        let environment = [setting.variable: second.settingText]
        let flag = "\(setting.flag)=\(first.settingText)"
        let both = try read(setting, arguments: [flag], environment: environment)
        #expect(both[setting] == first)
        #expect(both.effective.map(\.source) == [setting.flag])
        let environmentOnly = try read(setting, environment: environment)
        #expect(environmentOnly[setting] == second)
        #expect(environmentOnly.effective.map(\.source) == [setting.variable])
        #expect(try read(setting)[setting] == setting.default)
    }

    @Test func `take arguments over environment over defaults, for every type`() throws {
        try checkPrecedence(text, "a", "b")
        try checkPrecedence(whole, 1, 60_000)
        try checkPrecedence(number, 0.125, 1)
        try checkPrecedence(truth, true, false)
        try checkPrecedence(truth, false, true)
        try checkPrecedence(format, .azure2019, .google2019)
        try checkPrecedence(seed, 1, 2)
    }

    @Test func `are named by their key`() {
        #expect(whole.flag == "--whole-value-ms")
        #expect(whole.variable == "WHOLE_VALUE_MS")
        #expect(whole.unit == "ms")
        #expect(brokers.flag == "--kafka-bootstrap-servers")
        #expect(brokers.variable == "KAFKA_BOOTSTRAP_SERVERS")
    }

    @Test(arguments: [
        ["--whole-value-ms", "7"], ["--whole-value-ms=7"],
        ["--whole-value-ms=8", "--whole-value-ms=7"],
    ])
    func `read a flag with its value in one word or two, and the last of several`(
        arguments: [String]
    ) throws {
        #expect(try read(whole, arguments: arguments)[whole] == 7)
    }

    @Test func `take a switch without a value, and with one only after an equals sign`() throws {
        #expect(try read(truth, arguments: ["--truth-value"])[truth])
        let environment = ["TRUTH_VALUE": "1"]
        let settings = try read(truth, arguments: ["--truth-value=no"], environment: environment)
        #expect(!settings[truth])
        #expect(
            problems(truth, arguments: ["--truth-value", "no"]) == [.unexpectedArgument("\"no\"")])
    }

    @Test func `keep an equals sign within a value, and a value that starts with a minus`() throws {
        #expect(try read(text, arguments: ["--text-value=a=b"])[text] == "a=b")
        let offset = Setting("offset", default: 0, in: -10...10, "an offset")
        #expect(try read(offset, arguments: ["--offset", "-5"])[offset] == -5)
    }

    @Test func `take an empty variable for one that is unset`() throws {
        #expect(try read(whole, environment: ["WHOLE_VALUE_MS": ""])[whole] == 10)
        #expect(try read(text, arguments: ["--text-value="])[text] == "")
    }

    @Test func `say source, got and expected`() {
        func message(_ setting: any AnySetting, _ value: String) -> [String] {
            problems(setting, environment: [setting.variable: value]).map(\.description)
        }
        #expect(message(whole, "0") == ["WHOLE_VALUE_MS is \"0\", expected 1 to 60000 ms"])
        #expect(message(whole, "1.5") == ["WHOLE_VALUE_MS is \"1.5\", expected a whole number"])
        #expect(message(number, "nan") == ["NUMBER_VALUE is \"nan\", expected a number"])
        #expect(message(number, "1.01") == ["NUMBER_VALUE is \"1.01\", expected 0 to 1"])
        #expect(message(seed, "-1") == ["SEED is \"-1\", expected at least 0"])
        #expect(message(truth, "maybe") == ["TRUTH_VALUE is \"maybe\", expected true or false"])
        #expect(
            message(format, "alibaba")
                == ["FORMAT is \"alibaba\", expected azure2019, google2019, generated"])
    }

    @Test func `name everything wrong at once`() {
        let found = problems(
            whole, brokers, arguments: ["--nmber-value=1", "--whole-value-ms"])
        #expect(
            found == [
                .unknownFlag("--nmber-value", nearest: nil),
                .valueMissing(flag: "--whole-value-ms"),
                .required(flag: "--kafka-bootstrap-servers", variable: "KAFKA_BOOTSTRAP_SERVERS"),
            ])
    }

    @Test func `refuse a required text that is empty`() {
        #expect(
            problems(brokers, arguments: ["--kafka-bootstrap-servers="]).map(\.description)
                == ["--kafka-bootstrap-servers is \"\", expected text, not nothing"])
    }

    @Test(arguments: [
        ("--kafka-bootstrap-server", "--kafka-bootstrap-servers"),
        ("--kakfa-bootstrap-servers", "--kafka-bootstrap-servers"),
        ("--hepl", "--help"), ("--sead", "--seed"), ("--zzzzzzzz", nil),
    ])
    func `name the nearest flag to an unknown one`(typed: String, nearest: String?) {
        let environment = ["KAFKA_BOOTSTRAP_SERVERS": "a"]
        let found = problems(seed, brokers, arguments: [typed], environment: environment)
        #expect(found == [.unknownFlag(typed, nearest: nearest)])
    }

    @Test func `never show a secret`() throws {
        let secret = "postgres://u:hunter2@h"
        let database = Setting<String>("database.url", isSecret: true, "the database")
        let pin = Setting("pin", default: 4_321, in: 1_000...9_999, isSecret: true, "a number")
        let settings = try read(
            database, pin, environment: ["PIN": "8765", "DATABASE_URL": secret])
        var shown = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &shown)
        shown += settings.effective.map(\.value).joined()
        shown += Settings.markdownTable(of: [database, pin])
        shown += Command(name: "x", summary: "y", settings: [database, pin]).help
        for arguments in [
            ["--database-url", "=", secret], ["--database-ulr", secret],
            ["--database-url", secret], ["--database-url=\(secret)"],
            ["--database-ulr=\(secret)"], [secret], ["--pin=hunter2"], ["--pin=10000"],
        ] {
            shown += problems(database, pin, arguments: arguments).map(\.description).joined()
        }
        for word in ["hunter2", "8765", "4321", "10000"] { #expect(!shown.contains(word)) }
        #expect(settings[database] == secret)
    }

    @Test func `take a secret from a file that a flag or a variable names`() throws {
        let password = Setting("database.password", default: "", isSecret: true, "a password")
        func value(_ arguments: [String], _ environment: [String: String]) throws -> String {
            try Settings([password], arguments: arguments, environment: environment) {
                path throws(UnreadableFile) in
                guard path.hasPrefix("/run/") else { throw UnreadableFile(reason: "no") }
                return Array((path + "\n").utf8)
            }[password]
        }
        #expect(try value(["--database-password-file", "/run/a"], [:]) == "/run/a")
        #expect(try value([], ["DATABASE_PASSWORD_FILE": "/run/b"]) == "/run/b")
        #expect(
            try value(["--database-password-file=/run/a"], ["DATABASE_PASSWORD": "c"]) == "/run/a")
        let both = ["DATABASE_PASSWORD": "c", "DATABASE_PASSWORD_FILE": "/run/b"]
        #expect(throws: SettingsError.self) { try value([], both) }
        #expect(throws: SettingsError.self) { try value(["--database-password", "c"], [:]) }
        #expect(throws: SettingsError.self) { try value(["--database-password-file", "/x"], [:]) }
    }

    /// Of a library with three properties, one a secret.
    private let family = SettingFamily(
        "kafka", "any property", names: { ["ssl.ca.location", "sasl.password", "log_level"] },
        isSecret: { $0.contains("password") },
        refusal: { $0 == "log_level" && $1 != "7" ? "expected 7" : nil }, foreign: ["HEAP"])

    @Test func `pass on whatever another program names`() throws {
        let settings = try Settings(
            [brokers], families: [family],
            arguments: ["--kafka-ssl-ca-location", "/ca", "--kafka-bootstrap-servers=a"],
            environment: [
                "KAFKA_SASL_PASSWORD": "p", "KAFKA_LOG_LEVEL": "7", "KAFKA_HEAP_OPTS": "-Xmx1g",
                "KAFKA_SSL_CA_LOCATION": "/other", "KAFKA_BOOTSTRAP_SERVERS": "b",
            ])
        #expect(
            settings[family]
                == ["ssl.ca.location": "/ca", "sasl.password": "p", "log_level": "7"])
        #expect(settings[brokers] == "a")
        #expect(!settings.effective.map(\.value).contains("p"))
    }

    @Test func `name what of another program is unknown, refused, or no business of arguments`() {
        func said(_ arguments: [String], _ environment: [String: String]) -> [String] {
            do throws(SettingsError) {
                _ = try Settings(
                    [brokers], families: [family],
                    arguments: arguments + ["--kafka-bootstrap-servers=a"],
                    environment: environment)
                return []
            } catch {
                return error.problems.map(\.description)
            }
        }
        #expect(
            said(["--kafka-ssl-ca-lcation", "/ca"], [:])
                == [
                    "--kafka-ssl-ca-lcation names no setting; the nearest is --kafka-ssl-ca-location"
                ])
        #expect(
            said([], ["KAFKA_SASL_PASWORD": "p"])
                == ["KAFKA_SASL_PASWORD names no setting; the nearest is KAFKA_SASL_PASSWORD"])
        #expect(said([], ["KAFKA_LOG_LEVEL": "8"]) == ["KAFKA_LOG_LEVEL: expected 7"])
        let secret = said(["--kafka-sasl-password", "hunter2"], [:]).joined()
        #expect(secret.contains("KAFKA_SASL_PASSWORD_FILE") && !secret.contains("hunter2"))
    }

    @Test func `refuse a value beyond the limit`() {
        let long = String(repeating: "x", count: Limits.valueBytes + 1)
        let message = problems(text, arguments: ["--text-value", long]).map(\.description).joined()
        #expect(message.hasSuffix("expected at most 8192 bytes"))
        #expect(message.count < 200)
    }

    @Test func `make the README's table`() {
        #expect(
            Settings.markdownTable(of: [whole, brokers, format]) == """
                | setting | environment | default | range | meaning |
                | --- | --- | --- | --- | --- |
                | `--whole-value-ms N` | `WHOLE_VALUE_MS` | `10` ms | 1 to 60000 ms | \
                a whole number |
                | `--kafka-bootstrap-servers TEXT` | `KAFKA_BOOTSTRAP_SERVERS` | required |  | \
                where Kafka is |
                | `--format azure2019\\|google2019\\|generated` | `FORMAT` | `generated` |  | \
                the format of the trace |

                """)
    }
}
