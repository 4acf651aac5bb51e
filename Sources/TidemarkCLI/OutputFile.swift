import Glibc
import TidemarkBase

/// A file that is written piece by piece under a temporary name and gets its own when it is whole.
struct OutputFile {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(.cannotWrite, path) }
    }

    func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(.inputOutput, path)
            }
            done += count
        }
    }

    func finish() throws {
        guard close(descriptor) == 0 else { throw Self.failure(.inputOutput, path) }
        guard rename(path + ".part", path) == 0 else { throw Self.failure(.cannotWrite, path) }
    }

    /// Nothing is left of it.
    func discard() {
        close(descriptor)
        unlink(path + ".part")
    }

    private static func failure(_ kind: TidemarkError.Kind, _ path: String) -> TidemarkError {
        TidemarkError(
            kind, "cannot be written: \(String(cString: strerror(errno)))", file: path,
            hint: "free space or choose another place with --out")
    }

    /// Removes a block's folder with its two levels; what isn't there is no error.
    static func removeFolder(_ path: String) {
        for file in ["index", "meta.json", "tombstones"] { unlink(path + "/" + file) }
        if let chunks = opendir(path + "/chunks") {
            while let entry = readdir(chunks) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink(path + "/chunks/" + name)
            }
            closedir(chunks)
        }
        rmdir(path + "/chunks")
        rmdir(path)
    }
}
