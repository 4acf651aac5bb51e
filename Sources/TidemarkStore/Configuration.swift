/// What the user's configuration says about the analysis, kept in the database so that every later command knows it.
public struct Configuration: Sendable, Equatable {
    /// A signal of the user's own, as PromQL.
    public struct Signal: Sendable, Equatable {
        /// With its unit at the end: `draft_queue_requests`.
        public var name: String
        public var title: String
        /// Results are told apart by their label `instance`; without it they are the fleet's.
        public var expression: String
        /// Whether low values are the bad ones.
        public var isLowWorst: Bool

        public init(name: String, title: String, expression: String, isLowWorst: Bool) {
            (self.name, self.title, self.expression, self.isLowWorst) = (name, title, expression, isLowWorst)
        }
    }

    public var signals: [Signal] = []
    /// Latency objectives: a signal of the catalogue and its limit in seconds.
    public var objectives: [(signal: String, seconds: Double)] = []
    public var plan = Plan()

    public init() {}

    public static func == (a: Self, b: Self) -> Bool {
        a.signals == b.signals && a.plan == b.plan && a.objectives.map(\.signal) == b.objectives.map(\.signal)
            && a.objectives.map(\.seconds) == b.objectives.map(\.seconds)
    }
}

extension Store {
    /// What was configured last; empty without any.
    public func configuration() throws -> Configuration {
        var found = Configuration()
        let signals = try database.prepare(
            "SELECT name, title, expression, low_is_worst FROM user_signal ORDER BY name")
        while try signals.step() {
            found.signals.append(
                .init(
                    name: signals.text(0), title: signals.text(1), expression: signals.text(2),
                    isLowWorst: signals.int(3) == 1))
        }
        let objectives = try database.prepare("SELECT signal, seconds FROM objective ORDER BY signal")
        while try objectives.step() { found.objectives.append((objectives.text(0), objectives.double(1))) }
        found.plan = try Configuration.Plan.read(self)
        return found
    }

    /// Replaces the configuration. Results made with another one are stale.
    public func configure(_ configuration: Configuration) throws {
        try database.transaction {
            try database.execute("DELETE FROM user_signal; DELETE FROM objective")
            for one in configuration.signals {
                try database.prepare("INSERT INTO user_signal VALUES (?, ?, ?, ?)").run(
                    one.name, one.title, one.expression, one.isLowWorst ? 1 : 0)
            }
            for one in configuration.objectives {
                try database.prepare("INSERT OR REPLACE INTO objective VALUES (?, ?)").run(one.signal, one.seconds)
            }
            try configuration.plan.write(database)
        }
    }
}
