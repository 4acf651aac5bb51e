import Foundation
import Testing
import TidemarkBase

@Suite struct DecimalTests {
    @Test("a decimal is the nearest double, as strtod has it")
    func nearest() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...20, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            for place in 0..<digits {
                text += String(Int.random(in: 0...9, using: &random))
                if place == digits / 2, digits > 1, !text.contains(".") { text += "." }
            }
            if Bool.random(using: &random) { text += "e\(Int.random(in: -30...30, using: &random))" }
            let parsed = withBytes(of: text) { Decimal.parse($0) }
            #expect(parsed?.bitPattern == strtod(text, nil).bitPattern, "\(text)")
        }
    }

    @Test("17 and 18 digits, and ties between two doubles, round as strtod does")
    func longDecimals() {
        var random = SeededRandom(seed: 11)
        var texts = ["9007199254740993.0", "9007199254740995.00", "9007199254740992.5", "900719925474.09935"]
        for _ in 0..<20_000 {
            let mantissa = UInt64.random(in: 1 << 53..<1_000_000_000_000_000_000, using: &random)
            texts.append("\(mantissa)e-\(Int.random(in: 0...20, using: &random))")
            // Halfway between two doubles, exactly and a little above and below.
            let odd = UInt64.random(in: 1 << 53..<1 << 54, using: &random) | 1
            texts += ["\(odd).0", "\(odd).1", "\(odd - 1).9"]
        }
        for text in texts {
            #expect(withBytes(of: text) { Decimal.parse($0) }?.bitPattern == strtod(text, nil).bitPattern, "\(text)")
        }
    }

    @Test(arguments: ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "nan", "inf", "1 ", " 1", "1_0"])
    func refused(_ text: String) { #expect(withBytes(of: text) { Decimal.parse($0) } == nil) }

    @Test("words are numbers only where Prometheus takes them")
    func words() {
        #expect(withBytes(of: "+Inf") { Decimal.parseAny($0) } == .infinity)
        #expect(withBytes(of: "-infinity") { Decimal.parseAny($0) } == -.infinity)
        #expect(withBytes(of: "NaN") { Decimal.parseAny($0) }?.bitPattern == 0x7ff8_0000_0000_0001)
        #expect(withBytes(of: "nanx") { Decimal.parseAny($0) } == nil)
    }

    @Test("an integer that doesn't fit is refused, not wrapped")
    func overflow() {
        #expect(withBytes(of: "9223372036854775807") { Decimal.parseInt($0) } == Int.max)
        #expect(withBytes(of: "9223372036854775808") { Decimal.parseInt($0) } == nil)
    }
}

@Suite struct CivilTimeTests {
    @Test("days agree with Foundation's calendar")
    func calendar() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        var random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let days = Int.random(in: -20_000...60_000, using: &random)
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(days) * 86_400))
            let date = CivilTime.date(days: days)
            #expect(date == (parts.year!, parts.month!, parts.day!))
            #expect(CivilTime.days(year: date.year, month: date.month, day: date.day) == days)
        }
    }

    @Test(arguments: [
        ("2026-11-23T17:31:13Z", 1_795_455_073_000), ("2026-11-23T17:31:13.123456789Z", 1_795_455_073_123),
        ("2026-11-23T18:31:13+01:00", 1_795_455_073_000), ("2026-11-23T17:31:13-0000", 1_795_455_073_000),
        ("2026-11-23 17:31:13,5", 1_795_455_073_500), ("2026-11-23t17:31:13.07z", 1_795_455_073_070),
    ])
    func rfc3339(_ text: String, _ millis: Int64) {
        #expect(CivilTime.parseRFC3339(text) == millis)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23", "x",
        "2026-11-23T17:31:1:", "2026-1/-23T17:31:13Z", "2026-11-23T17:31:13.Z", "2026-11-23x17:31:13Z",
    ])
    func invalid(_ text: String) { #expect(CivilTime.parseRFC3339(text) == nil) }

    @Test func printed() {
        #expect(CivilTime.rfc3339(1_795_455_073_120) == "2026-11-23T17:31:13.120Z")
        #expect(CivilTime.rfc3339(-1) == "1969-12-31T23:59:59.999Z")
    }
}

@Suite struct LineReaderTests {
    @Test("any split of the input gives the same lines")
    func splits() {
        var random = SeededRandom(seed: 11)
        let text = Array("a\n\nbb\r\n\u{0}c\nlong line that is cut\nlast".utf8)
        func lines(_ cuts: [Int]) -> [String] {
            var found: [String] = []
            var reader = LineReader(limit: 8)
            func take(_ line: borrowing Line) {
                found.append("\(line.number) \(line.offset) \(line.bytes.text) \(line.terminated) \(line.omitted)")
            }
            var start = 0
            for cut in cuts.sorted() + [text.count] {
                text[start..<cut].withUnsafeBytes { reader.feed(Bytes(rebasing: $0[...])) { take($0) } }
                start = cut
            }
            reader.finish { take($0) }
            return found
        }
        let whole = lines([])
        #expect(whole.count == 6)
        #expect(whole[4] == "5 10 long lin true 13")
        #expect(whole[5] == "6 32 last false 0")
        for _ in 0..<300 {
            let cuts = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                Int.random(in: 0...text.count, using: &random)
            }
            #expect(lines(cuts) == whole)
        }
    }
}

@Suite struct JSONReaderTests {
    @Test("a truncated document is an error, never a crash")
    func truncated() throws {
        let text = #"{"a":[1,-2.5e3,"x\u00e9\n\ud83d\ude00",true,null,{"b":{}}],"c":"d"}"#
        withBytes(of: text) { bytes in
            for end in 0..<bytes.count {
                var reader = JSONReader(bytes.slice(0, end))
                #expect(throws: (any Error).self) { try reader.skip() }
            }
        }
    }

    @Test func decoded() throws {
        try withBytes(of: #"{"k":"a\"\\\/\u00e9\ud83d\ude00\n","n":-2.5e3}"#) { bytes in
            var reader = JSONReader(bytes)
            try reader.object { key, reader in
                if key.equals("k") {
                    let text = try reader.string().text
                    #expect(text == "a\"\\/é😀\n")
                } else {
                    let number = try reader.number()
                    #expect(number == -2500)
                }
            }
        }
    }

    @Test("deep nesting is refused before the stack is used up")
    func deep() {
        withBytes(of: String(repeating: "[", count: 100_000)) { bytes in
            var reader = JSONReader(bytes)
            #expect(throws: JSONReader.JSONError.self) { try reader.skip() }
        }
    }
}

@Suite struct SmallToolTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func sha256(_ text: String, _ digest: String) { #expect(withBytes(of: text) { SHA256.hex($0) } == digest) }

    @Test("fixed decimals agree with printf where it doesn't tie")
    func fixed() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<5000 {
            let value = (random.uniform() - 0.5) * 1e6 + 1e-7
            #expect(ByteWriter.fixed(value, decimals: 3) == String(format: "%.3f", value))
        }
        #expect(ByteWriter.fixed(-0.0004, decimals: 3) == "0.000")
    }

    @Test("an interner numbers texts in the order of first sight and stops at its limit")
    func interner() {
        var interner = ByteInterner(limit: 500)
        var known: [String: Int] = [:]
        var random = SeededRandom(seed: 9)
        for _ in 0..<5000 {
            let text = String(Int.random(in: 0..<700, using: &random))
            let id = withBytes(of: text) { interner.intern($0) }
            if let before = known[text] {
                #expect(id == before)
            } else if known.count < 500 {
                #expect(id == known.count)
                known[text] = id
            } else {
                #expect(id == nil)
            }
        }
        for (text, id) in known { #expect(interner.text(id) == text) }
    }

    @Test(arguments: [
        ("plain text of ascii", true), ("é", false), ("a\u{0}b", false), ("", true), ("12345678\u{7F}", true),
    ])
    func plainASCII(_ text: String, _ expected: Bool) { #expect(withBytes(of: text) { $0.isPlainASCII } == expected) }
}
