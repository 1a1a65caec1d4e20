import Settings
import Testing

@Suite struct `A command` {
    enum Format: String, CaseIterable, SettingValue { case azure2019, google2019 }

    let brokers = Setting(
        "kafka.bootstrap.servers", default: "localhost:9092",
        "where Kafka is: host:port, several separated by commas, the first that answers is asked "
            + "for all the others")
    let format = Setting("format", default: Format.azure2019, "the format of the trace")
    let rate = Setting("rate.per_second", default: 100.0, in: 0.1...1e6, "events to send a second")
    let directory = Positional("DIR", "the folder of the trace")
    let more = Positional("FILE", count: 0...3, "files to replay of it")

    private var fleet: Command {
        Command(
            name: "fleet", summary: "a Lambda-like fleet", settings: [brokers],
            subcommands: [
                Command(
                    name: "replay", summary: "replays a public trace",
                    positional: [directory, more], settings: [format]),
                Command(name: "generate", summary: "invents invocations", settings: [rate]),
            ])
    }

    private func help(_ arguments: String...) throws -> String {
        guard case .help(let text) = try fleet.parse(arguments: arguments, environment: [:])
        else { return "" }
        return text
    }

    private func run(_ arguments: String...) throws -> (command: String, settings: Settings)? {
        guard
            case .run(let command, let settings) = try fleet.parse(
                arguments: arguments, environment: [:])
        else { return nil }
        return (command, settings)
    }

    @Test func `hands its subcommand the settings of both and the arguments`() throws {
        let run = try #require(
            try run(
                "--kafka-bootstrap-servers=a:1", "replay", "--format", "google2019", "d", "f", "g"))
        #expect(run.command == "replay")
        #expect(run.settings[brokers] == "a:1")
        #expect(run.settings[format] == .google2019)
        #expect(run.settings[directory] == ["d"])
        #expect(run.settings[more] == ["f", "g"])
    }

    @Test func `takes its own settings after the subcommand, too`() throws {
        let run = try #require(try run("generate", "--kafka-bootstrap-servers", "b:2"))
        #expect(run.command == "generate")
        #expect(run.settings[brokers] == "b:2")
    }

    @Test func `takes words after two dashes as they are`() throws {
        let run = try #require(try run("replay", "--", "--format", "-h"))
        #expect(run.settings[directory] == ["--format"])
        #expect(run.settings[more] == ["-h"])
    }

    @Test func `refuses what makes no sense`() {
        func problems(_ arguments: String...) -> [SettingsError.Problem] {
            do throws(SettingsError) {
                _ = try fleet.parse(arguments: arguments, environment: [:])
                return []
            } catch {
                return error.problems
            }
        }
        #expect(problems() == [.commandMissing(choices: ["replay", "generate"])])
        #expect(problems("repaly") == [.unknownCommand("\"repaly\"", nearest: "replay")])
        #expect(problems("replay") == [.positionalMissing("DIR")])
        #expect(
            problems("replay", "d", "1", "2", "3", "4") == [.unexpectedArgument("\"4\"")])
        #expect(problems("generate", "--format=x") == [.unknownFlag("--format", nearest: nil)])
    }

    @Test func `shows help at both levels, whatever else is wrong`() throws {
        #expect(try help("--help") == fleet.help)
        #expect(try help("--no-such", "-h") == fleet.help)
        let replay = try help("replay", "--help")
        #expect(replay.hasPrefix("fleet replay: replays a public trace\n"))
        #expect(replay.contains("usage: fleet replay [--SETTING VALUE]... DIR [FILE...]\n"))
        #expect(replay.contains("--kafka-bootstrap-servers TEXT"))
        #expect(!replay.contains("--rate"))
    }

    @Test func `aligns its help and wraps it at 100 columns`() throws {
        #expect(
            try help("replay", "--help") == """
                fleet replay: replays a public trace

                usage: fleet replay [--SETTING VALUE]... DIR [FILE...]

                arguments:
                  DIR   the folder of the trace
                  FILE  files to replay of it

                settings, by flag or environment variable (the flag counts first):

                  kafka
                    --kafka-bootstrap-servers TEXT  where Kafka is: host:port, several \
                separated by commas, the
                                                    first that answers is asked for all the others
                                                    default: localhost:9092; KAFKA_BOOTSTRAP_SERVERS

                  format
                    --format azure2019|google2019   the format of the trace
                                                    default: azure2019; FORMAT

                    --help, -h                      show this text

                """)
        for text in [fleet.help, try help("generate", "--help")] {
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= Limits.helpColumns })
        }
    }
}
