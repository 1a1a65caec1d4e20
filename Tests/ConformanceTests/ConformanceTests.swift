import TestSupport
import Testing

/// The embedded broker is to be what Apache Kafka is, to whoever looks through a client.
///
/// In each suite, first what is seen of the embedded broker is compared with what is expected;
/// then, where there is an Apache Kafka, with what is seen of that.
@Suite(.enabled(if: EmbeddedBroker.isBuilt)) struct `What clients see` {
    @Suite struct `of records` {
        @Test(arguments: RecordPrograms.all)
        func `is what was written`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: RecordPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite struct `of groups` {
        @Test(arguments: GroupPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: GroupPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite(.enabled(if: FaultPrograms.isPossible, "needs kcat"))
    struct `of members that fail` {
        @Test(arguments: FaultPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: FaultPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite struct `of topics and their settings` {
        @Test(arguments: TopicPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: TopicPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite struct `of transactions` {
        @Test(arguments: TransactionPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: TransactionPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite struct `of cleaned logs` {
        @Test(arguments: CleaningPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: CleaningPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite struct `of what is refused` {
        @Test(arguments: ErrorPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: ErrorPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite(.enabled(if: KcatPrograms.isPossible, "needs kcat"))
    struct `with kcat` {
        @Test(arguments: KcatPrograms.all)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: KcatPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }
}

/// Clients that `compose/test --conformance` brings along; without it they run where they are.
@Suite(.enabled(if: EmbeddedBroker.isBuilt)) struct `What other clients see` {
    @Suite(.enabled(if: PythonPrograms.hasConfluent, "needs Python with confluent-kafka"))
    struct `with confluent-kafka` {
        @Test(arguments: PythonPrograms.confluent)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: RealKafka.isInstalled, needsKafka), arguments: PythonPrograms.confluent)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite(
        .enabled(
            if: PythonPrograms.hasKafkaPython,
            "needs Python with kafka-python[lz4,snappy,zstd]"))
    struct `with kafka-python` {
        @Test(arguments: PythonPrograms.kafkaPython)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(
            .enabled(if: RealKafka.isInstalled, needsKafka), arguments: PythonPrograms.kafkaPython)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }

    @Suite(.enabled(if: RealKafka.isInstalled, needsKafka))
    struct `with the tools of Apache Kafka` {
        @Test(arguments: JavaPrograms.few)
        func `is as expected`(_ program: Program) throws { try program.checkEmbedded() }

        @Test(.enabled(if: Program.areAllAskedFor, takesMinutes), arguments: JavaPrograms.more)
        func `is as expected of more tools`(_ program: Program) throws {
            try program.checkEmbedded()
        }

        @Test(.enabled(if: Program.areAllAskedFor, takesMinutes), arguments: JavaPrograms.all)
        func `is the same of Apache Kafka`(_ program: Program) throws { try program.compare() }
    }
}
