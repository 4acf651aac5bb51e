import Glibc
import TidemarkBase

/// A file mapped into memory for as long as the object lives.
final class MappedFile {
    let bytes: Bytes

    /// - Throws: `missingInput` when it can't be opened, read or mapped.
    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TidemarkError(.missingInput, "cannot be opened: \(String(cString: strerror(errno)))", file: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TidemarkError(.missingInput, "is not a regular file", file: path)
        }
        guard status.st_size > 0 else {
            bytes = Bytes(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
        else {
            throw TidemarkError(.missingInput, "cannot be mapped: \(String(cString: strerror(errno)))", file: path)
        }
        bytes = Bytes(start: start, count: Int(status.st_size))
    }

    deinit { if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) } }
}
