public import Kafka
public import Postgres
public import Settings

/// How a process gets into Kafka and PostgreSQL.
extension StageSettings {
    /// Every property of librdkafka.
    public static let kafka = SettingFamily(
        "kafka",
        "any property of librdkafka by its name, dots as hyphens: --kafka-security-protocol "
            + "SASL_SSL, --kafka-sasl-mechanism PLAIN, KAFKA_SASL_PASSWORD_FILE, "
            + "--kafka-ssl-ca-location; SASL SCRAM does not work between librdkafka before 2.6.1 "
            + "(Debian 12 has 2.0.2, Debian 13 has 2.8) and Kafka from 4.0 on",
        names: { ClientProperties.names },
        isSecret: { ClientProperties.isSecret($0) },
        refusal: { ClientProperties.refusal(of: $0, $1) },
        // Of Kafka's own scripts, of its images, and what Kubernetes sets for a service "kafka".
        foreign: [
            "HEAP", "OPTS", "HOME", "JVM", "JMX", "LOG4J", "LOG_DIR", "GC_", "SERVICE_",
            "PORT", "VERSION", "SCALA",
        ])
    public static let databasePassword = Setting(
        "database.password", default: "", isSecret: true,
        "the password that goes with it, where it holds none")
    public static let databaseSSLMode = Setting(
        "database.sslmode", default: "",
        "libpq's sslmode (verify-full: nothing but TLS, the server's name and CA checked); empty: "
            + "as DATABASE_URL or libpq's variables say")
    public static let databaseSSLRootCertificate = Setting(
        "database.sslrootcert", default: "", "the file with the CA that signs for the server")
    public static let databaseSSLCertificate = Setting(
        "database.sslcert", default: "", "the file with this client's certificate")
    public static let databaseSSLKey = Setting(
        "database.sslkey", default: "", "the file with its key, readable by its owner only")

    /// What a process needs to reach PostgreSQL.
    public static let database: [any AnySetting] = [
        databaseURL, databasePassword, databaseSSLMode, databaseSSLRootCertificate,
        databaseSSLCertificate, databaseSSLKey,
    ]
}

extension Settings {
    /// Kafka's addresses, and the properties that let one in.
    public var cluster: Cluster {
        Cluster(
            bootstrapServers: self[StageSettings.bootstrapServers],
            settings: self[StageSettings.kafka])
    }

    public var databaseTarget: Session.Target {
        var target = Session.Target(self[StageSettings.databaseURL])
        target.password = self[StageSettings.databasePassword]
        let tls = [
            ("sslmode", StageSettings.databaseSSLMode),
            ("sslrootcert", StageSettings.databaseSSLRootCertificate),
            ("sslcert", StageSettings.databaseSSLCertificate),
            ("sslkey", StageSettings.databaseSSLKey),
        ]
        target.parameters = tls.map { ($0, self[$1]) }.filter { !$0.1.isEmpty }
        return target
    }
}
