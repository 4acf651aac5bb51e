import TidemarkBase

/// How the numbers of a report were made, for its last section.
enum MethodNotes {
    private static let extremes: Message =
        "Where steps are longer than the evidence is fine, charts show the lowest and the highest value of each step, from the same expressions minute by minute, and from every sample of vLLM's gauges: no spike is lost, and a line that jumps up and down spans what happened within a step. Key figures and findings don't rest on these points."
    private static let replicas: Message =
        "Of five or more replicas one is called out of line when its figure over the whole window lies more than 3.5 robust standard deviations from the replicas' median (Iglewicz and Hoaglin's modified z-score: 1.4826 times the median absolute deviation; where that is zero the interquartile range over 1.349, then 1.2533 times the mean absolute deviation) and a tenth of the median away. That says that it differs, not why."
    private static let weekBefore: Message =
        "The grey line is the same signal exactly seven days earlier, made in the same way and in the same steps. It is drawn where this database has evidence of the same replicas serving the same models at that time. It may double a chart's axis; what lies higher stands at the upper border. Nothing else in this report rests on it."

    static func all(_ results: StoredSignals, hasPanels: Bool) -> [ReportModel.MethodNote] {
        let step = NumberText.duration(milliseconds: results.stepMs)
        return [
            .init(
                heading: say("Charts"),
                paragraphs: [
                    say(
                        "Each point stands for the \(step) that end there. Values from metrics are PromQL expressions over the stored samples, as Prometheus would evaluate them; the table signal_origin of the database names the expression of each. A step without evidence has no point."
                    )
                ] + (results.hasExtremes ? [say(extremes)] : []) + (results.hasWeekBefore ? [say(weekBefore)] : [])),
            .init(
                heading: say("Key figures"),
                paragraphs: [
                    say(
                        "Rates, means and quantiles over the whole window and over the worst five minutes come from the exact increases of counters, resets included, without extrapolation. A quantile of a histogram is known only to lie inside the bucket that holds it: its bounds stand beside it. The value is a monotone cubic of the bounds' logarithms over the cumulative share; what a dashboard's PromQL says, linear within the bucket, stands in a column of its own. A quantile in the first bucket is below its bound and nothing else is known. Of fewer observations than a 95 % upper bound needs (59 for P95, 299 for P99) it is called too small."
                    ),
                    say(
                        "Of several replicas, buckets are added before a quantile is taken; quantiles are never averaged."
                    ),
                ] + (hasPanels ? [say(replicas)] : [])),
            .init(
                heading: say("Findings"),
                paragraphs: [
                    say(
                        "A cause is named when its required signs are there for long enough; supporting signs raise the confidence, counter-signs and missing evidence lower it. Confidence is high from 0.8, medium above 0.5, otherwise low. Excess waiting is the sum of waiting requests over time (Little's law), or the excess of latency over its mean outside the incident."
                    ),
                    say(
                        "An objective on a percentile allows the rest to be slower: P95 one in twenty. That share of 30 days of the period's mean traffic is the error budget; how fast an incident spent it is the share that was slower, by the histogram's buckets, over the share that may be."
                    ),
                ]),
            .init(
                heading: say("Time"),
                paragraphs: [
                    say(
                        "All times are UTC. A server log prints neither year nor zone, an access line no time at all: how each source's clock was found stands under Coverage."
                    )
                ]),
        ]
    }
}
