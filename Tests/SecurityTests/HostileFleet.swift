import Foundation
import Kafka
import TestSupport
import Topics

/// Customers who name things so that whoever shows or asks for them is tricked.
enum HostileFleet {
    static let names = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onmouseover='alert(1)",
        "</title></svg></script><svg/onload=alert(1)>", "]]><!--", "&lt;b&gt;&amp;&#x41;",
        "'; drop table functions; --", "$1%s%n%x", "\\\" \\\\ \\u0000 \\n", "{{7*7}}${7*7}",
        "..", ".", "../..", "a/../../etc/passwd", "/", "//x", "%00", "%2e%2e%2f", "a?b#c=d&e",
        "=HYPERLINK(\"http://x\")", "a,=cmd|'/c calc'!A1", "-1+1",
        // To Swift the mark and the accent are one character, and no mark.
        "\u{301}accent", "a/\u{301}b", "\"\u{301},=1+1", "<\u{301}script>", "\\\u{301}\"\u{301}",
        "%\u{301}2F", "\u{20dd}\u{301}",
        // What steers terminals, and what turns the direction of writing.
        "\u{9b}31mred\u{9b}2J", "\u{202e}txt.exe\u{202c}", "\u{2066}\u{2067}\u{2068}\u{2069}",
        "\u{200f}שלום\u{200e}", "\u{85}next line", "\u{2028}\u{2029}", "\u{feff}bom\u{fffe}",
        "🧨🏳️‍🌈👩‍👩‍👧‍👦", String(repeating: "x", count: 256), String(repeating: "é", count: 128),
        "up{job=\"a\"} 1", "null", "NaN", "'", "\"", "\\", "`id`", "$(id)",
        " leading and trailing ",
    ]

    /// Refused for their names, whole.
    static let refused = [
        "\u{0}", "a\u{0}\u{301}b", "a\nb: c", "\u{1b}[31mred\u{1b}[0m", "\r\nSet-Cookie: a=b",
        "\u{7f}", String(repeating: "x", count: 257), "",
    ]

    static let functions = names.map { FunctionID(customer: $0, service: $0, function: $0) }

    /// 2026-01-05T12:00:00Z.
    static let startMs: Int64 = 1_767_614_400_000
    static let slots = 8
    static let perSlot = 3

    /// Workers, announced services, and an hour of invocations of each function.
    static func send(to servers: String) throws {
        let producer = try Producer(Producer.Options(bootstrapServers: servers))
        func send(_ message: some TopicMessage) throws {
            try producer.send(
                to: type(of: message).topic.name, partition: message.partition(keyed: 16),
                key: Array(message.key.utf8), value: message.encoded())
        }
        for cell in 0..<Int32(16) {
            for (number, name) in names.prefix(30).enumerated() where number % 8 == Int(cell) % 8 {
                try send(
                    WorkerReported(
                        worker: name, cell: cell, milliCpu: 8_000, memoryMb: 65_536, state: .ready))
            }
        }
        for function in functions {
            let name = function.function
            try send(
                ServiceAnnounced(
                    customer: name, service: name, trigger: String(name.prefix(20)),
                    runtime: String(name.prefix(20)), memoryMb: 128, deadlineMs: 10_000,
                    tier: .burstable))
        }
        try invoke(functions, slots: 0..<slots, producer)
        for name in refused {
            let function = FunctionID(customer: "c", service: "s", function: name)
            try invoke([function], slots: 0..<1, producer, times: 1)
        }
        // Poison in a header, whose text is kept as the detail.
        try producer.send(
            to: "invocations", key: Array("c/s".utf8), value: Array("{}".utf8),
            headers: [("content-type", Array("a/\u{0}\u{301}\u{1b}[2J<script>".utf8))])
        guard producer.flush(timeoutMs: 30_000) == .delivered else { throw Unsent() }
    }

    /// One slot more of every function.
    static func sendMore(to servers: String) throws {
        let producer = try Producer(Producer.Options(bootstrapServers: servers))
        try invoke(functions, slots: slots..<slots + 1, producer)
        guard producer.flush(timeoutMs: 30_000) == .delivered else { throw Unsent() }
    }

    struct Unsent: Error {}

    private static func invoke(
        _ functions: [FunctionID], slots: Range<Int>, _ producer: Producer, times: Int = perSlot
    ) throws {
        for slot in slots {
            for function in functions {
                for number in 0..<times {
                    let atMs = startMs + Int64(slot) * 300_000 + Int64(number) * 60_000
                    try producer.send(
                        to: "invocations", key: Array(function.service.path.utf8),
                        value: try event(function, "\(slot)-\(number)", atMs))
                }
            }
        }
    }

    private static func event(_ function: FunctionID, _ id: String, _ atMs: Int64) throws -> [UInt8]
    {
        let fields: [String: Any] = [
            "customer": function.service.customer, "service": function.service.service,
            "function": function.function, "invocation": id, "started_at_ms": atMs,
            "duration_ms": 250, "memory_mb": 128, "outcome": "success", "trigger": "http",
        ]
        return Array(try JSONSerialization.data(withJSONObject: fields))
    }
}
