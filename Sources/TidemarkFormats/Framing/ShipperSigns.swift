extension ShipperEntry {
    /// Keys and values by which a dialect is known.
    struct Signs: OptionSet {
        let rawValue: Int
        static let line = Signs(rawValue: 1)
        static let log = Signs(rawValue: 2)
        static let message = Signs(rawValue: 4)
        static let raw = Signs(rawValue: 8)
        static let payload = Signs(rawValue: 16)
        static let azureMessage = Signs(rawValue: 32)
        static let atTimestamp = Signs(rawValue: 64)
        static let timestamp = Signs(rawValue: 128)
        static let numericTimestamp = Signs(rawValue: 256)
        static let date = Signs(rawValue: 512)
        /// `agent host log.file kubernetes container stream @version input ecs …`: what a collector adds.
        static let collector = Signs(rawValue: 1024)
        static let kubernetes = Signs(rawValue: 2048)
        static let sourceType = Signs(rawValue: 4096)
        static let cloudWatch = Signs(rawValue: 8192)
        static let timeGenerated = Signs(rawValue: 16384)
        static let datadog = Signs(rawValue: 32768)
        static let wrapped = Signs(rawValue: 65536)
        /// A level beside the message: an application's own JSON logging has one.
        static let level = Signs(rawValue: 131_072)
        static let time = Signs(rawValue: 262_144)
        static let tag = Signs(rawValue: 524_288)
        /// What a logger in Python says beside the level.
        static let logger = Signs(rawValue: 1_048_576)
        /// What only a collector says: where in a file a line stood, a severity of syslog in digits.
        static let shipped = Signs(rawValue: 2_097_152)
    }
}
