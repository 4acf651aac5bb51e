/// What `tidemark init` writes. A test reads it with the reader of configurations: what is in it is right.
enum ConfigurationExample {
    static let text = """
        # Configuration of `tidemark run --config tidemark.yaml`, for cron or a systemd timer.
        # A wrong key is an error that names the line and the nearest right key. Paths are relative to this file.

        name: fleet                     # of the fleet, in titles
        timezone: UTC                   # of the weeks: UTC, +08:00, or a place such as Asia/Taipei

        inputs:                         # evidence; what was read before is not read again
          - paths: evidence/metrics/    # a file, a folder, or a pattern: * ? […]
          - paths: ["evidence/logs/replica-0.log*"]     # a log with its rotated pieces
            instance: replica-0         # whose it is: the label `instance` of its metrics
            # timezone: Europe/Berlin   # of stamps without a zone
            # year: 2026                # of stamps without a year; otherwise inferred
          # - paths: evidence/scrapes/replica-0/
          #   instance: replica-0
          #   labels: {job: vllm}       # more labels of its scrapes

        output:
          folder: report                # index.html, weeks/2026-W47/index.html, csv/
          database: tidemark.sqlite
          # title: Serving, weekly      # of the pages; otherwise the fleet's name
          # logo: logo.svg              # PNG, JPEG, WebP or SVG, at most 256 KiB
          # redact: true                # names become tokens; the database stays as it is, in another folder
          language: en                  # of the pages: en or zh-Hant

        keep: 90d                       # older evidence becomes hourly roll-ups (also 12w, 36h); the weekly pages stay

        windows:
          history_weeks: 13             # of demand that a forecast rests on
          budget_weeks: 4               # that share one error budget

        slo:                            # objectives, seconds: ttft, itl, e2e at p50, p90, p95, p99
          ttft_p95_s: 2
          itl_p95_s: 0.1

        # prices:                       # for costs in money
        #   currency: USD
        #   gpu_hour: 2.50              # of a GPU without a price of its own
        #   gpus:                       # by name as nvidia-smi prints it, or a part of that
        #     H100: 3.20
        #   kwh: 0.12                   # electricity, times pue
        #   pue: 1.3

        headroom: 0.2                   # share of a replica's capacity kept free when replicas are planned
        spare_replicas: 1

        # signals:                      # of your own, beside the catalogue (docs/signals.md)
        #   - name: draft_queue_requests        # ends in its unit
        #     title: Requests in the draft queue
        #     expr: sum by (instance) (my_draft_queue)
        #     worst: high               # or low

        """
}
