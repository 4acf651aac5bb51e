import Glibc
import Synchronization
import TidemarkBase
import TidemarkTestSupport
import Testing

@testable import TidemarkStore

/// The second thread of a database: order, waiting, failures.
@Suite struct WriteLaneTests {
    private func database(_ table: String = "CREATE TABLE number(n INTEGER, square TEXT UNIQUE)") throws -> Database {
        let database = try Database(path: ":memory:", mode: .create)
        try database.execute(table)
        return database
    }

    private func fill(_ insert: BulkInsert, _ numbers: Range<Int>) throws {
        for number in numbers {
            insert.batch.add(number)
            insert.batch.add("\(number * number)")
            try insert.endRow()
        }
    }

    @Test("rows arrive in their order, whatever is committed between them")
    func order() throws {
        let database = try database()
        let insert = try BulkInsert(database, into: "number", columns: 2, capacity: 7)
        try database.execute("BEGIN IMMEDIATE")
        var accounts: [Int] = []
        for part in 0..<50 {
            try fill(insert, part * 300..<(part + 1) * 300)
            // What is saved on the lane sees all rows before it and none behind.
            try database.commitOnLane { accounts.append(try database.int("SELECT count(*) FROM number") ?? -1) }
        }
        try database.execute("COMMIT")
        #expect(accounts == (1...50).map { $0 * 300 })
        #expect(try database.int("SELECT count(*) FROM number WHERE n = rowid - 1 AND square = n * n") == 15_000)
    }

    @Test("what fails on the lane is thrown at the next use, is undone, and leaves the insert usable")
    func failure() throws {
        let database = try database()
        let insert = try BulkInsert(database, into: "number", columns: 2, capacity: 4)
        try database.execute("BEGIN IMMEDIATE")
        try fill(insert, 0..<4)
        try database.settle()
        #expect(throws: TidemarkError.self) {
            // The same squares again; more batches than there may be wait behind the one that fails.
            for _ in 0..<200_000 { try fill(insert, 0..<4) }
            try database.settle()
        }
        try database.execute("ROLLBACK")
        #expect(try database.int("SELECT count(*) FROM number") == 0)
        try database.execute("BEGIN IMMEDIATE")
        try fill(insert, 0..<1000)
        try database.execute("COMMIT")
        #expect(try database.int("SELECT count(*) FROM number") == 1000)
    }

    @Test("a failed commit's account is not saved, nor what was given behind it")
    func failedAccount() throws {
        let database = try database()
        let insert = try BulkInsert(database, into: "number", columns: 2, capacity: 4)
        try database.execute("BEGIN IMMEDIATE")
        try fill(insert, 0..<10)
        try database.commitOnLane()
        try fill(insert, 10..<20)
        try database.commitOnLane { throw TidemarkError(.unusableInput, "no") }
        var ran = false
        try database.commitOnLane { ran = true }
        #expect(throws: TidemarkError.self) { try database.execute("COMMIT") }
        try database.execute("ROLLBACK")
        #expect(!ran)
        #expect(try database.int("SELECT count(*) FROM number") == 10)
    }

    private final class Batch: LaneBatch, @unchecked Sendable {
        private let busy = Atomic<Bool>(false)
        var isUnderWay: Bool {
            get { busy.load(ordering: .acquiring) }
            set { busy.store(newValue, ordering: .releasing) }
        }
        func removeAll() {}
    }

    @Test("a pool makes batches up to its limit, then waits for the lane")
    func pool() throws {
        let lane = WriteLane()
        defer { lane.close() }
        var made = 0
        var pool = BatchPool<Batch>(limit: 3) {
            made += 1
            return Batch()
        }
        var done = 0
        for round in 0..<200 {
            let batch = try pool.next(lane)
            #expect(!batch.isUnderWay)
            batch.isUnderWay = true
            try lane.submit {
                if round.isMultiple(of: 20) { usleep(2000) }
                done += 1
                batch.isUnderWay = false
            }
        }
        try lane.settle()
        #expect(done == 200)
        #expect((1...3).contains(made))
    }
}
