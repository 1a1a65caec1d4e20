// swift-tools-version: 6.3
import PackageDescription

// The module graph. Services import Shared and never each other; Shared is listed lowest first.

let package = Package(
    name: "antiphase",
    products: [
        program("featurizer", "Featurizer"), program("learner", "Learner"),
        program("predictor", "Predictor"), program("allocator", "Allocator"),
        program("dashboard", "Dashboard"), program("fleet", "Fleet"), program("broker", "Broker"),
        program("bridge", "Bridge"),
        program("benchmark", "Benchmarks"), program("evaluate", "Evaluation"),
    ],
    targets:  // Debian's C libraries.
    [
        system("CRdKafka", "rdkafka", debian: "librdkafka-dev"),
        system("CLibPQ", "libpq", debian: "libpq-dev"),
        system("CMicroHTTPD", "libmicrohttpd", debian: "libmicrohttpd-dev"),
        system("COpenBLAS", "openblas", debian: "libopenblas-serial-dev", "liblapacke-dev"),
        system("CZlib", "zlib", debian: "zlib1g-dev"),
        system("CLZ4", "liblz4", debian: "liblz4-dev"),
        system("CZstd", "libzstd", debian: "libzstd-dev"),
        system("CSnappy", "snappy", debian: "libsnappy-dev"),
        .systemLibrary(name: "CBytes", path: "Shared/SystemLibraries/CBytes"),
    ]
        // Shared.
        + [
            shared("Kafka", ["CRdKafka"], .binding),
            shared("Postgres", ["CLibPQ"], .binding),
            shared("HTTP", ["CMicroHTTPD"], .binding),
            shared("Settings"),
            shared("Telemetry"),
            shared("Scanning", at: "Topics/Scanning", ["CBytes"], .binding),
            shared("Topics", ["Scanning"], exclude: ["Scanning", "invocation.proto"]),
            shared("Numerics", ["COpenBLAS", "CBytes"], .binding),
            shared("Processing", ["Topics"]),
            shared(
                "Runtime",
                ["HTTP", "Kafka", "Postgres", "Processing", "Settings", "Telemetry", "Topics"],
                migrations: true),
        ]
        // Services, in the order in which data passes through them.
        + service("Fleet", doing: "Workload", ["Topics", "Numerics", "CZlib"], main: ["Kafka"])
        + service("Broker", doing: "Brokerage", ["CZlib", "CLZ4", "CZstd", "CSnappy"])
        + service(
            "Bridge", doing: "Translation", ["Topics", "Scanning"], .binding, main: ["Kafka"])
        + stage("Featurizer", doing: "Featurization")
        + stage("Learner", doing: "RepresentationLearning")
        + stage("Predictor", doing: "Prediction")
        + stage("Allocator", doing: "Allocation")
        + service("Dashboard", doing: "Pages", ["Postgres"], main: ["Postgres"])
        // Tests.
        + [
            .target(
                name: "TestSupport", dependencies: ["Kafka", "Postgres", "Processing", "Topics"],
                path: "Tests/Support", swiftSettings: .binding),
            .target(
                name: "Workloads",
                dependencies: [
                    "Featurization", "RepresentationLearning", "Prediction", "Allocation",
                    "Workload", "Numerics", "Processing", "Topics", "Kafka", "Postgres",
                    "TestSupport",
                ],
                path: "Tests/Benchmarks/Workloads", swiftSettings: .safe),
            .executableTarget(
                name: "Benchmarks", dependencies: ["Workloads"], path: "Tests/Benchmarks/Main",
                swiftSettings: .safe),
            .executableTarget(
                name: "Evaluation",
                dependencies: [
                    "Featurization", "RepresentationLearning", "Prediction", "Allocation",
                    "Workload", "Numerics", "Processing", "Topics",
                ],
                path: "Tests/Evaluation", exclude: ["peers"], swiftSettings: .safe),
            tests("Kafka", of: ["Kafka"], .binding), tests("Postgres"), tests("HTTP"),
            tests("Settings"),
            tests("Telemetry"), tests("Topics", of: ["Topics", "Scanning"], .binding),
            tests("Numerics"),
            tests("Processing"),
            tests("Runtime", of: ["Runtime", "Kafka", "Postgres", "Settings", "Telemetry"]),
            tests("Workload"), tests("Brokerage", of: ["Brokerage", "Kafka"], .binding),
            tests(
                "Conformance", of: ["Brokerage", "CRdKafka"], .binding,
                exclude: ["Python"]),
            tests(
                "Featurization", of: ["Featurization", "Featurizer", "Numerics", "Postgres"]),
            tests(
                "Translation", of: ["Translation", "Scanning", "Bridge", "Settings"], .binding),
            tests("RepresentationLearning", of: ["RepresentationLearning", "Numerics"]),
            tests("Prediction", of: ["Prediction", "Predictor", "Numerics", "Postgres"]),
            tests("Allocation", of: ["Allocation", "Allocator", "Numerics", "Postgres"]),
            tests("Pages", of: ["Pages", "Postgres"]),
            tests(
                "Pipeline",
                of: [
                    "Featurization", "RepresentationLearning", "Prediction", "Allocation",
                    "Workload",
                ]),
            tests(
                "BadInput",
                of: [
                    "Scanning", "Numerics", "Brokerage", "Featurization", "RepresentationLearning",
                    "Prediction", "Allocation", "Workload", "Translation", "HTTP", "Pages",
                    "Settings",
                ], .binding),
            tests("BenchmarkSmoke", of: ["Workloads"]),
            tests(
                "Evaluation", of: ["Evaluation", "Numerics", "RepresentationLearning"]),
            tests("EndToEnd", of: ["Kafka", "Postgres", "Workload"]),
            tests(
                "Security",
                of: [
                    "Featurization", "RepresentationLearning", "Prediction", "Allocation", "Kafka",
                    "Postgres",
                ], .binding),
            tests("Tidy", of: []),
        ]
)

extension [SwiftSetting] {
    /// For the modules that may hold a pointer: bindings of C libraries, numeric kernels, scanners.
    static var binding: Self {
        [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
    }

    /// For every other module: what may touch a pointer says `unsafe`.
    static var safe: Self { binding + [.strictMemorySafety()] }
}

func program(_ name: String, _ target: String) -> Product {
    .executable(name: name, targets: [target])
}

func system(_ name: String, _ pkgConfig: String, debian packages: String...) -> Target {
    .systemLibrary(
        name: name, path: "Shared/SystemLibraries/\(name)", pkgConfig: pkgConfig,
        providers: [.apt(packages)])
}

func shared(
    _ name: String, at path: String? = nil, _ dependencies: [String] = [],
    _ settings: [SwiftSetting] = .safe, exclude: [String] = [], migrations: Bool = false
) -> Target {
    .target(
        name: name, dependencies: modules(dependencies), path: "Shared/\(path ?? name)",
        exclude: exclude, resources: migrations ? [.embedInCode("Migrations")] : nil,
        swiftSettings: settings)
}

/// A process: a library named for the activity, and a thin executable named for the agent.
func service(
    _ agent: String, doing activity: String, _ dependencies: [String],
    _ settings: [SwiftSetting] = .safe, main more: [String] = [], migrations: Bool = false
) -> [Target] {
    [
        .target(
            name: activity, dependencies: modules(dependencies),
            path: "Services/\(agent)/\(activity)", swiftSettings: settings),
        .executableTarget(
            name: agent,
            dependencies: modules(
                [activity, "HTTP", "Runtime", "Settings", "Telemetry", "Topics"] + more),
            path: "Services/\(agent)/Main",
            resources: migrations ? [.embedInCode("Migrations")] : nil, swiftSettings: .safe),
    ]
}

/// A process of the line: its activity knows neither Kafka nor PostgreSQL; `Main` has its tables.
func stage(_ agent: String, doing activity: String) -> [Target] {
    service(
        agent, doing: activity, ["Numerics", "Processing", "Topics"],
        main: ["Postgres", "Processing"], migrations: true)
}

/// - Parameter subjects: the modules under test; the one of the same name when left out.
func tests(
    _ name: String, of subjects: [String]? = nil, _ settings: [SwiftSetting] = .safe,
    exclude: [String] = []
) -> Target {
    let always = ["Processing", "TestSupport", "Topics"]
    return .testTarget(
        name: "\(name)Tests",
        dependencies: modules(always + (subjects ?? [name]).filter { !always.contains($0) }),
        path: "Tests/\(name)Tests", exclude: exclude, swiftSettings: settings)
}

func modules(_ names: [String]) -> [Target.Dependency] { names.map { .target(name: $0) } }
