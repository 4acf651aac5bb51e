import TidemarkBase

extension ReportModel {
    /// A picture at the head of the page.
    public struct Logo: Sendable, Equatable {
        /// Largest file that is taken, in bytes: it stands in every page.
        public static let mostBytes = 262_144

        public let mediaType: String
        public let bytes: [UInt8]
        /// What is read out in its place.
        public let text: String

        /// - Parameter text: what is read out in its place; nil: the word for a logo.
        /// - Throws: `unusableInput` for anything but PNG, JPEG, WebP and SVG, told by content, and for what is too large.
        public init(_ bytes: [UInt8], text: String?, file: String) throws {
            guard bytes.count <= Self.mostBytes else {
                throw TidemarkError(
                    .unusableInput,
                    "the logo has \(bytes.count) bytes; at most \(Self.mostBytes) are taken, for it stands in every page",
                    file: file, hint: "make it smaller: 400 pixels wide is enough")
            }
            guard let mediaType = Self.mediaType(bytes) else {
                throw TidemarkError(
                    .unusableInput, "is not a picture that a report can show", file: file,
                    hint: "PNG, JPEG, WebP and SVG are, whatever the file is called")
            }
            (self.mediaType, self.bytes, self.text) = (mediaType, bytes, text ?? say("Logo"))
        }

        /// As an address that holds the picture itself. In an `<img>` no browser runs what an SVG may hold of scripts, nor
        /// loads what it refers to.
        var address: String { "data:\(mediaType);base64,\(ContentPolicy.base64(bytes))" }

        private static func mediaType(_ bytes: [UInt8]) -> String? {
            bytes.withUnsafeBytes { bytes in
                if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
                if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
                if bytes.has("RIFF"), bytes.has("WEBP", at: 8) { return "image/webp" }
                return isSVG(bytes) ? "image/svg+xml" : nil
            }
        }

        /// Whether the first element is `svg`, behind an XML declaration, comments and a document type.
        private static func isSVG(_ bytes: Bytes) -> Bool {
            guard String(validating: bytes, as: UTF8.self) != nil else { return false }
            var at = bytes.has("\u{FEFF}") ? 3 : 0
            while at < bytes.count {
                if bytes[at] <= 32 {
                    at += 1
                } else if bytes.has("<!--", at: at) {
                    guard let end = bytes.range(of: "-->", from: at) else { return false }
                    at = end + 3
                } else if bytes.has("<?", at: at) || bytes.has("<!DOCTYPE", at: at) {
                    guard let end = bytes.firstIndex(of: 62, from: at) else { return false }
                    at = end + 1
                } else {
                    guard bytes.has("<svg", at: at), at + 4 < bytes.count else { return false }
                    return bytes[at + 4] <= 32 || bytes[at + 4] == 62
                }
            }
            return false
        }
    }
}
