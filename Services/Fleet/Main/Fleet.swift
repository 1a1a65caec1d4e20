internal import Runtime
internal import Settings
internal import Workload

/// A Lambda-like fleet to try the line with: it replays a public trace or generates one of its own.
@main struct Fleet {
    static func main() {
        Program.run(FleetSettings.command, waitingFor: ["kafka"]) { program in
            try program.serveOperations {
                let source = try FleetSettings.source(of: program)
                guard let keyed = try prepareTopics(program.settings, program, FleetRun.topics),
                    let form = try EventForm.prepare(program, keyed: keyed)
                else { return }
                let run = FleetRun(program, source, keyed: keyed, form)
                try run.run()
                guard program.settings[FleetSettings.hold] else { return }
                while !program.stop.isRequested { program.stop.sleep(ms: 1_000) }
            }
        }
    }
}
