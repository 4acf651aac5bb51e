import Testing

@testable import TidemarkRules

@Suite struct ConfigurationFileTests {
    private func read(_ text: String) -> ConfigurationFile {
        ConfigurationFile(Array(text.utf8), units: ["requests", "seconds"])
    }

    @Test("signals and objectives, with their lines")
    func good() {
        let file = read(
            """
            slo:
              ttft_p95_s: 2
            signals:
              - name: draft_queue_requests
                title: In the draft queue
                expr: sum by (instance) (my_draft_queue)
                worst: low
            """)
        #expect(file.findings.sorted.isEmpty)
        #expect(file.objectives.map(\.name) == ["ttft_p95_s"] && file.objectives.map(\.seconds) == [2])
        #expect(file.objectives.map(\.line) == [2])
        #expect(file.signals.map(\.name) == ["draft_queue_requests"] && file.signals[0].isLowWorst)
        #expect(file.signals[0].line == 4)
    }

    @Test("every mistake with its line, a wrong key with the nearest right one, and nothing of it is taken")
    func bad() {
        let file = read(
            """
            signal: 1
            slo:
              ttft_p95_s: soon
            signals:
              - name: draft_queue
                expr: up
              - name: a_requests
                expr: sum(
              - name: b_requests
              - name: c_seconds
                expr: up
                worst: never
            """)
        let said = file.findings.sorted.map { "\($0.line): \($0.reason)" }
        for words in [
            "1: configuration: unknown key signal; did you mean signals?", "3: slo: ttft_p95_s",
            "5: signal 1: draft_queue must end",
            "8: signal 2: expr", "9: signal 3: expr, a PromQL expression, is expected", "12: signal 4: worst",
        ] {
            #expect(said.contains { $0.hasPrefix(words) }, "\(words): \(said)")
        }
        #expect(file.objectives.isEmpty)
        #expect(!file.signals.map(\.name).contains("a_requests"))
    }

    @Test("prices and reserves, and what is no price")
    func prices() {
        let file = read(
            """
            prices:
              currency: EUR
              gpu_hour: 2.5
              kwh: 0.3
              pue: 1.2
              gpus:
                H100: 4
                A100-SXM4-80GB: 2
            headroom: 0.3
            spare_replicas: 0
            """)
        #expect(file.findings.sorted.isEmpty && file.prices.currency == "EUR" && file.prices.gpuHour == 2.5)
        #expect(file.prices.kilowattHour == 0.3 && file.prices.powerUsageEffectiveness == 1.2)
        #expect(file.prices.gpus.map(\.name) == ["H100", "A100-SXM4-80GB"])
        #expect(file.prices.gpus.map(\.price) == [4, 2] && file.headroom == 0.3 && file.spareReplicas == 0)
        let wrong = read(
            """
            prices:
              gpu_hour: free
              pue: 0.5
              curency: EUR
              gpus:
                H100: -1
            headroom: 2
            spare_replicas: -1
            """)
        #expect(wrong.findings.sorted.map(\.line) == [2, 3, 4, 6, 7, 8])
        #expect(wrong.findings.sorted[2].reason.contains("did you mean currency?"))
        #expect(wrong.prices.gpuHour == nil && wrong.prices.gpus.isEmpty && wrong.headroom == nil)
    }

    @Test("inputs, outputs, retention and windows of a run, and what is wrong with them")
    func run() {
        let file = read(
            """
            name: acme
            timezone: Asia/Taipei
            inputs:
              - metrics/*.dump
              - paths: [a.log*, b.log*]
                instance: replica-0
                labels: {job: vllm}
                timezone: +08:00
                year: 2026
            output: {folder: out, database: fleet.sqlite}
            keep: 90d
            windows: {history_weeks: 26, budget_weeks: 4}
            """)
        #expect(file.findings.sorted.isEmpty)
        #expect(file.run.name == "acme" && file.run.zone == "Asia/Taipei" && file.run.keep == "90d")
        #expect(file.run.inputs.map(\.paths) == [["metrics/*.dump"], ["a.log*", "b.log*"]])
        let second = file.run.inputs[1]
        #expect(second.instance == "replica-0" && second.zone == "+08:00" && second.year == 2026)
        #expect(second.labels.map(\.name) == ["job"] && second.labels.map(\.value) == ["vllm"])
        #expect(file.run.folder == "out" && file.run.database == "fleet.sqlite")
        #expect(file.run.historyWeeks == 26 && file.run.budgetWeeks == 4)

        let wrong = read(
            """
            inputs:
              - path: x
              - paths: y
                labels: {9x: z}
                year: 26
            windows: {history_weeks: 1000}
            """)
        let said = wrong.findings.sorted.map { "\($0.line): \($0.reason)" }
        for words in [
            "2: input 1: unknown key path; did you mean paths?", "2: input 1: paths", "4: input 2: labels: '9x'",
            "5: input 2: year", "6: windows: history_weeks is 2 to 260",
        ] {
            #expect(said.contains { $0.hasPrefix(words) }, "\(words) in \(said)")
        }
    }
}
