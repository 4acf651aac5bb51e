import TidemarkBase

/// What the script says, in the language of the page; it has no words of its own.
struct ScriptWords {
    let json: String

    init(_ frame: ChartFrame) {
        let column = NumberText.duration(milliseconds: max(frame.axis.lengthMs / Int64(StripChart.wideColumns), 1))
        var out = ByteWriter()
        out.writeJSON([
            ("help", Phrases.sentences(Self.help(column))),
            ("selection", say("Selected time")), ("series", say("Series shown")),
            ("everywhere", say("Shows or hides the line; with Shift in all charts")), ("zoomIn", say("Zoom in")),
            ("zoomOut", say("Zoom out")), ("reset", say("Reset")), ("copy", say("Copy link")),
            ("shown", say("shown: {0}")), ("copied", say("link copied")),
            ("inAddress", say("the link is in the address bar")),
            ("outside", say("the link points outside this report's time")),
            ("dates", Phrases.shortDatePatterns.joined(separator: "|")),
            ("steps", TimeAxis.stepsMs.map(String.init).joined(separator: ",")),
        ])
        json = out.text
    }

    private static func help(_ column: String) -> [String] {
        [
            say("Drag over a chart to zoom into all of them, click to mark a moment; a double click goes back."),
            say("Keys: arrows and Page Up or Down move, + and − zoom, C copies a link, Escape goes back."),
            say(
                "Lines keep the extremes of every \(column), small charts of twice that: zooming in shows nothing finer."
            ),
        ]
    }
}
