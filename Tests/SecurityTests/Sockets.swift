import Foundation

/// Where processes listen for TCP, as the kernel says.
enum Sockets {
    struct Place: Hashable, CustomStringConvertible {
        /// As in /proc/net: the bytes of the address, each word of four from its end.
        let address: String
        let port: UInt16

        /// 127.0.0.0/8, or ::1.
        var isLoopback: Bool {
            address.count == 8
                ? address.hasSuffix("7F") : address == "00000000000000000000000001000000"
        }
        /// 0.0.0.0, or ::.
        var isEverywhere: Bool { address.allSatisfy { $0 == "0" } }
        var description: String { "\(address):\(port)" }
    }

    static func listening(of process: Int32) -> Set<Place> {
        let folder = "/proc/\(process)/fd"
        let open = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let owned = Set(
            open.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
            }
            .filter { $0.hasPrefix("socket:[") }.map { String($0.dropFirst(8).dropLast()) })
        var places: Set<Place> = []
        for table in ["tcp", "tcp6"] {
            let text =
                (try? String(contentsOfFile: "/proc/\(process)/net/\(table)", encoding: .utf8))
                ?? ""
            for line in text.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                // 0A: LISTEN (include/net/tcp_states.h).
                guard fields.count > 9, fields[3] == "0A", owned.contains(String(fields[9]))
                else { continue }
                let sides = fields[1].split(separator: ":")
                places.insert(
                    Place(address: String(sides[0]), port: UInt16(sides[1], radix: 16) ?? 0))
            }
        }
        return places
    }

    /// Of a process and all that it started.
    static func tree(of root: Int32) -> Set<Int32> {
        var parents: [Int32: Int32] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name),
                let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                // The name stands in brackets, and may hold anything.
                let end = stat.lastIndex(of: ")")
            else { continue }
            let fields = stat[end...].split(separator: " ")
            parents[process] = fields.count > 2 ? Int32(fields[2]) : nil
        }
        var tree: Set<Int32> = [root]
        while true {
            let more = parents.filter { tree.contains($0.value) && !tree.contains($0.key) }
            if more.isEmpty { return tree }
            tree.formUnion(more.keys)
        }
    }
}
