import TidemarkBase
import TidemarkEvidence

/// Short names of months as journalctl prints them in other languages than English. Only those that mean one month in all
/// of the languages are here: German, French, Spanish, Italian, Portuguese, Dutch; Chinese, Japanese and Korean have numbers.
enum MonthNames {
    /// `Okt 06 17:59:27 `, `6月 28 02:52:53 `, `août 06 17:59:27 `, `Nov  6 17:59:27 ` at the beginning of a text, and the
    /// index behind it.
    static func stamp(_ text: Bytes) -> (stamp: LogStamp, end: Int)? {
        guard let blank = text.firstIndex(of: 32), blank >= 3, blank <= 6, text.count > blank + 12,
            let month = month(text.slice(0, blank))
        else { return nil }
        let tens = text[blank + 1] == 32 ? 0 : text[blank + 1] &- 48
        let ones = text[blank + 2] &- 48
        let at = blank + 4
        guard tens <= 3, ones <= 9, case let day = tens * 10 + ones, day >= 1, day <= 31, text[at - 1] == 32,
            text[at + 2] == 58, text[at + 5] == 58, let hour = CommonTime.pair(text, at),
            let minute = CommonTime.pair(text, at + 3), let second = CommonTime.pair(text, at + 6), hour < 24,
            minute < 60, second < 61, text.has(" ", at: at + 8)
        else { return nil }
        let stamp = LogStamp(
            month: UInt8(month), day: day, hour: UInt8(hour), minute: UInt8(minute), second: UInt8(second))
        return (stamp, at + 9)
    }

    /// `Mo Okt  6 17:59:27 2026` (`dmesg -T`) as if UTC, with the name of the day in any language.
    static func wall(_ text: Bytes) -> Int64? {
        guard let blank = text.firstIndex(of: 32), blank <= 8,
            let (stamp, end) = stamp(text.slice(blank + 1, text.count)), text.count == blank + 1 + end + 4,
            let year = Decimal.parseInt(text.slice(text.count - 4, text.count)),
            CivilTime.isValid(year: year, month: Int(stamp.month), day: Int(stamp.day))
        else { return nil }
        return stamp.wallMs(year: year)
    }

    static func month(_ word: Bytes) -> Int? {
        if let english = ClockLine.month(word) { return english }
        if let number = numbered(word) { return number }
        let word = word.last == 46 ? word.slice(0, word.count - 1) : word
        for (index, names) in names.enumerated() where names.contains(where: { equal($0, word) }) { return index + 1 }
        return nil
    }

    /// `6月`, `11월`.
    private static func numbered(_ word: Bytes) -> Int? {
        guard word.count == 4 || word.count == 5,
            word.has("\u{6708}", at: word.count - 3) || word.has("\u{C6D4}", at: word.count - 3),
            let number = Decimal.parseInt(word.slice(0, word.count - 3)), (1...12).contains(number)
        else { return nil }
        return number
    }

    /// Whether a word is a name, whatever the case of its first letter.
    private static func equal(_ name: StaticString, _ word: Bytes) -> Bool {
        guard word.count == name.utf8CodeUnitCount, word[0] | 0x20 == name.utf8Start[0] || word[0] == name.utf8Start[0]
        else { return false }
        for at in 1..<word.count where word[at] != name.utf8Start[at] { return false }
        return true
    }

    private static let names: [[StaticString]] = [
        ["jan", "janv", "ene", "gen"], ["feb", "févr", "fev", "fév"], ["mar", "mars", "mär", "mrz", "mrt"],
        ["apr", "avr", "avril", "abr"], ["mai", "may", "mei", "mag"], ["jun", "juin", "giu"],
        ["jul", "juil", "lug"], ["aug", "août", "ago"], ["sep", "sept", "set"], ["okt", "oct", "ott", "out"],
        ["nov"], ["dez", "dec", "déc", "dic"],
    ]
}
