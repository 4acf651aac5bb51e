import TidemarkBase
import TidemarkEvidence

/// The columns of `nvidia-smi --query-remapped-rows` and `--query-retired-pages`, whose rows become events.
struct PageColumns: Sendable {
    enum Role: Sendable {
        case uuid, busID, timestamp, address, cause
        case correctable, uncorrectable, pending, failure
        case other
    }

    let roles: [Role]

    static let roles: [String: Role] = [
        "gpu_uuid": .uuid, "gpu_bus_id": .busID, "timestamp": .timestamp, "retired_pages.timestamp": .other,
        "retired_pages.address": .address, "retired_pages.cause": .cause, "remapped_rows.correctable": .correctable,
        "remapped_rows.uncorrectable": .uncorrectable, "remapped_rows.pending": .pending,
        "remapped_rows.failure": .failure,
    ]

    /// nil when the header is that of another query.
    init?(_ header: [String]) {
        let names = header.map { cell in withBytes(of: cell) { NvidiaSMIColumns.withoutUnit($0).text } }
        guard names.contains(where: { $0.hasPrefix("remapped_rows.") || $0 == "retired_pages.address" }) else {
            return nil
        }
        roles = names.map { Self.roles[$0] ?? .other }
    }

    /// What a row says; nil when the GPU has no such rows or pages, or can't tell.
    func event(_ cells: borrowing CellBorders, _ line: Bytes) -> GPUCaptureEvent? {
        var event = GPUCaptureEvent(kind: .remappedRows, line: 0, offset: 0, text: "")
        var words: [String] = []
        for (place, role) in roles.enumerated() {
            let cell = cells.cell(place, line)
            if NvidiaSMICell.isMissing(cell) || NvidiaSMICell.isError(cell) { continue }
            let text = cell.text(limit: 80)
            switch role {
            case .uuid: event.uuid = text
            case .busID: event.busID = PCIBusID.normalised(text)
            case .timestamp:
                guard let clock = NvidiaSMICell.wrapperClock(cell) else { continue }
                if clock.isUTC { event.timeMs = clock.ms } else { event.wallMs = clock.ms }
            case .address:
                event.kind = .retiredPage
                words.append("address " + text)
            case .cause:
                event.kind = .retiredPage
                words.append(text)
            case .correctable: words.append("correctable " + text)
            case .uncorrectable:
                event.code = Decimal.parseInt(cell)
                words.append("uncorrectable " + text)
            case .pending: words.append("pending " + text)
            case .failure: words.append("failure " + text)
            case .other: continue
            }
        }
        guard !words.isEmpty else { return nil }
        event.text = words.joined(separator: ", ")
        return event
    }
}
