import Telemetry
import Testing

@Suite struct `The health of a process` {
    @Test func `is ready once every part has been`() {
        let health = Health(waitingFor: ["kafka", "postgres"])
        #expect(
            health.snapshot.reasons == [
                "waiting for kafka: not tried yet", "waiting for postgres: not tried yet",
            ])
        health.isReady("postgres")
        #expect(health.snapshot.live)
        #expect(!health.snapshot.ready)
        health.isReady("kafka")
        #expect(health.snapshot.ready)
        #expect(health.snapshot.json == #"{"live":true,"ready":true,"reasons":[]}"# + "\n")
    }

    @Test func `says what it waits for now`() {
        let health = Health()
        health.waits(for: "kafka", "waiting for kafka at \"h:1\": refused")
        health.waits(for: "kafka", "waiting for kafka at \"h:1\": no route")
        #expect(
            health.snapshot.json
                == #"{"live":true,"ready":false,"reasons":"#
                + #"["waiting for kafka at \"h:1\": no route"]}"# + "\n")
        health.isReady("kafka")
        #expect(health.snapshot.ready)
    }

    @Test func `does not recover from a failure, whose first reason stays`() {
        let health = Health()
        health.failed("first")
        health.failed("second")
        #expect(!health.snapshot.live)
        #expect(!health.snapshot.ready)
        #expect(health.snapshot.reasons == ["first"])
    }

    @Test func `keeps a limit of parts`() {
        let health = Health()
        for part in 0..<Limits.healthParts + 10 { health.waits(for: "\(part)", "r") }
        #expect(health.snapshot.waiting.count == Limits.healthParts)
    }
}
