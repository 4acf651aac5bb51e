import TidemarkBase

/// Users, sessions, what was asked for and by whom.
struct WeekUse {
    let page: WeekPage
    private var week: KeptWeek { page.week }

    init(_ page: WeekPage) { self.page = page }

    private static let kinds: [(String, Message)] = [
        ("model", "Models"), ("tenant", "Tenants"), ("route", "Routes"), ("adapter", "Adapters (LoRA)"),
    ]
    private static let shownRows = 20

    var section: ReportModel.OutlookSection? {
        var sentences: [String] = []
        if let users = week["active_users"], let sessions = week["sessions"] {
            let identity = week.text("users", "identity") ?? "what the evidence names"
            let text: Message =
                "\(NumberText.text(users.value, .none)) active users, counted by \(identity), in \(NumberText.text(sessions.value, .none)) sessions"
            let median = week["session_median_seconds"].map { NumberText.text($0.value, .seconds) }
            sentences.append(
                say(median.map { "\(text); half of the sessions last longer than \($0)." } ?? "\(text)."))
        }
        if let cut = week["sessions_cut_ratio"] {
            sentences.append(
                say(
                    "\(NumberText.text(cut.value, .ratio)) of the sessions touch the border of what was observed; their lengths are left out. A session ends with a pause of 30 minutes."
                ))
        }
        if week.text("users", "identity")?.text == "client addresses" {
            sentences.append(say("Behind an address may stand many users, or a proxy that stands for all."))
        }
        if let tenth = week["busiest_tenth_ratio"] {
            sentences.append(
                say("The busiest tenth of the users made \(NumberText.text(tenth.value, .ratio)) of the requests."))
        }
        for one in week.texts["users"] ?? [] where ["missing", "tenant", "adapter"].contains(one.scope) {
            sentences.append(say("\(say(one.text).inSentenceCase)."))
        }
        var blocks: [ReportModel.OutlookSection.Block] = []
        if let quantities { blocks.append(.table(quantities)) }
        for (kind, title) in Self.kinds { if let table = usage(kind, title) { blocks.append(.table(table)) } }
        blocks += lengths.map { .table($0) }
        guard !sentences.isEmpty || !blocks.isEmpty else { return nil }
        if sentences.isEmpty { sentences = [say("Users and sessions are not known.")] }
        return .init(title: say("Users and use"), sentences: sentences, blocks: blocks)
    }

    private var quantities: ReportModel.QuantityTable? {
        let money = DisplayUnit.count(week.currency)
        let names: [(String, Message, DisplayUnit)] = [
            ("active_users", "Active users", .none), ("active_users_a_day", "Active users a day, mean", .none),
            ("sessions", "Sessions", .none), ("requests_per_session", "Requests a session", .none),
            ("session_median_seconds", "Length of a session, median", .seconds),
            ("session_p90_seconds", "Length of a session, P90", .seconds),
            ("sessions_cut_ratio", "Sessions at the border of the evidence", .ratio),
            ("cost_per_session", "Cost of a session", money),
            ("answers_cut_ratio", "Answers that reached their length limit", .ratio),
            ("prompt_per_generated_token_median", "Prompt tokens for a generated one, median", .none),
            ("max_tokens_used_ratio", "Used of max_tokens, mean", .ratio),
        ]
        let rows: [[ReportModel.QuantityTable.Cell]] = names.compactMap { name, title, unit in
            guard let own = week[name] else { return nil }
            return [.text(say(title)), .quantity(own.value, unit), .quantity(page.before?[name]?.value, unit)]
        }
        guard !rows.isEmpty else { return nil }
        return .init(
            caption: say("Users and sessions"),
            columns: [
                .init(say("What")), .init(say("This week"), isNumber: true), .init(say("Last week"), isNumber: true),
            ], rows: rows,
            csv: WeekPage.csv("users"))
    }

    private func usage(_ kind: String, _ title: Message) -> ReportModel.QuantityTable? {
        let all = week.usage.filter { $0.kind == kind }
        guard !all.isEmpty else { return nil }
        let money = DisplayUnit.count(week.currency)
        let rows: [[ReportModel.QuantityTable.Cell]] = all.prefix(Self.shownRows).enumerated().map { place, one in
            // Hashes of tenants differ from database to database; a page must not.
            let name = kind == "tenant" ? say("tenant \(place + 1)") : one.name
            return [
                .text(name), .quantity(one.requests, .none), .quantity(one.promptTokens, .none),
                .quantity(one.generatedTokens, .none), .quantity(one.cost, money),
            ]
        }
        return .init(
            caption: say(
                all.count > rows.count
                    ? "\(title), the \(rows.count) with the most requests of \(all.count)" : title),
            columns: [
                .init(say("Name")), .init(Phrases.requests, isNumber: true, csv: "requests"),
                .init(Phrases.promptTokens, isNumber: true, csv: "prompt_tokens"),
                .init(Phrases.completionTokens, isNumber: true, csv: "generated_tokens"),
                .init(say("Cost"), isNumber: true, csv: "cost"),
            ], rows: rows, csv: WeekPage.csv("usage_" + kind))
    }

    private var lengths: [ReportModel.QuantityTable] {
        let titles: [(String, Message, DisplayUnit)] = [
            ("prompt_tokens", "Length of prompts, tokens", .tokens),
            ("generated_tokens", "Length of answers, tokens", .tokens),
            ("prompt_per_generated_token", "Prompt tokens for each generated one", .none),
            ("session_seconds", "Length of sessions", .seconds),
        ]
        return titles.compactMap { name, title, unit in
            guard let buckets = week.buckets[name] else { return nil }
            let all = buckets.reduce(0) { $0 + $1.count }
            guard all > 0 else { return nil }
            return .init(
                caption: say(title),
                columns: [
                    .init(say("Above")), .init(say("Up to"), isNumber: true, csv: "high"),
                    .init(say("Number"), isNumber: true, csv: "count"),
                    .init(Phrases.share, isNumber: true, csv: "ratio"),
                ],
                rows: buckets.map {
                    [
                        .text(NumberText.text($0.low, unit)), .quantity($0.high, unit), .quantity($0.count, .none),
                        .quantity($0.count / all, .ratio),
                    ]
                }, csv: WeekPage.csv(name))
        }
    }
}
