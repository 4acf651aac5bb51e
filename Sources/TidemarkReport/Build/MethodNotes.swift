import TidemarkBase

/// How the numbers of a report were made, for its last section.
enum MethodNotes {
    static func all(stepMs: Int64) -> [ReportModel.MethodNote] {
        [
            .init(
                heading: say("Charts"),
                paragraphs: [
                    say(
                        "Each point stands for the \(NumberText.duration(milliseconds: stepMs)) that end there. Values from metrics are PromQL expressions over the stored samples, as Prometheus would evaluate them; the table signal_origin of the database names the expression of each. A step without evidence has no point."
                    )
                ]),
            .init(
                heading: say("Key figures"),
                paragraphs: [
                    say(
                        "Rates, means and quantiles over the whole window and over the worst five minutes come from the exact increases of counters, resets included, without extrapolation. A quantile of a histogram is known only to lie inside the bucket that holds it: its bounds stand beside it. The value is a monotone cubic of the bounds' logarithms over the cumulative share; what a dashboard's PromQL says, linear within the bucket, stands in a column of its own. A quantile in the first bucket is below its bound and nothing else is known. Of fewer observations than a 95 % upper bound needs (59 for P95, 299 for P99) it is called too small."
                    ),
                    say(
                        "Of several replicas, buckets are added before a quantile is taken; quantiles are never averaged."
                    ),
                ]),
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
