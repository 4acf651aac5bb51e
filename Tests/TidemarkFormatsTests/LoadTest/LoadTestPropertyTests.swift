import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Load tests: properties")
struct LoadTestPropertyTests {
    @Test(
        "any split of the input gives the same; every line is accounted for", arguments: LoadTestFixture.names)
    func splits(name: String) throws {
        let bytes = LoadTestFixture.bytes(name)
        let format = try #require(LoadTestFixture.format(bytes))
        let whole = try LoadTestFixture.read(bytes, format: format)
        let counts = whole.counts
        #expect(counts.points > 0 && counts.points == whole.found.points.count)
        #expect(counts.rejects == whole.found.rejects.count)
        #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
        #expect(counts.lines == bytes.count { $0 == 10 } + (bytes.last == 10 ? 0 : 1))
        var random = SeededRandom(seed: 5)
        for _ in 0..<3 {
            let sizes = (0..<50).map { _ in 1 + Int(random.next() % 300) }
            let cut = try LoadTestFixture.read(bytes, format: format, sizes: sizes)
            #expect(cut.found == whole.found && cut.counts == whole.counts)
        }
        let single = try LoadTestFixture.read(bytes, format: format, sizes: [1])
        #expect(single.found == whole.found && single.counts == whole.counts)
    }

    @Test("a truncated file gives points of before the cut, and a reject", arguments: LoadTestFixture.names)
    func truncations(name: String) throws {
        let bytes = LoadTestFixture.bytes(name)
        let format = try #require(LoadTestFixture.format(bytes))
        let whole = try LoadTestFixture.read(bytes, format: format).found
        let isJSON = bytes[0] == 123 || bytes[0] == 91
        for length in stride(from: 1, to: bytes.count - 1, by: max(1, bytes.count / 97)) {
            let (part, counts) = try LoadTestFixture.read(Array(bytes.prefix(length)), format: format)
            #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
            guard isJSON else { continue }
            // A cut between two documents is none.
            let isWhole = bytes[length - 1] == 10 || bytes[length - 1] == 125
            #expect(isWhole || !part.rejects.isEmpty, "cut at \(length)")
            #expect(part.points.count <= whole.points.count, "cut at \(length)")
            // What the rest of the document says about a point is not known yet.
            #expect(zip(part.points, whole.points).allSatisfy { $0.e2e == $1.e2e && $0.offered == $1.offered })
        }
    }

    @Test("changed bytes break nothing, and numbers stay numbers", arguments: LoadTestFixture.names)
    func damaged(name: String) throws {
        let bytes = LoadTestFixture.bytes(name)
        let format = try #require(LoadTestFixture.format(bytes))
        var random = SeededRandom(seed: 17)
        for _ in 0..<20 {
            var copy = bytes
            for _ in 0..<8 { copy[Int(random.next() % UInt64(copy.count))] = UInt8(truncatingIfNeeded: random.next()) }
            let (found, counts) = try LoadTestFixture.read(copy, format: format)
            #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
            #expect(found.points.allSatisfy { ($0.achievedRPS ?? 0) >= 0 && ($0.durationSeconds ?? 0).isFinite })
        }
    }

    @Test("numbers beyond all measure are read or left out, and stop nothing")
    func hostile() throws {
        for number in ["1e308", "-1", "1e400", "NaN", "Infinity", "-Infinity", "99999999999999999999", "\"x\"", "null"]
        {
            let text = """
                {"date": "99999999-999999", "model_id": "m", "tokenizer_id": "t", "num_prompts": \(number), \
                "duration": \(number), "completed": 3, "request_throughput": \(number), "start_times": [\(number), 1], \
                "mean_ttft_ms": \(number), "request_rate": \(number)}
                """
            let (found, _) = try LoadTestFixture.read(Array(text.utf8), format: LoadTestFormat.vllmBench)
            #expect(found.rejects.isEmpty, "\(number)")
            #expect(found.points.allSatisfy { ($0.ttft.mean ?? 0) >= 0 })
        }
        // Names may stand twice in a header; a quotient of numbers that are far apart is not known.
        let twice = "Type,Name,Request Count,Failure Count,Name,Requests/s\n"
        let short = try LoadTestFixture.read(Array((twice + ",Aggregated,1,0,5\n").utf8), format: LoadTestFormat.locust)
        #expect(short.found.rejects.count == 1 && short.found.points.isEmpty)
        let tiny = try LoadTestFixture.read(
            Array((twice + ",Aggregated,10,0,x,1e-320\n").utf8), format: LoadTestFormat.locust)
        #expect(tiny.found.points.count == 1 && tiny.found.points[0].durationSeconds == nil)
        let deep = "{\"metrics\":" + String(repeating: "{\"a\":", count: 500)
        let (_, counts) = try LoadTestFixture.read(Array(deep.utf8), format: LoadTestFormat.k6)
        #expect(counts.rejects == 1)
    }

    @Test("lists of single requests cost nothing: a file of many is read as one of few")
    func many() throws {
        let few = LoadTestFixture.bytes("vllm_0.6.6.json")
        let text = String(decoding: few, as: UTF8.self)
        let long = text.replacing(
            "\"generated_texts\": [", with: "\"generated_texts\": [" + String(repeating: "\"a b c\", ", count: 50_000))
        #expect(long.utf8.count > few.count + 400_000)
        let a = try LoadTestFixture.read(few, format: LoadTestFormat.vllmBench).found
        let b = try LoadTestFixture.read(Array(long.utf8), format: LoadTestFormat.vllmBench, sizes: [4096]).found
        #expect(a.points == b.points)
    }
}
