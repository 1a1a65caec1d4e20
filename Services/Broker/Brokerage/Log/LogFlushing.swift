/// Bringing a log to the disk.
extension PartitionLog {
    /// Brings everything to the disk, and seals what was closed.
    func flush() {
        let (closed, file, isNamed) = monitor.locked { () -> ([Segment], File?, Bool) in
            isDirty = false
            if isDeleted || failure != nil { return ([], nil, true) }
            defer { if !flusher.flushesAtOnce { hasNewNames = false } }
            return (segments.dropLast().filter { !$0.isSealed }, active.file, !hasNewNames)
        }
        guard let file else { return }
        do throws(StorageError) {
            for segment in closed { try segment.file.flush() }
            try file.flush()
            if !isNamed { try Folder.flush(folder) }
        } catch {
            // The kernel reports once what it could not write, and may have dropped it: what is
            // written now would follow records that a restart may not find.
            return monitor.locked { if !isDeleted { close(for: error) } }
        }
        for segment in closed {
            guard seal(segment) else { return }
        }
    }

    /// Writes a closed segment's summary. The records are safe without: when it fails, on a full
    /// disk say, it is tried again at the next flush, and told once.
    private func seal(_ segment: Segment) -> Bool {
        guard let summary = monitor.locked({ summaries[segment.baseOffset] }) else { return true }
        do throws(StorageError) {
            try summary.write(
                to: Segment.path(in: folder, segment.baseOffset, SegmentSummary.kind))
            monitor.locked {
                segment.seal(in: folder)
                summaries[segment.baseOffset] = nil
                cannotSeal = false
            }
            return true
        } catch {
            let isFirst = monitor.locked {
                defer { cannotSeal = true }
                return !cannotSeal && !isDeleted
            }
            if isFirst { tell(.storageFailed(error)) }
            return false
        }
    }

    /// Brings everything to the disk, the last segment's summary too: the next start need not
    /// read it. Nothing may be appended any more.
    func finish() {
        flush()
        let summary = monitor.locked {
            failure != nil || isDeleted || active.size == 0
                ? nil : SegmentSummary(active, producers: producers.encoded(), isClean: false)
        }
        guard let summary else { return }
        do throws(StorageError) {
            try summary.write(
                to: Segment.path(in: folder, summary.baseOffset, SegmentSummary.kind))
        } catch {
            tell(.storageFailed(error))
        }
    }

    /// Producers with an open transaction, in order of their id.
    var openProducers: [ProducerIdentity] { monitor.locked { producers.open } }

    /// Lets nobody read or write any more; the files are the caller's to remove.
    func markDeleted() {
        monitor.locked {
            isDeleted = true
            wakeWaiters()
        }
    }
}
