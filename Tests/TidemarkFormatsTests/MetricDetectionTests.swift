import Testing
import TidemarkBase

@testable import TidemarkFormats

/// Guesses of all sniffers of metric and GPU formats, best first.
private func guesses(_ bytes: [UInt8], _ fileName: String = "file") -> [FormatGuess] {
    bytes.withUnsafeBytes { all in
        let head = all.slice(0, min(all.count, 64 << 10))
        return [
            OpenMetricsDumpFormat.sniff(head: head, fileName: fileName),
            PrometheusTextFormat.sniff(head: head, fileName: fileName),
            PromtoolDumpFormat.sniff(head: head, fileName: fileName),
            PrometheusJSONFormat.sniff(head: head, fileName: fileName),
            VictoriaMetricsFormat.sniff(head: head, fileName: fileName),
            GrafanaFormat.sniff(head: head, fileName: fileName),
            NvidiaSMIFormat.sniff(head: head, fileName: fileName),
        ].compactMap { $0 }.sorted { $0.score > $1.score }
    }
}

@Suite struct MetricDetectionTests {
    @Test(
        "every fixture is recognised by its content alone",
        arguments: [
            ("prometheus-text/vllm-0.prom.txt", "prometheus-text"),
            ("prometheus-text/vllm-0.openmetrics.txt", "prometheus-text"),
            ("prometheus-text/node.prom.txt", "prometheus-text"), ("prometheus-text/federate.txt", "prometheus-text"),
            ("promtool-dump/vllm.dump.txt", "promtool-dump"),
            ("openmetrics-dump/vllm.openmetrics.txt", "promtool-dump-openmetrics"),
            ("openmetrics-dump/corrupt.openmetrics.txt", "promtool-dump-openmetrics"),
            ("prometheus-json/query_vector.json", "prometheus-api-json"),
            ("prometheus-json/query_range_running.json", "prometheus-api-json"),
            ("prometheus-json/query_error.json", "prometheus-api-json"),
            ("prometheus-json/series.json", "prometheus-api-json"),
            ("prometheus-json/metadata.json", "prometheus-api-json"),
            ("prometheus-json/query_scalar.json", "prometheus-api-json"),
            ("victoriametrics/export.jsonl", "victoriametrics-export"),
            ("victoriametrics/export_max_rows_per_line.jsonl", "victoriametrics-export"),
            ("grafana/joined_excel_quoted.csv", "grafana-csv"), ("grafana/joined_formatted_units.csv", "grafana-csv"),
            ("grafana/vllm_num_requests_running.csv", "grafana-csv"), ("grafana/tables.csv", "grafana-csv"),
            ("grafana/vllm_num_requests_waiting_long.csv", "grafana-csv"),
            ("grafana/panel_data.json", "grafana-json"), ("grafana/query_response.json", "grafana-json"),
            ("grafana/dataframe_long.json", "grafana-json"),
            ("nvidia-smi/query_470.csv", "nvidia-smi-query"), ("nvidia-smi/query_550_errors.csv", "nvidia-smi-query"),
            ("nvidia-smi/query_550_comma_name.csv", "nvidia-smi-query"),
            ("nvidia-smi/query_550_lms5_f_sigkill_truncated.csv", "nvidia-smi-query"),
            ("nvidia-smi/query_550_noheader_nounits.csv", "nvidia-smi-query"),
            ("nvidia-smi/dmon_DT_550.txt", "nvidia-smi-dmon"),
            ("nvidia-smi/dmon_550_csv.csv", "nvidia-smi-dmon"),
            ("nvidia-smi/dmon_550_csv_noheader.csv", "nvidia-smi-dmon"),
        ])
    func fixtures(path: String, format: String) throws {
        let bytes = try MetricFixture.bytes(path)
        let found = guesses(bytes)
        // A dump in OpenMetrics is exposition text, too; everything else is one thing.
        #expect(found.map(\.format) == [format] + (format.hasSuffix("openmetrics") ? ["prometheus-text"] : []))
        #expect((found.first?.score ?? 0) >= 0.7)
        #expect(found.first?.isReadable == true)
        // The first kilobyte is enough.
        #expect(guesses(Array(bytes.prefix(1000))).first?.format == format)
    }

    @Test(
        "small forms",
        arguments: [
            (#"{"metric":{"__name__":"up"},"values":[1,2],"timestamps":[1,2]}"#, "victoriametrics-export"),
            (#"{"metric":{"__name__":"up"},"values":[1,2"#, "victoriametrics-export"),
            (#"{"metric":{"__name__":"up"},"values":[[1,"2"]]}"#, "prometheus-api-json"),
            (
                #"{"data":{"result":[{"metric":{},"value":[1,"2"]}],"resultType":"vector"},"status":"success"}"#,
                "prometheus-api-json"
            ),
            (#"[ { "metric" : { } , "values" : [] } ]"#, "prometheus-api-json"),
            (#"{"resultType":"matrix","result":[]}"#, "prometheus-api-json"),
            ("gpu_uuid, pid, process_name, used_gpu_memory [MiB]\n", "nvidia-smi-compute-apps"),
            (
                "# gpu        pid  type    sm   mem   enc   dec   command\n# Idx          #   C/G     %     %     %     %   name\n",
                "nvidia-smi-pmon"
            ),
            ("No devices were found\n", "nvidia-smi-query"),
            ("==============NVSMI LOG==============\n", "nvidia-smi-listing"),
            ("junk\n\n2026/11/23 17:33:08.492, 0, 97\n2026/11/23 17:33:08.492, 1, 97\n", "nvidia-smi-query"),
            ("$ nvidia-smi\nindex, power.draw [W]\n0, 5 W\n", "nvidia-smi-query"),
            ("a{b=\"c\"} 1 1700215884.373\n# EOF\n", "promtool-dump-openmetrics"),
            ("a{b=\"c\"} 1 1700215884.373\nd 1\n# EOF\n", "prometheus-text"),
            ("# TYPE a gauge\na{b=\"c\"} 1 1700215884.373\n# EOF\n", "prometheus-text"),
            ("up 1\ndown 2\n", "prometheus-text"),
        ])
    func small(text: String, format: String) {
        #expect(guesses(Array(text.utf8)).first?.format == format)
    }

    @Test("bare pairs of word and number are weak evidence")
    func weak() {
        #expect((guesses(Array("up 1\ndown 2\n".utf8)).first?.score ?? 1) < 0.5)
    }

    @Test(
        "what is something else is not recognised",
        arguments: [
            #"{"vllm:num_requests_running": {"status": "success", "data": {"resultType": "matrix", "result": []}}}"#,
            #"{"resourceSpans":[{"resource":{}}]}"#,
            #"{"asctime":"2026-11-23 17:38:22,702","levelname":"INFO","message":"x"}"#,
            #"{"date":"20261123-173113","backend":"vllm","request_throughput":5.1}"#, "[1,2,3]", "{}", "[]", "",
            "INFO 11-23 17:31:13 [loggers.py:335] Engine 000: Avg prompt throughput: 1.0 tokens/s\n",
            "(APIServer pid=7) INFO:     127.0.0.1:1 - \"GET /metrics HTTP/1.1\" 200 OK\n", "time,value\n1,2\n",
            "Time,Person\nyesterday,Ann\n", #"{"metric":{"__name__":"up"},"values":["#, #"{"metric":{},"x":1}"#,
            #"[{"fields":[1]}]"#,
            "end_time,duration,prefill_tokens\n1.5,0.2,7\n", "# a comment\n# another\n", "\n\n\n",
            "name, age\nAnn, 5\n",
            #"{"status":"ok","detail":"x"}"#, #"{"data":[1,2]}"#,
        ])
    func foreign(text: String) {
        #expect(guesses(Array(text.utf8)) == [])
    }

    @Test("the file's name only breaks ties")
    func fileNames() {
        let text = Array("a{b=\"c\"} 1\n".utf8)
        let plain = guesses(text)[0].score
        let named = guesses(text, "metrics-1795455841481.txt")[0].score
        #expect(named > plain && named - plain <= 0.05)
        #expect(guesses(Array("hello\n".utf8), "metrics.prom") == [])
    }

    @Test("UTF-16 is looked into")
    func utf16() {
        let units = "index, pci.bus_id\r\n0, 00000000:19:00.0\r\n".utf16.map {
            [UInt8($0 & 255), UInt8($0 >> 8)]
        }
        let bytes: [UInt8] = [0xFF, 0xFE] + units.joined()
        #expect(guesses(bytes).first?.format == "nvidia-smi-query")
    }

    @Test("OpenMetrics is told from the text format where the content says so")
    func dialect() throws {
        for (name, expected) in [("vllm-0.openmetrics.txt", true), ("vllm-0.prom.txt", false), ("federate.txt", false)]
        {
            let bytes = try MetricFixture.bytes("prometheus-text/" + name)
            #expect(bytes.withUnsafeBytes { PrometheusTextFormat.isOpenMetrics($0) } == expected)
        }
    }
}
