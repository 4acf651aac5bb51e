import Glibc
import TidemarkBase

/// Standard input as bytes.
enum StandardInput {
    /// Delivers the input piece by piece until its end.
    /// - Throws: `missingInput` when it cannot be read.
    static func read(_ body: (Bytes) -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(0, &buffer, buffer.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw TidemarkError(
                    .missingInput, "cannot be read: \(String(cString: strerror(errno)))", file: "standard input")
            }
            buffer.withUnsafeBytes { body($0.slice(0, count)) }
        }
    }
}
