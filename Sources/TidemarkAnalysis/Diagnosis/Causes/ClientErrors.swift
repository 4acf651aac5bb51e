import TidemarkBase

/// Clients send requests that the server rightly refuses.
enum ClientErrors: Cause {
    static let id = "client_errors"
    static let title: Message = "Clients sent requests that were refused"
    static let level = CauseLevel.availability
    static let help = CauseHelp(
        what: "A good part of the requests was answered with 4xx: the server worked, the requests were wrong.",
        signs:
            "Required: at least 6 % of the requests refused with 4xx, four times the usual share, ten answers at least. Supporting: few 5xx; one client and route behind most; latency unchanged. Counter: more 5xx than 4xx.",
        why: "A client was deployed with a wrong model name, without a key, or with prompts beyond the model's length.",
        remedy: "Ask the owner of the client that the report names; answer with a clear message at the gateway.",
        sources: "vLLM entrypoints/openai/serving_engine.py")
    static let telltale: Telltale? = Telltale(
        signal: "error_4xx_requests_per_second", words: ("answers with 4xx reached at most", ""),
        capture: "answers with 4xx: keep access lines or scrape http_requests_total")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let refused = try scene.change("error_4xx_requests_per_second") else {
            return Judgement(
                required: [.unseen("answers with 4xx: keep access lines or scrape http_requests_total")], summary: "")
        }
        let symptom = scene.episode.symptoms.first { $0.kind == .refused && $0.replica == scene.replica }
        let count = refused.during * scene.situation.seconds(scene.range)
        let share = symptom?.during ?? 0
        var judgement = Judgement(
            required: [
                scene.sign(
                    symptom != nil && share >= 0.06 && share >= 4 * (symptom?.before ?? 0) && count >= 10,
                    "\(Scene.round3(count)) requests were refused with 4xx",
                    evidence: EvidenceDraft(
                        "error_4xx_requests_per_second", value: refused.during, baseline: refused.before,
                        unit: "requests/s",
                        "answers with 4xx"))
            ],
            summary:
                "\(percent(share)) of the requests at \(scene.replica) were refused with 4xx, usually \(percent(symptom?.before ?? 0))",
            range: symptom?.range)
        let failed = try scene.change("error_5xx_requests_per_second")
        let source = try culprit(scene)
        judgement.supporting = [
            scene.sign(failed.map { $0.during < 0.2 * refused.during } ?? true, "few answers with 5xx"),
            scene.sign(source != nil, "one client behind most", evidence: source),
            scene.sign(try scene.latencyRose().state != .present, "latency unchanged"),
        ]
        judgement.counter = [scene.sign(failed.map { $0.during > refused.during } ?? false, "more 5xx than 4xx")]
        judgement.recommendations = [
            (
                nil,
                "Ask the owner of the client named above; the server answers as it should. 400: malformed or too long; 401: key; 404: model or path."
            )
        ]
        return judgement
    }

    /// The client, route and status behind at least half of the refused requests, with a line of the log.
    private static func culprit(_ scene: Scene) throws -> EvidenceDraft? {
        let span = scene.situation.span(scene.range)
        let rows = try scene.situation.store.database.prepare(
            """
            WITH bad AS (
                SELECT e.*, s.path AS file, rtrim(rtrim(e.client, '0123456789'), ':') AS host
                FROM http_error e JOIN instance i USING (instance_id) JOIN source s USING (source_id)
                WHERE i.period_id = ? AND i.name = ? AND e.time_ms BETWEEN ? AND ? AND e.status BETWEEN 400 AND 499)
            SELECT count(*) * 1.0 / (SELECT count(*) FROM bad), host, path, status, file, min(line)
            FROM bad GROUP BY host, path, status ORDER BY 1 DESC, host LIMIT 1
            """)
        rows.bind(1, scene.situation.period)
        rows.bind(2, scene.replica)
        rows.bind(3, span.startMs)
        rows.bind(4, span.endMs)
        guard try rows.step(), rows.double(0) >= 0.5 else { return nil }
        return EvidenceDraft(
            "http_error", value: rows.double(0), unit: "ratio", source: rows.text(4), line: rows.int(5),
            "of them are \(rows.int(3)) on \(rows.text(2)) from \(rows.text(1))")
    }
}
