import Glibc
import TidemarkFuzzTargets

/// The target that `TIDEMARK_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = getenv("TIDEMARK_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
        print("set TIDEMARK_FUZZ_TARGET to one of: \(known)")
        exit(64)
    }
    return target
}()

/// libFuzzer calls it for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
