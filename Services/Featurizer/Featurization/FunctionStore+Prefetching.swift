// What is known of a function lies in five arrays, one found through the other, and a partition's
// are larger than any cache. Each of these loops, over many functions, asks for what the next one
// reads: so the processor waits for many lines at once, and not for one after the other.
extension FunctionStore {
    /// What folding invocations into the newest slots will read.
    /// - Parameter functions: -1 for none.
    func prefetch(newestOf functions: [Int32]) {
        for function in functions where function >= 0 {
            self.functions.prefetchPath(function)
            nodes.prefetch(self.functions[function].newest)
        }
        for function in functions where function >= 0 {
            tallies.prefetch(newestTally(of: function))
        }
        for function in functions {
            let tally = function < 0 ? -1 : newestTally(of: function)
            guard tally >= 0 else { continue }
            tallies[tally].moments.prefetchEnd(in: arena)
            tallies[tally].durationMs.prefetchEnd(in: arena)
            sketches.prefetch(tallies[tally].memoryPeakMb)
        }
        for function in functions {
            let tally = function < 0 ? -1 : newestTally(of: function)
            guard tally >= 0, tallies[tally].memoryPeakMb >= 0 else { continue }
            sketches[tallies[tally].memoryPeakMb].prefetchEnd(in: arena)
        }
    }

    /// What publishing slots will read.
    func prefetch(_ numbers: ArraySlice<Int32>) {
        for number in numbers { nodes.prefetch(number) }
        for number in numbers {
            functions.prefetchRow(nodes[number].function)
            tallies.prefetch(nodes[number].tally)
        }
        for number in numbers {
            functions.prefetchPath(nodes[number].function)
            let tally = nodes[number].tally
            guard tally >= 0 else { continue }
            tallies[tally].moments.prefetchAll(in: arena)
            tallies[tally].durationMs.prefetchAll(in: arena)
            sketches.prefetch(tallies[tally].memoryPeakMb)
            sketches.prefetch(tallies[tally].deadlineUsed)
            sketches.prefetch(tallies[tally].initMs)
        }
        for number in numbers where nodes[number].tally >= 0 {
            let sketch = tallies[nodes[number].tally].memoryPeakMb
            if sketch >= 0 { sketches[sketch].prefetchAll(in: arena) }
        }
    }

    /// -1 for none.
    private func newestTally(of function: Int32) -> Int32 {
        let newest = functions[function].newest
        return newest < 0 ? -1 : nodes[newest].tally
    }
}
