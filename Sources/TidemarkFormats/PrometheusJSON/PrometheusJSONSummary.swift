/// What an answer of the Prometheus HTTP API turned out to be.
public enum PrometheusAnswerKind: String, Sendable, CaseIterable {
    /// Range and instant query results: the ones with samples.
    case matrix, vector, scalar
    case string
    /// `/api/v1/series`: label sets without samples; delivered as series.
    case series
    /// `/labels`, `/label/…/values`: lists of strings.
    case labels
    /// `/metadata` and `/targets/metadata`; delivered as metadata.
    case metadata
    case targets, rules, alerts, exemplars
    /// `/status/…`
    case status
    /// `"status":"error"`.
    case error
    /// VictoriaMetrics' `/api/v1/export`: one series an object, times apart from values.
    case victoriaMetrics
    /// A successful answer without a single entry, so that its kind cannot be told.
    case empty
    /// JSON, but no answer.
    case unknown
}

/// An error envelope: `{"status":"error","errorType":…,"error":…}`.
public struct PrometheusAPIError: Error, Sendable, Equatable {
    /// `bad_data`, `execution`, `timeout`…
    public var errorType: String
    public var message: String

    public init(errorType: String, message: String) {
        self.errorType = errorType
        self.message = message
    }
}

/// What was found in an input of API answers.
public struct PrometheusJSONSummary: Sendable, Equatable {
    /// How many documents of each kind.
    public var kinds: [PrometheusAnswerKind: Int] = [:]
    /// Series in results, each occurrence counted.
    public var series = 0
    /// Series whose labels hold no `__name__`: results of expressions, perhaps sums over several targets. They are
    /// delivered all the same, under the name that the caller gave for them if it gave one.
    public var namelessSeries = 0
    /// Samples delivered.
    public var samples = 0
    /// Exemplars delivered.
    public var exemplars = 0
    /// Samples of native histograms stepped over.
    public var histograms = 0
    /// Values that were `null`, delivered as NaN (VictoriaMetrics).
    public var nullValues = 0
    /// Rejects delivered.
    public var rejects = 0
    /// Error envelopes, at most ``listLimit``.
    public var errors: [PrometheusAPIError] = []
    /// Texts of `warnings` and `infos`, at most ``listLimit``.
    public var warnings: [String] = []

    public static let listLimit = 100

    public init() {}

    /// Whether anything in the input has samples, or could have had.
    public var hasSampleAnswers: Bool {
        [.matrix, .vector, .scalar, .victoriaMetrics].contains { kinds[$0, default: 0] > 0 }
    }
}
