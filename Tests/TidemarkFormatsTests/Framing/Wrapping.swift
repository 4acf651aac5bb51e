import Testing
import TidemarkBase
import TidemarkFormats

/// One naked log in every wrapping: what a runtime, a shipper or an export makes of its lines.
struct Wrapping: CustomTestStringConvertible, Sendable {
    let name: String
    /// What the detector must say.
    let framing: String
    let make: @Sendable ([String]) -> String

    var testDescription: String { name }

    /// The time of a line: 2026-11-23 17:40:00 UTC and 10 ms a line.
    static let start = CivilTime.millis(year: 2026, month: 11, day: 23, hour: 17, minute: 40)
    static func ms(_ index: Int) -> Int64 { start + Int64(index) * 10 }

    /// `2026-11-23T17:40:00.010` of a line, with more digits and a zone behind it.
    static func iso(_ index: Int, _ tail: String, blank: Bool = false) -> String {
        let text = CivilTime.rfc3339(ms(index)).dropLast()
        let whole = text.contains(".") ? String(text) : text + ".000"
        return (blank ? whole.replacing("T", with: " ") : whole) + tail
    }

    static func json(_ text: String) -> String {
        var out = ByteWriter()
        out.writeJSONString(text)
        return out.text
    }

    private static func lines(
        _ framing: String, name: String? = nil, _ wrap: @escaping @Sendable (Int, String) -> String
    )
        -> Wrapping
    {
        Wrapping(name: name ?? framing, framing: framing) { lines in
            lines.enumerated().map { wrap($0.offset, $0.element) + "\n" }.joined()
        }
    }

    /// Entries in any container, in the order that it wants.
    private static func entries(
        _ framing: String, name: String? = nil, reversed: Bool = false, from head: String, separator: String = ",",
        to tail: String, _ wrap: @escaping @Sendable (Int, String) -> String
    ) -> Wrapping {
        Wrapping(name: name ?? framing, framing: framing) { lines in
            let entries = lines.enumerated().map { wrap($0.offset, $0.element) }
            return head + (reversed ? entries.reversed() : entries).joined(separator: separator) + tail
        }
    }

    private static func csv(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }

    /// `Nov 23 17:40:00`.
    private static func short(_ index: Int) -> String { "Nov 23 " + CivilTime.clock(ms(index)) }

    static let all: [Wrapping] = text + labels + json + learned + documents + tables + nested

    static let text: [Wrapping] = [
        lines("plain") { $1 },
        lines("quoted") { "> " + $1 },
        lines("timestamps", name: "docker -t") { iso($0, "456789Z ") + $1 },
        lines("timestamps", name: "GitHub, seven digits") { iso($0, "4567Z ") + $1 },
        lines("timestamps", name: "kubectl with the node's zone") { index, line in
            let local = CivilTime.rfc3339(ms(index) + 32_400_000).dropLast()
            return local + "+09:00 " + line
        },
        lines("timestamps", name: "GitLab") { iso($0, "456Z 01O ") + $1 },
        lines("timestamps", name: "Docker Desktop") { iso($0, " | ", blank: true) + $1 },
        lines("timestamps", name: "Grafana TXT") { iso($0, "Z\t") + $1 },
        lines("kubectl_prefix") { "[pod/vllm-7c9d8b-x2x4z/vllm] " + $1 },
        lines("kubectl_prefix", name: "kubectl --prefix --timestamps") {
            "[pod/vllm-0/vllm] " + iso($0, "456789Z ") + $1
        },
        lines("timestamps+kubectl_prefix") { iso($0, "456789Z ") + "[pod/vllm-0] " + $1 },
        lines("pod_prefix", name: "stern") { "vllm-7c9d8b-x2x4z vllm " + $1 },
        lines("pod_prefix", name: "stern, coloured") { "\u{1b}[35mvllm-0\u{1b}[0m \u{1b}[95mvllm\u{1b}[0m " + $1 },
        lines("pod_prefix", name: "kail") { "prod/vllm-0[vllm]: " + $1 },
        lines("pod_prefix", name: "kubetail") { "[vllm-7c9d8b-x2x4z vllm] " + $1 },
        lines("compose") { "vllm-1  | " + $1 },
        lines("compose", name: "compose, coloured, -t") { "\u{1b}[36mvllm-1  |\u{1b}[0m " + iso($0, "456789Z ") + $1 },
        Wrapping(name: "cri", framing: "cri") { lines in
            lines.enumerated().map { index, line in
                // A long line in two parts.
                let cut = line.index(line.startIndex, offsetBy: line.count / 2)
                let time = iso(index, "456789Z stdout ")
                return line.count > 300
                    ? time + "P " + line[..<cut] + "\n" + time + "F " + line[cut...] + "\n" : time + "F " + line + "\n"
            }.joined()
        },
        lines("cri", name: "CRI of Azure") { iso($0, "4567+00:00 stderr F ") + $1 },
        lines("logcli") { iso($0, "Z {app=\"vllm\", pod=\"vllm-0\"}   ") + $1 },
        Wrapping(name: "logcli, newest first", framing: "newest_first+logcli") { lines in
            lines.enumerated().reversed().map { iso($0.offset, "Z {pod=\"vllm-0\"} ") + $0.element + "\n" }.joined()
        },
        lines("fluentd_file") { iso($0, "+00:00\tkube.vllm\t{\"stream\":\"stdout\",\"log\":") + json($1) + "}" },
        lines("fluent_bit_stdout") { index, line in
            "[\(index)] kube.vllm: [[\(ms(index) / 1000).\(100 + ms(index) % 1000 / 10), {}], {\"log\":\(json(line))}]"
        },
        lines("fluent_bit_stdout", name: "Fluent Bit, old") { index, line in
            "[\(index)] kube.vllm: [\(ms(index) / 1000).\(100 + ms(index) % 1000 / 10), {\"log\"=>\"" + line + "\"}]"
        },
        lines("journald_short") { short($0) + " gpu-1 vllm[31]: " + $1 },
        lines("journald_short", name: "short-precise") { short($0) + ".123456 gpu-1 vllm[31]: " + $1 },
        lines("journald_short", name: "with-unit") { short($0) + " gpu-1 vllm@8000.service[31]: " + $1 },
        lines("journald_short", name: "RFC 3164") { "<30>" + short($0) + " gpu-1 vllm[31]: " + $1 },
        lines("journald_short_iso") { iso($0, "+0000 gpu-1 vllm[31]: ") + $1 },
        lines("journald_short_iso", name: "short-iso-precise") { iso($0, "456+00:00 gpu-1 my-model.v2.sh[31]: ") + $1 },
        lines("journald_short_full") {
            "Mon " + iso($0, "", blank: true).dropLast(4) + " UTC gpu-1 vllm[31]: " + $1
        },
        lines("journald_short_unix") { "\(ms($0) / 1000).\(100_000 + ms($0) % 1000) gpu-1 vllm[31]: " + $1 },
        lines("journald_short_monotonic") { "[\(12_345 + $0).678901] gpu-1 vllm[31]: " + $1 },
        lines("syslog") { "<30>1 " + iso($0, "456Z gpu-1 vllm 31 - - ") + $1 },
        lines("syslog", name: "RFC 5424 with data, BOM and length") { index, line in
            let text =
                "<30>1 " + iso(index, "456+00:00 gpu-1 vllm 31 ID47 [a@1 b=\"x \\] y\"][c@2] \u{FEFF}") + line
            return "\(text.utf8.count) " + text
        },
        Wrapping(name: "RFC 5424, octets counted, without line feeds", framing: "syslog") { lines in
            lines.enumerated().map { index, line in
                let text = "<30>1 " + iso(index, "Z gpu-1 vllm 31 - - ") + line
                return "\(text.utf8.count) " + text + (index % 3 == 2 ? "\n" : "")
            }.joined()
        },
    ]

    /// Forms that are a framing only where the server's lines follow.
    static let labels: [Wrapping] = [
        lines("compose", name: "compose v2, coloured, -t") {
            "\u{1b}[36mvllm-1  | \u{1b}[0m" + iso($0, "456789Z ") + $1
        },
        lines("timestamps+compose", name: "docker service logs, -t") {
            iso($0, "456789Z ") + "vllm_server.1.q3x8k2m1z7ab@gpu-1    | " + $1
        },
        lines("nerdctl_compose") { "\u{1b}[32mvllm    |\u{1b}[0m" + $1 },
        lines("pod_prefix", name: "stern, namespace and short times") {
            "llm vllm-7c9d8b-x2x4z vllm 11-23 " + CivilTime.clock(ms($0)) + " " + $1
        },
        lines("pod_container") { "vllm-server vllm " + $1 },
        lines("timestamps+label", name: "aws logs tail") { iso($0, "+00:00 vllm/vllm/0a1b2c3d4e5f ") + $1 },
        lines("clock", name: "aws logs tail, short") { iso($0, " ").replacing(".000", with: "") + $1 },
        lines("label", name: "awslogs") { "/ecs/vllm vllm/vllm/0a1b2c " + iso($0, "Z ") + $1 },
        lines("aws_text") { "EVENTS\t3654\($0)\t\(ms($0) + 900)\tvllm/vllm/0a1b\t" + $1 + "\t\(ms($0))" },
        lines("clock", name: "ts with a date") { iso($0, " ", blank: true) + $1 },
        lines("clock", name: "date in brackets") { "[" + iso($0, "] ", blank: true) + $1 },
        lines("clock", name: "ts") { short($0) + " " + $1 },
        lines("clock+blank", name: "Render") { iso($0, "  ", blank: true) + $1 },
        lines("journald_short", name: "journalctl without host") { short($0) + " vllm[31]: " + $1 },
        lines("journald_short", name: "syslog with year") {
            "Nov 23 2026 " + CivilTime.clock(ms($0)) + " gpu-1 vllm[31]: " + $1
        },
        lines("journald_short_iso", name: "rsyslog, forwarded") {
            "<30>" + iso($0, "456+00:00 gpu-1 vllm[31]: ") + $1
        },
        lines("journald_short_monotonic", name: "short-delta") {
            "[ \(4321 + $0).000000 <    0.010000 >] gpu-1 vllm[31]: " + $1
        },
        lines("timestamps+label", name: "Heroku") { iso($0, "+00:00 app[web.1]: ") + $1 },
        lines("timestamps+label", name: "Fly") { iso($0, "Z app[3d8d9e6f] ord [info]") + $1 },
        lines("label", name: "gh run view") { "serve\tRun vllm\t" + iso($0, "4567Z ") + $1 },
        lines("buildkite") { "\u{1b}_bk;t=\(ms($0))\u{7}" + $1 },
        lines("srun_label") { "0: " + $1 },
        lines("syslog_tag", name: "logger -s") { "<13>" + short($0) + " vllm: " + $1 },
        lines("syslog_tag", name: "a socket's lines, without time") { "<30>vllm[31]: " + $1 },
        lines("torchserve") {
            iso($0, " [INFO ] W-9000-llm_1.0-stdout MODEL_LOG - ").replacing(".", with: ",", maxReplacements: 1) + $1
        },
        lines("djl") { _, line in "[INFO ] PyProcess - W-210-model-stdout: " + line },
        lines("djl", name: "DJL, newer") { _, line in "WARN  PyProcess W-210-model-stdout: " + line },
        lines("dynamo") { iso($0, "Z DEBUG dynamo_run::subprocess: ") + $1 },
        lines("dynamo", name: "dynamo, coloured") {
            "\u{1b}[2m" + iso($0, "456Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m \u{1b}[2mdynamo_run::subprocess\u{1b}[0m")
                + "\u{1b}[2m:\u{1b}[0m " + $1
        },
        lines("grep") { "vllm.log:" + $1 },
    ]

    /// Tools whose objects have keys of their own.
    static let learned: [Wrapping] = [
        lines("json", name: "Container Apps") {
            "{\"TimeStamp\": \"" + iso($0, "00\", \"Log\": ") + json($1) + "}"
        },
        lines("json", name: "VictoriaLogs") {
            "{\"_time\":\"" + iso($0, "456Z\",\"_stream\":\"{app=\\\"vllm\\\"}\",\"_msg\":") + json($1) + "}"
        },
        lines("json", name: "Docker's splunk driver") {
            "{\"event\":{\"line\":" + json($1) + ",\"source\":\"stderr\",\"tag\":\"3f2a\"},\"time\":\"\(ms($0) / 1000)."
                + "\(100 + ms($0) % 1000 / 10)\",\"host\":\"gpu-1\"}"
        },
        lines("json", name: "stern, json") {
            "{\"message\":" + json($1 + "\n")
                + ",\"nodeName\":\"gpu-\($0 % 2)\",\"namespace\":\"llm\",\"podName\":\"vllm-0\",\"containerName\":\"vllm\"}"
        },
        lines("elastic", name: "OpenShift") {
            "{\"@timestamp\":\"" + iso($0, "456+00:00\",\"hostname\":\"gpu-1\",")
                + "\"kubernetes\":{\"pod_name\":\"vllm-0\"},\"level\":\"unknown\",\"log_type\":\"application\",\"message\":"
                + json($1) + "}"
        },
        lines("fluent_bit_stdout", name: "Fluent Bit's file") {
            "kube.vllm: [\(ms($0) / 1000).\(100 + ms($0) % 1000 / 10), {\"stream\":\"stderr\",\"log\":" + json($1)
                + "}]"
        },
        lines("fluentd_file", name: "Fluentd's terminal") {
            iso($0, "000000 +0000 kube.vllm: {\"stream\":\"stderr\",\"log\":", blank: true) + json($1) + "}"
        },
        entries(
            "json_document", name: "Container Apps, table", from: "[", separator: ",\n", to: "]\n"
        ) {
            "{\"TimeGenerated\":\"" + iso($0, "Z\",\"ContainerName\":\"vllm\",\"Log\":") + json($1) + "}"
        },
        entries(
            "json_document", name: "search answer with fields", reversed: true,
            from: "{\"took\":1,\"hits\":{\"hits\":[", to: "]}}"
        ) { "{\"_id\":\"a\",\"fields\":{\"@timestamp\":[\"" + iso($0, "Z\"],\"message\":[") + json($1) + "]}}" },
        entries(
            "elastic_document", name: "ES|QL",
            from: "{\"columns\":[{\"name\":\"@timestamp\",\"type\":\"date\"},{\"name\":\"message\"}],\"values\":[",
            to: "]}"
        ) { "[\"" + iso($0, "Z\",") + json($1) + "]" },
        entries("elastic_document", name: "Railway", from: "[", to: "]\n") {
            "{\"message\":" + json($1) + ",\"severity\":\"info\",\"attributes\":{\"level\":\"info\"},\"timestamp\":\""
                + iso($0, "456Z\"}")
        },
        entries("yaml", name: "gcloud, YAML", reversed: true, from: "", separator: "", to: "") {
            "---\ninsertId: a\nresource:\n  labels:\n    pod_name: vllm-0\n  type: k8s_container\nseverity: ERROR\n"
                + "textPayload: '" + $1.replacing("'", with: "''") + "'\ntimestamp: '" + iso($0, "456Z'\n")
        },
        entries(
            "csv", name: "Container Apps, CSV", from: "\"TimeGenerated [UTC]\",\"ContainerName_s\",\"Log_s\"\n",
            separator: "\n", to: "\n"
        ) { "\"11/23/2026, 5:" + iso($0, " PM\",vllm,").dropFirst(14) + csv($1) },
        entries("csv", name: "OpenSearch", from: "@timestamp,message\n", separator: "\n", to: "\n") {
            "11/23/2026 5:" + iso($0, " pm,").dropFirst(14) + csv($1)
        },
    ]

    static let json: [Wrapping] = [
        lines("docker_json") {
            #"{"log":"# + json($1 + "\n") + #","stream":"stderr","time":""# + iso($0, "456789Z\"}")
        },
        lines("docker_json", name: "docker, other order") {
            #"{"stream":"stderr","attrs":{"tag":"x"},"time":""# + iso($0, "456789Z\",\"log\":") + json($1 + "\n") + "}"
        },
        lines("journald_json") {
            "{\"__CURSOR\":\"s\",\"__REALTIME_TIMESTAMP\":\"\(ms($0))000\",\"_PID\":\"31\",\"MESSAGE\":" + json($1)
                + "}"
        },
        lines("journald_json", name: "json-seq") {
            "\u{1e}{\"__REALTIME_TIMESTAMP\":\"\(ms($0))000\",\"MESSAGE\":["
                + $1.utf8.map { "\($0)" }.joined(separator: ",")
                + "]}"
        },
        lines("journald_json_pretty") {
            "{\n\t\"__REALTIME_TIMESTAMP\" : \"\(ms($0))000\",\n\t\"_PID\" : \"31\",\n\t\"MESSAGE\" : " + json($1)
                + "\n}"
        },
        lines("journald_export") {
            "__CURSOR=s=1\n__REALTIME_TIMESTAMP=\(ms($0))000\n_PID=31\nPRIORITY=6\nMESSAGE=" + $1 + "\n"
        },
        lines("journald_verbose") {
            "Mon " + iso($0, "000 UTC [s=8f1a;i=\($0);b=5d3f;m=1a;t=", blank: true)
                + String(ms($0) * 1000, radix: 16) + ";x=9c]\n    _PID=31\n    _HOSTNAME=gpu-1\n    MESSAGE=" + $1
                + "\n    SYSLOG_IDENTIFIER=vllm"
        },
        Wrapping(name: "export, values by length", framing: "journald_export") { lines in
            lines.enumerated().map { index, line in
                let length = (0..<8).map { UInt8(truncatingIfNeeded: line.utf8.count >> ($0 * 8)) }
                let safe = length.allSatisfy { $0 < 128 } ? String(decoding: length, as: UTF8.self) : nil
                return "__CURSOR=s=1\n__REALTIME_TIMESTAMP=\(ms(index))000\n"
                    + (safe.map { "MESSAGE\n" + $0 + line } ?? "MESSAGE=" + line) + "\n_PID=31\n\n"
            }.joined()
        },
        lines("loki", name: "logcli -o jsonl") {
            #"{"labels":{"pod":"vllm-0"},"line":"# + json($1) + #","timestamp":""# + iso($0, "456789Z\"}")
        },
        Wrapping(name: "logcli -o jsonl, newest first", framing: "newest_first+loki") { lines in
            lines.enumerated().reversed().map {
                #"{"labels":{"pod":"vllm-0"},"line":"# + json($0.element) + #","timestamp":""#
                    + iso($0.offset, "456789Z\"}\n")
            }.joined()
        },
        lines("elastic", name: "Filebeat") {
            #"{"@timestamp":""# + iso($0, "Z\",\"log\":{\"offset\":\($0),\"file\":{\"path\":\"/x.log\"}},")
                + "\"agent\":{\"type\":\"filebeat\"},\"kubernetes\":{\"pod\":{\"name\":\"vllm-0\"}},\"message\":"
                + json($1) + "}"
        },
        lines("elastic", name: "ECS, flat keys") {
            #"{"@timestamp":""# + iso($0, "Z\",\"kubernetes.pod.name\":\"vllm-0\",\"message\":") + json($1)
                + ",\"log.offset\":\($0)}"
        },
        lines("elastic", name: "elasticdump") {
            #"{"_index":"logs","_id":"a","_source":{"@timestamp":""# + iso($0, "Z\",\"message\":") + json($1) + "}}"
        },
        lines("elastic", name: "Logstash") {
            #"{"@version":"1","@timestamp":""# + iso($0, "Z\",\"host\":{\"name\":\"gpu-1\"},\"message\":") + json($1)
                + "}"
        },
        lines("fluent_bit", name: "Fluent Bit, date") {
            "{\"date\":\(ms($0) / 1000).\(100 + ms($0) % 1000 / 10),\"log\":" + json($1) + ",\"stream\":\"stderr\"}"
        },
        lines("fluent_bit", name: "Fluent Bit, CRI and Kubernetes") {
            #"{"time":""# + iso($0, "456Z\",\"stream\":\"stderr\",\"logtag\":\"F\",\"log\":") + json($1)
                + ",\"kubernetes\":{\"pod_name\":\"vllm-0\",\"container_name\":\"vllm\"}}"
        },
        lines("vector") {
            #"{"host":"gpu-1","message":"# + json($1) + ",\"source_type\":\"file\",\"timestamp\":\""
                + iso($0, "456Z\"}")
        },
        lines("gcp", name: "Cloud Logging in a bucket") {
            "{\"insertId\":\"a\",\"resource\":{\"type\":\"k8s_container\",\"labels\":{\"pod_name\":\"vllm-0\"}},\"severity\":\"ERROR\","
                + "\"textPayload\":" + json($1 + "\n") + ",\"timestamp\":\""
                + iso($0, "456789Z\",\"receiveTimestamp\":\"2026-11-24T00:00:00Z\"}")
        },
        lines("datadog", name: "Datadog archive") {
            "{\"attributes\":{\"timestamp\":\(ms($0)),\"message\":" + json($1) + ",\"status\":\"info\"}}"
        },
        lines("splunk") {
            "{\"preview\":false,\"result\":{\"_raw\":" + json($1) + ",\"_time\":\"" + iso($0, "+00:00\"}}")
        },
        lines("cloudwatch", name: "CloudWatch events, a line each") {
            "{\"logStreamName\":\"s\",\"timestamp\":\(ms($0)),\"message\":" + json($1)
                + ",\"ingestionTime\":\(ms($0) + 900)}"
        },
        lines("azure", name: "Log Analytics, a line each") {
            "{\"TimeGenerated\":\"" + iso($0, "Z\",\"PodName\":\"vllm-0\",\"LogMessage\":") + json($1) + "}"
        },
    ]

    static let documents: [Wrapping] = [
        entries(
            "loki_document", name: "query_range, newest first", reversed: true,
            from:
                #"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"pod":"vllm-0"},"values":["#,
            to: #"]}],"stats":{"summary":{"bytesProcessedPerSecond":1}}}}"#
        ) { "[\"\(ms($0))000000\"," + json($1) + "]" },
        entries("loki_document", name: "Grafana Explore", reversed: true, from: "[\n", separator: ",\n", to: "\n]") {
            "{\"line\":" + json($1) + ",\"timestamp\":\"\(ms($0))000000\",\"date\":\""
                + iso($0, "Z\",\"fields\":{\"a\":\"b\"}}")
        },
        entries(
            "elastic_document", name: "search answer", reversed: true,
            from: "{\"took\":1,\"hits\":{\"total\":{\"value\":1},\"hits\":[", to: "]}}"
        ) { "{\"_index\":\"i\",\"_source\":{\"@timestamp\":\"" + iso($0, "Z\",\"message\":") + json($1) + "}}" },
        entries(
            "cloudwatch_document", name: "filter-log-events", from: "{\n  \"events\": [\n", separator: ",\n",
            to: "\n  ],\n  \"searchedLogStreams\": [],\n  \"nextToken\": \"abc\"\n}\n"
        ) {
            "    {\n      \"logStreamName\": \"s\",\n      \"timestamp\": \(ms($0)),\n      \"message\": " + json($1)
                + ",\n      \"eventId\": \"1\"\n    }"
        },
        entries(
            "cloudwatch_document", name: "Logs Insights", reversed: true, from: "{\"results\":[",
            to: "],\"statistics\":{},\"status\":\"Complete\"}"
        ) {
            "[{\"field\":\"@timestamp\",\"value\":\"" + iso($0, "\"},", blank: true)
                + "{\"field\":\"@message\",\"value\":"
                + json($1) + "},{\"field\":\"@ptr\",\"value\":\"x\"}]"
        },
        entries(
            "azure_document", name: "Log Analytics tables",
            from:
                "{\"tables\":[{\"name\":\"PrimaryResult\",\"columns\":[{\"name\":\"TimeGenerated\",\"type\":\"datetime\"},"
                + "{\"name\":\"LogMessage\",\"type\":\"dynamic\"},{\"name\":\"PodName\"}],\"rows\":[", to: "]}]}"
        ) { "[\"" + iso($0, "Z\",") + json($1) + ",\"vllm-0\"]" },
        entries("azure_document", name: "az monitor", from: "[", separator: ",\n", to: "]\n") {
            "{\"TableName\":\"PrimaryResult\",\"TimeGenerated\":\"" + iso($0, "Z\",\"LogEntry\":") + json($1) + "}"
        },
        entries("gcp_document", name: "gcloud", reversed: true, from: "[\n", separator: ",\n", to: "\n]\n") {
            "  {\n    \"insertId\": \"a\",\n    \"textPayload\": " + json($1) + ",\n    \"timestamp\": \""
                + iso($0, "456Z\"\n  }")
        },
        entries("gcp_document", name: "gcloud, jsonPayload", reversed: true, from: "[\n", separator: ",\n", to: "\n]\n")
        {
            "  {\n    \"jsonPayload\": {\n      \"message\": " + json($1) + "\n    },\n    \"timestamp\": \""
                + iso($0, "456Z\"\n  }")
        },
        entries("datadog_document", name: "Datadog API", reversed: true, from: "{\"data\":[", to: "],\"meta\":{}}") {
            "{\"id\":\"x\",\"type\":\"log\",\"attributes\":{\"timestamp\":\""
                + iso($0, "Z\",\"host\":\"gpu-1\",\"message\":")
                + json($1) + "}}"
        },
        entries(
            "cloudwatch_document", name: "subscription",
            from: "{\"messageType\":\"DATA_MESSAGE\",\"logStream\":\"s\",\"logEvents\":[", to: "]}"
        ) {
            "{\"id\":\"1\",\"timestamp\":\(ms($0)),\"message\":" + json($1) + "}"
        },
        entries("splunk_document", name: "Splunk results", reversed: true, from: "{\"results\":[", to: "]}") {
            "{\"_raw\":" + json($1) + ",\"_time\":\"" + iso($0, "+00:00\"}")
        },
    ]

    static let tables: [Wrapping] = [
        entries(
            "csv", name: "Kibana", reversed: true, from: "\"@timestamp\",message,\"kubernetes.pod.name\"\n",
            separator: "\n", to: "\n"
        ) {
            index, line in
            "\"Nov 23, 2026 @ " + iso(index, "", blank: true).dropFirst(11) + "\"," + csv(line) + ",\"vllm-0\""
        },
        entries("csv", name: "Logs Insights", reversed: true, from: "@timestamp,@message\n", separator: "\n", to: "") {
            iso($0, ",", blank: true) + csv($1)
        },
        entries("csv", name: "Datadog", reversed: true, from: "Date,Host,Service,Content\n", separator: "\n", to: "\n")
        {
            iso($0, "Z,gpu-1,vllm,") + csv($1)
        },
        entries(
            "csv", name: "Splunk", reversed: true, from: "\"_raw\",\"_time\",host\r\n", separator: "\r\n", to: "\r\n"
        ) {
            csv($1) + ",\"" + iso($0, "+0000\",\"gpu-1\"")
        },
        entries("csv", name: "Log Analytics", from: "\"TimeGenerated [UTC]\",LogMessage\n", separator: "\n", to: "\n") {
            "\"11/23/2026, 5:" + iso($0, " PM\",").dropFirst(14) + csv($1)
        },
        entries(
            "csv", name: "CloudWatch without its header", reversed: true, from: "", separator: "\n", to: "\n"
        ) { "\(ms($0))," + csv($1) },
    ]

    static let nested: [Wrapping] = [
        entries(
            "loki_document+cri", reversed: true,
            from: #"{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":["#,
            to: "]}]}}"
        ) { "[\"\(ms($0))000000\"," + json(iso($0, "456Z stdout F ") + $1) + "]" },
        lines("fluent_bit+docker_json") {
            "{\"date\":\(ms($0) / 1000).5,\"log\":"
                + json(#"{"log":"# + json($1 + "\n") + #","stream":"stderr","time":""# + iso($0, "456789Z\"}")) + "}"
        },
        lines("quoted+timestamps") { "> " + iso($0, "456789Z ") + $1 },
        lines("quoted+cri", name: "quoted twice") { "> > " + iso($0, "456789Z stdout F ") + $1 },
        lines("quoted+compose") { "> vllm-1  | " + $1 },
        lines("quoted+journald_short") { "> " + short($0) + " gpu-1 vllm[31]: " + $1 },
        lines("journald_short_iso+compose") { iso($0, "+0000 gpu-1 docker[31]: vllm-1  | ") + $1 },
        lines("compose+timestamps+cri", name: "three layers") {
            // The time behind the name belongs to compose.
            "vllm-1  | " + iso($0, "Z ") + iso($0, "Z ") + iso($0, "Z stdout F ") + $1
        },
    ]
}
