import Glibc

/// Keeps the input at hand that is being read, so that it can be told when the process ends by it.
struct LastInput {
    // Written before the handlers are there, and by the one thread that reads inputs; the handlers
    // run when that thread has stopped.
    nonisolated(unsafe) private static var bytes = UnsafeMutableRawPointer(bitPattern: 0)
    nonisolated(unsafe) private static var count = 0
    nonisolated(unsafe) private static var number = 0
    nonisolated(unsafe) private static var path = UnsafeMutablePointer<CChar>(bitPattern: 0)

    private static let bytesMax = 4 << 20
    /// So far beyond what any target needs that whoever gets there asked for it by mistake.
    private static let addressSpaceBytes: UInt = 24 << 30
    private static let stackBytes = 64 << 10

    /// From now on whatever ends this process leaves its input in the file.
    static func recorder(_ path: String) -> LastInput {
        bytes = UnsafeMutableRawPointer.allocate(byteCount: bytesMax, alignment: 16)
        self.path = strdup(path)
        var stack = stack_t()
        // The thread's own may be what is used up.
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stackBytes, alignment: 16)
        stack.ss_size = stackBytes
        sigaltstack(&stack, nil)
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGPROF] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { LastInput.tell($0) }
            action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(signal, &action, nil)
        }
        var limit = rlimit(rlim_cur: addressSpaceBytes, rlim_max: addressSpaceBytes)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        return LastInput()
    }

    func note(_ input: [UInt8], number: Int) {
        Self.number = number
        Self.count = min(input.count, Self.bytesMax)
        input.withUnsafeBytes { input in
            guard let start = input.baseAddress else { return }
            Self.bytes?.copyMemory(from: start, byteCount: Self.count)
        }
    }

    /// Ends the process once it used so much CPU from now on; 0 ends the watch.
    func watch(cpuSeconds: Int) {
        var timer = itimerval()
        timer.it_value.tv_sec = cpuSeconds
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    func write(_ said: String, _ input: [UInt8]) {
        guard let path = Self.path, let file = fopen(path, "w") else { return }
        fputs(said + "\n", file)
        fwrite(input, 1, input.count, file)
        fclose(file)
    }

    /// Nothing here allocates: the heap may be what is broken.
    private static func tell(_ signal: Int32) {
        if let path {
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            var line: (UInt64, UInt64, UInt64) = (0, 0, 0)
            withUnsafeMutableBytes(of: &line) { line in
                var at = line.count - 1
                line[at] = UInt8(ascii: "\n")
                var rest = number
                repeat {
                    at -= 1
                    line[at] = UInt8(rest % 10) + UInt8(ascii: "0")
                    rest /= 10
                } while rest > 0
                _ = Glibc.write(file, line.baseAddress.map { $0 + at }, line.count - at)
            }
            _ = Glibc.write(file, bytes, count)
            close(file)
        }
        raise(signal)
    }
}
