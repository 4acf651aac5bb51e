import TidemarkBase

/// One layer that a container runtime, a service manager, a shipper or a shell tool puts around each line of a log.
public enum LogWrapper: String, Sendable, CaseIterable {
    /// Docker's json-file driver: `{"log":"text\n","stream":"stdout","time":"…Z"}`; long lines come in 16 KiB parts.
    case dockerJSON = "docker_json"
    /// `journalctl -o json` and `json-seq`: one object per entry, the time in microseconds since 1970.
    case journaldJSON = "journald_json"
    /// `journalctl -o json-pretty`: the same object on many lines.
    case journaldPretty = "journald_json_pretty"
    /// `journalctl -o export`: `KEY=value` lines, values with line feeds by their length; an empty line ends an entry.
    case journaldExport = "journald_export"
    /// `journalctl -o verbose`: a line with the time and the cursor, then a field a line, indented.
    case journaldVerbose = "journald_verbose"
    /// `logcli -o jsonl`, Grafana Explore: `{"labels":{…},"line":"…","timestamp":"…"}`.
    case loki
    /// Filebeat, Logstash and other writers of the Elastic Common Schema; elasticdump's `_source`.
    case elastic
    /// Fluent Bit and Fluentd: `{"date":1755839655.1,"log":"…","kubernetes":{…}}`.
    case fluentBit = "fluent_bit"
    case vector
    /// Google Cloud Logging: `textPayload` or `jsonPayload`.
    case gcp
    case datadog
    /// `{"result":{"_raw":"…","_time":"…"}}`.
    case splunk
    case cloudWatch = "cloudwatch"
    /// Rows of Log Analytics: `TimeGenerated`, `LogMessage` or `LogEntry`.
    case azure
    /// Objects of any other tool, one of whose strings holds the server's lines (``TextKey``).
    case json
    /// Fluent Bit's output to a terminal: `[0] tag: [[1755839655.123,{}],{"log":"…"}]`, and to a file, without the number.
    case fluentBitStdout = "fluent_bit_stdout"
    /// Fluentd's output to a file, `time TAB tag TAB {json}`, and to a terminal, with blanks and a colon.
    case fluentdFile = "fluentd_file"
    /// A node's `/var/log/pods/…/N.log`: `time stdout F text`; `P` marks a part of a long line.
    case cri
    /// RFC 5424: `<165>1 2026-08-22T05:14:15.000003Z host app procid msgid [sd] text`.
    case syslog
    /// `journalctl -o short-iso[-precise]`, rsyslog's file format: `2026-03-04T09:08:07+0000 host ident[pid]: text`.
    case journaldShortISO = "journald_short_iso"
    /// `journalctl -o short-full`: `Wed 2026-03-04 09:08:07 UTC host ident[pid]: text`.
    case journaldFull = "journald_short_full"
    /// `journalctl -o short-unix`: `1772615287.123456 host ident[pid]: text`.
    case journaldUnix = "journald_short_unix"
    /// `journalctl -o short-monotonic`: `[12345.678901] host ident[pid]: text`; the time since boot is no time.
    case journaldMonotonic = "journald_short_monotonic"
    /// `kubectl logs --prefix`: `[pod/NAME/CONTAINER] text`, with `--timestamps` the time behind the bracket.
    case kubectlPrefix = "kubectl_prefix"
    /// stern, kail, kubetail: `pod container text`, `namespace/pod[container]: text`, `[pod container] text`.
    case podPrefix = "pod_prefix"
    /// `docker compose logs`: `name-1  | text`, with `-t` the time behind the bar.
    case compose
    /// `logcli` as text: `2026-08-22T05:14:15Z {pod="v"} text`.
    case logcli
    /// `journalctl` (short, short-precise) and syslog files (RFC 3164, with or without `<PRI>`):
    /// `Mar  4 09:08:07 host ident[pid]: text`; no year, no zone.
    case journaldShort = "journald_short"
    /// A vLLM that TorchServe runs: `2024-11-18T16:43:45,497 [INFO ] W-9000-llm_1.0-stdout MODEL_LOG - text`.
    case torchServe = "torchserve"
    /// A vLLM in DJL Serving, which is SageMaker's LMI: `[INFO ] PyProcess - W-210-model-stdout: text`.
    case djl
    /// A vLLM that dynamo-run started: `2025-06-06T19:02:34.252Z DEBUG dynamo_run::subprocess: text`.
    case dynamo
    /// `name    |text` (nerdctl compose).
    case nerdctl = "nerdctl_compose"
    /// `aws logs … --output text`: `EVENTS TAB … TAB text TAB ms`.
    case awsText = "aws_text"
    /// Buildkite's raw log: `ESC _bk;t=ms BEL text`.
    case buildkite
    /// What `logger -s` prints and programs send to a socket, without a host: `<13>Nov 23 17:40:00 vllm: text`,
    /// `<30>vllm[31]: text`.
    case tag = "syslog_tag"
    /// One name before the text: log streams of CloudWatch, Heroku's and Fly's processes, `gh run view --log`.
    case label
    /// `pod container text` where the pod's name is any.
    case names = "pod_container"
    /// `> ` before every line: a quotation in Markdown or in a mail, of a log with all that wraps it.
    case quoted
    /// Four blanks before every line: a block of code in Markdown.
    case indented
    /// A blank more than usual behind another layer.
    case blank
    /// `0: text` of `srun --label`.
    case rank = "srun_label"
    /// `12:text`, `vllm.log:text`.
    case grep
    /// `kubectl logs --timestamps`, `docker logs -t`, CI runners, CloudWatch's export to S3: an RFC 3339 time and a blank.
    /// Also Grafana's `time TAB text`, Docker Desktop's `YYYY-MM-DD HH:MM:SS.mmm | text` (viewer's clock, no zone) and
    /// `[time] text`.
    case timestamps
    /// A date and time without zone before the text, which loggers write as well.
    case clock

    /// Whether an entry may fill several physical lines.
    var spansLines: Bool { self == .journaldExport || self == .journaldPretty || self == .journaldVerbose }

    /// Whether rsyslog may have written it, which sums up messages that repeat.
    var isSyslog: Bool { self == .journaldShort || self == .journaldShortISO || self == .syslog || self == .tag }

    /// Shapes of shippers' JSON, all read by ``ShipperJSON``.
    var isShipper: Bool {
        switch self {
        case .loki, .elastic, .fluentBit, .vector, .gcp, .datadog, .splunk, .cloudWatch, .azure: return true
        default: return false
        }
    }

    /// Whether the form proves so little that the server's lines must follow it (``ServerText``).
    var needsProof: Bool {
        switch self {
        case .nerdctl, .awsText, .tag, .label, .names, .indented, .blank, .grep, .rank, .clock: return true
        default: return false
        }
    }

    /// Share of a file's lines that must wear it for the file to be taken as wrapped: a form that other writers' lines
    /// may have by chance needs more.
    var neededShare: Double {
        switch self {
        case .timestamps, .compose, .podPrefix, .journaldMonotonic, .nerdctl, .tag, .label, .names, .blank, .grep,
            .rank,
            .clock:
            return 0.5
        // Unmistakable, but the server around vLLM begins with many lines of its own.
        case .torchServe, .djl, .dynamo: return 0.05
        case .indented: return 0.95
        case .quoted: return 0.9
        default: return 0.25
        }
    }
}
