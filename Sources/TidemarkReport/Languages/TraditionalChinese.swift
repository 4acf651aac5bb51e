/// Traditional Chinese as it is written in Taiwan.
extension Language {
    public static let traditionalChinese = Language(
        tag: "zh-Hant",
        patterns: Dictionary(traditionalChineseTables.flatMap(TranslationTable.pairs)) { first, _ in first },
        thousands: ",", isHan: true)

    /// A line each: English pattern, ` ⇒ `, translation.
    static let traditionalChineseTables = [
        ChineseCauses.table, ChineseDiagnosis.table, ChineseReport.table, ChineseOutlook.table,
        ChineseWeeks.table,
    ]
}
