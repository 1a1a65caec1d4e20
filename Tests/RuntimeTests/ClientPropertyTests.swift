import Kafka
import Runtime
import Settings
import Testing

@Suite struct `A property of librdkafka` {
    /// By variable and by flag, every one there is.
    @Test func `passes, or is refused by its name`() {
        var passed = 0
        for name in ClientProperties.names {
            let variable = "KAFKA_" + name.uppercased().replacing(".", with: "_")
            let flag = "--kafka-" + name.replacing(".", with: "-").replacing("_", with: "-")
            let isSecret = ClientProperties.isSecret(name)
            let ways: [(arguments: [String], environment: [String: String])] = [
                ([], [variable: "1"]), ([], isSecret ? [variable + "_FILE": "/f"] : [variable: "1"]),
                (isSecret ? [flag + "-file", "/f"] : [flag, "1"], [:]),
            ]
            for (arguments, environment) in ways {
                do throws(SettingsError) {
                    let settings = try Settings(
                        [], families: [StageSettings.kafka], arguments: arguments,
                        environment: environment, readFile: { _ in [UInt8(ascii: "1")] })
                    #expect(settings[StageSettings.kafka] == [name: "1"])
                    passed += 1
                } catch {
                    // Where 1 is no value of it, where it is the program's, and where it is code.
                    #expect(error.problems.count == 1, "\(name)")
                    guard case .refused(_, let reason) = error.problems[0] else {
                        Issue.record("\(name): \(error)")
                        continue
                    }
                    #expect(isSecret || reason.contains(name) || reason.contains("1"), "\(reason)")
                }
            }
        }
        // librdkafka 2.0.2 has more than 150, of which some take no 1.
        #expect(ClientProperties.names.count > 150)
        #expect(passed > 250)
    }

    @Test(arguments: [
        ("sasl.password", true), ("ssl.key.password", true), ("ssl.key.pem", true),
        ("ssl.keystore.password", true), ("sasl.oauthbearer.client.secret", true),
        ("sasl.oauthbearer.config", true), ("sasl.username", false), ("ssl.ca.location", false),
    ])
    func `is a secret where it opens a door`(name: String, expected: Bool) {
        #expect(ClientProperties.isSecret(name) == expected)
    }

    @Test func `SCRAM is warned of with a library that does it wrongly`() {
        for mechanism in ["SCRAM-SHA-256", "scram-sha-512"] {
            let warning = ClientProperties.warning(of: ["sasl.mechanism": mechanism])
            #expect(warning == nil || warning?.contains("2.6.1") == true)
        }
        #expect(ClientProperties.warning(of: ["sasl.mechanism": "PLAIN"]) == nil)
    }
}
