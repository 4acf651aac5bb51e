import Glibc
import Synchronization
import TidemarkBase

/// A second thread that runs pieces of work one after the other, in the order in which they were given.
///
/// A database has one: batches of rows go into it while the next ones are being parsed. Whoever uses the connection
/// otherwise waits for it first, which is what the handles of ``Database`` and ``Statement`` do by themselves; the work on
/// the lane uses them without waiting.
final class WriteLane: @unchecked Sendable {
    private let pending = Atomic<Int>(0)
    // What follows is guarded by `mutex`.
    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [() throws -> Void] = []
    private var failure: (any Error)?
    private var isOver = false
    private var thread: pthread_t?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    /// Whether nothing is under way. Only the giver may rely on it.
    @inline(__always) var isIdle: Bool { pending.load(ordering: .acquiring) == 0 }

    /// Whether it is the lane's own work that asks.
    private var isCurrent: Bool { thread.map { pthread_equal(pthread_self(), $0) != 0 } ?? false }

    /// Gives a piece of work. What the lane's own work gives is done at once. How much waits is bounded by what the work
    /// needs: a ``BatchPool`` has so many batches, and the giver waits for one.
    func submit(_ work: @escaping () throws -> Void) throws {
        if !isIdle, isCurrent { return try work() }
        pthread_mutex_lock(mutex)
        if thread == nil { start() }
        queue.append(work)
        pending.wrappingAdd(1, ordering: .relaxed)
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until all work is done; a failure stays for ``settle()``.
    @inline(__always)
    func pause() {
        if isIdle { return }
        waitForWork()
    }

    private func waitForWork() {
        // The lane's own work has the connection.
        if isCurrent { return }
        pthread_mutex_lock(mutex)
        while !isIdle { pthread_cond_wait(changed, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Waits until all work is done.
    /// - Throws: the first failure of the work since the last call; what was given after it did not run.
    @inline(__always)
    func settle() throws {
        pause()
        // It was written before the count went down.
        guard let failed = failure else { return }
        failure = nil
        throw failed
    }

    /// Waits until something holds that a piece of work brings about.
    /// - Throws: as ``settle()``, when work failed meanwhile.
    func settle(until holds: () -> Bool) throws {
        if holds() { return }
        pthread_mutex_lock(mutex)
        while !holds(), failure == nil, !isIdle { pthread_cond_wait(changed, mutex) }
        let failed = failure != nil
        pthread_mutex_unlock(mutex)
        if failed { try settle() }
    }

    /// Ends the thread after the work under way.
    func close() {
        guard let thread else { return }
        pthread_mutex_lock(mutex)
        isOver = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        pthread_join(thread, nil)
        self.thread = nil
    }

    deinit {
        close()
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    private func start() {
        var made = pthread_t()
        let me = Unmanaged.passUnretained(self).toOpaque()
        let status = pthread_create(
            &made, nil,
            { lane in
                Unmanaged<WriteLane>.fromOpaque(lane!).takeUnretainedValue().work()
                return nil
            }, me)
        precondition(status == 0, "no thread could be started")
        thread = made
    }

    private func work() {
        pthread_mutex_lock(mutex)
        while true {
            while queue.isEmpty, !isOver { pthread_cond_wait(changed, mutex) }
            guard !queue.isEmpty else { break }
            var next: (() throws -> Void)? = queue.removeFirst()
            let mayRun = failure == nil
            pthread_mutex_unlock(mutex)
            var failed: (any Error)?
            if mayRun { do { try next?() } catch { failed = error } }
            // What it holds must not end here, behind the giver's back.
            next = nil
            pthread_mutex_lock(mutex)
            if let failed { failure = failed }
            pending.wrappingSubtract(1, ordering: .releasing)
            pthread_cond_broadcast(changed)
        }
        pthread_mutex_unlock(mutex)
    }
}
